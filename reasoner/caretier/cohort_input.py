"""Tables of answers: the files of one, and which format they are in."""

from __future__ import annotations

import csv
import glob
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

from caretier.errors import UnreadableInputError

Format = Literal["parquet", "csv", "ndjson", "fhir"]

UNREADABLE = "caretier_unreadable"
"""The column of a table written anew that tells of each row that could not be read."""

_ENDINGS: Mapping[str, Format] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}
MAXIMUM_CELL = 1_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one format that make up one table; `delimiter` and `header` are those of CSV."""

    files: tuple[str, ...]
    format: Format
    delimiter: str = ","
    header: tuple[str, ...] = ()

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
    here = Path(path)
    if here.is_dir():
        files = sorted(str(file) for file in here.rglob("*") if _ending(str(file)) and not _hidden(file, here))
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
    if form == "ndjson" and here.is_dir() and _is_fhir(files[0]):
        return Source(tuple(files), "fhir")
    if form != "csv":
        return Source(tuple(files), form)
    headers = [_header(file) for file in files]
    if len(set(headers)) > 1:
        raise UnreadableInputError(f"{path}: the files differ in their header; each has to have the same columns.")
    delimiter, header = headers[0]
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise UnreadableInputError(f'{files[0]}: the header has "{twice}" twice; rename one of them.')
    return Source(tuple(files), "csv", delimiter, header)


def _header(file: str) -> tuple[str, tuple[str, ...]]:
    with opened(file) as lines:
        try:
            first = lines.readline(MAXIMUM_CELL)
        except OSError as error:
            raise UnreadableInputError(f"{file}: cannot be read: {error.strerror or error}.") from None
    if not first.strip():
        raise UnreadableInputError(f"{file}: it is empty; a header with the names of the columns is needed.")
    delimiter = max(",;\t|", key=first.count)
    return delimiter, tuple(next(csv.reader([first], delimiter=delimiter)))


def _is_fhir(file: str) -> bool:
    with opened_bytes(file) as lines:
        return b'"QuestionnaireResponse"' in lines.readline(MAXIMUM_CELL)


def opened(file: str) -> IO[str]:
    """Open a file of text; what is not UTF-8 comes as halves of surrogate pairs."""
    if file.endswith(".gz"):
        return gzip.open(file, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="")
    return Path(file).open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def opened_bytes(file: str) -> IO[bytes]:
    """Open a file as it is, but for its compression."""
    if file.endswith(".gz"):
        return cast("IO[bytes]", gzip.open(file, "rb"))
    return Path(file).open("rb")


def _ending(file: str) -> Format | None:
    return _ENDINGS.get(Path(file.removesuffix(".gz")).suffix.lower())


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)


def _allowed() -> str:
    return ", ".join(_ENDINGS)
