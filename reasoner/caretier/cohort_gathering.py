"""Tables read row by row, as `assess` reads a document, and written as Parquet of texts for the engines.

An engine has leave to guess what a quote or a comma too many means; here such a line keeps its place, and says what is
wrong with it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

from caretier.cohort_columns import UNREADABLE
from caretier.cohort_input import MAXIMUM_CELL, Source, long_cells, opened
from caretier.documents import parse_json
from caretier.errors import InvalidAnswersError, UnreadableInputError
from caretier.knowledge_base import KnowledgeBase
from caretier.limits import MAXIMUM_BYTES

Row = Mapping[str, str | None]
Advance = Callable[[float], None]
"""Is told which part of the files is read."""

_BATCH = 20_000
_MOST_COLUMNS = 2_000
"""Of different keys in lines of JSON; each is a column of the whole table."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """A table that was read: its columns, its files in their order, and how many rows stand on several lines."""

    names: tuple[str, ...]
    files: tuple[str, ...]
    spanning: int = 0


def gather_csv(source: Source, folder: Path, advance: Advance = lambda _: None) -> Gathered:
    """Read CSV as RFC 4180 has it.

    A quote in a wrong place takes the lines after it with it, up to where the quotes are even again. Which of them are
    people cannot be known, so that each of these lines keeps a place of its own, with an error that names them all.
    """
    width, spanning, reading = len(source.header), 0, _Reading(source)

    def rows() -> Iterator[Row]:
        nonlocal spanning
        for file in source.files:
            with reading.opened(file) as content:
                lines = _Lines(io.TextIOWrapper(content, "utf-8-sig", errors="surrogateescape", newline=""))
                reader = csv.reader(lines, delimiter=source.delimiter, strict=True)
                next(reader)
                while True:
                    before, lines.quotes = lines.number, 0
                    try:
                        cells = next(reader)
                        problem = _problem(cells, width)
                    except StopIteration:
                        break
                    except csv.Error as error:
                        cells, problem = [], _told(error)
                        while lines.quotes % 2 and lines.read():
                            pass
                    if problem is not None:
                        told = f"{_lines(source, file, before + 1, lines.number)} cannot be read: {problem}"
                        for _ in range(before, lines.number):
                            yield {UNREADABLE: told}
                    elif cells or width == 1:
                        spanning += lines.number - before > 1
                        yield {name: cell or None for name, cell in zip(source.header, cells or [""], strict=True)}

    with long_cells():
        files = _write(rows(), dict.fromkeys(source.header), folder, lambda: advance(reading.part))
    return Gathered(source.header, files, spanning)


def gather_ndjson(source: Source, folder: Path, advance: Advance = lambda _: None) -> Gathered:
    """Read objects of columns and values, one a line; each cell is the JSON of its value."""
    names, reading = dict[str, None](), _Reading(source)

    def rows() -> Iterator[Row]:
        for file, number, line in reading.lines():
            try:
                data = parse_json(line)
                if not isinstance(data, dict):
                    raise UnreadableInputError("it is no object of columns and values.")
            except UnreadableInputError as error:
                yield {UNREADABLE: f"{_lines(source, file, number, number)} cannot be read: {error}"}
                continue
            names.update(dict.fromkeys(data))
            if len(names) > _MOST_COLUMNS:
                told = (
                    f"{_lines(source, file, number, number)}: up to here are more than {_MOST_COLUMNS:,} different keys"
                )
                raise UnreadableInputError(f"{told}; give each column one key in all lines.")
            yield {name: _as_json(value) for name, value in data.items()}

    files = _write(rows(), names, folder, lambda: advance(reading.part))
    if not names:
        raise UnreadableInputError(
            f"{source.files[0]}: no line is an object of columns and values; write one object a line, such as "
            '{"id": "a", ...}, and no list around them.'
        )
    return Gathered(tuple(names), files)


def gather_responses(source: Source, kb: KnowledgeBase, folder: Path, advance: Advance = lambda _: None) -> Gathered:
    """Read FHIR QuestionnaireResponses, one a line; each cell is the JSON of an answer."""
    from caretier.fhir_response import read_response

    names, reading = dict.fromkeys(["id", *kb.questionnaire.by_id]), _Reading(source)

    def rows() -> Iterator[Row]:
        for file, number, line in reading.lines():
            identifier = None
            try:
                resource = parse_json(line)
                identifier = _identifier(resource)
                given = kb.checked(partial(read_response, resource, kb.knowledge))
                yield {"id": _as_json(given.id), **{name: _as_json(value) for name, value in given.values.items()}}
            except (UnreadableInputError, InvalidAnswersError) as error:
                where = f"{_lines(source, file, number, number)}: " if identifier is None else ""
                yield {"id": _as_json(identifier), UNREADABLE: f"{where}{error}"}

    return Gathered(tuple(names), _write(rows(), names, folder, lambda: advance(reading.part)))


class _Reading:
    """The files of a table, opened one after another."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._done = 0
        self._content: IO[bytes] | None = None

    @contextmanager
    def opened(self, file: str) -> Iterator[IO[bytes]]:
        """Open one of them."""
        with opened(file) as self._content:
            yield self._content
        self._content = None
        self._done += Path(file).stat().st_size

    def lines(self) -> Iterator[tuple[str, int, bytes]]:
        """Read lines that are not blank, each with its file and number."""
        for file in self._source.files:
            with self.opened(file) as content:
                for number, line in enumerate(_lines_of(content), start=1):
                    if line.strip():
                        yield file, number, line

    @property
    def part(self) -> float:
        """Which part of the files is read, as they are on the disk."""
        place = 0 if self._content is None else getattr(self._content, "fileobj", self._content).tell()
        return (self._done + place) / max(1, self._source.bytes)


