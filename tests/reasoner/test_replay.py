"""Records are reproduced exactly by the knowledge that made them, and what other knowledge changes is told exactly."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import caretier
from caretier import InvalidAnswersError
from caretier.assessment import Assessment
from caretier.decision_log import DecisionLog
from caretier.decisions import Desk
from caretier.limits import MAXIMUM_BYTES
from caretier.questionnaire import Answer, Answers
from caretier.records import Record, log_files, read_records
from caretier.replay import Replay, replay
from tests.reasoner.conftest import RandomAnswers

EMERGENCY: Mapping[str, Answer] = {"pain-lower-back": True, "saddle-numbness": True}
SHOCK: Mapping[str, Answer] = {"neck-bend-shock": True}
CONTRADICTION: Mapping[str, Answer] = {"sex": "male", "post-menopause": True, "neck-bend-shock": True}
Change = Callable[[dict[str, Any]], object]


def record(folder: Path, kb: caretier.KnowledgeBase, *documents: Mapping[str, object]) -> Path:
    """Decide on documents, keep that, and return the file."""
    desk = Desk(kb)
    for document in documents:
        try:
            desk.assess([Assessment(desk.read(document))])
        except InvalidAnswersError:
            continue
    log = DecisionLog(folder)
    for decision in desk.decisions:
        log.append(decision.to_dict())
    (path,) = folder.iterdir()
    return path


def altered(path: Path, *changes: Change) -> Path:
    """Alter each of the records of a file by a function, in order."""
    kept = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for data, change in zip(kept, changes, strict=True):
        change(data)
    path.write_text("".join(f"{json.dumps(data)}\n" for data in kept), encoding="utf-8")
    return path


def rerun(kb: caretier.KnowledgeBase, path: Path, engine: Any = None) -> Replay:
    return replay(kb, read_records([path]), engine)


def rerun_all(kb: caretier.KnowledgeBase, named: Sequence[Path]) -> Replay:
    return replay(kb, read_records(log_files(map(str, named))))


def command(*arguments: object, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "caretier.cli", "replay", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code != 2 else done.stderr


@pytest.fixture(scope="module")
def documents(random_answers: RandomAnswers) -> Sequence[Mapping[str, object]]:
    """Return documents of all kinds: usable, contradictory, and with answers that cannot be used."""
    generator = random.Random(11)
    made: list[Mapping[str, object]] = [{"answers": random_answers(generator)} for _ in range(300)]
    return [*made, {"answers": {**SHOCK, "sex": "mael"}}, {"answers": CONTRADICTION}, {"answers": {**SHOCK, "no": 1}}]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_same_knowledge_reproduces_every_record(
    language: str, kb: caretier.KnowledgeBase, documents: Sequence[Mapping[str, object]], tmp_path: Path
) -> None:
    path = record(tmp_path, kb.in_language(language), *documents)
    found = rerun(kb, path)
    assert (found.count, found.changed, found.left_out) == (len(documents), [], [])
    assert found.kinds == Counter(reproduced=len(documents))


@pytest.mark.slow
def test_the_other_engine_decides_the_same(
    kb: caretier.KnowledgeBase, documents: Sequence[Mapping[str, object]], tmp_path: Path
) -> None:
    found = rerun(kb, record(tmp_path, kb, *documents[-15:]), "reference")
    assert found.count == 15
    assert found.kinds.keys() <= {"reproduced", "ceiling", "words"}, found.changed


@pytest.mark.slow
def test_a_record_names_the_engine_that_was_asked_for(kb: caretier.KnowledgeBase) -> None:
    desk = Desk(kb)
    desk.assess([Assessment(Answers(CONTRADICTION))], engine="reference")
    desk.assess([Assessment(Answers(CONTRADICTION))])
    assert [each.engine for each in desk.decisions] == ["reference", "model"]


def _lowers(data: dict[str, Any]) -> None:
    data["result"]["tier"] = data["result"]["ceiling"] = "ContinueProgram"


def _hides_a_condition(data: dict[str, Any]) -> None:
    data["result"]["conditions"] = []


def _rewords(data: dict[str, Any]) -> None:
    data["result"]["advice"] = "All is well."


def _answers_otherwise(data: dict[str, Any]) -> None:
    data["answers"]["answers"] = {"age": 30}


def _answers_unheard_of(data: dict[str, Any]) -> None:
    data["answers"]["answers"]["no-such-question"] = True


def _is_refused(data: dict[str, Any]) -> None:
    data["result"], data["error"] = None, {"kind": "contradiction", "proven": "EmergencyCare", "problems": ["x"]}


def _spells_otherwise(data: dict[str, Any]) -> None:
    data["result"]["final"] = int(data["result"]["final"])


@pytest.mark.parametrize(
    "tamper",
    [_lowers, _hides_a_condition, _rewords, _answers_otherwise, _answers_unheard_of, _is_refused, _spells_otherwise],
)
def test_another_result_by_the_same_knowledge_is_an_alarm(
    tamper: Change, kb: caretier.KnowledgeBase, tmp_path: Path
) -> None:
    path = record(tmp_path, kb, {"answers": EMERGENCY}, {"answers": SHOCK})
    altered(path, tamper, lambda _: None)
    found = rerun(kb, path)
    assert found.kinds == Counter(alarm=1, reproduced=1)
    (changed,) = found.changed
    assert (changed.kind, changed.place.line) == ("alarm", 1)


def test_what_unusable_answers_proved_is_held_to_as_well(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    path = record(tmp_path, kb, {"answers": {**EMERGENCY, "sex": "mael"}})
    altered(path, lambda data: data["error"].update(proven=None))
    assert rerun(kb, path).kinds == Counter(alarm=1)


def test_an_alarm_has_an_exit_code_and_words_of_its_own(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    path = altered(record(tmp_path, kb, {"answers": EMERGENCY, "id": "mine"}), _lowers)
    text = command(tmp_path, code=3)
    assert "ALARM: another result by the same knowledge: 1" in text
    assert "not what it claims to be" in " ".join(text.split())
    assert f"{path}, line 1" in " ".join(text.split())
    assert 'assessment "mine"' in " ".join(text.split())
    assert max(len(line) for line in text.splitlines() if str(path) not in line) <= 80


def test_other_software_or_another_engine_may_use_other_words(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    """The decision itself may not differ even then, nor may anybody have been told that less was open than there is."""
    path = record(tmp_path, kb, *[{"answers": SHOCK}] * 4)

    def older(data: dict[str, Any]) -> None:
        data["software"] = "0.0.1"
        _rewords(data)

    def bounded(data: dict[str, Any]) -> None:
        data["engine"] = "reference"
        data["result"]["ceiling"] = "UrgentAppointment"

    def settled(data: dict[str, Any]) -> None:
        data["software"] = "0.0.1"
        data["result"] |= {"ceiling": data["result"]["tier"], "final": True}

    def lowered(data: dict[str, Any]) -> None:
        data["software"] = "0.0.1"
        _lowers(data)

    altered(path, older, bounded, settled, lowered)
    assert rerun(kb, path).kinds == Counter(words=1, alarm=3)


@pytest.fixture(scope="module")
def edited(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the root of an edited copy: one tier lower, one higher, and a question with another identifier."""
    folder = tmp_path_factory.mktemp("edited")
    for name in ("ontology", "shapes"):
        shutil.copytree(checkout / name, folder / name)
    for file, term, text, instead in (
        ("red-flags.ttl", "bp:NeckBendShockRedFlag", "ct:UrgentAppointment", "ct:ContactDoctor"),
        ("red-flags.ttl", "bp:WeightLossRedFlag", "ct:ContactDoctor", "ct:UrgentAppointment"),
        ("questionnaire.ttl", "bp:FeverQuestion", 'ct:identifier "fever"', 'ct:identifier "high-temperature"'),
    ):
        path = folder / "ontology" / file
        before, named, rest = path.read_text(encoding="utf-8").partition(f"\n{term} a ")
        block, end, after = rest.partition("\n\n")
        assert block.count(text) == 1
        path.write_text(f"{before}{named}{block.replace(text, instead)}{end}{after}", encoding="utf-8")
    return folder / "ontology" / "back-pain.ttl"


