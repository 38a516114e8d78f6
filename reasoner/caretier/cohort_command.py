"""The command that assesses a table: what it shows meanwhile, and what it says at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from caretier.cohort import Summary, assess_table
from caretier.cohort_columns import ColumnMap, read_map
from caretier.cohort_report import Report
from caretier.documents import format_of, parse, read_file
from caretier.errors import UnreadableInputError
from caretier.knowledge import Knowledge
from caretier.knowledge_base import KnowledgeBase, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def assess_cohort(options: argparse.Namespace) -> int:
    """Assess a table and say what came of it on standard error, so that nothing mixes with results."""
    kb = load(options.ontology)
    mapping, report = _mapping(options.map, kb), _report(options)
    if options.map is not None and Path(options.map).resolve() == Path(options.target).resolve():
        raise UnreadableInputError(f"{options.target}: this is the map; name another file for the result.")
    with _progress() as advance:
        summary = assess_table(
            kb,
            options.source,
            options.target,
            mapping=mapping,
            keep=[name for several in options.keep for name in several.split(",") if name],
            explain=options.explain,
            report=report,
            backend=options.backend,
            advance=advance,
        )
    for line in told(summary, kb.knowledge):
        print(line, file=sys.stderr)
    return 0


def told(summary: Summary, knowledge: Knowledge) -> Iterator[str]:
    """Say what came of a cohort, a line for each tier, and what to look at."""
    rate = summary.rows / summary.seconds if summary.seconds else 0
    yield f"{summary.rows:,} rows in {summary.seconds:.1f} s, {rate:,.0f} rows a second"
    width = max(len(tier.label) for tier in knowledge.tiers)
    for tier in knowledge.tiers:
        yield f"  {tier.label.ljust(width)}  {summary.tiers.get(tier.id, 0):>12,}"
    yield f"  {'unusable, see error'.ljust(width)}  {summary.errors:>12,}"
    for tier in knowledge.tiers:
        if tier.id in summary.proven:
            yield f"Unusable rows whose other answers alone already mean {tier.label}: {summary.proven[tier.id]:,}."
    if summary.repeated:
        yield f"{summary.repeated:,} rows repeat the id of an earlier row; each was assessed on its own."
    if summary.left_out:
        names = ", ".join(Path(file).name for file in summary.left_out[:_MOST_FILES])
        rest = len(summary.left_out) - _MOST_FILES
        more = f" and {rest:,} more" if rest > 0 else ""
        yield f"Not read, since the ending of the name is none of a table: {names}{more}."
    if summary.missing:
        yield f"No column for, so unknown for everybody: {', '.join(summary.missing)}."
    if summary.spanning:
        yield (
            f"{summary.spanning:,} rows stand on several lines, since a cell in quotes has line breaks; where that is "
            "not meant, a quote is missing or too many."
        )
    if summary.defused:
        yield (
            f"{summary.defused:,} cells begin with a sign that a spreadsheet would run as a formula, and have an "
            "apostrophe before it now; Parquet has them as they came."
        )
    for cell in summary.never:
        yield (
            f'The column "{cell.column.name}" is stored as {_STORED[cell.column.kind]}, which is no answer to '
            f'"{cell.question.id}" ({cell.question.allowed()}); store it so, or translate it with --map.'
        )


_MOST_FILES = 5

_STORED = {
    "boolean": "yes or no",
    "whole": "whole numbers",
    "decimal": "numbers with decimals",
    "text": "text",
    "other": "another type",
}


def _mapping(file: str | None, kb: KnowledgeBase) -> ColumnMap | None:
    if file is None:
        return None
    try:
        content = read_file(file)
        return read_map(parse(content, format_of(file, content)), kb.questionnaire)
    except UnreadableInputError as error:
        raise UnreadableInputError("\n".join(f"{file}: {line}" for line in str(error).splitlines())) from None


def _report(options: argparse.Namespace) -> Report | None:
    if options.report is None:
        if options.against or options.suppress_below:
            raise UnreadableInputError("--against and --suppress-below are for a report; name one with --report.")
        return None
    return Report(Path(options.report), Path(options.against) if options.against else None, options.suppress_below)


@contextmanager
def _progress() -> Iterator[Callable[[float, int | None], None]]:
    """Show on a terminal, and only there, how much is done and how many rows a second."""
    if not sys.stderr.isatty():
        yield lambda _part, _rows: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    started = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("assessing", total=1.0)

        def advance(part: float, rows: int | None) -> None:
            rate = rows * part / (time.monotonic() - started) if rows else 0
            doing = "assessing" if rows else "reading"
            bar.update(task, completed=part, description=f"{doing}, {rate:,.0f} rows/s" if rate else doing)

        yield advance
