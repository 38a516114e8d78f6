"""A table of many people: assessed, and only copied, by the same engine from Parquet to Parquet."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.table import Row, Target
from caretier import KnowledgeBase
from caretier.cohort import assess_table

_ROWS = 1_000_000
_BATCH = 100_000
_ROUNDS = 3
_TRUE = 0.05
_UNKNOWN = 0.5


def measure(kb: KnowledgeBase) -> Iterator[Row]:
    """Measure on a million rows, in turns with copying the same file."""
    with tempfile.TemporaryDirectory(prefix="caretier-") as folder:
        source, target, copy = (Path(folder, name) for name in ("people.parquet", "results.parquet", "copy.parquet"))
        write_table(kb, source, _ROWS)
        assessing, copying = [], []
        for _ in range(_ROUNDS):
            copying.append(_seconds(lambda: _copy(source, copy)))
            assessing.append(_seconds(lambda: assess_table(kb, str(source), target)))
        what = f"cohort, {_ROWS:,} rows of Parquet"
        yield Row(what, min(assessing), "DuckDB, copying the same columns", min(copying), Target(longer=2))


def write_table(kb: KnowledgeBase, file: Path, rows: int) -> None:
    """Write a table of random people: half of the questions open, few answers yes, any option, any number."""
    chance = random.Random(3)
    columns: dict[str, pa.Array] = {}
    for question in kb.questions:
        if question.type == "boolean":
            cells: list[object] = [chance.random() < _TRUE for _ in range(_BATCH)]
        elif question.type == "choice":
            cells = [chance.choice(question.options).id for _ in range(_BATCH)]
        else:
            cells = [chance.randint(question.minimum or 0, question.maximum or 0) for _ in range(_BATCH)]
        columns[question.id] = pa.array([None if chance.random() < _UNKNOWN else cell for cell in cells])
    for number in range(rows // _BATCH):
        table = pa.table({"id": pa.array(range(number * _BATCH, (number + 1) * _BATCH)), **columns})
        if number == 0:
            writer = pq.ParquetWriter(file, table.schema)
        writer.write_table(table)
    writer.close()


def _copy(source: Path, target: Path) -> None:
    with duckdb.connect(config={"enable_progress_bar": "false"}) as connection:
        connection.execute(f"COPY (FROM read_parquet('{source}')) TO '{target}' (FORMAT parquet)")


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