@pytest.mark.slow
def test_other_knowledge_changes_exactly_what_was_edited(
    edited: Path, kb: caretier.KnowledgeBase, tmp_path: Path
) -> None:
    path = record(
        tmp_path, kb,
        {"answers": SHOCK, "id": "lower"},
        {"answers": {"weight-loss": True}, "id": "higher"},
        {"answers": EMERGENCY, "id": "same"},
        {"answers": {**EMERGENCY, "fever": False}, "id": "unknown"},
        {"answers": CONTRADICTION, "id": "refused"},
        {"answers": {**SHOCK, "sex": "mael"}, "id": "unusable"},
    )  # fmt: skip
    told = json.loads(command(path, "--ontology", edited, "--format", "json", code=1))
    assert told["knowledge"]["sha256"] != kb.sha256
    assert told["made_by"][0]["knowledge"]["sha256"] == kb.sha256
    assert [each["same_knowledge"] for each in told["made_by"]] == [False]
    assert (told["records"], told["engine"], told["left_out"]) == (6, "reference", [])
    assert {kind: count for kind, count in told["counts"].items() if count} == {"lower": 3, "higher": 1, "same": 2}
    assert told["unknown_answers"] == {"fever": 1}
    changed = {each["assessment"]: each for each in told["changed"]}
    assert changed.keys() == {"lower", "higher", "unknown", "refused", "unusable"}
    for name in ("lower", "refused", "unusable"):
        tiers = [changed[name][when]["tier"] for when in ("before", "after")]
        assert tiers == ["UrgentAppointment", "ContactDoctor"], name
        assert changed[name]["after"]["refused"] == (name != "lower")
    assert changed["higher"]["kind"] == "higher"
    assert changed["unknown"]["unknown_answers"] == ["fever"]


