"""DuckDB: reads tables, runs the expression out of core on all processors, and asks results."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import duckdb
import numpy  # noqa: F401 -- DuckDB needs it and takes an interrupted import for a missing library

from caretier.cohort_cells import Problems, stored
from caretier.cohort_columns import UNREADABLE, Column, Kind, Plan
from caretier.cohort_expression import PROBLEMS, Decision
from caretier.cohort_gathering import Gathered, gather_csv, gather_ndjson, gather_responses
from caretier.cohort_input import Source
from caretier.cohort_output import result_files
from caretier.cohort_parquet import require_one_table
from caretier.cohort_plain import is_plain
from caretier.cohort_work import run_stoppable
from caretier.errors import CohortError
from caretier.knowledge_base import KnowledgeBase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DIALECT = "duckdb"
_MEMORY = "1200MB"
_NOT_IN_SPARK = ("HUGEINT", "INTERVAL", "TIME", "TIMESTAMP_NS", "TIME WITH TIME ZONE", "UBIGINT", "UHUGEINT", "UUID")
_AS_STORED = "hive_partitioning = false"
"""Or else a folder called age=5 would stand in for the column of this name."""

_KINDS: dict[str, Kind] = {
    "BOOLEAN": "boolean",
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), "whole"),
    **dict.fromkeys(("UBIGINT", "HUGEINT", "UHUGEINT"), "literal"),  # too wide for the expression: read as spelt
    **dict.fromkeys(("FLOAT", "DOUBLE"), "decimal"),
    "VARCHAR": "text",
    '"NULL"': "literal",  # a column of nothing but nulls says as much as one of any other type
}


class DuckDBEngine:
    """One connection with limits; what it spills goes to the folder it is given."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        config: dict[str, Any] = {"memory_limit": _MEMORY, "temp_directory": str(folder / "spilled")}
        self._connection = duckdb.connect(":memory:", config=config)
        with suppress(duckdb.InvalidInputException):  # in a notebook it wants widgets for a bar that is not shown
            for setting in ("enable_progress_bar = true", "enable_progress_bar_print = false", "progress_bar_time = 0"):
                self._connection.execute(f"SET {setting}")
        self._reader = ""
        self._gathered: Gathered | None = None

    def open(self, source: Source, kb: KnowledgeBase, advance: Callable[[float], None]) -> tuple[Column, ...]:
        """Open a table and return its columns."""
        folder = self._folder / "gathered"
        match source.format:
            case "parquet":
                require_one_table(source.files)
                self._reader = f"read_parquet({_files(source.files)}, union_by_name = true, {_AS_STORED})"
                described = self.ask(f"DESCRIBE SELECT * FROM {self._reader}")
                return tuple(Column(name, _kind(kind)) for name, kind, *_ in described)
            case "csv" if is_plain(source):
                typed = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in source.header)
                self._reader = (
                    f"read_csv({_files(source.files)}, auto_detect = false, header = true, "
                    f"delim = {_text(source.delimiter)}, quote = '', escape = '', strict_mode = true, "
                    f"{_AS_STORED}, columns = {{{typed}}})"
                )
                return tuple(Column(name, "literal") for name in source.header)
            case "csv":
                return self._open(gather_csv(source, folder, advance), "literal")
            case "ndjson":
                return self._open(gather_ndjson(source, folder, advance), "json")
            case "fhir":
                return self._open(gather_responses(source, kb, folder, advance), "json")

    @property
    def spanning(self) -> int:
        """How many rows of CSV stand on several lines."""
        return self._gathered.spanning if self._gathered is not None else 0

    def rows(self, source: Source) -> int | None:
        """Count the rows where that costs nothing, or else estimate them from the size of the files."""
        if source.format == "parquet" or self._gathered is not None:
            return int(self.ask(f"SELECT count(*) FROM {self._reader}")[0][0])
        with Path(source.files[0]).open("rb") as file:
            start = file.read(1_000_000)
        lines = start.count(b"\n")
        return source.bytes * lines // len(start) if lines and not source.files[0].endswith(".gz") else None

    def run(
        self, decision: Decision, plan: Plan, problems: Problems, made: str, advance: Callable[[float], None]
    ) -> None:
        """Write the results as Parquet."""
        create: Any = self._connection.create_function  # its stubs know no function that is given nulls
        create(PROBLEMS, problems, ["VARCHAR"], "VARCHAR", null_handling="special", side_effects=False)
        self._copy(decision.sql(DIALECT, self._source(plan)), made, advance)

    def gather(self, plan: Plan, made: str, advance: Callable[[float], None]) -> None:
        """Write as Parquet what the first step of the expression reads, for Spark; what it has no type for is text."""
        source = self._source(plan)
        columns = [
            f"CAST({_name(name)} AS VARCHAR) AS {_name(name)}" if kind in _NOT_IN_SPARK else _name(name)
            for name, kind, *_ in self.ask(f"DESCRIBE {source}")
        ]
        self._copy(f"SELECT {', '.join(columns)} FROM ({source})", made, advance)

    def tiers(self, made: str) -> list[tuple[str | None, int]]:
        """Count the results of each tier; None are those with an error."""
        return self.ask(f"SELECT tier, count(*) FROM {self.results(made)} GROUP BY tier")

    def telling(self, made: str, texts: Sequence[str]) -> list[int]:
        """Count, of each text, the results whose error tells it."""
        counts = ", ".join(f"count(*) FILTER (contains(error, {_text(text)}))" for text in texts)
        return list(self.ask(f"SELECT {counts} FROM {self.results(made)}")[0])

    def repeated(self, made: str) -> int:
        """Count the rows whose id another row has as well."""
        return int(self.ask(f"SELECT count(id) - count(DISTINCT id) FROM {self.results(made)}")[0][0])

    def answered(self, decision: Decision, plan: Plan) -> dict[str, int]:
        """Count, of each question with a column, the rows that have an allowed answer."""
        (counts,) = self.ask(decision.answers_sql(DIALECT, self._source(plan)))
        return {cell.question.id: count for cell, count in zip(plan.cells, counts, strict=True)}

    def results(self, place: str) -> str:
        """Name results in a query, be they a file of Parquet or a folder."""
        return f"read_parquet({_files(result_files(place))}, {_AS_STORED})"

    def batches(self, query: str, take: Callable[[Iterator[list[dict[str, Any]]]], object]) -> None:
        """Run a query and hand on its rows some thousands at a time."""
        rows = (batch.to_pylist() for batch in self._connection.sql(query).to_arrow_reader(10_000))
        self._do(lambda: take(rows))

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        rows: list[tuple[Any, ...]] = []
        self._do(lambda: rows.extend(self._connection.execute(query).fetchall()))
        return rows

    def execute(self, query: str, advance: Callable[[float], None] = lambda _: None) -> None:
        """Run a statement, telling how much of it is done."""
        self._do(
            lambda: self._connection.execute(query),
            lambda: advance(max(0.0, self._connection.query_progress()) / 100),
        )

    def _do(self, work: Callable[[], object], watch: Callable[[], object] = lambda: None) -> None:
        """Do work in a thread of its own: DuckDB would take the signal that stops this process for an error."""
        try:
            run_stoppable(work, self._connection.interrupt, watch)
        except duckdb.Error as error:
            raise CohortError(_told(error)) from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _copy(self, query: str, made: str, advance: Callable[[float], None]) -> None:
        self.execute(f"COPY ({query}) TO {_text(made)} (FORMAT parquet)", advance)

    def _source(self, plan: Plan) -> str:
        columns = [f"{self._shown(plan.id)} AS id" if plan.id else "CAST(NULL AS VARCHAR) AS id"]
        columns.append(f"{UNREADABLE if self._gathered is not None else 'CAST(NULL AS VARCHAR)'} AS unreadable")
        columns += [f"{self._shown(column)} AS kept_{number}" for number, column in enumerate(plan.kept)]
        for number, cell in enumerate(plan.cells):
            name, kind = _name(cell.column.name), stored(cell)
            if kind == "int64":
                taken = f"CAST({name} AS BIGINT)"
            elif kind == "boolean":
                taken = name
            elif cell.column.kind == "json" and not (cell.values or cell.scale):
                plain = f"CAST(to_json({name} ->> '$') AS VARCHAR)"
                taken = f"CASE WHEN json_type({name}) = 'VARCHAR' THEN {plain} ELSE CAST({name} AS VARCHAR) END"
            else:
                taken = f"CAST({self._shown(cell.column)} AS VARCHAR)"
            columns.append(f"{taken} AS cell_{number}")
        return f"SELECT {', '.join(columns)} FROM {self._reader}"

    def _shown(self, column: Column) -> str:
        """Take a column as it is; of JSON, the text of a text."""
        return f"({_name(column.name)} ->> '$')" if column.kind == "json" else _name(column.name)

    def _open(self, gathered: Gathered, kind: Kind) -> tuple[Column, ...]:
        self._reader = f"read_parquet({_files(gathered.files)}, union_by_name = true, {_AS_STORED})"
        self._gathered = gathered
        return tuple(Column(name, kind) for name in gathered.names)


def _kind(kind: str) -> Kind:
    if kind.startswith("ENUM"):
        return "text"
    if kind.startswith("DECIMAL"):
        return "decimal"
    return _KINDS.get(kind, "other")


def _files(files: Sequence[str]) -> str:
    """List files, so that no name is taken for a pattern that finds another file."""
    for file in files:
        if "\\" in file and glob.has_magic(file):
            raise CohortError(f"{file}: a name with a backslash and a bracket, * or ? cannot be opened; rename it.")
    return "[" + ", ".join(_text(glob.escape(str(Path(file).absolute()))) for file in files) + "]"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _told(error: Exception) -> str:
    """Say in a line what the engine could not do."""
    text = " ".join(str(error).split())
    lowered = text.lower()
    if "no space left" in lowered or "file too large" in lowered:
        return "The disk is full; nothing was written. Make room, or write the result to another disk."
    if "gzip" in lowered:
        return f"A compressed file cannot be read, and nothing was written; unpack it first. {text[:400]}"
    if "out of memory" in lowered:
        return "Memory was not enough; nothing was written. Give the machine more, or split the table."
    return f"DuckDB could not do it, and nothing was written: {text[:400]}"
