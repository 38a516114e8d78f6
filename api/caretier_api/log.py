"""The log of the service: a line of JSON for each event, without a byte of personal data."""

from __future__ import annotations

import datetime
import logging
import sys
import traceback
from dataclasses import dataclass
from typing import TextIO

import orjson

_LINE = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z


@dataclass(frozen=True)
class Log:
    """Writes events as lines of JSON; to nowhere, unless a stream is given."""

    stream: TextIO | None = None

    def write(self, event: str, **told: object) -> None:
        """Write an event with what is told of it; callers tell nothing that came with a request but a UUID."""
        if self.stream is None:
            return
        line = {"time": datetime.datetime.now(datetime.UTC), "event": event, **told}
        self.stream.write(orjson.dumps(line, option=_LINE).decode())
        self.stream.flush()


class Forwarding(logging.Handler):
    """Puts the records of libraries into the log: only what stands in their code.

    A message is written without its arguments and further lines, and an exception without its message: all of these
    may hold personal data.
    """

    def __init__(self, log: Log) -> None:
        """Write into this log."""
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        error = record.exc_info[1] if record.exc_info else None
        told = place_of(error) if error is not None else {}
        message, *_ = str(record.msg).splitlines() or [""]
        self._log.write("reported", level=record.levelname, logger=record.name, message=message, **told)


def log_to_standard_error() -> Log:
    """Return a log on standard error, which takes up what libraries report in this process as well."""
    log = Log(sys.stderr)
    logging.getLogger().handlers[:] = [Forwarding(log)]
    return log


def place_of(error: BaseException) -> dict[str, object]:
    """Say what kind of error it is and where it arose, and nothing that it says."""
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return {"error": type(error).__name__, "where": frames[-5:]}
