"""A bounded pool of processes for what takes long or reads RDF, so that it never slows the quick answers.

Each process loads the knowledge once and then does one job after the other. It is stopped when a job takes too long;
another takes its place.
"""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import BinaryIO

from caretier_api.problems import BUSY, REASONER_FAILED, TIME_LIMIT, ProblemError, read_problem, refused, rendered

_HEAD = struct.Struct("!?IQ")
"""What stands before each message: whether it succeeded, and the lengths of the job's name and of the content."""

_PATIENCE = 2.0
"""Seconds that a process has to end by itself, and to end what it has started."""


class Workers:
    """Runs jobs in so many processes at once, each within a time limit; so many more may wait.

    A thread waits for each process, so that the pool belongs to no event loop.
    """

    def __init__(self, command: Sequence[str], *, count: int, queue: int, seconds: float) -> None:
        """Run jobs by a command that answers on standard output what it is asked on standard input; see `work`."""
        self._command = command
        self._count = count
        self._queue = queue
        self._seconds = seconds
        self._taken = 0
        self._threads: ThreadPoolExecutor | None = None
        self._idle = deque[_Worker]()
        self._all = set[_Worker]()

    async def run(self, job: str, content: bytes) -> bytes:
        """Do a job; ProblemError with what the job says, or 503 when too many wait, or 504 at the time limit."""
        if self._taken >= self._count + self._queue:
            raise refused(BUSY, "Too many requests wait for the reasoner; try again later.")
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._count, "caretier-workers")
        self._taken += 1
        done = self._threads.submit(self._do, job, content)
        done.add_done_callback(self._let_go)
        return await asyncio.wrap_future(done)

    async def close(self) -> None:
        """End every process, and the job that it does."""
        threads, self._threads = self._threads, None
        ending, self._all, self._idle = self._all, set(), deque()
        await asyncio.gather(*(asyncio.to_thread(worker.end) for worker in ending))
        if threads is not None:
            threads.shutdown(cancel_futures=True)

    def _let_go(self, _done: object) -> None:
        self._taken -= 1

    def _do(self, job: str, content: bytes) -> bytes:
        """Do a job by a process that is idle, or else by a new one."""
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = _Worker(self._command)
            self._all.add(worker)
        late = threading.Event()

        def stop() -> None:
            late.set()
            worker.end()

        watch = threading.Timer(self._seconds, stop)
        watch.start()
        try:
            succeeded, answer = worker.ask(job, content)
        except (OSError, EOFError, ValueError):  # ValueError: what led to it is closed
            worker.end()
            self._all.discard(worker)
            if late.is_set():
                detail = f"It was stopped after {self._seconds:g} seconds; nothing may be concluded."
                raise refused(TIME_LIMIT, detail) from None
            detail = "The reasoner ended without an answer; nothing may be concluded."
            raise refused(REASONER_FAILED, detail) from None
        finally:
            watch.cancel()
        self._idle.append(worker)
        if not succeeded:
            raise ProblemError(read_problem(answer))
        return answer


class _Worker:
    """One process; what it says beside its answers is thrown away, since there may be personal data in it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 -- Python itself, with arguments of our own
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def ask(self, job: str, content: bytes) -> tuple[bool, bytes]:
        """Do a job; say whether it succeeded, and what came of it. EOFError when the process has ended."""
        asking, answering = self._process.stdin, self._process.stdout
        assert asking is not None
        assert answering is not None
        asking.write(_frame(True, job, content))
        asking.flush()
        head = answering.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise EOFError
        succeeded, _, length = _HEAD.unpack(head)
        answer = answering.read(length)
        if len(answer) < length:
            raise EOFError
        return succeeded, answer

    def end(self) -> None:
        """End the process, and give it the time to end what it has started."""
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(OSError), self._process:  # waits for it, and closes what led to it
            pass


def job(*words: str) -> str:
    """Name a job by words of which none has a space; the process takes them apart again."""
    return " ".join(words)


def work(do: Callable[[str, bytes], bytes], asked: BinaryIO, answered: BinaryIO) -> None:
    """Do one job after the other until there are no more; a ProblemError is an answer like any other."""
    while head := asked.read(_HEAD.size):
        _, length_of_job, length = _HEAD.unpack(head)
        job, content = asked.read(length_of_job).decode(), asked.read(length)
        try:
            frame = _frame(True, "", do(job, content))
        except ProblemError as error:
            frame = _frame(False, "", rendered(error.problem))
        answered.write(frame)
        answered.flush()


def _frame(succeeded: bool, job: str, content: bytes) -> bytes:
    return _HEAD.pack(succeeded, len(job), len(content)) + job.encode() + content
