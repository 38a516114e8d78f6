"""Tables of answers: the files of one, and which format they are in."""

from __future__ import annotations

import codecs
import csv
import glob
import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from caretier.errors import UnreadableInputError

Format = Literal["parquet", "csv", "ndjson", "fhir"]

_ENDINGS: Mapping[str, Format] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}
MAXIMUM_CELL = 1_000_000
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
"""How files begin that are no text, whatever they are called."""


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one format that make up one table; `delimiter` and `header` are those of CSV.

    `left_out` are the files of a folder whose ending says that they are no part of a table.
    """

    files: tuple[str, ...]
    format: Format
    delimiter: str = ","
    header: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(Path(file).stat().st_size for file in self.files)


def is_url(path: str) -> bool:
    """Say whether a path is a URL, which only Spark reads and writes.

    >>> is_url("s3a://bucket/people.parquet"), is_url("people.parquet")
    (True, False)
    """
    return "://" in path


def find_source(path: str) -> Source:
    """Find the files of a table: one file, all that a pattern matches, or all in a folder; a URL is one of Parquet.

    Raises UnreadableInputError when there are none, when they differ in format, or when it is not known.
    """
    if is_url(path):
        return Source((path,), "parquet")
    here, left_out = Path(path), list[str]()
    if here.is_dir():
        several = sorted(str(file) for file in here.rglob("*") if file.is_file() and not _hidden(file, here))
        files = [file for file in several if _ending(file)]
        left_out = [file for file in several if not _ending(file) and not Path(file).name.startswith("_")]
        if not files:
            raise UnreadableInputError(f"{path}: there is no file of answers in this folder ({_allowed()}).")
    elif here.exists():
        files = [path]
    else:
        files = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 -- the pattern may begin anywhere
        if not files:
            raise UnreadableInputError(f"{path}: there is no such file.")
    formats = {_ending(file) for file in files}
    if None in formats:
        raise UnreadableInputError(
            f"{path}: the format is told by the ending of the name, which has to be {_allowed()}."
        )
    if len(formats) > 1:
        raise UnreadableInputError(f"{path}: the files differ in format; name those of one format.")
    form: Format = formats.pop() or "csv"
    if form == "parquet":
        return Source(tuple(files), form, left_out=tuple(left_out))
    starts = [_start(file, blank=form == "csv") for file in files]
    if form == "ndjson":
        is_fhir = any(b'"resourceType"' in start and b'"QuestionnaireResponse"' in start for start in starts)
        return Source(tuple(files), "fhir" if is_fhir else form, left_out=tuple(left_out))
    headers = [_header(file, start) for file, start in zip(files, starts, strict=True)]
    if len(set(headers)) > 1:
        raise UnreadableInputError(f"{path}: the files differ in their header; each has to have the same columns.")
    delimiter, header = headers[0]
    return Source(tuple(files), "csv", delimiter, header, tuple(left_out))


def _start(file: str, *, blank: bool) -> bytes:
    """Return the first line of a file; a blank one only where blank lines count."""
    with opened(file) as lines:
        start = lines.readline(MAXIMUM_CELL)
        while start and not start.strip() and not blank:
            start = lines.readline(MAXIMUM_CELL)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableInputError(f'{file}: this is UTF-16; save it as UTF-8, in a spreadsheet as "CSV UTF-8".')
    if start.startswith(_GZIP):
        raise UnreadableInputError(f"{file}: this is compressed; give it a name that ends in .gz, or unpack it.")
    if start.startswith(_ZIP):
        raise UnreadableInputError(f'{file}: this is a spreadsheet or an archive; save it as "CSV UTF-8" or unpack it.')
    return start


def _header(file: str, start: bytes) -> tuple[str, tuple[str, ...]]:
    """Tell the separator and the names of the columns from the first line of CSV."""
    try:
        first = start.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableInputError(f"{file}: the header is not UTF-8 text; save the file as UTF-8.") from None
    if not first.strip():
        what = "its first line is blank" if first else "it is empty"
        raise UnreadableInputError(f"{file}: {what}; a header with the names of the columns is needed there.")
    if re.fullmatch(r'"?sep=.?"?\s*', first):
        raise UnreadableInputError(f"{file}: its first line ({first.strip()}) is for a spreadsheet; remove the line.")
    if "\r" in first.rstrip("\r\n"):
        raise UnreadableInputError(
            f"{file}: its lines end in a carriage return alone; save it anew, with the line ends of today."
        )
    delimiter = max(",;\t|", key=re.sub(r'"[^"]*"', "", first).count)
    try:
        with long_cells():
            return delimiter, tuple(next(csv.reader([first], delimiter=delimiter, strict=True)))
    except csv.Error as error:
        raise UnreadableInputError(f"{file}: the header cannot be read: {error}; look at its quotes.") from None


@contextmanager
def long_cells() -> Iterator[None]:
    """Let Python's reader of CSV take cells as long as ours may be."""
    limit = csv.field_size_limit(MAXIMUM_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


@contextmanager
def opened(file: str) -> Iterator[IO[bytes]]:
    """Open a file as it is, but for its compression; UnreadableInputError names one that is cut off."""
    try:
        with gzip.open(file, "rb") if file.lower().endswith(".gz") else Path(file).open("rb") as lines:
            yield lines  # type: ignore[misc]
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableInputError(
            f"{file}: cannot be read, for it is cut off or damaged; get it anew ({error})."
        ) from None
    except OSError as error:
        raise UnreadableInputError(f"{file}: cannot be read: {error.strerror or error}.") from None


def _ending(file: str) -> Format | None:
    return _ENDINGS.get(Path(file.lower().removesuffix(".gz")).suffix)


def _hidden(file: Path, folder: Path) -> bool:
    """Say whether a file is hidden, or in a folder that is, or in one where an engine puts what is not done."""
    *folders, name = file.relative_to(folder).parts
    return name.startswith(".") or any(part.startswith((".", "_")) for part in folders)


def _allowed() -> str:
    return ", ".join(_ENDINGS)
