"""Spark, in local mode, against DuckDB and `assess`: the same rows from the same tables."""

from __future__ import annotations

import csv
import datetime
import random
import uuid
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import caretier
from caretier import cli
from caretier.cohort import assess_table
from caretier.cohort_columns import read_map
from caretier.cohort_report import Report
from caretier.questionnaire import Answer
from tests.reasoner.cohort_rows import GARBAGE, csv_of, differences, expected, parquet_of, rows_of

pytestmark = pytest.mark.slow

RandomAnswers = Callable[[random.Random], dict[str, Answer]]


def test_parquet_gives_what_assess_gives(
    kb: caretier.KnowledgeBase, random_answers: RandomAnswers, tmp_path: Path
) -> None:
    rows = rows_of(kb, random_answers, GARBAGE)
    source, by_spark, by_duckdb = (tmp_path / name for name in ("in.parquet", "spark.parquet", "duckdb.parquet"))
    parquet_of(kb, rows, source)
    pages = Report(tmp_path / "spark.html"), Report(tmp_path / "duckdb.html")
    summary = assess_table(kb, str(source), by_spark, backend="spark", report=pages[0], keep=[])
    other = assess_table(kb, str(source), by_duckdb, report=pages[1])
    spark = sorted(pq.read_table(by_spark).to_pylist(), key=lambda row: row["id"])
    assert differences(spark, pq.read_table(by_duckdb).to_pylist()) == []
    wanted = [expected(kb, {question.id: row.get(question.id) for question in kb.questions}) for row in rows]
    assert differences([(row["tier"], row["ceiling"], row["conditions"], row["error"]) for row in spark], wanted) == []
    assert pages[0].target.read_text(encoding="utf-8") == pages[1].target.read_text(encoding="utf-8")
    assert (summary.rows, summary.tiers, summary.errors) == (other.rows, other.tiers, other.errors)


def test_csv_gives_what_duckdb_gives(kb: caretier.KnowledgeBase, random_answers: RandomAnswers, tmp_path: Path) -> None:
    """Byte for byte: with spaces around ids, cells of several lines, and lines that cannot be read."""
    rows = rows_of(kb, random_answers, GARBAGE)[:3000]
    source, by_spark, by_duckdb = (tmp_path / name for name in ("in.csv", "spark.csv", "duckdb.csv"))
    csv_of(kb, rows, source)
    empty = b"," * len(kb.questions)
    with source.open("ab") as file:
        file.write(b'3000,too,few\n " 3001 "' + empty[1:] + b'\n"30\n02"' + empty + b"\n\xff" + empty + b'\n" 3004 "')
        file.write(empty + b"\n")
    summary = assess_table(kb, str(source), by_spark, backend="spark")
    other = assess_table(kb, str(source), by_duckdb)
    assert by_spark.read_bytes() == by_duckdb.read_bytes()
    assert (summary.rows, summary.tiers, summary.errors) == (other.rows, other.tiers, other.errors)
    assert summary.proven == other.proven
    assert sum(summary.proven.values()) == by_spark.read_text(encoding="utf-8").count("The other answers alone") > 9
    with by_spark.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["id"] for row in found[-4:]] == ["", "30\n02", "", " 3004 "]
    assert "Line 3002 cannot be read" in found[3000]["error"]


