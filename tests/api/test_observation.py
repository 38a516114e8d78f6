"""What can be seen from outside: a log and metrics that say what happened, and nothing of anybody."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import re
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

import caretier
from caretier_api.app import create_app
from caretier_api.log import Forwarding, Log
from caretier_api.observation import BrokenOffError
from caretier_api.settings import Settings

MARKER = "jane-doe-1961"
EVENTS = {"method", "route", "status", "ms", "request_id", "time", "event"}
TURTLE = f"""@prefix ct: <https://w3id.org/caretier/core#> . @prefix bp: <https://w3id.org/caretier/back-pain#> .
<http://example.org/{MARKER}> a ct:Assessment ; <urn:{MARKER}> "{MARKER}" ."""
FHIR: dict[str, Any] = {
    "resourceType": "QuestionnaireResponse",
    "status": "completed",
    "identifier": {"value": MARKER},
    "subject": {"reference": f"Patient/{MARKER}"},
    "item": [{"linkId": MARKER, "answer": [{"valueString": MARKER}]}],
}
ANSWERS: dict[str, Any] = {"age": 61, "saddle-numbness": True, "cancer": "past"}
CONTRADICTION: dict[str, Any] = {"sex": "female", "erectile-failure": True}
TALKATIVE = f"""
import logging, sys
from caretier.cli import main
from caretier_api import exchange

def mistaken(do):
    def work(knowledge, content, *more):
        if b"{MARKER}" in content:
            raise ValueError(content)
        return do(knowledge, content, *more)
    return work

logging.getLogger().setLevel(1)
changed = {{name: mistaken(exchange.OPERATIONS[name]) for name in ("explain", "assess-lines")}}
exchange.OPERATIONS = {{**exchange.OPERATIONS, **changed}}
sys.exit(main(["serve", "--port", "0"]))
"""
"""A service with mistakes in two of its operations, whose messages hold all that they were given."""


