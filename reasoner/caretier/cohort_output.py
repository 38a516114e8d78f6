"""Results written whole or not at all: made in a hidden folder beside their place, then put there in one step."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from caretier.cohort_input import is_url
from caretier.errors import UnreadableInputError

Form = Literal["parquet", "csv", "nquads"]
_ENDINGS: dict[str, Form] = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".nq": "nquads"}


def form_of(target: str) -> Form:
    """Tell the format of the result from the ending of its name."""
    form = _ENDINGS.get(Path(target).suffix.lower())
    if form is None:
        raise UnreadableInputError(f"{target}: the ending of the name has to be {', '.join(_ENDINGS)}.")
    return form


@contextmanager
def staged(name: str, sources: Sequence[str]) -> Iterator[Path]:
    """Give a folder on the same disk as the target, which is gone afterwards whatever happens.

    A process that is killed leaves the hidden folder and never a part of the target. For a URL, to which Spark writes
    by its own protocol, it is one for temporary files.
    """
    if is_url(name):
        with tempfile.TemporaryDirectory(prefix="caretier-") as temporary:
            yield Path(temporary)
        return
    target = _real(name)
    if not target.parent.is_dir():
        raise UnreadableInputError(f"{name}: there is no folder {target.parent}.")
    if target.is_dir():
        raise UnreadableInputError(f"{name}: a folder of this name is there already; remove it or name another.")
    if any(_real(source) == target for source in sources):
        raise UnreadableInputError(f"{name}: this is what is read; name another file for the result.")
    folder = target.parent / f".{target.name}.{secrets.token_hex(4)}"
    try:  # before it is there, since a signal may come at any moment
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_in_place(made: Path, name: str) -> None:
    """Put what was made where it belongs, in one step, once it is on the disk."""
    target = _real(name)
    if made.is_file():
        with made.open("rb+") as file:
            os.fsync(file.fileno())
        made.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_mask())
    made.replace(target)


def result_files(place: str) -> list[str]:
    """List the files of results in Parquet: one, or those in a folder that Spark made, in the order of their rows."""
    folder = Path(place)
    return sorted(map(str, folder.glob("*.parquet"))) if folder.is_dir() else [place]


def _real(name: str) -> Path:
    """Follow links, so that what a link leads to is written; unlike `Path.resolve`, also where they go round."""
    return Path(os.path.realpath(name))


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
