"""Tables that are easily misread: nobody gets the answers of another, and nothing odd counts as nothing said."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import caretier
from caretier import cli
from caretier.cohort import assess_table
from caretier.cohort_columns import read_map
from caretier.cohort_report import Report

NUMB = "saddle-numbness"


@pytest.fixture
def assess(kb: caretier.KnowledgeBase, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Return a function that assesses a source and gives the rows that came out."""

    def assess(source: Path, **options: Any) -> list[dict[str, Any]]:
        target = tmp_path / "out.parquet"
        assess_table(kb, str(source), target, **options)
        rows: list[dict[str, Any]] = pq.read_table(target).to_pylist()
        return rows

    return assess


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a cohort that has to be refused, and return what is said."""
    assert cli.main(["cohort", *map(str, arguments)]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("name", ["p[1]", "p*", "p?", "~p", "p{1}", "p'1", "p%201", "p\n1"])
@pytest.mark.parametrize("form", ["csv", "parquet", "ndjson"])
def test_no_file_is_read_for_another(
    assess: Callable[..., list[dict[str, Any]]], tmp_path: Path, name: str, form: str
) -> None:
    """Each file that is asked for stands beside others that its name, or that of its folder, would be a pattern of."""
    for folder in (tmp_path / "a", tmp_path / "[a]"):
        folder.mkdir()
        for each in ("p1", "p2", name):
            file, numb = folder / f"{each}.{form}", folder.name == "[a]" and each == name
            if form == "parquet":
                pq.write_table(pa.table({NUMB: [numb]}), file)
            else:
                file.write_text(f"{NUMB}\n{str(numb).lower()}\n" if form == "csv" else json.dumps({NUMB: numb}) + "\n")
    assert [row["tier"] for row in assess(tmp_path / "[a]" / f"{name}.{form}")] == ["EmergencyCare"]


def test_a_result_with_an_odd_name_is_compared_with_the_right_one(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    for name in ("b1", "b[1]"):
        pq.write_table(pa.table({"id": [name], NUMB: [True]}), tmp_path / "in.parquet")
        assess_table(kb, str(tmp_path / "in.parquet"), tmp_path / f"{name}.parquet")
    report = Report(tmp_path / "report.html", tmp_path / "b[1].parquet")
    assess_table(kb, str(tmp_path / "in.parquet"), tmp_path / "now.csv", report=report)
    assert report.target.exists(), "with the other, whose id is another, it would have been refused"


def test_the_name_of_a_folder_is_no_answer(assess: Callable[..., list[dict[str, Any]]], tmp_path: Path) -> None:
    folder = tmp_path / "id=9" / f"{NUMB}=false" / 'json={"id":1,"age":1}'
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"id": [1], NUMB: [True]}), folder / "in.parquet")
    (folder / "in.csv").write_text(f"id,{NUMB}\n1,true\n")
    (folder / "in.ndjson").write_text(json.dumps({"id": 1, NUMB: True}) + "\n")
    for form in ("parquet", "csv", "ndjson"):
        (row,) = assess(folder / f"in.{form}")
        assert (str(row["id"]), row["tier"]) == ("1", "EmergencyCare")


def test_a_name_that_is_needed_for_lines_that_cannot_be_read_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f"id,{NUMB},Caretier_Unreadable\n1,true\n")
    said = refused(capsys, source, tmp_path / "out.csv", "--keep", "Caretier_Unreadable")
    assert 'The column "Caretier_Unreadable" has a name that is needed here; rename it.' in said
    source = tmp_path / "in.ndjson"
    source.write_text('{"id": 1,\n{"caretier_unreadable": "x"}\n')
    assert "is needed here" in refused(capsys, source, tmp_path / "out.csv", "--keep", "caretier_unreadable")


def test_names_that_an_engine_takes_for_one_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text("fever,Fever\nfalse,true\n")
    (tmp_path / "in.ndjson").write_text('{"fever": false}\n{"Fever": true}\n')
    pq.write_table(pa.table([[False], [True]], names=["fever", "Fever"]), tmp_path / "in.parquet")
    folder = tmp_path / "several"
    folder.mkdir()
    for name in ("fever", "Fever"):
        pq.write_table(pa.table({name: [True]}), folder / f"{name}.parquet")
    for source in ("in.csv", "in.ndjson", "in.parquet", "several"):
        said = refused(capsys, tmp_path / source, tmp_path / "out.csv", "--keep", "Fever")
        assert "which count as one name; rename one of them" in said, source


@pytest.mark.parametrize("backend", ["duckdb", pytest.param("spark", marks=pytest.mark.slow)])
def test_files_that_store_a_column_differently_are_refused(
    kb: caretier.KnowledgeBase, tmp_path: Path, backend: Any
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    pq.write_table(pa.table({"age": [True]}), folder / "a.parquet")
    pq.write_table(pa.table({"age": [70]}), folder / "b.parquet")
    with pytest.raises(caretier.InputError) as caught:
        assess_table(kb, str(folder), tmp_path / "out.parquet", backend=backend)
    assert str(caught.value) == (
        f'"age" is stored as bool in {folder}/a.parquet, and as whole numbers in {folder}/b.parquet; store it alike.'
    )


def test_files_that_store_a_column_alike_or_not_at_all_go_together(
    assess: Callable[..., list[dict[str, Any]]], tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    pq.write_table(pa.table({"age": pa.array([70], pa.int8()), NUMB: pa.nulls(1)}), folder / "a.parquet")
    pq.write_table(pa.table({"age": pa.array([71], pa.int64())}), folder / "b.parquet")
    pq.write_table(pa.table({NUMB: [True], "pain-severity": pa.array(["mild"])}), folder / "c.parquet")
    pq.write_table(pa.table({"pain-severity": pa.array(["mild"]).dictionary_encode()}), folder / "d.parquet")
    rows = assess(folder)
    assert [row["error"] for row in rows] == [None] * 4
    assert [row["tier"] for row in rows] == ["ContinueProgram", "ContinueProgram", "EmergencyCare", "ContinueProgram"]


def test_a_column_of_nothing_says_nothing(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    pq.write_table(pa.table({"age": pa.nulls(2), "fever": pa.nulls(2)}), tmp_path / "in.parquet")
    summary = assess_table(kb, str(tmp_path / "in.parquet"), tmp_path / "out.csv")
    assert (summary.errors, summary.never) == (0, ())


def test_bytes_that_spell_an_answer_are_no_text(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1, 2], "pain-severity": [b"mild", b"\xff"]}), tmp_path / "in.parquet")
    summary = assess_table(kb, str(tmp_path / "in.parquet"), tmp_path / "out.parquet")
    errors = pq.read_table(tmp_path / "out.parquet")["error"].to_pylist()
    assert 'is "mild, stored as another type than text"; allowed are "mild"' in errors[0]
    assert r'is "\xFF"; allowed are "mild"' in errors[1]
    assert [cell.column.name for cell in summary.never] == ["pain-severity"]


def test_csv_is_written_where_no_column_shows_anything_by_itself(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,age\na,50\n")
    assess_table(kb, str(tmp_path / "in.csv"), tmp_path / "out.csv", explain=True)
    assess_table(kb, str(tmp_path / "in.csv"), tmp_path / "out.parquet", explain=True)
    assert (tmp_path / "out.csv").read_text().splitlines()[1].startswith("a,ContinueProgram,")
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert {str(schema.field(name).type) for name in ("conditions", "red_flags", "because")} == {
        "list<element: string>"
    }


@pytest.mark.parametrize("text", ["１２", "1_0", "12.", "+5", "12 ", ".5", "0x10", "inf", "nan", "007", "1e400", "-"])
def test_a_number_with_a_unit_is_read_or_refused(
    kb: caretier.KnowledgeBase, assess: Callable[..., list[dict[str, Any]]], tmp_path: Path, text: str
) -> None:
    mapping = read_map({"columns": {"weeks": {"question": "treatment-months", "unit": "weeks"}}}, kb.questionnaire)
    source = tmp_path / "in.csv"
    source.write_text(f'weeks\n"{text}"\n12.5\n1e1\n')
    rows = assess(source, mapping=mapping)
    assert rows[0]["error"] == (
        f'The answer to "treatment-months" is "{text}"; allowed is a whole number from 0 to 1200, or null.'
    )
    assert [row["error"] for row in rows[1:]] == [None, None]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("in.csv", "id,fever\n1,true\n".encode("utf-16"), "this is UTF-16; save it as UTF-8"),
        ("in.csv", "id,fiévre\n1,true\n".encode("latin-1"), "the header is not UTF-8 text"),
        ("in.csv", b"id,fever\r1,true\r", "lines end in a carriage return alone"),
        ("in.csv", b"\n\nid,fever\n1,true\n", "its first line is blank"),
        ("in.csv", b"", "it is empty"),
        ("in.csv", b"sep=;\r\nid;fever\r\n1;true\r\n", "(sep=;) is for a spreadsheet; remove the line"),
        ("in.csv", gzip.compress(b"id,fever\n1,true\n"), "this is compressed; give it a name that ends in .gz"),
        ("in.csv", b"PK\x03\x04\x14\x00\x06\x00", "this is a spreadsheet or an archive"),
        ("in.csv", b'id,"saddle"-numbness\na,true\n', "the header cannot be read"),
        ("in.csv", b'id,"saddle-numbness\na,true\n', "the header cannot be read"),
        ("in.csv", b"id,saddle-numbness,\na,true,\n", "has a column without a name"),
        ("in.csv", b",id,saddle-numbness,,\n1,a,true,,\n", "has 3 columns without a name; name what is needed"),
        ("in.ndjson", b'[{"id": 1, "fever": true},\n {"id": 2}]\n', "write one object a line"),
        ("in.parquet", b"", "this cannot be read as Parquet"),
        ("in.csv.gz", gzip.compress(b"id,fever\n" + b"".join(b"%d,true\n" % n for n in range(99_999)))[:99_000], "cut"),
        ("in.csv.gz", gzip.compress(b"id,fever\n1,true\n")[:12], "cannot be read"),
        ("in.ndjson.gz", gzip.compress(b'{"fever": true}\n' * 9)[:-9], "cut"),
        ("in.csv.gz", gzip.compress(b"id,fever\n1,true\n", 0).replace(b"true", b"fals"), "damaged"),
        ("in.csv.gz", gzip.compress(b"id,fever\n1,true\n") + b"\0" * 512, "unpack it first"),
        ("in.ndjson", b"".join(b'{"k%d": 1}\n' % n for n in range(2_001)), "more than 2,000 different keys"),
    ],
    ids=[
        "utf-16",
        "latin-1",
        "old line ends",
        "blank at first",
        "nothing",
        "for a spreadsheet",
        "compressed",
        "a spreadsheet",
        "odd quote",
        "open quote",
        "no name",
        "no names",
        "a list",
        "empty",
        "cut late",
        "cut at once",
        "cut lines",
        "altered",
        "padded",
        "a key a line",
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_a_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    said = refused(capsys, tmp_path / name, tmp_path / "out.csv")
    assert message in said
    assert sorted(each.name for each in tmp_path.iterdir()) == [name]


def test_of_very_many_columns_some_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["fever", *(f"c{number}" for number in range(5000))]
    (tmp_path / "in.csv").write_text(",".join(names) + "\n" + "," * 5000 + "\n")
    said = refused(capsys, tmp_path / "in.csv", tmp_path / "out.csv").splitlines()
    assert said[0].startswith('caretier: The column "c0" is no question.')
    assert said[20:] == ["caretier: There are 4,980 more such columns."]


def test_a_column_without_a_name_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text("id;fever;;;\n1;true;;;\n")
    assert len(refused(capsys, tmp_path / "in.csv", tmp_path / "out.csv").splitlines()) == 1


def test_a_cut_file_of_fhir_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    line = b'{"resourceType": "QuestionnaireResponse", "status": "completed"}\n'
    (folder / "a.ndjson.gz").write_bytes(gzip.compress(line * 9)[:-9])
    assert "a.ndjson.gz: cannot be read" in refused(capsys, folder, tmp_path / "out.csv")


def test_nothing_that_is_needed_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, results, said = tmp_path / "in.csv", tmp_path / "before.parquet", tmp_path / "map.csv"
    source.write_text("id,fever\n1,true\n")
    said.write_text("columns: {}\n")
    assert cli.main(["cohort", str(source), str(results)]) == 0
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert "this is the map" in refused(capsys, source, said, "--map", said)
    for name in ("map.csv", "in.csv", "report"):
        again = refused(capsys, source, tmp_path / "out.csv", "--map", said, "--report", tmp_path / name)
        assert "a report is a page of HTML" in again
    compared = ("--report", tmp_path / "report.html", "--against", results)
    assert "this is what is compared with" in refused(capsys, source, results, *compared)
    no_result = ("--report", tmp_path / "report.html", "--against", source)
    assert "in.csv: this cannot be read as Parquet" in refused(capsys, source, tmp_path / "out.csv", *no_result)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_counts_to_leave_out_are_no_negative_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["cohort", "in.csv", "out.csv", "--report", str(tmp_path / "r.html"), "--suppress-below", "-1"])
    assert "-1 is no whole number from 0 on" in capsys.readouterr().err


def test_a_link_stays_one_and_what_it_leads_to_is_written(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "in.csv").write_text("fever\ntrue\n")
    (tmp_path / "out.csv").symlink_to(elsewhere / "real.csv")
    assess_table(kb, str(tmp_path / "in.csv"), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").is_symlink()
    assert [file.name for file in elsewhere.iterdir()] == ["real.csv"]


def test_no_cell_of_csv_is_a_formula(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    hostile = ["=1+1", "+49 30 12", "-2+3", "@SUM(A1)", "\t=1", " =1", "＝1+1", "x;=1+1", "a\t@b", "a\r\n=1"]
    made = ["'=1+1", "'+49 30 12", "'-2+3", "'@SUM(A1)", "\t'=1", " '=1", "'＝1+1", "x;'=1+1", "a\t'@b", "a\r\n'=1"]
    harmless = ["-3", "+1.5e3", "a=1", "1-2", "", "'=1", "-1,234.5", "a\r\nb", "\tx"]
    cells = hostile + harmless
    table = {"id": cells, "fever": [True] * len(cells), "=x": [["a", cell] for cell in cells]}
    table["bytes"] = [b"=1+1"] * len(cells)
    pq.write_table(pa.table(table), tmp_path / "in.parquet")
    keep = ["=x", "bytes"]
    summary = assess_table(kb, str(tmp_path / "in.parquet"), tmp_path / "out.csv", keep=keep)
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == made + harmless
    assert [row["'=x"] for row in rows[: len(made)]] == [f"a;{cell}" for cell in made]
    assert {row["bytes"] for row in rows} == {"'=1+1"}
    assert summary.defused > 2 * len(hostile)
    assess_table(kb, str(tmp_path / "in.parquet"), tmp_path / "out.parquet", keep=keep)
    assert pq.read_table(tmp_path / "out.parquet")["id"].to_pylist() == cells


def test_a_line_of_json_that_assess_refuses_is_refused_here(
    assess: Callable[..., list[dict[str, Any]]], tmp_path: Path
) -> None:
    odd = [
        '{"age": nan}',
        '{"age": NaN}',
        '{"fever": true,}',
        '{"age": ' + "9" * 5000 + "}",
        '{"age": ' + "[" * 3000 + "}",
    ]
    source = tmp_path / "in.ndjson"
    source.write_text("\n".join(['{"saddle-numbness": true}', *odd, '{"id": 7, "saddle-numbness": true}']) + "\n")
    rows = assess(source)
    assert [row["tier"] for row in rows] == ["EmergencyCare", *[None] * len(odd), "EmergencyCare"]
    assert [(row["error"] or "")[:21] for row in rows[1:-1]] == [
        f"Line {n + 2} cannot be read" for n in range(len(odd))
    ]


def test_a_file_of_a_folder_that_is_not_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    (folder / "old.csv").mkdir(parents=True)
    (folder / "old.csv" / "part.csv").write_text("id,fever\n1,true\n")
    for name in ("b.txt", "c.csv.zip", "part-3", "_SUCCESS", ".d.crc", *(f"{number}.log" for number in range(4))):
        (folder / name).write_text("id,fever\n2,true\n")
    assert cli.main(["cohort", str(folder), str(tmp_path / "out.csv")]) == 0
    said = capsys.readouterr().err
    assert said.startswith("1 rows")
    assert "none of a table: 0.log, 1.log, 2.log, 3.log, b.txt and 2 more." in said


def test_every_file_of_a_folder_is_read(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.csv", "_b.csv", "c.CSV"):
        (folder / name).write_text("id,fever\n1,true\n")
    (folder / "d.CSV.GZ").write_bytes(gzip.compress(b"id,fever\n1,true\n"))
    assert assess_table(kb, str(folder), tmp_path / "out.parquet").rows == 4


def test_a_response_that_cannot_be_used_keeps_its_name(
    assess: Callable[..., list[dict[str, Any]]], tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.ndjson").write_text('\n{"resourceType": "Patient"}\n')
    wrong = {"resourceType": "QuestionnaireResponse", "status": "none"}
    given = {"resourceType": "Parameters", "parameter": [{"name": "response", "resource": {**wrong, "id": "r8"}}]}
    lines = [json.dumps(each) + "\n" for each in ({**wrong, "id": "r7"}, given, wrong)]
    (folder / "b.ndjson").write_text("\n" + "".join(lines))
    rows = assess(folder)
    assert [row["id"] for row in rows] == [None, "r7", "r8", None]
    assert rows[0]["error"].startswith("a.ndjson: line 2: ")
    assert rows[3]["error"].startswith("b.ndjson: line 4: ")


def test_a_report_that_cannot_be_written_costs_no_earlier_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.csv").write_text("id,fever\n1,true\n")
    (tmp_path / "out.csv").write_text("before")
    refused(capsys, tmp_path / "in.csv", tmp_path / "out.csv", "--report", tmp_path / ("r" * 245 + ".html"))
    assert (tmp_path / "out.csv").read_text() == "before"


def test_links_that_go_round_and_dates_before_christ_are_no_fault_of_the_program(
    kb: caretier.KnowledgeBase, tmp_path: Path
) -> None:
    (tmp_path / "out.nq").symlink_to(tmp_path / "out.nq")
    date = pa.array([-900_000_000], pa.int32()).cast(pa.date32())
    pq.write_table(pa.table({"id": date, "fever": [True], "born": date}), tmp_path / "in.parquet")
    assess_table(kb, str(tmp_path / "in.parquet"), tmp_path / "out.nq", keep=["born"])
    assert "careTier" in (tmp_path / "out.nq").read_text()


def test_what_a_map_translates_is_put_in_quotes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text("id,f\n1,1\n")
    (tmp_path / "map.yaml").write_text("columns: {f: {question: fever, values: {1: true, no: false}}}\n")
    said = refused(capsys, tmp_path / "in.csv", tmp_path / "out.csv", "--map", tmp_path / "map.yaml")
    assert "1 is not the name of anything; put it in quotes" in said