def lines_of(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@dataclass(frozen=True)
class Talkative:
    """A service that runs as a process of its own and is made to say all that it can say."""

    url: str
    said: Path


@contextmanager
def talkative(folder: Path) -> Iterator[Talkative]:
    """Serve with every record of every library let through, Python's own warnings shown, and mistakes built in."""
    said = folder / "said"
    with (
        said.open("w") as log,
        subprocess.Popen([sys.executable, "-X", "dev", "-c", TALKATIVE], stdout=log, stderr=log) as process,
    ):
        try:
            until = time.monotonic() + 60
            while not (address := re.search(r"http://\S+", said.read_text(encoding="utf-8"))):
                assert time.monotonic() < until, "the service did not start"
                time.sleep(0.05)
            yield Talkative(address[0], said)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()


@pytest.mark.slow
def test_nothing_of_anybody_is_seen(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    """Every route gets a marker in every place that a client can put it; it is nowhere to be seen."""
    with talkative(tmp_path) as service:
        with httpx.Client(base_url=service.url, timeout=120, headers={"User-Agent": MARKER}) as client:
            statuses = ask_everything(client)
            metrics = client.get("/metrics").text
        broken_off(service.url)
    assert {200, 400, 404, 405, 406, 409, 415, 422, 500} <= statuses
    address, _, said = service.said.read_text(encoding="utf-8").lower().partition("\n")
    assert address == f"caretier serves {service.url}"
    for seen in (said, metrics.lower()):
        assert MARKER not in seen
        assert "doe" not in seen
        assert not set(re.findall(r"[\w-]+", seen)) & {question.id for question in kb.questions}
    assert "127.0.0.1" not in said
    told = [json.loads(line) for line in said.splitlines()]
    assert [set(each) for each in told if each["event"] == "answered" and set(each) != EVENTS] == []
    assert len(told) > 500
    assert {each["error"] for each in told if each["event"] == "failed"} == {"valueerror"}
    assert {each["event"] for each in told} == {"answered", "failed", "reported"}


def ask_everything(client: httpx.Client) -> set[int]:
    """Put a marker wherever a request has a place for it; return the statuses of the answers."""
    statuses = set()
    routes = client.get("/openapi.json").json()["paths"]
    paths = [path.replace("{id}", MARKER) for path in routes] + ["/", "/interview", "/query", f"/{MARKER}"]
    known = [path.replace("{id}", "back-pain") for path in routes]
    headers = {"X-Request-Id": MARKER, "Cookie": MARKER, "Authorization": MARKER, "If-None-Match": MARKER}
    for path in [*paths, *known]:
        for method in ("GET", "POST", "PUT", "OPTIONS", "JANE-DOE"):
            statuses.add(client.request(method, f"{path}?name={MARKER}", headers=headers).status_code)
    bodies: list[tuple[str, bytes]] = [
        ("application/json", json.dumps({"id": MARKER, "answers": ANSWERS}).encode()),
        ("application/json", json.dumps({"id": MARKER, "answers": CONTRADICTION}).encode()),
        ("application/json", json.dumps({"id": MARKER, "answers": {MARKER: MARKER}}).encode()),
        ("application/json", json.dumps({"answers": {"sex": MARKER}, "date": MARKER}).encode()),
        ("application/json", f'{{"{MARKER}'.encode()),
        ("application/x-ndjson", f'{{"id": "{MARKER}", "answers": {{}}}}\n{MARKER}\n'.encode()),
        ("application/fhir+json", json.dumps(FHIR).encode()),
        ("text/turtle", TURTLE.encode()),
        ("text/turtle", f"<{MARKER}".encode()),
        ("application/sparql-query", f'SELECT ("{MARKER}" AS ?x) {{}}'.encode()),
        ("application/sparql-query", f"{MARKER}".encode()),
        ("application/x-www-form-urlencoded", f"query={MARKER}&answers={MARKER}".encode()),
        (MARKER, MARKER.encode()),
    ]
    for path in ("/v1/assessments", "/v1/next-question", "/v1/explanations", "/sparql", "/interview",
                 "/fhir/Questionnaire/back-pain/$assess", "/cds-services/back-pain-triage",
                 "/cds-services/back-pain-triage/feedback"):  # fmt: skip
        for media_type, body in bodies:
            for accept in ("application/json", "text/turtle", "text/html", MARKER):
                with suppress(httpx.RemoteProtocolError):  # a stream that breaks off because of our mistake
                    sent = {"Content-Type": media_type, "Accept": accept}
                    statuses.add(client.post(path, content=body, headers=sent).status_code)
    return statuses


def broken_off(url: str) -> None:
    """Send requests that are no HTTP, and one that ends in its midst."""
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    for content in (
        f"{MARKER}\r\n\r\n",
        f"POST /v1/assessments HTTP/1.1\r\nHost: {MARKER}\r\nContent-Type: application/json\r\n"
        f"Content-Length: 1000\r\n\r\n{{{MARKER}",
    ):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(content.encode())
            if "Length" not in content:
                assert b" 400 " in connection.recv(1000)


def test_a_line_for_each_request(kb: caretier.KnowledgeBase) -> None:
    log = io.StringIO()
    with TestClient(create_app(kb, Settings(), Log(log))) as client:
        answer = client.post("/v1/assessments", json={"answers": {}})
        client.get("/v1/conditions/x")
        client.head("/health/live")
        client.get("/nowhere")
        client.request(MARKER, "/nowhere")
        metrics = client.get("/metrics").text
    told = lines_of(log)
    assert [(each["method"], each["route"], each["status"]) for each in told[:5]] == [
        ("POST", "/v1/assessments", 200),
        ("GET", "/v1/conditions/{id}", 404),
        ("HEAD", "/health/live", 200),
        ("GET", "none", 404),
        ("OTHER", "none", 404),
    ]
    assert told[0]["request_id"] == answer.headers["x-request-id"]
    assert told[0]["ms"] > 0
    assert 'caretier_request_seconds_count{method="POST",route="/v1/assessments",status="200"} 1.0' in metrics
    assert 'caretier_request_seconds_count{method="GET",route="none",status="404"} 1.0' in metrics
    assert "caretier_requests_in_work 1.0" in metrics


def test_a_mistake_of_ours_is_a_problem_and_its_place_is_written_down(kb: caretier.KnowledgeBase) -> None:
    log, router = io.StringIO(), APIRouter()

    @router.get("/mistake")
    async def mistake() -> None:
        raise ValueError(MARKER)

    app = create_app(kb, Settings(), Log(log))
    app.router.routes.extend(router.routes)
    with TestClient(app) as client:
        answer = client.get("/mistake")
        assert answer.status_code == 500
        assert answer.json()["type"] == "https://w3id.org/caretier/problems/internal-error"
        assert answer.headers["x-content-type-options"] == "nosniff"
        page = client.get("/mistake", headers={"Accept": "text/html"})
        assert (page.status_code, "The service made a mistake." in page.text) == (500, True)
        assert MARKER not in page.text
    failed, answered, *_ = lines_of(log)
    assert (failed["event"], failed["error"]) == ("failed", "ValueError")
    assert failed["where"][-1].startswith(__file__)
    assert failed["request_id"] == answered["request_id"] == answer.headers["x-request-id"]
    assert answered["status"] == 500
    assert MARKER not in log.getvalue()


def test_an_answer_that_breaks_off_says_nothing(kb: caretier.KnowledgeBase) -> None:
    log, router = io.StringIO(), APIRouter()

    async def parts() -> AsyncIterator[bytes]:
        yield b"begun"
        raise ValueError(MARKER)

    @router.get("/broken")
    async def broken() -> StreamingResponse:
        return StreamingResponse(parts())

    app = create_app(kb, Settings(), Log(log))
    app.router.routes.extend(router.routes)
    with TestClient(app) as client, pytest.raises(BrokenOffError) as raised:
        client.get("/broken")
    assert MARKER not in "".join(traceback.format_exception(raised.value))
    assert MARKER not in log.getvalue()


def test_what_libraries_report_is_written_without_what_it_is_about() -> None:
    log = io.StringIO()
    logger = logging.Logger("asyncio")
    logger.addHandler(Forwarding(Log(log)))
    try:
        raise KeyError(MARKER)
    except KeyError:
        logger.exception("Lost a task of %s", MARKER)
    logger.info("not written")
    (line,) = lines_of(log)
    assert (line["message"], line["error"]) == ("Lost a task of %s", "KeyError")
    assert MARKER not in log.getvalue()


def test_a_task_that_nobody_waited_for_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    log = io.StringIO()
    root = logging.getLogger()
    handlers, root.handlers[:] = root.handlers[:], [Forwarding(Log(log))]
    try:
        asyncio.run(lose_a_task())
        gc.collect()
    finally:
        root.handlers[:] = handlers
    (line,) = lines_of(log)
    assert (line["message"], line["error"]) == ("Task exception was never retrieved", "ValueError")
    assert MARKER not in log.getvalue()
    assert MARKER not in capfd.readouterr().err


async def lose_a_task() -> None:
    async def mistake() -> None:
        raise ValueError(MARKER)

    task = asyncio.create_task(mistake())
    await asyncio.wait([task])
