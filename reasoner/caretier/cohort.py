"""Tables of many people's answers: one row a person, one column a question, and the result of each in its place.

The decision model runs as one expression over columns, inside an engine for tables. A row that `assess` would refuse
keeps its place, with the same error.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from caretier.cohort_cells import Problems, is_possible
from caretier.cohort_columns import Cell, Column, ColumnMap, Plan, plan
from caretier.cohort_expression import Decision, decision, led_by
from caretier.cohort_figures import figures
from caretier.cohort_input import Source, find_source, is_url
from caretier.cohort_output import Form, form_of, put_in_place, result_files, staged
from caretier.cohort_parquet import require_one_table
from caretier.cohort_report import Report, report_page
from caretier.errors import CohortError, KnowledgeError, UnreadableInputError
from caretier.files import replace_text
from caretier.knowledge import Knowledge
from caretier.knowledge_base import KnowledgeBase

_LEAST_SUPPRESSED = 3
"""Below two there is but one count to leave out, and everybody would know which."""

Backend = Literal["duckdb", "spark"]
Advance = Callable[[float, int | None], None]
"""Is told which part of the work is done, and of how many rows if that is known."""


class Engine(Protocol):
    """What works through a table: one of the `cohort_<engine>` modules."""

    def open(self, source: Source, kb: KnowledgeBase, advance: Callable[[float], None]) -> tuple[Column, ...]:
        """Open a table and return its columns; what an engine could misread is read row by row then."""

    def rows(self, source: Source) -> int | None:
        """Count the rows, or estimate them; None where that would cost much."""

    def run(
        self,
        decision: Decision,
        plan: Plan,
        problems: Problems,
        made: str,
        advance: Callable[[float], None],
    ) -> None:
        """Write the results as Parquet."""

    def tiers(self, made: str) -> list[tuple[str | None, int]]:
        """Count the results of each tier; None are those with an error."""

    def telling(self, made: str, texts: Sequence[str]) -> list[int]:
        """Count, of each text, the results whose error tells it."""

    def repeated(self, made: str) -> int:
        """Count the rows whose id another row has as well."""

    def answered(self, decision: Decision, plan: Plan) -> dict[str, int]:
        """Count, of each question with a column, the rows that have an allowed answer."""

    @property
    def spanning(self) -> int:
        """How many rows of CSV stand on several lines."""

    def close(self) -> None:
        """End what was begun."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a cohort: how many rows, how many of each tier (by id) and with an error, and what to look at.

    `proven` counts, of the rows with an error, those whose other answers alone prove a tier, by its id.
    `repeated` counts rows whose id another row has before it; `missing` are the questions without a column, `never` the
    cells whose column is of a type that can hold no answer. `spanning` counts rows of CSV that stand on several lines,
    and `defused` cells for CSV that a spreadsheet would have run; `left_out` are files of a folder that are no table.
    """

    rows: int
    tiers: Mapping[str, int]
    errors: int
    proven: Mapping[str, int]
    repeated: int
    missing: tuple[str, ...]
    never: tuple[Cell, ...]
    spanning: int
    defused: int
    left_out: tuple[str, ...]
    seconds: float


def assess_table(
    kb: KnowledgeBase,
    source: str,
    target: str | Path,
    *,
    mapping: ColumnMap | None = None,
    keep: Sequence[str] = (),
    explain: bool = False,
    report: Report | None = None,
    backend: Backend = "duckdb",
    advance: Advance = lambda _part, _rows: None,
) -> Summary:
    r"""Assess every row of a table and write the results, whole or not at all; formats are told by the endings.

    A report shows what decided, so that with one the results are explained as well.

    Raises UnreadableInputError for a column that has no place, and CohortError when the table cannot be worked through.

    >>> import tempfile
    >>> from caretier import load
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     people, results = Path(folder, "people.csv"), Path(folder, "results.csv")
    ...     _ = people.write_text("id,saddle-numbness\nn1,true\nn2,often\n")
    ...     summary = assess_table(load(), str(people), results)
    >>> summary.tiers, summary.errors
    ({'EmergencyCare': 1}, 1)
    """
    if kb.model is None:
        raise KnowledgeError("A cohort needs a decision model that fits the ontology; run `caretier compile` first.")
    started = time.monotonic()
    knowledge, form = kb.knowledge, form_of(str(target))
    found = find_source(source)
    _check_places(source, str(target), form, backend)
    if report is not None:
        _check_report(report, str(target))
    begin = _engine(backend)
    with staged(str(target), found.files) as folder, closing(begin(folder)) as engine:
        columns = engine.open(found, kb, lambda part: advance(part, None))
        explain = explain or report is not None
        planned = plan(columns, knowledge.questionnaire, mapping or ColumnMap(), keep, explain=explain)
        rows = engine.rows(found)
        problems = Problems(knowledge.questionnaire, planned.cells)
        made = str(target) if is_url(str(target)) else str(folder / "result.parquet")
        expression = decision(knowledge, planned, explain=explain)
        engine.run(expression, planned, problems, made, lambda part: advance(part, rows))
        tiers = dict(engine.tiers(made))
        raised = [tier for tier in knowledge.tiers if tier.rank > 0]
        proven = engine.telling(made, [led_by(tier.label, tier.advice) for tier in raised]) if raised else []
        repeated = engine.repeated(made) if planned.id is not None else 0
        defused = 0
        if not is_url(made):
            answered = engine.answered(expression, planned) if report is not None else {}
            defused = _put(made, form, str(target), report, answered, folder, knowledge)
    errors = tiers.pop(None, 0)
    return Summary(
        rows=sum(tiers.values()) + errors,
        tiers={str(tier): count for tier, count in tiers.items()},
        errors=errors,
        proven={tier.id: count for tier, count in zip(raised, proven, strict=True) if count},
        repeated=repeated,
        missing=tuple(question.id for question in planned.missing),
        never=tuple(cell for cell in planned.cells if not is_possible(cell)),
        spanning=engine.spanning,
        defused=defused,
        left_out=found.left_out,
        seconds=time.monotonic() - started,
    )


def _put(
    made: str, form: Form, target: str, report: Report | None, answered: Mapping[str, int], folder: Path,
    knowledge: Knowledge,
) -> int:  # fmt: skip
    """Put results, which are Parquet whatever the engine, and a report where they belong; return what was defused."""
    from caretier.cohort_duckdb import DuckDBEngine
    from caretier.cohort_results import write_results

    with closing(DuckDBEngine(folder)) as asking:
        page = ""
        if report is not None:
            against = str(report.against) if report.against is not None else None
            page = report_page(figures(asking, made, knowledge, answered, against), knowledge, report)
        written, defused = write_results(asking, made, form, knowledge)
    if report is not None:
        replace_text(report.target, page)
    put_in_place(Path(written), target)
    return defused


def _check_places(source: str, target: str, form: Form, backend: Backend) -> None:
    """Say what an engine does not read or write before any work is begun."""
    if backend != "spark" and (is_url(source) or is_url(target)):
        raise UnreadableInputError("URLs are read and written with --backend spark only.")
    if backend == "spark" and form == "parquet" and Path(target).is_file():
        raise UnreadableInputError(f"{target}: Spark makes a folder, and this is a file; name another, or remove it.")
    if is_url(target) and form != "parquet":
        raise UnreadableInputError("To a URL Spark writes Parquet here; name a folder that ends in .parquet.")


def _check_report(report: Report, target: str) -> None:
    """Say what a report lacks before any work is begun."""
    if is_url(target):
        raise UnreadableInputError("A report is made of results on this machine; write them to a folder here.")
    if not report.target.parent.is_dir():
        raise UnreadableInputError(f"{report.target}: there is no folder {report.target.parent}.")
    if report.target.suffix.lower() not in (".html", ".htm") or report.target.is_dir():
        raise UnreadableInputError(f"{report.target}: a report is a page of HTML; give it a name such as report.html.")
    if 0 < report.suppress_below < _LEAST_SUPPRESSED:
        raise UnreadableInputError(
            f"Counts below {report.suppress_below} are none or one, so that leaving them out tells them; name 0, or at "
            f"least {_LEAST_SUPPRESSED}."
        )
    if report.against is None:
        return
    if not report.against.exists():
        raise UnreadableInputError(f"{report.against}: there is no such file to compare with.")
    if report.against.resolve() == Path(target).resolve():
        raise UnreadableInputError(f"{target}: this is what is compared with; name another file for the result.")
    files = result_files(str(report.against))
    if not files:
        raise UnreadableInputError(f"{report.against}: there are no results of Parquet in this folder to compare with.")
    require_one_table(files)


def _engine(backend: Backend) -> Callable[[Path], Engine]:
    """Import an engine, which takes a second, before anything is begun."""
    try:
        import ibis  # noqa: F401 -- whether it is there is told before any work

        if backend == "spark":
            from caretier.cohort_spark import SparkEngine

            return SparkEngine
        from caretier.cohort_duckdb import DuckDBEngine
    except ModuleNotFoundError as error:
        extra = "spark" if backend == "spark" else "cohort"
        raise CohortError(
            f"{error.name} is missing, which tables need; install it with: python -m pip install 'caretier[{extra}]'"
        ) from None
    return DuckDBEngine
