"""Tables against `assess`, row by row: the same tier, ceiling, conditions and error, whatever the format."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import caretier
from caretier.cohort import assess_table
from caretier.questionnaire import Answer, Question
from tests.reasoner.cohort_rows import GARBAGE, ROWS, csv_of, differences, expected, parquet_of, rows_of, spelt

RandomAnswers = Callable[[random.Random], dict[str, Answer]]


def results(file: Path) -> list[tuple[Any, ...]]:
    """Read the results in a Parquet file."""
    table = pq.read_table(file)
    return [(row["tier"], row["ceiling"], row["conditions"], row["error"]) for row in table.to_pylist()]


def test_ndjson_gives_what_assess_gives(
    kb: caretier.KnowledgeBase, random_answers: RandomAnswers, tmp_path: Path
) -> None:
    rows = rows_of(kb, random_answers, GARBAGE)
    source, target = tmp_path / "people.ndjson", tmp_path / "results.parquet"
    source.write_text("".join(json.dumps({"id": str(place), **row}) + "\n" for place, row in enumerate(rows)))
    summary = assess_table(kb, str(source), target)
    in_order = [{question.id: row.get(question.id) for question in kb.questions} for row in rows]
    wanted = [expected(kb, row) for row in in_order]
    assert differences(results(target), wanted) == []
    assert summary.rows == ROWS
    assert summary.errors == sum(error is not None for *_, error in wanted) > ROWS / 5
    assert pq.read_table(target, columns=["id"])["id"].to_pylist() == [str(place) for place in range(ROWS)]


def _read(question: Question, text: str) -> Any:
    """Read a cell of CSV as the documentation says."""
    if text == "":
        return None
    if question.type == "boolean" and text in ("true", "false"):
        return text == "true"
    if question.type != "choice" and text.removeprefix("-").isdigit() and str(int(text)) == text:
        return int(text)
    return text


def test_csv_gives_what_assess_gives(kb: caretier.KnowledgeBase, random_answers: RandomAnswers, tmp_path: Path) -> None:
    rows = rows_of(kb, random_answers, [each for each in GARBAGE if each != ""])
    source, target = tmp_path / "people.csv", tmp_path / "results.parquet"
    csv_of(kb, rows, source)
    assess_table(kb, str(source), target)
    wanted = [
        expected(kb, {question.id: _read(question, spelt(row.get(question.id))) for question in kb.questions})
        for row in rows
    ]
    assert differences(results(target), wanted) == []


def test_parquet_gives_what_assess_gives(
    kb: caretier.KnowledgeBase, random_answers: RandomAnswers, tmp_path: Path
) -> None:
    rows = rows_of(kb, random_answers, GARBAGE)
    source, target = tmp_path / "people.parquet", tmp_path / "results.parquet"
    parquet_of(kb, rows, source)
    assess_table(kb, str(source), target)
    wanted = [expected(kb, {question.id: row.get(question.id) for question in kb.questions}) for row in rows]
    assert differences(results(target), wanted) == []
    assert any(error is None for *_, error in wanted)
    assert any(error is not None for *_, error in wanted)
