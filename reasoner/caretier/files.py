"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from caretier.errors import CaretierError


def write_folder(path: Path, files: Mapping[str, str]) -> None:
    """Write a new folder of text files so that it is there with all of them or not at all.

    Raises CaretierError where it cannot be made; see `check_new_folder`.
    """
    check_new_folder(path)
    target = path.resolve()
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
        made = Path(temporary, target.name)
        made.mkdir()
        for name, text in files.items():
            replace_text(made / name, text)
        made.replace(target)


def check_new_folder(path: Path) -> None:
    """Raise CaretierError where something is there already, be it an empty folder, or where nothing can be put.

    An empty folder would be replaced, with its permissions, and whoever stands in it would stand nowhere.
    """
    target = path.resolve()
    if target.exists():
        raise CaretierError(f"{path} is there already; name a folder that is not.")
    if not target.parent.is_dir():
        raise CaretierError(f"{path} cannot be made: there is no folder {target.parent}.")


def replace_text(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a text file so that nobody ever sees a part of it, and keep its permissions; `mode` is for a new file.

    Raises OSError that names the file, and not the hidden one that is to become it.
    """
    try:
        _replace_text(path, text, mode)
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def _replace_text(path: Path, text: str, mode: int) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        else:
            temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
