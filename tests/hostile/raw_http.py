"""Bytes sent to a server as they stand, and its answer; no client of HTTP would send most of them."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_MOST = 50_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """The first answer to what was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(url: str, sent: bytes, seconds: float) -> Answer | None:
    """Send bytes and return the answer; None where the server closes, or waits for more, without one.

    Raises TimeoutError where an answer was begun and did not come to its end.
    """
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        received = b""
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before all was sent; what it said may be read
            connection.sendall(sent)
        try:
            while not _is_whole(received) and len(received) < _MOST:
                part = connection.recv(65536)
                if not part:
                    break
                received += part
        except ConnectionResetError:
            pass
        except TimeoutError:
            if received:
                raise
    return _read(received) if received else None


def request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Write a request that a client would send."""
    told = {"Host": "x", "Connection": "close", "Content-Length": str(len(body)), **headers}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _is_whole(received: bytes) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    length = _LENGTH.search(head + b"\r\n")
    return len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")


def _read(received: bytes) -> Answer:
    head, end, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    version, status, *_ = first.split(" ")
    if version != "HTTP/1.1" or not end:
        raise ValueError(f"no answer of HTTP: {received[:200]!r}")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = _joined(body)
    return Answer(int(status), headers, body)


def _joined(chunked: bytes) -> bytes:
    body, rest = b"", chunked
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]
    return body
