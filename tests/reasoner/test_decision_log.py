"""The decision log holds each decision once and whole, whoever else writes, and never more than it should."""

from __future__ import annotations

import datetime
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import caretier
from caretier import ContradictionError, InputError, InvalidAnswersError, cli
from caretier.assessment import Assessment
from caretier.assessments import from_graph
from caretier.decision_log import DecisionLog, DecisionLogError
from caretier.decisions import Desk
from caretier.documents import format_named, parse
from caretier.questionnaire import Answer, Answers
from caretier.records import LeftOut, Record, log_files, read_records
from caretier.result import Result
from tests.conftest import PREFIXES
from tests.full_disk import files_of_at_most

EMERGENCY: Mapping[str, Answer] = {"pain-lower-back": True, "saddle-numbness": True}
CONTRADICTION: Mapping[str, Answer] = {"sex": "male", "post-menopause": True, "saddle-numbness": True}
WRITER = """
import sys
from pathlib import Path
from caretier.decision_log import DecisionLog
log = DecisionLog(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.read(1)
for number in range(500):
    log.append({"writer": sys.argv[2], "number": number, "text": sys.argv[2] * 9_000})
"""


def decided(kb: caretier.KnowledgeBase, answers: Mapping[str, Answer] = EMERGENCY) -> dict[str, object]:
    desk = Desk(kb)
    desk.assess([Assessment(Answers(answers))])
    return desk.decisions[0].to_dict()


def lines(folder: Path) -> list[Any]:
    files = log_files([str(folder)])
    return [json.loads(line) for path in files for line in path.read_bytes().splitlines() if line]


def test_a_record_says_what_was_decided_on_what_and_by_what(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    document = {"answers": dict(EMERGENCY), "id": "mine", "date": "2026-05-31"}
    desk = Desk(kb)
    (result,) = desk.assess([Assessment(desk.read(document))])
    assert not isinstance(result, InputError)
    DecisionLog(tmp_path).append(desk.decisions[0].to_dict())
    (record,) = lines(tmp_path)
    assert record.keys() == {
        "id", "time", "form", "answers", "complete", "language", "engine", "knowledge", "software", "result", "error",
    }  # fmt: skip
    assert record["answers"] == document
    told = result.to_dict()
    assert record["result"] | {name: told[name] for name in ("id", "engine", "knowledge", "software")} == told
    assert record["knowledge"]["sha256"] == kb.sha256
    assert record["knowledge"]["ontology"] == "https://w3id.org/caretier/back-pain"
    assert (record["engine"], record["software"], record["complete"]) == ("model", result.software, True)


def test_refusals_are_decisions_too(kb: caretier.KnowledgeBase) -> None:
    desk = Desk(kb)
    with pytest.raises(InvalidAnswersError):
        desk.read({"answers": {"saddle-numbness": True, "sex": "mael"}, "id": "mine", "name": "Jane Doe"})
    desk.assess([Assessment(Answers(CONTRADICTION))])
    invalid, contradiction = (each.to_dict() for each in desk.decisions)
    assert invalid["answers"] == {"answers": {"saddle-numbness": True}, "id": "mine", "date": None}
    assert (invalid["complete"], invalid["result"], contradiction["complete"]) == (False, None, True)
    errors: list[Any] = [invalid["error"], contradiction["error"]]
    assert [each["kind"] for each in errors] == ["invalid", "contradiction"]
    assert [each["proven"] for each in errors] == ["EmergencyCare", "EmergencyCare"]
    assert '"mael"' in errors[0]["problems"][1]
    assert "Jane" not in json.dumps(invalid)


def test_no_document_makes_a_record_large(kb: caretier.KnowledgeBase) -> None:
    desk = Desk(kb)
    with pytest.raises(InvalidAnswersError):
        desk.read({"answers": {"x" * 5_000 + str(number): "y" * 5_000 for number in range(150)}})
    assert len(json.dumps(desk.decisions[0].to_dict())) < 100_000


@pytest.mark.parametrize(("part", "value"), [("id", "x" * 1_001), ("date", "2026-05-31T10:30:00." + "0" * 1_000)])
def test_an_id_and_a_date_have_an_end(part: str, value: str, kb: caretier.KnowledgeBase) -> None:
    """What the answers prove is told all the same."""
    desk = Desk(kb)
    with pytest.raises(InvalidAnswersError, match=rf'"{part}" (has 1,001 characters; at most 1,000|is "2026)') as told:
        desk.read({"answers": dict(EMERGENCY), part: value})
    assert told.value.proven is not None
    assert value not in json.dumps(desk.decisions[0].to_dict())


def test_an_id_and_a_date_of_rdf_that_have_no_end_are_not_kept(kb: caretier.KnowledgeBase) -> None:
    name, date = f"http://example.org/{'x' * 1_000}", "y" * 1_001
    text = f'<{name}> a ct:Assessment ; ct:reports [ a bp:SaddleNumbness ] ; <http://purl.org/dc/terms/date> "{date}" .'
    desk = Desk(kb)
    (result,) = desk.assess(from_graph(parse((PREFIXES + text).encode(), format_named("turtle")), kb.questionnaire))
    assert isinstance(result, Result)
    assert result.id == name, "the result is told as ever"
    assert desk.decisions[0].to_dict()["answers"] == {"answers": {"saddle-numbness": True}, "id": None, "date": None}


@pytest.mark.parametrize("date", ["", ' ; <http://purl.org/dc/terms/date> "2026-05-31"'], ids=["undated", "dated"])
def test_what_came_as_rdf_is_complete_when_answers_say_it_all(date: str, kb: caretier.KnowledgeBase) -> None:
    plain = f"ex:a a ct:Assessment ; ct:reports [ a bp:SaddleNumbness ] {date} ."
    graph = parse((PREFIXES + plain).encode(), format_named("turtle"))
    desk = Desk(kb)
    desk.assess(from_graph(graph, kb.questionnaire))
    decision = desk.decisions[0]
    assert (decision.engine, decision.is_complete, dict(decision.answers.values)) == (
        "model", True, {"saddle-numbness": True},
    )  # fmt: skip


def test_results_that_nobody_is_told_are_not_kept(kb: caretier.KnowledgeBase) -> None:
    desk = Desk(kb)
    desk.assess([Assessment(Answers(EMERGENCY)), Assessment(Answers(CONTRADICTION))])
    desk.forget_results()
    assert [type(each.outcome) for each in desk.decisions] == [ContradictionError]


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        log = DecisionLog(tmp_path / "decisions")
        log.prepare()
        log.append({})
    finally:
        os.umask(before)
    (path,) = log.folder.iterdir()
    assert stat.S_IMODE(log.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "decisions", lambda: datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC))
    log.folder.mkdir()
    (log.folder / "2026-01-02.ndjson").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DecisionLogError, match="No decision can be written"):
        log.prepare()
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        log.append({})
    assert not (tmp_path / "elsewhere").exists()


