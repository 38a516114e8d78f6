"""Limits on what a request may bring, how slowly it may bring it, and how many requests are in work at once."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caretier_api.exchange import STREAM
from caretier_api.outcomes import Tell
from caretier_api.problems import BUSY, TOO_LARGE, TOO_SLOW, ProblemError, refused
from caretier_api.settings import Settings


class Limits:
    """Holds the limits around an application.

    A body that is too large is refused as soon as that is known; one that arrives too slowly is not waited for. The
    bodies of all requests together may hold so much memory and no more.
    """

    def __init__(self, app: ASGIApp, settings: Settings, tell: Tell) -> None:
        """Hold the limits of these settings."""
        self._app = app
        self._tell = tell
        self._settings = settings
        self._in_work = 0
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, within the limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(self, self._settings, scope, receive)
        try:
            body.require_allowed()
            if self._in_work >= self._settings.concurrent_requests:
                raise busy()
        except ProblemError as error:
            await self._tell(error.problem, scope)(scope, receive, send)
            return
        self._in_work += 1
        try:
            await self._app(scope, body.receive, send)
        finally:
            self._in_work -= 1
            self._held -= body.held

    def hold(self, size: int) -> None:
        """Take note of bytes that are held; 503 when they are too many."""
        if self._held + size > self._settings.held_bytes:
            raise busy()
        self._held += size


class _Body:
    """The body of one request; the limits are met where the application reads it.

    `held` are the bytes of it that may be in memory.
    """

    def __init__(self, limits: Limits, settings: Settings, scope: Scope, receive: Receive) -> None:
        self.held = 0
        self._limits = limits
        self._receive = receive
        self._seconds = settings.request_seconds
        self._in_memory = settings.body_bytes
        headers = dict(scope["headers"])
        media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        self._streams = media_type == STREAM.encode()
        self._allowed = settings.batch_bytes if self._streams else settings.body_bytes
        self._announced = headers.get(b"content-length", b"0")
        self._arrived = 0
        self._complete = False
        self._deadline: float | None = None

    def require_allowed(self) -> None:
        """Refuse a body that announces itself as too large."""
        if self._announced.isdigit() and int(self._announced) > self._allowed:
            raise self._too_large()

    async def receive(self) -> MutableMapping[str, Any]:
        """Receive the next part."""
        if self._complete:
            return await self._receive()
        now = asyncio.get_running_loop().time()
        if self._deadline is None or self._streams:
            self._deadline = now + self._seconds
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            detail = f"The request has to arrive within {self._seconds:g} seconds."
            raise refused(TOO_SLOW, detail, Connection="close") from None
        self._take(message)
        return message

    def _take(self, message: Message) -> None:
        size = len(message.get("body", b""))
        self._arrived += size
        if self._arrived > self._allowed:
            raise self._too_large()
        more = min(self._arrived, self._in_memory) - self.held
        self._limits.hold(more)
        self.held += more
        self._complete = not message.get("more_body", False)

    def _too_large(self) -> ProblemError:
        return refused(TOO_LARGE, f"At most {self._allowed:,} bytes are read.")


def busy() -> ProblemError:
    """Make the error that asks to come back later."""
    return refused(BUSY, "Too many requests are in work; try again in a moment.", Retry_After="1")
