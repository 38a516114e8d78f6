"""One process of the pool: it loads the knowledge and does the jobs that come on standard input until it ends.

The knowledge has to be that of the service to the byte: a file that was changed since, or is only half written, might
answer lower, under a name that is not its own.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from types import FrameType

from caretier import load
from caretier.decisions import Decision, Desk
from caretier.errors import CaretierError, KnowledgeChangedError, KnowledgeError
from caretier.knowledge_base import KnowledgeBase
from caretier_api.decisions import packed
from caretier_api.exchange import OPERATIONS
from caretier_api.problems import INTERNAL, Problem, ProblemError, problem_of
from caretier_api.workers import work


@dataclass(frozen=True)
class _Knowledge:
    """Where the knowledge is. It is loaded with the first job, and with the next one where that fails."""

    root: str
    seconds: float
    sha256: str

    @cached_property
    def base(self) -> KnowledgeBase:
        try:
            found = load(self.root, time_limit=self.seconds)
        except KnowledgeError as error:
            raise KnowledgeChangedError(str(error)) from error
        if found.sha256 != self.sha256:
            raise KnowledgeChangedError("The knowledge was changed while the service runs.")
        return found


def main(root: str, seconds: str, sha256: str) -> int:
    """Work until standard input ends."""
    return work_alone(lambda: partial(_do, _Knowledge(root, float(seconds), sha256)))


def work_alone(prepare: Callable[[], Callable[[str, bytes], bytes]]) -> int:
    """Prepare, and then do jobs until standard input ends, even in the midst of one; this process does nothing else."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    answered = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing but answers may get among the answers
    work(prepare(), sys.stdin.buffer, answered)
    return 0


def _do(knowledge: _Knowledge, job: str, content: bytes) -> bytes:
    operation, given, wanted, language = job.split()
    outcome: bytes | Problem
    decisions = list[Decision]()
    try:
        desk = Desk(knowledge.base.in_language(language), decisions)
        outcome = OPERATIONS[operation](desk, content, given, wanted)
    except (CaretierError, ProblemError) as error:
        outcome = problem_of(error)
    except RecursionError:
        outcome = Problem(INTERNAL, "The input is nested too deeply.")
    return packed(decisions, outcome)


def _end_with_parent() -> None:
    """Stop the job that is under way once nobody is there any more to take its answer."""
    gone = select.poll()
    gone.register(sys.stdin.fileno(), 0)  # no event but that the other end is closed, so that no job is taken away
    gone.poll()
    os.kill(os.getpid(), signal.SIGTERM)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    """End by an exception, so that whatever was started is ended and cleared away."""
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
