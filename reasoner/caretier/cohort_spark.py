"""Spark: the same expression on more than one machine; without a cluster, on all processors of this one.

Spark itself reads what has a URL, which is Parquet on any file system that it knows. Tables on this machine are
gathered by DuckDB first, so that each is read in one way only. It writes Parquet: a folder of files, one a task.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.functions import count_if

from caretier.cohort_cells import Problems, stored
from caretier.cohort_columns import Column, Kind, Plan
from caretier.cohort_duckdb import DuckDBEngine
from caretier.cohort_expression import PROBLEMS, Decision
from caretier.cohort_input import Source, is_url
from caretier.cohort_work import run_stoppable
from caretier.errors import CohortError, JavaError
from caretier.knowledge_base import KnowledgeBase

Value = TypeVar("Value")
DIALECT = "pyspark"
_KINDS: dict[str, Kind] = {
    "boolean": "boolean",
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), "whole"),
    **dict.fromkeys(("float", "double"), "decimal"),
    "string": "text",
}
_TABLE = "caretier_table"


class SparkEngine:
    """One session; it joins the one that spark-submit began, or begins one on this machine."""

    def __init__(self, folder: Path) -> None:
        if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
            raise JavaError("Spark needs Java 17 or newer, and there is none; install it, or set JAVA_HOME.")
        self._folder = folder
        self._gathering = DuckDBEngine(folder)
        self._is_remote = False
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        self._is_ours = SparkSession.getActiveSession() is None
        builder = SparkSession.builder.appName("caretier cohort").config("spark.ui.enabled", "false")
        builder = builder.config("spark.ui.showConsoleProgress", "false").config("spark.log.level", "OFF")
        builder = builder.config("spark.local.dir", str(folder)).config("spark.sql.warehouse.dir", str(folder))
        try:
            self._spark: SparkSession = builder.getOrCreate()
        except (PySparkException, RuntimeError) as error:
            raise JavaError(
                f"Spark does not start; it needs a whole Java 17 or newer, on the path or in JAVA_HOME. {_line(error)}"
            ) from None

    def open(self, source: Source, kb: KnowledgeBase, advance: Callable[[float], None]) -> tuple[Column, ...]:
        """Open a table and return its columns."""
        self._is_remote = is_url(source.files[0])
        if not self._is_remote:
            return self._gathering.open(source, kb, advance)
        return tuple(Column(name, _kind(kind)) for name, kind in self._view(source.files))

    @property
    def spanning(self) -> int:
        """How many rows of CSV stand on several lines."""
        return self._gathering.spanning

    def rows(self, source: Source) -> int | None:
        """Count the rows where that costs nothing, or else estimate them from the size of the files."""
        if not self._is_remote:
            return self._gathering.rows(source)
        return self._done(lambda: self._spark.table(_TABLE).count())

    def run(
        self, decision: Decision, plan: Plan, problems: Problems, made: str, advance: Callable[[float], None]
    ) -> None:
        """Write the results as a folder of Parquet."""
        if not self._is_remote:
            source = str(self._folder / "source.parquet")
            self._gathering.gather(plan, source, advance)
            self._view([source])
        self._spark.udf.register(PROBLEMS, problems, "string")
        query = decision.sql(DIALECT, self._source(plan))
        self._work(lambda: self._spark.sql(query).write.parquet(made), advance)

    def tiers(self, made: str) -> list[tuple[str | None, int]]:
        """Count the results of each tier; None are those with an error."""
        results = self._done(lambda: self._spark.read.parquet(_literal(made)).groupBy("tier").count().collect())
        return [(row["tier"], row["count"]) for row in results]

    def telling(self, made: str, texts: Sequence[str]) -> list[int]:
        """Count, of each text, the results whose error tells it."""
        results = self._spark.read.parquet(_literal(made))
        counts = [count_if(results["error"].contains(text)) for text in texts]
        return list(self._done(results.select(*counts).collect)[0])

    def repeated(self, made: str) -> int:
        """Count the rows whose id another row has as well."""
        results = self._spark.read.parquet(_literal(made)).selectExpr("count(id) - count(DISTINCT id) AS repeated")
        return int(self._done(results.collect)[0]["repeated"])

    def answered(self, decision: Decision, plan: Plan) -> dict[str, int]:
        """Count, of each question with a column, the rows that have an allowed answer."""
        query = decision.answers_sql(DIALECT, self._source(plan))
        (counts,) = self._done(lambda: self._spark.sql(query).collect())
        return {cell.question.id: count for cell, count in zip(plan.cells, counts, strict=True)}

    def close(self) -> None:
        """End the session, unless it was there before."""
        self._gathering.close()
        if self._is_ours:
            self._spark.stop()

    def _view(self, files: Sequence[str]) -> list[tuple[str, str]]:
        """Make files of Parquet the table that is read; a column that only some of them have is not lost."""
        reader = self._spark.read.option("mergeSchema", "true").option("recursiveFileLookup", "true")
        table = self._done(lambda: reader.parquet(*map(_literal, files)))
        table.createOrReplaceTempView(_TABLE)
        return table.dtypes

    def _source(self, plan: Plan) -> str:
        if not self._is_remote:
            return f"SELECT * FROM {_TABLE}"
        columns = [f"{_name(plan.id.name)} AS id" if plan.id else "CAST(NULL AS STRING) AS id"]
        columns.append("CAST(NULL AS STRING) AS unreadable")
        columns += [f"{_name(column.name)} AS kept_{number}" for number, column in enumerate(plan.kept)]
        for number, cell in enumerate(plan.cells):
            kind = {"boolean": "BOOLEAN", "int64": "BIGINT", "string": "STRING"}[stored(cell)]
            columns.append(f"CAST({_name(cell.column.name)} AS {kind}) AS cell_{number}")
        return f"SELECT {', '.join(columns)} FROM {_TABLE}"

    def _work(self, work: Callable[[], None], advance: Callable[[float], None] = lambda _: None) -> None:
        """Run a job, telling how much of it is done; whatever stops this process stops it as well."""
        run_stoppable(lambda: self._done(work), self._spark.sparkContext.cancelAllJobs, lambda: advance(self._part()))

    def _part(self) -> float:
        """Say which part of the tasks of the stages at work is done."""
        tracker = self._spark.sparkContext.statusTracker()
        stages = [info for stage in tracker.getActiveStageIds() if (info := tracker.getStageInfo(stage))]
        tasks = sum(stage.numTasks for stage in stages)
        return sum(stage.numCompletedTasks for stage in stages) / tasks if tasks else 0.0

    def _done(self, work: Callable[[], Value]) -> Value:
        try:
            return work()
        except (PySparkException, Py4JError) as error:
            raise CohortError(_told(error)) from None


def _kind(kind: str) -> Kind:
    return "decimal" if kind.startswith("decimal") else _KINDS.get(kind, "other")


def _name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _literal(place: str) -> str:
    """Write a path so that Spark takes no part of it for a pattern; a URL stays as it is, with any pattern in it."""
    return place if is_url(place) else re.sub(r"([][{}*?\\])", r"\\\1", str(Path(place).absolute()))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:400]


def _told(error: Exception) -> str:
    """Say in a line what the engine could not do."""
    text = str(error)
    if "No space left" in text:
        return "The disk is full; nothing was written. Make room, or write the result to another disk."
    if "OutOfMemoryError" in text:
        return "Memory was not enough; nothing was written. Give Spark more (--driver-memory, --executor-memory)."
    return f"Spark could not do it, and nothing was written: {_line(error)}"
