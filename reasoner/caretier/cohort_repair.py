"""Tables written anew as Parquet, in which a line that cannot be read keeps its place and says what is wrong with it.

Well-formed CSV and NDJSON need none of this: the engine reads them itself, far faster.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from caretier.cohort_input import MAXIMUM_CELL, UNREADABLE, Source, opened, opened_bytes
from caretier.documents import parse_json
from caretier.errors import InvalidAnswersError, UnreadableInputError
from caretier.knowledge_base import KnowledgeBase

_BATCH = 20_000


def repaired_csv(source: Source, target: Path) -> None:
    """Write CSV as Parquet of texts, with a further column that tells of each line that cannot be read."""
    names = [*source.header, UNREADABLE]

    def rows() -> Iterator[Sequence[str | None]]:
        width = len(source.header)
        for file in source.files:
            with opened(file) as lines:
                reader = csv.reader(lines, delimiter=source.delimiter, strict=False)
                next(reader)
                while True:
                    try:
                        cells = next(reader)
                    except StopIteration:
                        break
                    except csv.Error as error:
                        yield [None] * width + [f"{_line(source, file, reader.line_num)} cannot be read: {error}."]
                        continue
                    if not cells and width > 1:
                        continue
                    cells = cells or [""]
                    while len(cells) > width and not cells[-1]:  # nothing is lost, and the engine has it so
                        cells.pop()
                    problem = _problem(cells, width)
                    if problem is None:
                        yield [cell or None for cell in cells] + [None]
                    else:
                        yield [None] * width + [f"{_line(source, file, reader.line_num)} cannot be read: {problem}"]

    limit = csv.field_size_limit(MAXIMUM_CELL)
    try:
        _write(names, rows(), target)
    finally:
        csv.field_size_limit(limit)


def repaired_ndjson(source: Source, names: Sequence[str], target: Path) -> None:
    """Write lines of JSON as Parquet of JSON texts, with a further column that tells of each that cannot be read."""

    def rows() -> Iterator[Sequence[str | None]]:
        nothing: list[str | None] = [None] * len(names)
        for file in source.files:
            with opened_bytes(file) as lines:
                for number, line in enumerate(lines, start=1):
                    if not line.strip():
                        continue
                    try:
                        data = parse_json(line)
                    except UnreadableInputError as error:
                        yield [*nothing, f"{_line(source, file, number)} cannot be read: {error}"]
                        continue
                    if isinstance(data, dict):
                        yield [_as_json(data.get(name)) for name in names] + [None]
                    else:
                        yield [
                            *nothing,
                            f"{_line(source, file, number)} cannot be read: it is no object of columns and values.",
                        ]

    _write([*names, UNREADABLE], rows(), target)


def gathered_responses(source: Source, kb: KnowledgeBase, target: Path) -> None:
    """Write FHIR QuestionnaireResponses, one a line, as Parquet of JSON texts with a column a question."""
    from caretier.fhir_response import read_response

    names = [question.id for question in kb.questions]

    def rows() -> Iterator[Sequence[str | None]]:
        for file in source.files:
            with opened_bytes(file) as lines:
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
        while batch := [row for row, _ in zip(rows, range(_BATCH), strict=False)]:
            columns = list(zip(*batch, strict=True))
            writer.write_table(pa.table([pa.array(column, pa.string()) for column in columns], schema=schema))


def _line(source: Source, file: str, number: int) -> str:
    """Name a line, and its file where there are several."""
    return f"Line {number}" if len(source.files) == 1 else f"{Path(file).name}: line {number}"


def _problem(cells: Sequence[str], width: int) -> str | None:
    if len(cells) != width:
        return f"it has {len(cells)} cells, and the header {width}."
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return "it is not UTF-8 text."
    return None


def _as_json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
