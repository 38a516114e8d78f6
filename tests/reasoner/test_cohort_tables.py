"""Tables as people have them: names and units of their own, columns to keep, lines that cannot be read, full disks."""

from __future__ import annotations

import csv
import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdflib import DCTERMS, RDF, Dataset, Literal

import caretier
from caretier import cli
from caretier.cohort import Summary, assess_table
from caretier.cohort_columns import ColumnMap, read_map
from caretier.fhir_response import response_resource
from caretier.questionnaire import Answer
from caretier.vocabulary import CT

Table = dict[str, list[Any]]


@pytest.fixture
def assessed(kb: caretier.KnowledgeBase, tmp_path: Path) -> Callable[..., tuple[Summary, list[dict[str, Any]]]]:
    """Return a function that assesses a table of columns and gives the summary and the rows that came out."""

    def assess(columns: Table, **options: Any) -> tuple[Summary, list[dict[str, Any]]]:
        source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
        pq.write_table(pa.table(columns), source)
        summary = assess_table(kb, str(source), target, **options)
        return summary, pq.read_table(target).to_pylist()

    return assess


def test_the_columns_of_a_result_are_the_contract(assessed: Any) -> None:
    summary, rows = assessed({"id": ["a", "b", "a"], "saddle-numbness": [True, None, False]})
    assert list(rows[0]) == ["id", "tier", "ceiling", "conditions", "error"]
    assert [row["id"] for row in rows] == ["a", "b", "a"]
    assert rows[0]["tier"] == rows[0]["ceiling"] == "EmergencyCare"
    assert rows[0]["conditions"] == ["CaudaEquinaSyndrome"]
    assert (rows[1]["tier"], rows[1]["ceiling"], rows[1]["conditions"]) == ("ContinueProgram", "EmergencyCare", [])
    assert (summary.rows, summary.errors, summary.repeated) == (3, 0, 1)
    assert summary.tiers == {"EmergencyCare": 1, "ContinueProgram": 2}
    assert "age" in summary.missing
    assert "saddle-numbness" not in summary.missing


def test_a_table_of_no_rows_gives_one_of_none(assessed: Any) -> None:
    summary, rows = assessed({"id": pa.array([], pa.string()), "fever": pa.array([], pa.bool_())})
    assert (summary.rows, rows) == (0, [])


def test_a_mapping_renames_translates_and_converts(kb: caretier.KnowledgeBase, assessed: Any) -> None:
    said = {
        "id": "nr",
        "columns": {
            "numb": {"question": "saddle-numbness", "values": {"ja": True, "nein": False, "?": None}},
            "therapy": {"question": "treatment-months", "unit": "weeks"},
            "months": {"question": "age", "unit": "months"},
            "pain": {"question": "pain-severity", "values": {1: "mild", 2: "severe"}},
        },
    }
    columns = {
        "nr": [7, 8, 9, 10],
        "numb": ["ja", "nein", "?", "maybe"],
        "therapy": [13.1, 12.9, None, -1.0],
        "months": [36, 1440, None, 1453],
        "pain": [1, 2, 3, None],
    }
    summary, rows = assessed(columns, mapping=read_map(said, kb.questionnaire), explain=True)
    assert [row["id"] for row in rows] == [7, 8, 9, 10]
    assert rows[0]["tier"] == "EmergencyCare"
    assert rows[0]["error"] is None
    assert rows[1]["error"] is None
    assert 'The answer to "pain-severity" is "3"; allowed are "mild"' in rows[2]["error"]
    assert rows[3]["error"].splitlines() == [
        'The answer to "age" is 121; allowed is a whole number from 0 to 120, or null.',
        'The answer to "saddle-numbness" is "maybe"; allowed are true, false and null.',
        'The answer to "treatment-months" is -1; allowed is a whole number from 0 to 1200, or null.',
    ]
    assert not summary.never


