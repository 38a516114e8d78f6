"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from caretier.errors import CaretierError


def write_folder(path: Path, files: Mapping[str, str]) -> None:
    """Write a new folder of text files so that it is there with all of them or not at all.

    Raises CaretierError where something is there already: nothing is taken away.
    """
    target = path.resolve()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise CaretierError(f"{path} is there already; name a folder that is not, or an empty one.")
    if not target.parent.is_dir():
        raise CaretierError(f"{path} cannot be made: there is no folder {target.parent}.")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
        made = Path(temporary, target.name)
        made.mkdir()
        for name, text in files.items():
            replace_text(made / name, text)
        made.replace(target)


def replace_text(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a text file so that nobody ever sees a part of it, and keep its permissions; `mode` is for a new file."""
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
