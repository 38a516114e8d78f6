"""Tables against `assess`, row by row: the same tier, ceiling, conditions and error, whatever the format."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

import caretier
from caretier.cohort import assess_table
from caretier.cohort_columns import ColumnMap, read_map
from caretier.questionnaire import Answer, Question

ROWS = 20_000

RandomAnswers = Callable[[random.Random], dict[str, Answer]]
Row = dict[str, Any]

GARBAGE: tuple[Any, ...] = (1, 0, -3, 47.0, 1e20, "", "sever", "Severe", "yes", "\t\u200b", "'; --", "x" * 99, [], {"a": 1}, 10**30)


def expected(kb: caretier.KnowledgeBase, answers: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what `assess` makes of answers: tier, ceiling, conditions and error."""
    try:
        result = kb.assess(dict(answers))
    except caretier.InvalidAnswersError as error:
        return None, None, [], str(error)
    return result.tier.id, result.ceiling.id, [condition.id for condition in result.conditions], None


def results(file: Path) -> list[tuple[Any, ...]]:
    """Read the results in a Parquet file."""
    table = pq.read_table(file)
    return [(row["tier"], row["ceiling"], row["conditions"], row["error"]) for row in table.to_pylist()]


def rows_of(kb: caretier.KnowledgeBase, random_answers: RandomAnswers, garbage: Sequence[Any]) -> list[Row]:
    """Make rows of which every third has some answers that are not allowed."""
    chance = random.Random(7)
    rows = []
    for _ in range(ROWS):
        row: Row = dict(random_answers(chance))
        if garbage and chance.random() < 0.33:
            for question in chance.sample(kb.questions, chance.choice((1, 2, 30))):
                row[question.id] = chance.choice(garbage)
        rows.append(row)
    return rows


def differences(found: Sequence[Any], wanted: Sequence[Any]) -> list[tuple[Any, Any]]:
    assert len(found) == len(wanted)
    return [pair for pair in zip(found, wanted, strict=True) if pair[0] != pair[1]]


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


def _spelt(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else json.dumps(value) if isinstance(value, list | dict) else str(value)


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
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([question.id for question in kb.questions])
        writer.writerows([[_spelt(row.get(question.id)) for question in kb.questions] for row in rows])
    assess_table(kb, str(source), target)
    wanted = [
        expected(kb, {question.id: _read(question, _spelt(row.get(question.id))) for question in kb.questions})
        for row in rows
    ]
    assert differences(results(target), wanted) == []


def parquet_of(kb: caretier.KnowledgeBase, rows: Sequence[Row], file: Path) -> None:
    """Write rows with the type that suits each question; what is no number in a column of numbers is left out."""
    arrays = {"id": pa.array(range(len(rows)))}
    for question in kb.questions:
        kind = {"boolean": bool, "choice": str, "integer": int}[question.type]
        cells = [row.get(question.id) for row in rows]
        for place, cell in enumerate(cells):
            if type(cell) is not kind or (kind is int and abs(cell) > 2**60):
                cells[place] = rows[place][question.id] = None
        arrays[question.id] = pa.array(cells, {bool: pa.bool_(), str: pa.string(), int: pa.int64()}[kind])
    pq.write_table(pa.table(arrays), file)


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