def test_each_day_of_utc_has_a_file(tmp_path: Path) -> None:
    last = datetime.datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=datetime.UTC)
    east = datetime.timezone(datetime.timedelta(hours=2))
    times = [last, last + datetime.timedelta(milliseconds=1), last.astimezone(east)]
    for time in times:
        DecisionLog(tmp_path, lambda time=time: time).append({})  # type: ignore[misc]
    days = {path.name: [json.loads(line)["time"] for line in path.open()] for path in tmp_path.iterdir()}
    assert days == {
        "2026-12-31.ndjson": ["2026-12-31T23:59:59.999+00:00"] * 2,
        "2027-01-01.ndjson": ["2027-01-01T00:00:00.000+00:00"],
    }


def test_lines_of_several_processes_never_mix(tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in "abc"
    ]
    assert [each.stdout.readline() for each in started if each.stdout] == ["ready\n"] * 3
    for each in started:
        assert each.stdin is not None
        each.stdin.close()
    assert [each.wait(60) for each in started] == [0, 0, 0]
    read = lines(tmp_path)
    assert len(read) == 1500
    assert len({each["id"] for each in read}) == 1500
    for name in "abc":
        assert [each["number"] for each in read if each["writer"] == name] == list(range(500))
    assert all(each["text"] == each["writer"] * 9_000 for each in read)


def test_a_line_that_was_torn_takes_no_other_with_it(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    log = DecisionLog(tmp_path)
    log.append(decided(kb))
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:100])
    torn = list(read_records([path]))
    assert [type(each) for each in torn] == [Record, LeftOut]
    assert "not written to its end" in str(torn[1])
    log.append(decided(kb))
    kept, left, added = read_records([path])
    assert (type(kept), type(added)) == (Record, Record)
    assert isinstance(left, LeftOut)
    assert str(left.place) == f"{path}, line 2"
    assert "not well-formed JSON" in left.reason