@pytest.mark.parametrize("key", ["99", "99.0"])
def test_codes_stored_with_decimals_are_translated_as_numbers(
    kb: caretier.KnowledgeBase, assessed: Any, key: str
) -> None:
    """Statistics programs store whole codes, and what is missing beside them, as numbers with decimals."""
    said = {
        "columns": {
            "fever": {"question": "fever", "values": {"1": True, "2": False, key: None}},
            "age": {"question": "age", "values": {key: None}},
            "weeks": {"question": "treatment-months", "unit": "weeks", "values": {key: None, "53": 12}},
            "numb": {"question": "saddle-numbness", "values": {"1": True, key: None}},
        },
    }
    columns = {
        "fever": [1.0, 2.0, 99.0, 3.0],
        "age": [99.0, 44.0, 50.5, None],
        "weeks": [99.0, 13.1, 53.0, -1.0],
        "numb": pa.array([99, None, 1, 2], pa.decimal128(5, 2)),
    }
    _, rows = assessed(columns, mapping=read_map(said, kb.questionnaire), explain=True)
    assert [row["open_questions"] for row in rows[:2]] == [len(kb.questions) - 1, len(kb.questions) - 3]
    assert [row["tier"] for row in rows] == ["ContactDoctor", "ContinueProgram", None, None]
    assert rows[2]["error"].splitlines()[1:] == [
        'The answer to "age" is "50.5"; allowed is a whole number from 0 to 120, or null.'
    ]
    assert rows[3]["error"].splitlines() == [
        'The answer to "saddle-numbness" is 2; allowed are true, false and null.',
        'The answer to "fever" is 3; allowed are true, false and null.',
        'The answer to "treatment-months" is -1; allowed is a whole number from 0 to 1200, or null.',
    ]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ([], "a mapping is an object"),
        ({"colums": {}}, '"colums" is not part of a mapping'),
        ({"columns": {"a": "agee"}}, 'column "a": there is no question "agee". Did you mean "age"'),
        ({"columns": {"a": {"question": "fever", "values": {"x": 1}}}}, 'The answer to "fever" is 1'),
        ({"columns": {"a": {"question": "fever", "unit": "weeks"}}}, '"fever" has none such'),
        ({"columns": {"a": {"question": "age", "unit": "moons"}}}, "\"unit\" is 'moons'"),
        ({"columns": {"a": 5}}, "it has to be a question id"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(kb: caretier.KnowledgeBase, said: object, message: str) -> None:
    with pytest.raises(caretier.InputError, match=r"mapping|column") as caught:
        read_map(said, kb.questionnaire)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"fevr": [True], "id": [1]}, {}, 'The column "fevr" is no question. Did you mean "fever"? Map it with --map'),
        ({"fever": [True], "site": ["x"]}, {"keep": ["sight"]}, 'There is no column "sight". Did you mean "site"?'),
        ({"fever": [True], "tier": ["x"]}, {"keep": ["tier"]}, 'The column "tier" cannot be kept'),
        ({"id": [1]}, {}, "No column is a question"),
    ],
)
def test_a_column_without_a_place_is_named_before_work_starts(
    assessed: Any, tmp_path: Path, columns: Table, options: Any, message: str
) -> None:
    with pytest.raises(caretier.InputError) as caught:
        assessed(columns, **options)
    assert message in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["in.parquet"]


def test_two_columns_for_one_question_are_refused(kb: caretier.KnowledgeBase, assessed: Any) -> None:
    mapping = read_map({"columns": {"Fieber": "fever"}}, kb.questionnaire)
    with pytest.raises(caretier.InputError, match='"Fieber" and "fever" both answer "fever"'):
        assessed({"Fieber": [True], "fever": [False]}, mapping=mapping)


def test_kept_columns_come_through_as_they_are(assessed: Any) -> None:
    columns = {"fever": [True, None], "score": [1.5, None], "tags": [["a"], []], 'a "b"': [1, 2]}
    _, rows = assessed(columns, keep=["score", "tags", 'a "b"'])
    assert [(row["score"], row["tags"], row['a "b"']) for row in rows] == [(1.5, ["a"], 1), (None, [], 2)]
    assert rows[0]["id"] is None