def test_lines_that_are_no_records_are_named_and_the_rest_is_run(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    path = record(tmp_path, kb, {"answers": EMERGENCY})
    whole = path.read_text(encoding="utf-8")
    old = json.dumps(json.loads(whole) | {"form": 7})
    half = json.loads(whole) | {"result": None}
    both = json.loads(whole) | {"error": {"kind": "contradiction", "proven": None, "problems": []}}
    path.write_text(
        f"nonsense\n\n{old}\n{json.dumps(half)}\n[]\n{whole}{json.dumps(both)}\n{whole[:99]}", encoding="utf-8"
    )
    text = " ".join(command(path, code=1).split())
    assert "reproduced exactly by the same knowledge: 1" in text
    for line, reason in (
        (1, "not well-formed JSON"),
        (3, "it has the form 7"),
        (4, "it is no record of a decision"),
        (5, "it is no record of a decision"),
        (7, "it is no record of a decision"),
        (8, "not written to its end"),
    ):
        assert f"{path}, line {line}" in text
        assert reason in text
    assert "NOT RUN AGAIN: 6" in text


@pytest.mark.parametrize(
    ("part", "value"), [("engine", []), ("engine", 0), ("answers", {"answers": {}, "id": [], "date": None})]
)
def test_an_odd_record_hides_no_alarm(kb: caretier.KnowledgeBase, tmp_path: Path, part: str, value: object) -> None:
    path = record(tmp_path, kb, *[{"answers": EMERGENCY}] * 2)
    altered(path, _lowers, lambda data: data.update({part: value}))
    text = " ".join(command(path, "--id", "x", code=1).split()) + " ".join(command(path, code=3).split())
    assert text.count("it is no record of a decision") == 2


def test_a_line_without_end_does_not_fill_the_memory(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    path = record(tmp_path, kb, {"answers": EMERGENCY})
    with path.open("r+b") as file:
        file.truncate(8 * MAXIMUM_BYTES)
    tracemalloc.start()
    try:
        assert sum(isinstance(each, Record) for each in read_records([path])) == 1
        assert tracemalloc.get_traced_memory()[1] < 4 * MAXIMUM_BYTES
    finally:
        tracemalloc.stop()


def test_a_line_without_end_and_what_is_no_file_are_no_records(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    path = record(tmp_path, kb, {"answers": EMERGENCY})
    with path.open("r+b") as file:
        file.truncate(30_000_000)
    os.mkfifo(tmp_path / "pipe.ndjson")
    found = replay(kb, read_records(log_files([str(tmp_path)])))
    assert found.kinds == Counter(reproduced=1)
    assert found.left_out


def test_what_is_of_another_ontology_or_not_complete_is_left_out(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    path = record(tmp_path, kb, *[{"answers": EMERGENCY}] * 3)

    def elsewhere(data: dict[str, Any]) -> None:
        data["knowledge"]["ontology"] = "https://w3id.org/caretier/headache"

    def as_rdf(data: dict[str, Any]) -> None:
        data["complete"] = False

    def of_no_tier(data: dict[str, Any]) -> None:
        data["result"]["tier"] = "SeeAnotherDay"

    found = rerun(kb, altered(path, elsewhere, as_rdf, of_no_tier))
    assert found.count == 0
    assert [each.place.line for each in found.left_out] == [1, 2, 3]
    for each, word in zip(found.left_out, ("headache", "RDF", "SeeAnotherDay"), strict=True):
        assert word in each.reason


def test_a_second_domain_is_replayed_on_its_own_ontology(checkout: Path, tmp_path: Path) -> None:
    root = checkout / "examples" / "headache" / "headache.ttl"
    headache = caretier.load(root)
    path = record(tmp_path, headache, {"answers": {"headache-onset": "sudden", "headache-severity": "severe"}})
    assert rerun(headache, path).kinds == Counter(reproduced=1)
    assert "name that with --ontology" in " ".join(command(path, code=1).split())


def test_a_file_that_is_named_twice_counts_once(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    path = record(folder, kb, {"answers": EMERGENCY})
    (folder / "today.ndjson").symlink_to(path)
    (folder / "same.ndjson").hardlink_to(path)
    (tmp_path / "link").symlink_to(folder)
    named = [folder, path, tmp_path / "link", path, folder / "today.ndjson"]
    assert log_files([str(path), str(folder)]) == [path]
    assert rerun_all(kb, named).count == 1
    copy = Path(shutil.copy(path, tmp_path / "copy.ndjson"))
    assert rerun_all(kb, [*named, copy]).count == 2


def test_one_record_can_be_chosen_by_its_id_or_that_of_the_application(
    kb: caretier.KnowledgeBase, tmp_path: Path
) -> None:
    path = record(tmp_path, kb, {"answers": EMERGENCY, "id": "mine"}, {"answers": SHOCK})
    ids = [json.loads(line)["id"] for line in path.open(encoding="utf-8")]
    for wanted, line in (("mine", 1), (ids[1], 2)):
        (chosen,) = read_records([path], [wanted])
        assert chosen.place.line == line
    assert "1 record run again" in command(path, "--id", ids[0])
    assert "No record has the id nobody" in command(path, "--id", "nobody", code=2)


def test_what_is_no_log_is_named(tmp_path: Path) -> None:
    assert "has no file of a decision log" in command(tmp_path, code=2)
    assert "\\x1b[2J: No such file" in command(tmp_path / "\x1b[2J", code=2)


def test_many_alike_changes_are_told_once(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    path = altered(record(tmp_path, kb, *[{"answers": EMERGENCY}] * 9), *[_lowers] * 9)
    text = command(path, code=3)
    assert "and 6 more; --format json names all" in text
    assert len(json.loads(command(path, "--format", "json", code=3))["changed"]) == 9


def _by_older_knowledge(tier: str) -> Change:
    def change(data: dict[str, Any]) -> None:
        data["knowledge"] |= {"version": "0.9.0", "sha256": "0" * 64}
        if data["result"]:
            data["result"]["tier"] = tier

    return change


def test_a_page_shows_who_came_from_which_tier_to_which(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    then = ["EmergencyCare", "EmergencyCare", "UrgentAppointment", "EmergencyCare", "ContinueProgram"]
    answers = [EMERGENCY, SHOCK, SHOCK, CONTRADICTION, EMERGENCY]
    path = altered(record(tmp_path, kb, *[{"answers": each} for each in answers]), *map(_by_older_knowledge, then))
    path.write_text(path.read_text(encoding="utf-8") + "torn", encoding="utf-8")
    text = command(path, "--format", "html", code=1)
    tables = [
        [
            [unescape(re.sub("<[^>]+>", "", cell)) for cell in re.split("</t[dh]>", row)[:-1]]
            for row in each.split("</tr>")
        ]
        for each in re.findall(r"<table>(.*?)</table>", text, re.DOTALL)
    ]
    kinds, tiers, changed, left_out, makers = (table[:-1] for table in tables)
    assert [row[1:] for row in kinds] == [["Records"], ["1"], ["1"], ["3"]]
    refused = "refused, the other answers prove urgent appointment"
    assert [[cell.strip() for cell in row] for row in tiers] == [
        ["Then, and now:", "emergency care", "urgent appointment", refused, "continue program"],
        ["emergency care", "1", "1 lower", "0", "0"],
        ["urgent appointment", "0", "1", "0", "0"],
        [refused, "0", "0", "1", "0"],
        ["continue program", "1 higher", "0", "0", "0"],
    ]
    assert [f"{path}, line {number}: " in row[-1] for row, number in zip(changed[1:], (2, 5), strict=True)] == [
        True
    ] * 2
    assert f"{path}, line 6" in left_out[1][1]
    assert "knowledge 0.9.0" in makers[1][0]
    told = json.loads(command(path, "--format", "json", code=1))["tiers"]
    assert sorted((each["before"]["tier"], each["after"]["tier"], each["records"]) for each in told) == [
        ("ContinueProgram", "EmergencyCare", 1),
        ("EmergencyCare", "EmergencyCare", 1),
        ("EmergencyCare", "UrgentAppointment", 1),
        ("UrgentAppointment", "UrgentAppointment", 1),
        ("UrgentAppointment", "UrgentAppointment", 1),
    ]


STEERING = "\x1b[2J\x00\x7f\x9b31m\u202e\u2066\u200b\u2028\u2029\ufeff\U000e0041"
"""Characters that steer a terminal, turn the direction of writing, end a line, or are not seen."""


def test_nothing_in_a_record_can_steer_the_terminal(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    path = record(tmp_path, kb, {"answers": EMERGENCY, "id": STEERING})
    altered(path, lambda data: data.update(result=data["result"] | {"ceiling": STEERING}))
    path = path.rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\x9b.ndjson"))
    text, data, page = (command(path, "--format", name, code=3) for name in ("text", "json", "html"))
    for told in (text, data, page):
        assert all(line.isprintable() for line in told.split("\n"))
    assert data.isascii()
    assert "\\x1b[2J\\x00\\x7f\\x9b31m\\u202e" in text
    (changed,) = json.loads(data)["changed"]
    assert (changed["assessment"], changed["before"]["ceiling"], changed["file"]) == (STEERING, STEERING, str(path))


def test_answers_are_not_told_again(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    """A report is passed on more easily than a log."""
    path = altered(record(tmp_path, kb, {"answers": EMERGENCY}), _lowers)
    for name in ("text", "json", "html"):
        assert "saddle-numbness" not in command(path, "--format", name, code=3)