def test_a_full_disk_is_an_error_and_what_fits_again_is_kept(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    log, decision = DecisionLog(tmp_path), decided(kb)
    log.append(decision)
    (path,) = tmp_path.iterdir()
    with files_of_at_most(path.stat().st_size + 1_000):
        for _ in range(2):  # first half-way, then at the first byte
            with pytest.raises(OSError, match=r"No space left|File too large"):
                log.append(decision)
    log.append(decision)
    assert [type(each) for each in read_records([path])] == [Record, LeftOut, Record]


def test_a_file_may_be_deleted_at_any_moment(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path)
    log.append({"number": 1})
    for path in tmp_path.iterdir():
        path.unlink()
    log.append({"number": 2})
    assert [each["number"] for each in lines(tmp_path)] == [2]


def test_whatever_a_record_holds_is_one_line_to_every_reader(tmp_path: Path) -> None:
    """Half of a character is no reason to lose a decision either."""
    text = "\udc80ñ\n\x85\u2028\u2029\x1b\x9b"
    DecisionLog(tmp_path).append({"text": text})
    (path,) = tmp_path.iterdir()
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["text"] == text


def _is_a_file(folder: Path) -> None:
    folder.write_text("")


def _has_a_folder_for_today(folder: Path) -> None:
    (folder / f"{datetime.datetime.now(datetime.UTC).date()}.ndjson").mkdir(parents=True)


def _is_nowhere(folder: Path) -> None:
    folder.parent.rmdir()


@pytest.mark.parametrize("spoil", [_is_a_file, _has_a_folder_for_today, _is_nowhere])
def test_a_folder_that_cannot_be_written_is_named(spoil: Callable[[Path], None], tmp_path: Path) -> None:
    folder = tmp_path / "within" / "decisions"
    folder.parent.mkdir()
    spoil(folder)
    with pytest.raises(DecisionLogError, match=f"{folder}.*leave the decision log off"):
        DecisionLog(folder).prepare()


def test_a_folder_from_which_anybody_could_take_records_is_refused(tmp_path: Path) -> None:
    """Others may write into many folders of containers, and into a shared one that keeps everybody to their own."""
    tmp_path.chmod(0o777)
    with pytest.raises(DecisionLogError, match=rf"Everybody may write into {tmp_path}.*chmod o-w {tmp_path}"):
        DecisionLog(tmp_path).prepare()
    assert list(tmp_path.iterdir()) == []
    DecisionLog(tmp_path / "within").prepare()
    for mode in (0o1777, 0o2775, 0o770):
        tmp_path.chmod(mode)
        DecisionLog(tmp_path).prepare()


def test_nothing_is_written_into_a_file_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lays a file there before the day comes could read what is written into it."""
    log = DecisionLog(tmp_path)
    log.append({})
    (path,) = tmp_path.iterdir()
    before = path.read_bytes()
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    with pytest.raises(DecisionLogError, match=f"{path.name} belongs to another user"):
        log.prepare()
    with pytest.raises(OSError, match="belongs to another user"):
        log.append({})
    assert path.read_bytes() == before


def answer(folder: Path, name: str, answers: Mapping[str, object]) -> str:
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"answers": answers, "id": name}), encoding="utf-8")
    return str(path)


def test_the_command_keeps_the_very_same_record(
    kb: caretier.KnowledgeBase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = answer(tmp_path, "mine", EMERGENCY)
    assert cli.main(["assess", file]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"], "it is off by default"
    told = capsys.readouterr()
    assert cli.main(["assess", file, "--decision-log", str(tmp_path / "log")]) == 0
    assert capsys.readouterr() == told
    (record,) = lines(tmp_path / "log")
    desk = Desk(kb)
    desk.assess([Assessment(desk.read({"answers": dict(EMERGENCY), "id": "mine"}))])
    assert {name: record[name] for name in record if name not in ("id", "time")} == desk.decisions[0].to_dict()


def test_the_command_keeps_what_it_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where one of several cannot be used, no result is told, but what is wrong with each that cannot."""
    documents: Mapping[str, Mapping[str, object]] = {
        "usable": EMERGENCY, "unusable": {"sex": "mael"}, "contradictory": CONTRADICTION,
    }  # fmt: skip
    files = [answer(tmp_path, name, answers) for name, answers in documents.items()]
    assert cli.main(["assess", *files, "--decision-log", str(tmp_path / "log")]) == 2
    kept = lines(tmp_path / "log")
    assert [(each["answers"]["id"], each["error"]["kind"]) for each in kept] == [
        ("unusable", "invalid"), ("contradictory", "contradiction"),
    ]  # fmt: skip
    twice = ["assess", files[0], files[0], "--decision-log", str(tmp_path / "log")]
    assert cli.main([*twice, "--format", "turtle"]) == 2
    assert "is given to two assessments" in capsys.readouterr().err
    assert len(lines(tmp_path / "log")) == 2
    assert cli.main(twice) == 0
    assert len(lines(tmp_path / "log")) == 4


def test_a_record_that_cannot_be_written_costs_nobody_what_the_command_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for name, answers in (("usable", EMERGENCY), ("contradictory", CONTRADICTION)):
        file, log = answer(tmp_path, name, answers), str(tmp_path / "log")
        with files_of_at_most(0):
            assert cli.main(["assess", file, "--decision-log", log]) == 2
        told.append(capsys.readouterr())
        assert f"not all of this is in the decision log {log}: File too large" in told[-1].err
    assert "EMERGENCY CARE\n" in told[0].out
    assert "already mean: emergency care" in told[1].err
    tmp_path.chmod(0o777)
    assert cli.main(["assess", file, "--decision-log", str(tmp_path)]) == 2
    assert "Everybody may write into" in capsys.readouterr().err