def test_lines_of_json_give_what_duckdb_gives(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    source = tmp_path / "in.ndjson"
    source.write_text('{"id": 1, "saddle-numbness": true, "site": "a"}\n{"id": "x\n{"id": [2], "age": "50"}\n')
    for backend in ("spark", "duckdb"):
        assess_table(kb, str(source), tmp_path / f"{backend}.nq", backend=backend, keep=["site"])
        assess_table(kb, str(source), tmp_path / f"{backend}.csv", backend=backend, keep=["site"])
    assert (tmp_path / "spark.csv").read_bytes() == (tmp_path / "duckdb.csv").read_bytes()
    assert "Line 2 cannot be read" in (tmp_path / "spark.csv").read_text()
    assert (tmp_path / "spark.nq").read_text().count("EmergencyCare") == 2


def test_no_file_is_read_for_another(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    folder = tmp_path / "age=5" / "{b}[1]*"
    folder.mkdir(parents=True)
    for name, numb in (("in[1].parquet", True), ("in1.parquet", False)):
        parquet_of(kb, [{"saddle-numbness": numb, "age": 70}], folder / name)
    assess_table(kb, str(folder / "in[1].parquet"), folder / "out.parquet", backend="spark")
    (part,) = (folder / "out.parquet").glob("*.parquet")
    assert pq.read_table(part)["tier"].to_pylist() == ["EmergencyCare"]


def test_a_column_that_one_file_lacks_is_not_lost(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    folder, target = tmp_path / "in", tmp_path / "out.parquet"
    folder.mkdir()
    pq.write_table(pa.table({"id": [1], "age": [50]}), folder / "a.parquet")
    pq.write_table(pa.table({"id": [2], "saddle-numbness": [True]}), folder / "b.parquet")
    assess_table(kb, str(folder), target, backend="spark")
    assert {row["id"]: row["tier"] for row in pq.read_table(target).to_pylist()}[2] == "EmergencyCare"


def test_what_spark_does_not_do_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text("fever\ntrue\n")
    assert cli.main(["cohort", str(tmp_path / "in.csv"), "s3a://bucket/out.csv", "--backend", "spark"]) == 2
    assert "To a URL Spark writes Parquet" in capsys.readouterr().err
    (tmp_path / "out.parquet").write_text("before")
    assert cli.main(["cohort", str(tmp_path / "in.csv"), str(tmp_path / "out.parquet"), "--backend", "spark"]) == 2
    assert "Spark makes a folder, and this is a file" in capsys.readouterr().err


def test_odd_types_and_units_give_what_duckdb_gives(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    weeks = {"question": "treatment-months", "unit": "weeks", "values": {"99": None}}
    codes = {"question": "fever", "values": {"1": True, "2": False, "99": None}}
    mapping = read_map({"columns": {"weeks": weeks, "codes": codes}}, kb.questionnaire)
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5)
    columns = {
        "id": pa.array([uuid.UUID(int=n).bytes for n in range(4)], pa.uuid()),
        "age": pa.array([47, 147, None, None], pa.uint64()),
        "weeks": pa.array([12.5, -1.0, 1e20, 99.0]),
        "codes": pa.array([2.0, 3.0, 99.0, 1.0]),
        "pain-severity": pa.array([None, b"mild", None, None]),
        "saddle-numbness": pa.nulls(4),
        "seen": pa.array([moment] * 4, pa.timestamp("ns")),
        "at": pa.array([moment.time()] * 4, pa.time64("us")),
    }
    pq.write_table(pa.table(columns), tmp_path / "_in:1.parquet")
    for backend in ("spark", "duckdb"):
        target = tmp_path / f"{backend}.csv"
        assess_table(kb, str(tmp_path / "_in:1.parquet"), target, backend=backend, mapping=mapping, keep=["seen", "at"])
    assert (tmp_path / "spark.csv").read_bytes() == (tmp_path / "duckdb.csv").read_bytes()
    assert "is 147;" in (tmp_path / "spark.csv").read_text()


def test_urls_are_read_and_written_by_spark(
    kb: caretier.KnowledgeBase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parquet_of(kb, [{"saddle-numbness": True}, {}], tmp_path / "in.parquet")
    source, target = (tmp_path / "in.parquet").as_uri(), (tmp_path / "out.parquet").as_uri()
    assert cli.main(["cohort", source, target]) == 2
    assert "--backend spark only" in capsys.readouterr().err
    assess_table(kb, source, target, backend="spark")
    assert pq.read_table(tmp_path / "out.parquet")["tier"].to_pylist() == ["EmergencyCare", "ContinueProgram"]
    with pytest.raises(caretier.CaretierError, match="already exists"):
        assess_table(kb, source, target, backend="spark")
