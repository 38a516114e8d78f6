"""Tables written anew as Parquet, in which a line that cannot be read keeps its place and says what is wrong with it.

Well-formed CSV and NDJSON need none of this: the engine reads them itself, far faster.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from caretier.cohort_columns import UNREADABLE
from caretier.cohort_input import MAXIMUM_CELL, Source, opened
from caretier.documents import parse_json
from caretier.errors import InvalidAnswersError, UnreadableInputError
from caretier.knowledge_base import KnowledgeBase

_BATCH = 20_000


def repaired_csv(source: Source, target: Path) -> None:
    """Write CSV as Parquet of texts, with a further column that tells of each line that cannot be read.

    A quote that is not closed takes the lines after it into one cell. Which of them are people cannot be known, so that
    each of these lines keeps a place of its own.
    """
    width = len(source.header)

    def rows() -> Iterator[Sequence[str | None]]:
        for file in source.files:
            with opened(file) as content:
                text = io.TextIOWrapper(content, "utf-8-sig", errors="surrogateescape", newline="")
                reader = csv.reader(text, delimiter=source.delimiter, strict=True)
                next(reader)
                while True:
                    before = reader.line_num
                    try:
                        cells = next(reader)
                        problem = _problem(cells, width)
                    except StopIteration:
                        break
                    except csv.Error as error:
                        cells, problem = [], _told(error)
                    if problem is not None:
                        told = f"{_lines(source, file, before + 1, reader.line_num)} cannot be read: {problem}"
                        for _ in range(before, reader.line_num):
                            yield [None] * width + [told]
                    elif cells or width == 1:
                        yield [cell or None for cell in (cells or [""])[:width]] + [None]

    limit = csv.field_size_limit(MAXIMUM_CELL)
    try:
        _write([*source.header, UNREADABLE], rows(), target)
    finally:
        csv.field_size_limit(limit)


def repaired_ndjson(source: Source, names: Sequence[str], target: Path) -> None:
    """Write lines of JSON as Parquet of JSON texts, with a further column that tells of each that cannot be read."""

    def rows() -> Iterator[Sequence[str | None]]:
        nothing: list[str | None] = [None] * len(names)
        for file in source.files:
            with opened(file) as lines:
                for number, line in enumerate(lines, start=1):
                    if not line.strip():
                        continue
                    try:
                        data = parse_json(line)
                    except UnreadableInputError as error:
                        yield [*nothing, f"{_lines(source, file, number, number)} cannot be read: {error}"]
                        continue
                    if isinstance(data, dict):
                        yield [_as_json(data.get(name)) for name in names] + [None]
                    else:
                        yield [
                            *nothing,
                            f"{_lines(source, file, number, number)} cannot be read: it is no object of columns and "
                            "values.",
                        ]

    _write([*names, UNREADABLE], rows(), target)


def gathered_responses(source: Source, kb: KnowledgeBase, target: Path) -> None:
    """Write FHIR QuestionnaireResponses, one a line, as Parquet of JSON texts with a column a question."""
    from caretier.fhir_response import read_response

    names = [question.id for question in kb.questions]

    def rows() -> Iterator[Sequence[str | None]]:
        for file in source.files:
            with opened(file) as lines:
                for line in lines:
                    if line.strip():
                        identifier: str | None = None
                        answers: list[str | None] = [None] * len(names)
                        problem = None
                        try:
                            resource = parse_json(line)
                            identifier = _identifier(resource)
                            given = kb.checked(partial(read_response, resource, kb.knowledge))
                            identifier = given.id
                            answers = [_as_json(given.values.get(name)) for name in names]
                        except (UnreadableInputError, InvalidAnswersError) as error:
                            problem = str(error)
                        yield [_as_json(identifier), *answers, problem]

    _write(["id", *names, UNREADABLE], rows(), target)


def _identifier(resource: object) -> str | None:
    """Return the identifier of a response that may not be one."""
    given = resource.get("identifier") if isinstance(resource, dict) else None
    value = given.get("value") if isinstance(given, dict) else None
    return value if isinstance(value, str) else None


def _write(names: Sequence[str], rows: Iterator[Sequence[str | None]], target: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in names])
    with pq.ParquetWriter(target, schema) as writer:
        while batch := list(islice(rows, _BATCH)):
            columns = list(zip(*batch, strict=True))
            writer.write_table(pa.table([pa.array(column, pa.string()) for column in columns], schema=schema))


def _lines(source: Source, file: str, first: int, last: int) -> str:
    """Name lines, and their file where there are several."""
    which = f"line {first}" if first == last else f"lines {first} to {last}"
    return which.capitalize() if len(source.files) == 1 else f"{Path(file).name}: {which}"


def _told(error: csv.Error) -> str:
    """Say what is wrong with a line in words for whoever made the table."""
    if "unexpected end" in str(error):
        return "a quote is opened and not closed."
    return f"{error}; look for a quote that is missing or too many."


def _problem(cells: Sequence[str], width: int) -> str | None:
    if cells and (len(cells) < width or any(cells[width:])):  # empty ones beyond the header lose nothing
        return f"it has {len(cells)} cells, and the header {width}."
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return "it is not UTF-8 text."
    return None


def _as_json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
