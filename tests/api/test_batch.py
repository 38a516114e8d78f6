"""Many people's answers go through as a stream: each line in its place, in flat memory, whoever reads when."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

import caretier
from caretier_api.settings import Settings
from tests.api.serving import Served, serving

STREAM = {"Content-Type": "application/x-ndjson"}
PROBLEMS = "https://w3id.org/caretier/problems/"


def send(client: httpx.Client, content: bytes | Iterator[bytes], **headers: str) -> list[dict[str, Any]]:
    response = client.post("/v1/assessments", content=content, headers=STREAM | headers)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def line(number: int, **answers: object) -> bytes:
    return json.dumps({"id": f"p{number}", "answers": answers}).encode()


def test_every_line_has_its_answer_in_its_place(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    content = b"\n".join(
        [
            line(0, **{"saddle-numbness": True}),
            line(1, **{"saddle-numness": True}),
            b"not JSON",
            b"  ",
            line(4, sex="female", **{"erectile-failure": True, "saddle-numbness": True}),
            b'{"@context": {}, "id": "p5"}',
            b"[]",
            line(7),
        ]
    )
    told = send(client, content)
    assert [each["id"] for each in told] == ["p0", "p1", None, "p4", "p5", None, "p7"]
    assert told[0] == kb.assess({"saddle-numbness": True}, id="p0").to_dict()
    errors = [each["error"]["type"].removeprefix(PROBLEMS) if "error" in each else None for each in told]
    assert errors == [
        None, "invalid-answers", "unreadable-input", "contradictory-answers", "invalid-answers", "invalid-answers", None
    ]  # fmt: skip
    assert told[3]["error"]["proven"]["tier"] == "EmergencyCare"


def test_lines_may_be_cut_anywhere(client: httpx.Client) -> None:
    content = b"\n".join(line(number) for number in range(50))
    whole = send(client, content)
    assert [each["id"] for each in whole] == [f"p{number}" for number in range(50)]
    assert send(client, (content[start : start + 7] for start in range(0, len(content), 7))) == whole
    assert send(client, content + b"\n") == whole
    assert send(client, content.replace(b"\n", b"\r\n")) == whole
    assert send(client, b"") == []


def test_what_it_asks_for(client: httpx.Client) -> None:
    response = client.post("/v1/assessments", content=b"{}", headers=STREAM | {"Accept": "application/json"})
    assert response.status_code == 406
    assert send(client, line(1), Accept="application/x-ndjson")[0]["id"] == "p1"


def test_who_sends_all_before_reading_is_not_kept_waiting(client: httpx.Client) -> None:
    """Httpx sends a whole request before it reads; what comes back is far larger than any buffer on the way."""
    people = 8_000
    told = send(client, b"\n".join(line(number, fever=True) for number in range(people)))
    assert [each["id"] for each in told] == [f"p{number}" for number in range(people)]


def test_answers_come_while_the_request_goes_on(served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        head = "POST /v1/assessments HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        for number in range(3):
            content = line(number) + b"\n"
            connection.sendall(b"%x\r\n%s\r\n" % (len(content), content))
            received = b""
            while b'"software"' not in received:
                received += connection.recv(65536)
            assert f'"id":"p{number}"'.encode() in received
        connection.sendall(b"0\r\n\r\n")


def test_a_line_that_is_too_long_has_its_error(kb: caretier.KnowledgeBase) -> None:
    with serving(kb, Settings(line_bytes=1_000)) as served, httpx.Client(base_url=served.url) as client:
        long = b'{"answers": {}, "id": "' + b"x" * 1_000_000 + b'"}'
        told = send(client, b"\n".join([line(0), long, line(2), long]))
        assert [each["id"] for each in told] == ["p0", None, "p2", None]
        assert told[1]["error"] == told[3]["error"]
        assert told[1]["error"]["type"] == f"{PROBLEMS}too-large"


def test_a_stream_that_is_too_long_ends_with_an_error(kb: caretier.KnowledgeBase) -> None:
    with serving(kb, Settings(batch_bytes=500_000)) as served, httpx.Client(base_url=served.url) as client:
        content = b"\n".join(line(number) for number in range(30_000))
        announced = client.post("/v1/assessments", content=content, headers=STREAM)
        assert announced.status_code == 413
        told = send(client, (content[start : start + 10_000] for start in range(0, len(content), 10_000)))
        assert told[-1]["error"]["type"] == f"{PROBLEMS}too-large"
        assert [each["id"] for each in told[:-1]] == [f"p{number}" for number in range(len(told) - 1)]
        assert 100 < len(told) < 30_000


def test_a_stream_may_last_but_not_pause(kb: caretier.KnowledgeBase) -> None:
    def dripping(pause: float) -> Iterator[bytes]:
        for number in range(6):
            yield line(number) + b"\n"
            time.sleep(0.2)
        time.sleep(pause)
        yield line(6)

    with serving(kb, Settings(request_seconds=0.8)) as served, httpx.Client(base_url=served.url) as client:
        assert [each["id"] for each in send(client, dripping(0))] == [f"p{number}" for number in range(7)]
        *told, last = send(client, dripping(1.6))
    assert [each["id"] for each in told] == [f"p{number}" for number in range(6)]
    assert last["error"]["type"] == f"{PROBLEMS}request-timeout"


def test_memory_stays_flat(kb: caretier.KnowledgeBase) -> None:
    """A hundred megabytes go through a service that may hold one ahead of what it answers."""
    padding = b" " * 50_000
    with serving(kb, replace(Settings(), body_bytes=1_000_000)) as served:
        before = resident()
        highest = asyncio.run(streamed(served.url, 2_000, lambda number: line(number) + padding + b"\n"))
    assert highest - before < 60_000_000


async def streamed(url: str, people: int, of_person: Callable[[int], bytes]) -> int:
    """Send lines and read answers at the same time; return how much memory this process had at most."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**24)
    highest = 0

    async def sending() -> None:
        for number in range(people):
            each = of_person(number)
            writer.write(b"%x\r\n%s\r\n" % (len(each), each))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    head = "POST /v1/assessments HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n"
    writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
    sent, answers, until = asyncio.create_task(sending()), 0, time.monotonic() + 120
    while received := await reader.read(2**20):
        assert time.monotonic() < until
        answers += received.count(b'"software"')
        highest = max(highest, resident())
    await sent
    writer.close()
    assert answers >= people - 20, "a few are cut in two by the pieces in which they are read"
    return highest


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


@pytest.mark.slow
def test_the_reference_reasoner_takes_many_lines_at_once(uncompiled: caretier.KnowledgeBase) -> None:
    with serving(uncompiled, Settings()) as served, httpx.Client(base_url=served.url, timeout=120) as client:
        until = time.monotonic() + 90
        while client.get("/health/ready").status_code != 200:
            assert time.monotonic() < until
            time.sleep(0.5)
        content = b"\n".join([line(0, **{"saddle-numbness": True}), line(1, nothing=1), line(2)])
        told = send(client, content)
        assert [each.get("tier") for each in told] == ["EmergencyCare", None, "ContinueProgram"]
        assert [each.get("engine") for each in told] == ["reference", None, "reference"]
