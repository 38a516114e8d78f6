"""Spark, in local mode, against DuckDB and `assess`: the same rows from the same tables."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import caretier
from caretier import cli
from caretier.cohort import assess_table
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
    rows = rows_of(kb, random_answers, GARBAGE)[:3000]
    source, by_spark, by_duckdb = (tmp_path / name for name in ("in.csv", "spark.csv", "duckdb.csv"))
    csv_of(kb, rows, source)
    with source.open("a", encoding="utf-8") as file:
        file.write("3000,too,few\n")
    assess_table(kb, str(source), by_spark, backend="spark")
    assess_table(kb, str(source), by_duckdb)
    read = []
    for part in sorted(by_spark.glob("*.csv")):
        with part.open(encoding="utf-8", newline="") as file:
            read += list(csv.DictReader(file))
    with by_duckdb.open(encoding="utf-8", newline="") as file:
        wanted = list(csv.DictReader(file))
    assert differences(read[:-1], wanted[:-1]) == []
    assert "cannot be read" in read[-1]["error"]
    assert "cannot be read" in wanted[-1]["error"]


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("in.ndjson", "out.parquet", "Spark reads Parquet and CSV here"),
        ("in.csv", "out.nq", "Spark writes Parquet"),
        ("in.csv", "s3a://bucket/out.csv", "To a URL Spark writes Parquet"),
    ],
)
def test_what_spark_does_not_do_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, target: str, message: str
) -> None:
    (tmp_path / "in.ndjson").write_text('{"fever": true}\n')
    (tmp_path / "in.csv").write_text("fever\ntrue\n")
    before = sorted(tmp_path.iterdir())
    target = target if "://" in target else str(tmp_path / target)
    assert cli.main(["cohort", str(tmp_path / source), target, "--backend", "spark"]) == 2
    assert message in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


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
