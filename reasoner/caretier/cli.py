"""The command line: every error is one clear line on standard error, and the exit code says what happened.

0: done. 1: a check failed. 2: unusable input, or wrong usage. 3: a record contradicts the knowledge that made it.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence

from caretier.errors import CaretierError
from caretier.parser import parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    for stopping in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, stopping):
            signal.signal(getattr(signal, stopping), _terminated)
    options = parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
    except CaretierError as error:
        for line in str(error).splitlines():
            print(f"caretier: {line}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        _let_go_of_output()
        return 0
    except RecursionError:
        print("caretier: what was given is nested too deeply.", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"caretier: {_told(error)}", file=sys.stderr)
        _let_go_of_output()
        return 2
    except KeyboardInterrupt:
        print("caretier: stopped.", file=sys.stderr)
        return 130
    return code


def _told(error: OSError) -> str:
    """Say what could not be read or written, and why; where a disk is full, what to do."""
    named = f" {error.filename}" if error.filename else ""
    remedy = (
        " Make room, or write to another disk; output that stopped half-way is not to be used."
        if _is_full(error)
        else ""
    )
    return f"cannot read or write{named}: {error.strerror or error}.{remedy}"


def _let_go_of_output() -> None:
    """Throw away what cannot be written; Python would try again at its end, complain, and change the exit code."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_full(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _terminated(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main())
