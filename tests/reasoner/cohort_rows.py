"""Rows of random answers, some of them not allowed, and what `assess` makes of each."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import caretier
from caretier.questionnaire import Answer

ROWS = 20_000

RandomAnswers = Callable[[random.Random], dict[str, Answer]]
Row = dict[str, Any]

GARBAGE: tuple[Any, ...] = (
    1,
    0,
    -3,
    47.0,
    1e20,
    "",
    "sever",
    "Severe",
    "yes",
    "\t\u200b",
    "'; --",
    "x" * 99,
    [],
    {"a": 1},
    10**30,
)


def expected(kb: caretier.KnowledgeBase, answers: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what `assess` makes of answers: tier, ceiling, conditions and error."""
    try:
        result = kb.assess(dict(answers))
    except caretier.InvalidAnswersError as error:
        return None, None, [], str(error)
    return result.tier.id, result.ceiling.id, [condition.id for condition in result.conditions], None


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
    """Return what differs, row by row."""
    assert len(found) == len(wanted)
    return [pair for pair in zip(found, wanted, strict=True) if pair[0] != pair[1]]


def spelt(value: Any) -> str:
    """Spell a value as CSV does."""
    if value is None:
        return ""
    return (
        str(value).lower()
        if isinstance(value, bool)
        else json.dumps(value)
        if isinstance(value, list | dict)
        else str(value)
    )


def parquet_of(kb: caretier.KnowledgeBase, rows: Sequence[Row], file: Path) -> None:
    """Write rows with the type that suits each question; what is no number in a column of numbers is left out."""
    arrays = {"id": pa.array(range(len(rows)))}
    for question in kb.questions:
        kind = {"boolean": bool, "choice": str, "integer": int}[question.type]
        cells = [row.get(question.id) for row in rows]
        for place, cell in enumerate(cells):
            if type(cell) is not kind or (isinstance(cell, int) and abs(cell) > 2**60):
                cells[place] = rows[place][question.id] = None
        arrays[question.id] = pa.array(cells, {bool: pa.bool_(), str: pa.string(), int: pa.int64()}[kind])
    pq.write_table(pa.table(arrays), file)


def csv_of(kb: caretier.KnowledgeBase, rows: Sequence[Row], file: Path) -> None:
    """Write rows as CSV, with their place as id."""
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["id", *(question.id for question in kb.questions)])
        for place, row in enumerate(rows):
            writer.writerow([place, *(spelt(row.get(question.id)) for question in kb.questions)])
