"""A bounded pool of processes for what takes long or reads RDF, so that it never slows the quick answers.

Each process loads the knowledge once and then does one job after the other. It is stopped when a job takes too long;
another takes its place. Nothing that it says but its answers gets out, since there may be personal data in it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import BinaryIO

from caretier_api.problems import BUSY, REASONER_FAILED, TIME_LIMIT, ProblemError, read_problem, refused, rendered

_HEAD = struct.Struct("!?IQ")
"""What stands before each message: whether it succeeded, and the lengths of the job's name and of the content."""

_PATIENCE = 2.0
"""Seconds that a process has to end by itself, and to end what it has started."""


class Workers:
    """Runs jobs in so many processes at once, each within a time limit; so many more may wait."""

    def __init__(self, command: Sequence[str], *, count: int, queue: int, seconds: float) -> None:
        """Run jobs by a command that answers on standard output what it is asked on standard input; see `serve`."""
        self._command = command
        self._count = count
        self._queue = queue
        self._seconds = seconds
        self._taken = 0
        self._free = asyncio.Semaphore(count)
        self._idle: list[_Worker] = []

    async def run(self, job: str, content: bytes) -> bytes:
        """Do a job; ProblemError with what the job says, or 503 when too many wait, or 504 at the time limit."""
        if self._taken >= self._count + self._queue:
            raise refused(BUSY, "Too many requests wait for the reasoner; try again later.", Retry_After="5")
        self._taken += 1
        try:
            async with self._free:
                return await self._run(job, content)
        finally:
            self._taken -= 1

    async def close(self) -> None:
        """End every process that waits for a job; those at work end with the job or its request."""
        while self._idle:
            await self._idle.pop().end()

    async def _run(self, job: str, content: bytes) -> bytes:
        worker = self._idle.pop() if self._idle else _Worker(self._command)
        try:
            async with asyncio.timeout(self._seconds):
                succeeded, answer = await worker.ask(job, content)
        except TimeoutError:
            await worker.end()
            detail = f"The reasoner was stopped after {self._seconds:g} seconds; nothing may be concluded."
            raise refused(TIME_LIMIT, detail) from None
        except (OSError, EOFError):
            await worker.end()
            detail = "The reasoner ended without an answer; nothing may be concluded."
            raise refused(REASONER_FAILED, detail, Retry_After="5") from None
        except BaseException:
            await worker.end()
            raise
        self._idle.append(worker)
        if not succeeded:
            raise ProblemError(read_problem(answer))
        return answer


class _Worker:
    """One process; it starts with its first job."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None

    async def ask(self, job: str, content: bytes) -> tuple[bool, bytes]:
        """Do a job; say whether it succeeded, and what came of it."""
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        asking, answering = self._process.stdin, self._process.stdout
        assert asking is not None
        assert answering is not None
        asking.write(_frame(True, job, content))
        await asking.drain()
        succeeded, _, length = _HEAD.unpack(await answering.readexactly(_HEAD.size))
        return bool(succeeded), await answering.readexactly(length)

    async def end(self) -> None:
        """End the process, and give it the time to end what it has started."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_PATIENCE):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


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
