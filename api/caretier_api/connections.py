"""Connections that are patient with nobody: those that send no request, or do not read the answer, are closed.

uvicorn waits for ever for the first byte of a request, and for the last; thousands of such connections would use up
the files that the process may open. It keeps all of a head without end, too. It calls what is made here for each
connection.
"""

from __future__ import annotations

import asyncio
import resource
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from caretier_api.problems import MEDIA_TYPE, TOO_LARGE, UNREADABLE, Problem, rendered
from caretier_api.seal import SEAL
from caretier_api.settings import Settings

HEAD_BYTES = 500_000
"""The longest head of a request, to within what is read at once."""

_OTHER_FILES = 200
"""Files that the process may have open beside its connections."""


def protocol_of(settings: Settings) -> type[asyncio.Protocol]:
    """Make the class of connections for these settings, to be given to uvicorn as `http`."""
    open_ones: dict[ImpatientProtocol, None] = {}
    most = max(1, min(settings.connections, _files_allowed() - _OTHER_FILES))

    class ImpatientProtocol(HttpToolsProtocol):
        """A connection that is closed when nothing has moved on it between two looks at it."""

        _seen: tuple[Any, ...] | None = None
        _in_head = False
        _head = 0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """Keep an eye on the connection; where there are too many, the one that has waited longest has to go."""
            super().connection_made(transport)
            open_ones[self] = None
            if len(open_ones) > most:
                next((each for each in open_ones if each.is_waiting()), self)._close()
            self._look()

        def connection_lost(self, exc: Exception | None) -> None:
            """Forget the connection."""
            open_ones.pop(self, None)
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            """Take what has come, and refuse a head that does not end."""
            super().data_received(data)
            self._head = self._head + len(data) if self._in_head else 0
            if self._head > HEAD_BYTES and not self.transport.is_closing():
                self._refuse(Problem(TOO_LARGE, f"At most {HEAD_BYTES:,} bytes are read of the head of a request."))

        def on_message_begin(self) -> None:
            """Take note that a head begins."""
            self._in_head = True
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            """Take note that the head has ended."""
            self._in_head = False
            super().on_headers_complete()

        def send_400_response(self, msg: str) -> None:  # noqa: ARG002 -- as uvicorn calls it
            """Refuse what is no HTTP in the form of every other refusal."""
            self._refuse(Problem(UNREADABLE, "What was sent is no HTTP request."))

        def _refuse(self, problem: Problem) -> None:
            content, status = rendered(problem), HTTPStatus(problem.kind.status)
            head = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(content)}\r\nconnection: close\r\n"
            seal = b"".join(b"%s: %s\r\n" % header for header in SEAL)
            told = f"HTTP/1.1 {status.value} {status.phrase}\r\n{head}".encode() + seal + b"\r\n" + content
            self.transport.write(told)
            self.transport.close()

        def is_waiting(self) -> bool:
            """Say whether no request is being answered: the next has not come, or not all of its head."""
            return self.cycle is None or self.cycle.response_complete

        def _close(self) -> None:
            # Not left to connection_lost, which comes later: of many that come at once, each has to close another one.
            open_ones.pop(self, None)
            self.transport.abort()

        def _look(self) -> None:
            if self not in open_ones:
                return
            unread = self.transport.get_write_buffer_size()
            seen = (self.cycle, self.is_waiting(), unread)
            if seen == self._seen and (self.is_waiting() or unread):
                self._close()
                return
            self._seen = seen
            self.loop.call_later(settings.request_seconds, self._look)

    return ImpatientProtocol


def _files_allowed() -> int:
    """Raise the number of files that the process may have open as far as it may, and return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
