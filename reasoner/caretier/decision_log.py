"""The decision log: a line of JSON for each decision, in a file for each day of UTC, to which lines are only added.

Nothing is kept open: a file may be moved or deleted at any moment, and several processes may write into one folder.
"""

from __future__ import annotations

import datetime
import errno
import json
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from caretier.errors import CaretierError

ENDING = ".ndjson"
"""How the name of a day's file ends, after the date."""


class DecisionLogError(CaretierError):
    """Report a folder into which no decision can be written."""


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True, slots=True)
class DecisionLog:
    """Adds decisions to the files of a folder; `now` is the clock."""

    folder: Path
    now: Callable[[], datetime.datetime] = _now

    def prepare(self) -> None:
        """Make the folder if it is not there, and today's file.

        Raises DecisionLogError where nothing can be written, and where anybody could take records away: other users may
        write into the folder, and no sticky bit keeps them to their own files.
        """
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            self._require_kept()
            os.close(self._open(self.now()))
        except OSError as error:
            told = error.strerror or error
            raise DecisionLogError(
                f"No decision can be written into {self.folder}: {told}. Name a folder in which this user may make "
                "files, or leave the decision log off."
            ) from None

    def append(self, decision: Mapping[str, object]) -> None:
        """Add a decision, with an id and the time; OSError where it is not written as a whole.

        It is one write at the end of the file, so that lines of several processes never mix. What a write that failed
        half-way left behind is closed by a line break, and stands alone. No process ever waits for another: who looks
        while another writes may close a line too many, which leaves an empty one.
        """
        now = self.now().astimezone(datetime.UTC)
        head = {"id": str(uuid4()), "time": now.isoformat(timespec="milliseconds")}
        # ASCII, so that nothing in it ends a line to some reader, or steers the terminal of whoever looks at it
        line = json.dumps({**head, **decision}, separators=(",", ":")).encode() + b"\n"
        file = self._open(now)
        try:
            if _is_torn(file):
                line = b"\n" + line
            if os.write(file, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(file)

    def _require_kept(self) -> None:
        mode = self.folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise DecisionLogError(
                f"Everybody may write into {self.folder}, and so take records away. Name a folder in it that is not "
                f"there yet, which is made for this user alone, or forbid it: chmod o-w {self.folder}"
            )

    def _open(self, now: datetime.datetime) -> int:
        path = self.folder / f"{now.astimezone(datetime.UTC).date()}{ENDING}"
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        if os.fstat(file).st_uid != os.geteuid():  # laid there by another user, who could read what is written
            os.close(file)
            raise PermissionError(errno.EPERM, f"the file {path.name} belongs to another user")
        return file


def _is_torn(file: int) -> bool:
    """Say whether the last line of a file was never ended."""
    if os.lseek(file, 0, os.SEEK_END) == 0:
        return False
    os.lseek(file, -1, os.SEEK_END)
    return os.read(file, 1) != b"\n"