def _lines_of(content: IO[bytes]) -> Iterator[bytes]:
    """Read lines; of one that is too long only its beginning, since a small file may unpack to one without end."""
    while line := content.readline(MAXIMUM_BYTES + 1):
        yield line
        while len(line) > MAXIMUM_BYTES and not line.endswith(b"\n"):
            line = content.readline(MAXIMUM_BYTES + 1)


class _Lines:
    """Lines of text, counted, with the quotes in them; csv.Error for one that is too long."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self.number = 0
        self.quotes = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.read()
        if not line:
            raise StopIteration
        if len(line) > MAXIMUM_BYTES:
            raise csv.Error(f"it has more than {MAXIMUM_BYTES:,} characters")
        return line

    def read(self) -> str:
        """Read a line, whatever its length; of one that is too long only its beginning, and nothing at the end."""
        line = part = self._text.readline(MAXIMUM_BYTES + 1)
        self.number += bool(line)
        self.quotes += line.count('"')
        while len(part) > MAXIMUM_BYTES and not part.endswith(("\r", "\n")):
            part = self._text.readline(MAXIMUM_BYTES + 1)
            self.quotes += part.count('"')
        return line


def _identifier(resource: object) -> str | None:
    """Return the identifier of a response that may not be one."""
    from caretier.fhir_response import response_in

    response = response_in(resource)
    if not isinstance(response, dict):
        return None
    given = response.get("identifier")
    value = (given.get("value") if isinstance(given, dict) else None) or response.get("id")
    return value if isinstance(value, str) else None


def _write(
    rows: Iterator[Row], names: Mapping[str, None], folder: Path, advance: Callable[[], None]
) -> tuple[str, ...]:
    """Write rows as files of Parquet, each with the columns that were met until then."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    files: list[str] = []
    while True:
        batch = list(islice(rows, _BATCH))
        if not batch and files:
            return tuple(files)
        files.append(str(folder / f"{len(files):08}.parquet"))
        columns = {name: pa.array([row.get(name) for row in batch], pa.string()) for name in (*names, UNREADABLE)}
        pq.write_table(pa.table(columns), files[-1])
        advance()


def _lines(source: Source, file: str, first: int, last: int) -> str:
    """Name lines, and their file where there are several."""
    which = f"line {first}" if first == last else f"lines {first} to {last}"
    return which.capitalize() if len(source.files) == 1 else f"{Path(file).name}: {which}"


def _told(error: csv.Error) -> str:
    """Say what is wrong with a line in words for whoever made the table."""
    if "unexpected end" in str(error):
        return "a quote is opened and not closed."
    if "limit" in str(error):
        return f"a cell has more than {MAXIMUM_CELL:,} characters; look for a quote that is missing."
    return f"{error}; look for a quote that is missing or too many."


def _problem(cells: Sequence[str], width: int) -> str | None:
    if cells and len(cells) != width:
        return f"it has {len(cells)} cells, and the header {width}."
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return "it is not UTF-8 text; save the file as UTF-8."
    return None


def _as_json(value: object) -> str | None:
    if isinstance(value, bool):  # most cells are, and `dumps` takes its time
        return "true" if value else "false"
    return None if value is None else json.dumps(value, ensure_ascii=False)
