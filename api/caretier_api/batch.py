"""Many people's answers as a stream: a line a person in, a line a person out, at the same place, in flat memory.

What comes in is taken as fast as it comes, up to a limit, even while nobody reads what goes out: many clients send all
before they read, and would otherwise wait for the service for ever, and it for them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from caretier.decisions import identifier_in
from caretier.documents import parse_json
from caretier.errors import CaretierError, InputError
from caretier_api import negotiation
from caretier_api.exchange import STREAM, failed_line
from caretier_api.problems import TOO_LARGE, Problem, ProblemError, problem_of
from caretier_api.service import Service

_AT_ONCE = 16
"""Lines that the decision model assesses before others get their turn."""

_IN_ONE_RUN = 200
"""Lines given to the reference reasoner together: many take it little longer than one."""

Line = bytes | None
"""One line, or None for one that was too long to be kept."""


class BatchResponse(Response):
    """Answers while the request is still being read; Starlette's own streams would take parts of the request away."""

    media_type = STREAM

    def __init__(self, service: Service, request: Request) -> None:
        """Answer a request whose body is a stream of lines."""
        super().__init__()
        del self.headers["content-length"]
        language = negotiation.language(request, service.kb.languages)
        self.headers.update(negotiation.in_language(language))
        self._lines = assessed(service, request, language)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send each part as soon as it is there."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._lines) as lines:
            async for part in lines:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def assessed(service: Service, request: Request, language: str) -> AsyncGenerator[bytes]:
    """Assess each line as it comes; a line that cannot be used has its error in its place."""
    settings = service.settings
    at_once = _AT_ONCE if service.kb.model is not None else _IN_ONE_RUN
    lines = _Lines(settings.line_bytes, settings.body_bytes)
    taking = asyncio.create_task(lines.take(request.stream()))
    try:
        while taken := await lines.next(at_once):
            yield await _assessed(service, taken, language)
            await asyncio.sleep(0)  # others get their turn
            if taking.done() and await _is_left(request, taking):
                return
        await taking
    except ProblemError as error:  # in the midst of a stream a status can no longer say so
        yield failed_line(None, error.problem) + b"\n"
    finally:
        taking.cancel()


async def _is_left(request: Request, taking: asyncio.Task[None]) -> bool:
    """Say whether nobody waits for the rest of the answers, once all that will come has been taken."""
    error = taking.exception()
    return await request.is_disconnected() if error is None else isinstance(error, ClientDisconnect)


async def _assessed(service: Service, lines: Sequence[Line], language: str) -> bytes:
    """Assess some lines together; where that fails, each of them has failed."""
    kept = [line for line in lines if line is not None]
    try:
        content = b"\n".join(kept)
        told = await service.do("assess-lines", content, STREAM, STREAM, language) if kept else b""
    except (CaretierError, ProblemError) as error:
        problem = problem_of(error)
        told = b"".join(failed_line(_identifier(line), problem) + b"\n" for line in kept)
    if len(kept) == len(lines):
        return told
    limit = f"At most {service.settings.line_bytes:,} bytes are read of one line."
    too_long = failed_line(None, Problem(TOO_LARGE, limit)) + b"\n"
    answers = iter(told.splitlines(keepends=True))
    return b"".join(too_long if line is None else next(answers) for line in lines)


def _identifier(line: bytes) -> str | None:
    try:
        return identifier_in(parse_json(line))
    except InputError:
        return None


class _Lines:
    """Takes what comes in, up to so many bytes ahead, and gives it out as whole lines; empty ones are left out."""

    def __init__(self, longest: int, ahead: int) -> None:
        self._longest = min(longest, ahead)
        self._ahead = ahead
        self._whole: deque[Line] = deque()
        self._begun = bytearray()
        self._too_long = False
        self._held = 0
        self._ended = False
        self._changed = asyncio.Condition()

    async def take(self, chunks: AsyncIterator[bytes]) -> None:
        """Take all that comes, and wait while too much of it is waiting."""
        try:
            async for chunk in chunks:
                self._add(chunk)
                async with self._changed:
                    self._changed.notify_all()
                    await self._changed.wait_for(lambda: self._held <= self._ahead)
            self._end_line()
        finally:
            self._ended = True
            async with self._changed:
                self._changed.notify_all()

    async def next(self, most: int) -> list[Line]:
        """Return the next lines, at least one and so many at most; none when there are no more."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._whole or self._ended)
            taken = [self._whole.popleft() for _ in range(min(most, len(self._whole)))]
            self._held -= sum(_cost(line) for line in taken)
            self._changed.notify_all()
        return taken

    def _add(self, chunk: bytes) -> None:
        first, *others = chunk.split(b"\n")
        self._extend(first)
        for part in others:
            self._end_line()
            self._extend(part)

    def _extend(self, part: bytes) -> None:
        if not self._too_long:
            self._begun += part
            self._too_long = len(self._begun) > self._longest
        if self._too_long:
            self._begun.clear()

    def _end_line(self) -> None:
        line = None if self._too_long else bytes(self._begun)
        if line is None or line.strip():
            self._whole.append(line)
            self._held += _cost(line)
        self._begun.clear()
        self._too_long = False


def _cost(line: Line) -> int:
    """Say how much memory a line that waits takes, at the least."""
    return len(line or b"") + 64
