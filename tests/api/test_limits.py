"""Nobody can take the service down by sending too much, too slowly, or too often."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

import httpx
import pytest

import caretier
from caretier_api.connections import HEAD_BYTES
from caretier_api.server import listen
from caretier_api.settings import Settings
from tests.api.serving import Served, serving, serving_on

SLOW = 1_000
PROBLEM = "application/problem+json"
JSON = {"Content-Type": "application/json"}
HEAD = "POST /v1/assessments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def connected(served: Served) -> socket.socket:
    host, port = served.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=15)


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Read until the connection is closed; return the status of the answer, or 0, and all of it."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return int(received[9:12] or 0), received


@contextmanager
def limited(kb: caretier.KnowledgeBase, **settings: object) -> Iterator[Served]:
    with serving(kb, Settings(**settings)) as served:  # type: ignore[arg-type]  # names and values of settings
        yield served


def test_a_body_that_announces_itself_as_too_large_is_not_read(kb: caretier.KnowledgeBase) -> None:
    with limited(kb, body_bytes=1_000) as served, connected(served) as connection:
        connection.sendall(f"{HEAD}Content-Length: 5000000000\r\n\r\n".encode())
        status, received = answer(connection)
        assert status == 413
        assert b"At most 1,000 bytes are read." in received


def test_what_is_no_http_is_a_problem_as_well(kb: caretier.KnowledgeBase) -> None:
    with limited(kb) as served, connected(served) as connection:
        connection.sendall(b"this is no HTTP\r\n\r\n")
        status, received = answer(connection)
    head, _, content = received.partition(b"\r\n\r\n")
    assert (status, f"content-type: {PROBLEM}".encode() in head) == (400, True)
    assert json.loads(content)["type"].endswith("/unreadable-input")


@pytest.mark.parametrize(
    ("begun", "more"),
    [
        (b"GET /", b"x" * 100_000),
        (b"GET / HTTP/1.1\r\nX: ", b"x" * 100_000),
        (b"GET / HTTP/1.1\r\n", b"X: x\r\n" * 10_000),
        (f"{HEAD}Content-Length: 15\r\n\r\n".encode() + b'{"answers": {}}' + b"GET / HTTP/1.1\r\nX: ", b"x" * 100_000),
    ],
    ids=["address", "header", "headers", "the next request"],
)
def test_a_head_without_end_is_not_read(kb: caretier.KnowledgeBase, begun: bytes, more: bytes) -> None:
    with limited(kb) as served, connected(served) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(begun)
            for _ in range(50_000_000 // len(more)):
                connection.sendall(more)
            pytest.fail("all of it was read")
        with httpx.Client(base_url=served.url) as client:
            assert client.get("/health/live").status_code == 200


def test_a_head_without_end_is_told_so_and_a_long_one_is_read(kb: caretier.KnowledgeBase) -> None:
    with limited(kb) as served, connected(served) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * HEAD_BYTES)
        status, received = answer(connection)
        assert status == 413
        assert b"At most 500,000 bytes are read of the head" in received
    with limited(kb) as served, httpx.Client(base_url=served.url) as client:
        assert client.get("/health/live", headers={"X": "x" * 200_000}).status_code == 200
        large = json.dumps({"answers": {}}).encode().ljust(5_000_000)
        assert client.post("/v1/assessments", content=large, headers=JSON).status_code == 200


def test_a_browser_is_told_on_a_page(kb: caretier.KnowledgeBase) -> None:
    with limited(kb, body_bytes=1_000) as served, httpx.Client(base_url=served.url) as client:
        refused = client.post("/", content=b" " * 2_000, headers={"Accept": "text/html"})
    assert (refused.status_code, refused.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert "At most 1,000 bytes are read." in refused.text


def test_an_application_in_a_browser_can_read_every_error(kb: caretier.KnowledgeBase) -> None:
    origin = {"Origin": "https://app.example"}
    with (
        limited(kb, body_bytes=1_000, cors_origins=("https://app.example",)) as served,
        httpx.Client(base_url=served.url, headers=origin) as client,
    ):
        refused = client.post("/v1/assessments", content=b" " * 2_000, headers=JSON)
        asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"}
        assert client.options("/v1/questionnaire", headers=asked).status_code == 200
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (413, "https://app.example")


def test_a_body_that_grows_too_large_is_refused_on_the_way(kb: caretier.KnowledgeBase) -> None:
    with limited(kb, body_bytes=100_000) as served, connected(served) as connection:
        connection.sendall(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode())
        for _ in range(11):
            connection.sendall(b"2710\r\n" + b" " * 10_000 + b"\r\n")
        received = connection.recv(65536)
        assert received.startswith(b"HTTP/1.1 413 ")
    with limited(kb, body_bytes=100_000) as served, httpx.Client(base_url=served.url) as client:
        exactly = json.dumps({"answers": {}}).encode().ljust(100_000)
        assert client.post("/v1/assessments", content=exactly, headers=JSON).status_code == 200
        assert client.post("/v1/assessments", content=exactly + b" ", headers=JSON).status_code == 413


def test_a_client_that_still_sends_gets_to_see_that_it_is_too_much(kb: caretier.KnowledgeBase) -> None:
    with limited(kb, body_bytes=1_000) as served, httpx.Client(base_url=served.url) as client:
        refused = client.post("/v1/assessments", content=b" " * 30_000_000, headers=JSON)
        assert (refused.status_code, refused.headers["content-type"]) == (413, PROBLEM)
        assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize(
    ("begun", "status"),
    [
        (b"", 0),
        (b"GE", 0),
        (f"{HEAD}X-Slow: ".encode(), 0),
        (f"{HEAD}Content-Length: 20\r\n\r\n".encode(), 408),
        (f"{HEAD}Content-Length: 20\r\n\r\n{{".encode(), 408),
        (f"{HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n".encode(), 408),
    ],
    ids=["nothing", "method", "headers", "no body", "body", "chunk"],
)
def test_a_request_that_does_not_come_to_an_end_is_not_waited_for(
    kb: caretier.KnowledgeBase, begun: bytes, status: int
) -> None:
    with limited(kb, request_seconds=0.5) as served, connected(served) as connection:
        started = time.monotonic()
        connection.sendall(begun)
        assert answer(connection)[0] == status
        assert 0.4 < time.monotonic() - started < 10


def test_a_request_that_drips_is_not_waited_for(kb: caretier.KnowledgeBase) -> None:
    with limited(kb, request_seconds=1.0) as served:
        for begun, drop in ((f"{HEAD}X-Slow: ".encode(), b"x"), (f"{HEAD}Content-Length: 900\r\n\r\n".encode(), b" ")):
            with connected(served) as connection:
                connection.sendall(begun)
                started = time.monotonic()
                with pytest.raises(OSError, match=r"reset|pipe"):
                    while time.monotonic() - started < 20:
                        connection.sendall(drop)
                        time.sleep(0.05)


def test_a_client_that_does_not_read_is_not_waited_for(kb: caretier.KnowledgeBase) -> None:
    with limited(kb, request_seconds=0.5) as served, connected(served) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = b"GET /v1/decision-table HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\n\r\n"
        with pytest.raises(OSError, match=r"reset|pipe|timed out"):
            for _ in range(1_000):
                connection.sendall(request)
                time.sleep(0.02)
        with httpx.Client(base_url=served.url) as client:
            assert client.get("/health/live").status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    "begun",
    [b"POST /v1/assess", f"{HEAD}Content-Length: 5000\r\n\r\n{{".encode()],
    ids=["in the head", "in the body"],
)
def test_a_thousand_slow_connections_do_not_take_it_down(kb: caretier.KnowledgeBase, begun: bytes) -> None:
    with limited(kb) as served, ExitStack() as stack:
        slow = [stack.enter_context(connected(served)) for _ in range(SLOW)]
        for connection in slow:
            connection.sendall(begun)
        with httpx.Client(base_url=served.url, timeout=10) as client:
            taken = []
            for _ in range(50):
                started = time.monotonic()
                assert client.post("/v1/assessments", json={"answers": {"fever": True}}).status_code == 200
                taken.append(time.monotonic() - started)
        assert sorted(taken)[25] < 0.5
        for connection in slow[:10]:
            connection.setblocking(False)
            with pytest.raises(BlockingIOError):
                connection.recv(1)


@pytest.mark.parametrize("connections", [20, 1])
def test_where_there_are_too_many_connections_those_that_wait_have_to_go(
    kb: caretier.KnowledgeBase, connections: int
) -> None:
    """Even if all of them come at once: here they have been there before the service."""
    listening = listen("127.0.0.1", 0)
    with ExitStack() as stack:
        waiting = [
            stack.enter_context(socket.create_connection(listening.getsockname(), timeout=30)) for _ in range(50)
        ]
        served = stack.enter_context(serving_on(listening, kb, Settings(connections=connections)))
        with httpx.Client(base_url=served.url, timeout=10) as client:
            assert client.post("/v1/assessments", json={"answers": {}}).status_code == 200
        assert sum(map(is_closed, waiting)) == 50 - (connections - 1)


def is_closed(connection: socket.socket) -> bool:
    """Say whether the other side has closed a connection on which it has nothing to say."""
    connection.settimeout(0.2)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_too_many_requests_at_once_are_asked_to_come_back(kb: caretier.KnowledgeBase) -> None:
    with limited(kb, concurrent_requests=3) as served, ExitStack() as stack:
        for connection in [stack.enter_context(connected(served)) for _ in range(3)]:
            connection.sendall(f"{HEAD}Content-Length: 20\r\n\r\n".encode())
        time.sleep(0.3)
        with httpx.Client(base_url=served.url) as client:
            refused = client.post("/v1/assessments", json={"answers": {}})
        assert (refused.status_code, refused.headers["content-type"]) == (503, PROBLEM)
        assert int(refused.headers["retry-after"]) > 0


def test_the_bodies_of_all_requests_together_have_a_limit(kb: caretier.KnowledgeBase) -> None:
    with limited(kb, held_bytes=50_000) as served, ExitStack() as stack:
        for connection in [stack.enter_context(connected(served)) for _ in range(4)]:
            connection.sendall(f"{HEAD}Content-Length: 20000\r\n\r\n".encode() + b" " * 10_000)
        time.sleep(0.3)
        with httpx.Client(base_url=served.url) as client:
            large = json.dumps({"answers": {}}).encode().ljust(20_000)
            assert client.post("/v1/assessments", content=large, headers=JSON).status_code == 503
            assert client.post("/v1/assessments", json={"answers": {}}).status_code == 200
            stack.close()
            time.sleep(0.3)
            assert client.post("/v1/assessments", content=large, headers=JSON).status_code == 200


def test_quick_answers_are_not_slowed_by_large_documents(kb: caretier.KnowledgeBase) -> None:
    """What is large, or RDF, is read elsewhere, and never where everybody waits."""
    large = json.dumps({"answers": {f"q{number}": True for number in range(400_000)}}).encode()
    with limited(kb) as served:
        slowest = asyncio.run(slowest_beside(served.url, [large] * 3))
    assert slowest < 2.0


async def slowest_beside(url: str, documents: Sequence[bytes]) -> float:
    """Send documents, and say how long the slowest quick answer took meanwhile."""
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:
        slow = [asyncio.create_task(client.post("/v1/assessments", content=each, headers=JSON)) for each in documents]
        slowest = 0.0
        while not all(task.done() for task in slow):
            started = time.monotonic()
            assert (await client.post("/v1/assessments", json={"answers": {}})).status_code == 200
            slowest = max(slowest, time.monotonic() - started)
            await asyncio.sleep(0.05)
    assert [(await task).status_code for task in slow] == [422] * len(slow)
    return slowest