def test_a_column_of_a_type_that_holds_no_answer_is_named(assessed: Any) -> None:
    summary, rows = assessed({"age": [47.0, None], "fever": [1, 0], "saddle-numbness": [True, True]})
    assert [cell.column.name for cell in summary.never] == ["age", "fever"]
    assert rows[0]["error"].splitlines()[1:] == [
        'The answer to "age" is 47.0; allowed is a whole number from 0 to 120, or null.',
        'The answer to "fever" is 1; allowed are true, false and null.',
    ]
    assert rows[0]["error"].startswith("The other answers alone already mean: emergency care.")


def test_lines_that_cannot_be_read_keep_their_place(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    lines = [b"id,fever,age", b"a,true,50", b"b,true", b"c,true,50,7", b"d,\xff,50", b'"e\nf",TRUE,50', b"g,,"]
    source.write_bytes(b"\n".join(lines) + b"\n")
    summary = assess_table(kb, str(source), target)
    with target.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["a", "", "", "", "e\nf", "g"]
    assert [row["error"] for row in rows] == [
        "",
        "Line 3 cannot be read: it has 2 cells, and the header 3.",
        "Line 4 cannot be read: it has 4 cells, and the header 3.",
        "Line 5 cannot be read: it is not UTF-8 text; save the file as UTF-8.",
        "",
        "",
    ]
    assert (summary.rows, summary.errors) == (6, 3)
    assert rows[1]["tier"] == rows[1]["conditions"] == ""


@pytest.mark.parametrize(
    "text",
    [
        '\ufeffid,fever\r\na,true\r\n\r\nb,""\r\n',
        'id;fever;age\na;true;\n\n"b;""c";;50',
        "id\tfever\na\tTrue\n\ta",
        "fever\ntrue\n\nfalse\n",
    ],
)
def test_csv_written_anew_is_read_as_the_engine_reads_it(kb: caretier.KnowledgeBase, tmp_path: Path, text: str) -> None:
    well, broken = tmp_path / "well.csv", tmp_path / "broken.csv"
    well.write_text(text, encoding="utf-8", newline="")
    delimiter = max(",;\t", key=text.splitlines()[0].count)
    broken.write_text(text.rstrip("\n") + "\n" + delimiter * 9 + "x\n", encoding="utf-8", newline="")
    found = []
    for source in (well, broken):
        assess_table(kb, str(source), tmp_path / "out.parquet")
        found.append(pq.read_table(tmp_path / "out.parquet").to_pylist())
    assert len(found[0]) >= 2
    assert found[1][:-1] == found[0]
    assert "it has 10 cells" in found[1][-1]["error"]


def test_a_question_may_be_kept_as_well(assessed: Any) -> None:
    _, rows = assessed({"saddle-numbness": [True]}, keep=["saddle-numbness"])
    assert (rows[0]["tier"], rows[0]["saddle-numbness"]) == ("EmergencyCare", True)


def test_lines_of_json_that_cannot_be_read_keep_their_place(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    source, target = tmp_path / "in.ndjson", tmp_path / "out.parquet"
    lines = ['{"id":"a","fever":true}', '{"id":"b",', "[1]", '{"fever":true,"fever":false}', '{"id":"e","age":50}']
    source.write_text("\n".join(lines) + "\n")
    summary = assess_table(kb, str(source), target)
    rows = pq.read_table(target).to_pylist()
    assert [row["id"] for row in rows] == ["a", None, None, None, "e"]
    assert [(row["error"] or "").partition(" cannot")[0] for row in rows] == ["", "Line 2", "Line 3", "Line 4", ""]
    assert '"fever" is given twice' in rows[3]["error"]
    assert summary.errors == 3


def test_the_deciding_answers_are_those_of_assess(kb: caretier.KnowledgeBase, assessed: Any) -> None:
    answers: dict[str, Answer] = {"saddle-numbness": True, "age": 67, "pain-severity": "severe", "treatment-months": 4}
    answers |= {"treatment-response": "none", "pain-course": "worsening"}
    _, rows = assessed({name: [value] for name, value in answers.items()}, explain=True)
    wanted = [flag for condition in kb.assess(answers).conditions for flag in condition.red_flags]
    found = dict(zip(rows[0]["red_flags"], rows[0]["because"], strict=True))
    assert len(wanted) > 2
    assert found == {
        flag.red_flag.id: ", ".join(f"{reason.question}={str(reason.answer).lower()}" for reason in flag.because)
        for flag in wanted
    }


def test_quads_have_a_graph_for_each_row(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.nq"
    source.write_text("id;saddle-numbness;age\na;true;50\na;;50\nc;true;500\n")
    assess_table(kb, str(source), target, explain=True)
    data = Dataset()
    data.parse(target, format="nquads")
    graphs = {str(graph.identifier).partition("#row-")[2]: graph for graph in data.graphs()}
    for row, tier in (("1", "EmergencyCare"), ("2", "ContinueProgram")):
        assert list(graphs[row].objects(None, CT.careTier)) == [CT[tier]]
        assert list(graphs[row].objects(None, DCTERMS.identifier)) == [Literal("a")]
    assert list(graphs["3"].objects(None, CT.careTier)) == []
    assert any("500" in str(value) for value in graphs["3"].objects())
    assert len({quad[0] for quad in data.quads((None, RDF.type, CT.Assessment, None))}) == 3


def test_a_folder_of_fhir_responses_is_read(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    folder, target = tmp_path / "responses", tmp_path / "out.parquet"
    folder.mkdir()
    read = kb.read({"answers": {"saddle-numbness": True, "fever": None, "pain-severity": "mild"}, "id": "p1"})
    good = response_resource(read, kb.knowledge)
    bad = {**good, "status": "entered-in-error", "identifier": {"value": "p2"}}
    wrong = json.loads(json.dumps(good).replace('"mild"', '"wild"').replace("p1", "p3"))
    (folder / "one.ndjson").write_text("".join(json.dumps(each) + "\n" for each in (good, bad)) + "{\n")
    (folder / "two.ndjson").write_text(json.dumps(wrong) + "\n")
    summary = assess_table(kb, str(folder), target)
    rows = pq.read_table(target).to_pylist()
    assert [row["id"] for row in rows] == ["p1", "p2", None, "p3"]
    assert [row["tier"] for row in rows] == ["EmergencyCare", None, None, None]
    assert "entered-in-error" in rows[1]["error"]
    assert rows[3]["error"].startswith("The other answers alone already mean: emergency care.")
    assert (summary.errors, summary.proven) == (3, {"EmergencyCare": 1})
    assess_table(kb, str(folder / "one.ndjson"), target)
    assert pq.read_table(target)["id"].to_pylist() == ["p1", "p2", None], "one file is read as a folder is"


def test_another_domain_needs_no_other_code(checkout: Path, tmp_path: Path) -> None:
    other = caretier.load(checkout / "examples" / "headache" / "headache.ttl")
    assert other.model is not None
    patterns = [pattern for flag in other.knowledge.red_flags for pattern in flag.patterns]
    people = [{atom.question: atom.value for atom in pattern} for pattern in patterns]
    source, target = tmp_path / "in.ndjson", tmp_path / "out.parquet"
    source.write_text("".join(json.dumps(person) + "\n" for person in people))
    assess_table(other, str(source), target)
    for person, row in zip(people, pq.read_table(target).to_pylist(), strict=True):
        assert row["tier"] == other.assess(person).tier.id
        assert row["ceiling"] == other.assess(person).ceiling.id


def _table(file: Path, rows: int) -> None:
    cells = pa.array(["true", "false", "maybe", None] * (rows // 4))
    pq.write_table(pa.table({"id": pa.array(range(rows)), "saddle-numbness": cells}), file)


def _command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "caretier.cli", "cohort", *map(str, arguments)]


def _hidden(folder: Path) -> list[Path]:
    return list(folder.glob(".out.parquet.*"))


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_leaves_no_part_of_a_result(tmp_path: Path, stop: signal.Signals) -> None:
    """Whenever it is stopped, what stood there before stands there still, or the whole result does."""
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    _table(source, 2_000_000)
    target.write_bytes(b"before")
    for wait in (0.0, 0.3, 1.0, 2.0):
        running = subprocess.Popen(_command(source, target), stderr=subprocess.PIPE, text=True)
        began = time.monotonic()
        while not _hidden(tmp_path) and time.monotonic() - began < 60:
            time.sleep(0.01)
        time.sleep(wait)
        running.send_signal(stop)
        _, said = running.communicate(timeout=60)
        assert "Traceback" not in said
        assert target.read_bytes() == b"before" or pq.read_metadata(target).num_rows == 2_000_000
        if stop == signal.SIGKILL:
            for left in _hidden(tmp_path):
                shutil.rmtree(left)
        assert sorted(file.name for file in tmp_path.iterdir()) == ["in.parquet", "out.parquet"]


@pytest.mark.slow
def test_a_full_disk_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    _table(source, 1_000_000)
    target.write_bytes(b"before")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    done = subprocess.run(
        _command(source, target), capture_output=True, text=True, preexec_fn=limit, check=False, timeout=120
    )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "caretier: The disk is full; nothing was written. Make room, or write the result to another disk."
    ]
    assert target.read_bytes() == b"before"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["in.parquet", "out.parquet"]


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("none.csv", "out.csv", "there is no such file"),
        ("in.xlsx", "out.csv", "the format is told by the ending"),
        ("in.csv", "out.xlsx", "the ending of the name has to be"),
        ("in.csv", "in.csv", "this is what is read"),
        ("in.csv", "none/out.csv", "there is no folder"),
        ("empty.csv", "out.csv", "it is empty"),
        ("twice.csv", "out.csv", 'the column "fever" twice'),
        ("broken.parquet", "out.csv", "broken.parquet: this cannot be read as Parquet"),
    ],
)
def test_files_that_cannot_be_used_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, target: str, message: str
) -> None:
    (tmp_path / "in.csv").write_text("fever\ntrue\n")
    (tmp_path / "in.xlsx").write_text("fever\ntrue\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "twice.csv").write_text("fever,fever\ntrue,true\n")
    (tmp_path / "broken.parquet").write_text("PAR1")
    before = sorted(tmp_path.iterdir())
    assert cli.main(["cohort", str(tmp_path / source), str(tmp_path / target)]) == 2
    assert message in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_the_command_says_what_came_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text("id,numb,age,site\n1,ja,50,x\n1,,7.5,y\n")
    (tmp_path / "map.yaml").write_text("columns: {numb: {question: saddle-numbness, values: {ja: true}}}\n")
    arguments = ["cohort", str(tmp_path / "in.csv"), str(tmp_path / "out.csv")]
    assert cli.main([*arguments, "--map", str(tmp_path / "map.yaml"), "--keep", "site"]) == 0
    said = capsys.readouterr().err
    assert said.startswith("2 rows in ")
    assert "rows a second" in said
    assert "emergency care" in said
    assert "1 rows repeat the id of an earlier row" in said
    assert "unknown for everybody: sex, " in said
    assert (tmp_path / "out.csv").read_text().splitlines()[0] == "id,tier,ceiling,conditions,error,site"


def test_unusable_rows_that_mean_an_alarm_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text("saddle-numbness,fever,age\ntrue,,old\ntrue,oh,\n,true,old\n,,old\ntrue,,50\n")
    assert cli.main(["cohort", str(tmp_path / "in.csv"), str(tmp_path / "out.csv")]) == 0
    said = capsys.readouterr().err
    assert "Unusable rows whose other answers alone already mean emergency care: 2." in said
    assert "Unusable rows whose other answers alone already mean contact doctor: 1." in said
    assert said.count("Unusable rows") == 2


def test_a_missing_part_is_named_with_its_remedy(
    kb: caretier.KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.csv").write_text("fever\ntrue\n")
    monkeypatch.setitem(sys.modules, "ibis", None)
    with pytest.raises(caretier.CaretierError, match=r"ibis is missing.*pip install 'caretier\[cohort\]'"):
        assess_table(kb, str(tmp_path / "in.csv"), tmp_path / "out.csv")


def test_the_id_may_be_another_column(assessed: Any) -> None:
    _, rows = assessed({"nr": ["a"], "fever": [True]}, mapping=ColumnMap(id="nr"))
    assert rows[0]["id"] == "a"
