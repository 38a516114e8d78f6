"""One process of the pool: it loads the knowledge and does the jobs that come on standard input until it ends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

from caretier import load
from caretier.errors import CaretierError
from caretier.knowledge_base import KnowledgeBase
from caretier_api.exchange import OPERATIONS
from caretier_api.problems import INTERNAL, Problem, ProblemError, problem_of
from caretier_api.workers import work


def main(root: str, seconds: str) -> int:
    """Work until standard input ends."""
    return work_alone(lambda: partial(_do, load(root, time_limit=float(seconds))))


def work_alone(prepare: Callable[[], Callable[[str, bytes], bytes]]) -> int:
    """Prepare, and then do jobs until standard input ends; this process does nothing else."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answered = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing but answers may get among the answers
    work(prepare(), sys.stdin.buffer, answered)
    return 0


def _do(kb: KnowledgeBase, job: str, content: bytes) -> bytes:
    operation, given, wanted, language = job.split()
    try:
        return OPERATIONS[operation](kb.in_language(language), content, given, wanted)
    except CaretierError as error:
        raise ProblemError(problem_of(error)) from None
    except RecursionError:
        raise ProblemError(Problem(INTERNAL, "The input is nested too deeply.")) from None


def _stop(_signal: int, _frame: FrameType | None) -> None:
    """End by an exception, so that whatever was started is ended and cleared away."""
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
