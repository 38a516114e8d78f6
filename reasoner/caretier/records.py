"""The records of a decision log read back; a line that is no record is named with its file, and the rest goes on."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caretier.decision_log import ENDING
from caretier.decisions import FORM
from caretier.documents import parse_json
from caretier.errors import UnreadableInputError, visible
from caretier.limits import MAXIMUM_BYTES
from caretier.questionnaire import Answer


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands, and how it is called; `assessment` is what the application called the assessment."""

    file: str
    line: int
    id: str | None = None
    time: str | None = None
    assessment: str | None = None

    def __str__(self) -> str:
        """Name file and line."""
        return f"{self.file}, line {self.line}"


@dataclass(frozen=True, slots=True)
class Record:
    """One decision as it was kept; see `decisions.Decision`. Either `result` or `error` is there."""

    place: Place
    answers: Mapping[str, Answer]
    is_complete: bool
    language: str
    engine: str | None
    ontology: str
    version: str
    sha256: str
    software: str
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None

    @property
    def is_invalid(self) -> bool:
        """Say whether some answers of a document could not be used, so that only the others are here.

        Of RDF that was refused nobody knows which engine did it, and it may say more than its answers.
        """
        return self.error is not None and self.error["kind"] == "invalid" and self.engine is not None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that was not run again, and why."""

    place: Place
    reason: str


def log_files(paths: Iterable[str]) -> list[Path]:
    """List files, and of folders the files of a decision log in them; UnreadableInputError where there is none.

    A file that is named twice, also by a link or within a folder, is listed once, so that nobody is counted twice.
    """
    found = list[Path]()
    for path in map(Path, paths):
        if path.is_dir():
            files = sorted(file for file in path.glob(f"*{ENDING}") if file.is_file())
            if not files:
                raise UnreadableInputError(f"{visible(str(path))} has no file of a decision log (*{ENDING}).")
            found += files
        elif path.is_file():
            found.append(path)
        else:
            told = f"{visible(str(path))}: {os.strerror(errno.ENOENT)}"
            raise UnreadableInputError(f"{told}; name files or folders of a decision log.")
    apart = dict[tuple[int, int], Path]()
    for path in found:
        known = path.stat()
        apart.setdefault((known.st_dev, known.st_ino), path)
    return list(apart.values())


def read_records(files: Iterable[Path], wanted: Sequence[str] = ()) -> Iterator[Record | LeftOut]:
    """Read records, all or those with the ids that are wanted, their own or those of applications.

    Empty lines are none. Lines that are no records come too, since it cannot be known whose they are.
    """
    for path in files:
        with path.open("rb") as file:
            # a line longer than a record may be is read in parts, none of which is one
            for number, line in enumerate(iter(lambda: file.readline(MAXIMUM_BYTES + 1), b""), 1):
                if not line.strip():
                    continue
                read = _read(Place(str(path), number), line)
                if not wanted or isinstance(read, LeftOut) or {read.place.id, read.place.assessment} & set(wanted):
                    yield read


def _read(place: Place, line: bytes) -> Record | LeftOut:
    try:
        data = parse_json(line)
    except UnreadableInputError as error:
        torn = "" if line.endswith(b"\n") else " It is the last line and was not written to its end."
        return LeftOut(place, f"it cannot be read: {error}{torn}")
    if isinstance(data, dict) and data.get("form", FORM) != FORM:
        return LeftOut(place, f"it has the form {repr(data['form'])[:20]}; this version of caretier reads {FORM}.")
    try:
        return _record(place, data)
    except (KeyError, TypeError, AttributeError, ValueError):
        return LeftOut(place, "it is no record of a decision.")


def _record(place: Place, data: Any) -> Record:
    """Make a record of plain data; KeyError, TypeError, AttributeError or ValueError where it is none."""
    document, knowledge, result, error = data["answers"], data["knowledge"], data["result"], data["error"]
    if (result is None) == (error is None) or not isinstance(data["complete"], bool):
        raise ValueError
    if result is not None:
        _require_texts(result["tier"], result["ceiling"], *_ids(result["conditions"]))
    else:
        _require_texts(error["kind"], *error["problems"])
        _require_texts_or_none(error["proven"])
    _require_texts(data["id"], data["time"], data["language"], data["software"])
    _require_texts(knowledge["ontology"], knowledge["version"], knowledge["sha256"])
    _require_texts_or_none(data["engine"], document["id"])
    return Record(
        place=Place(place.file, place.line, data["id"], data["time"], document["id"]),
        answers=dict(document["answers"].items()),
        is_complete=data["complete"],
        language=data["language"],
        engine=data["engine"],
        ontology=knowledge["ontology"],
        version=knowledge["version"],
        sha256=knowledge["sha256"],
        software=data["software"],
        result=result,
        error=error,
    )


def _ids(conditions: Any) -> Iterator[object]:
    for condition in conditions:
        yield condition["id"]
        yield from (flag["id"] for flag in condition["red_flags"])


def _require_texts_or_none(*values: object) -> None:
    _require_texts(*(value for value in values if value is not None))


def _require_texts(*values: object) -> None:
    if not all(isinstance(value, str) for value in values):
        raise ValueError
