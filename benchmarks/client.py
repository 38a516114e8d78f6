"""One connection to a service that always has one request under way: as fast as a client of HTTP can be here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n")

Following = Callable[[bytes | None], bytes]
"""Takes a whole answer, head and body, and gives the next request; for the first one there is no answer yet."""


class Client(asyncio.Protocol):
    """Sends a request, and the next as soon as the answer is there."""

    def __init__(self, following: Following) -> None:
        """Make a client that asks what is to be sent."""
        self._following = following
        self._arrived = bytearray()
        self._length = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._transport.write(self._following(None))

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer; where it is the last, send the next request."""
        self._arrived += data
        if not self._length:
            end = self._arrived.find(b"\r\n\r\n")
            if end < 0:
                return
            told = _LENGTH.search(self._arrived, 0, end + 2)
            if told is None and not self._arrived.endswith(b"\r\n0\r\n\r\n"):  # in parts, without a length
                return
            self._length = end + 4 + int(told[1]) if told else len(self._arrived)
        if len(self._arrived) >= self._length:
            answer = bytes(self._arrived)
            self._arrived.clear()
            self._length = 0
            self._transport.write(self._following(answer))

    def close(self) -> None:
        """Close the connection."""
        self._transport.abort()
