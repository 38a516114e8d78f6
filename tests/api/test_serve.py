"""The service as a process: it says where it is, answers when it can, and ends when it is told to."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

import caretier

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Process:
    """A service that runs as a process of its own."""

    process: subprocess.Popen[str]
    url: str

    def until_ready(self) -> None:
        """Wait until it can answer."""
        until = time.monotonic() + 90
        while httpx.get(f"{self.url}health/ready").status_code != 200:
            assert time.monotonic() < until
            time.sleep(0.2)

    def end(self) -> tuple[int, float]:
        """Tell it to end; return its exit code, and the seconds that it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        return code, time.monotonic() - started


@contextmanager
def started(*options: str, **environment: str) -> Iterator[Process]:
    """Start `caretier serve` at a free port, and wait until it says where it is."""
    command = [sys.executable, "-m", "caretier.cli", "serve", "--port", "0", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | environment
    ) as process:
        try:
            yield Process(process, address_told_by(process))
        finally:
            process.kill()


def address_told_by(process: subprocess.Popen[str]) -> str:
    """Read what a service says until it says where it is; what it says later is read and left."""
    lines: queue.Queue[str] = queue.Queue()
    said = process.stdout
    assert said is not None

    def read() -> None:
        for line in said:
            lines.put(line)

    threading.Thread(target=read, daemon=True).start()
    while "http://" not in (line := lines.get(timeout=60)):
        pass
    return line.split()[-1]


def all_of(connection: socket.socket) -> bytes:
    """Read until the other side closes: an answer may come in several parts."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def refused(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "caretier.cli", "serve", *options]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=os.environ | environment
    )


def test_it_says_where_it_is_and_answers_there() -> None:
    with started("--emergency-number", "112") as service:
        assert service.url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{service.url}health/live").json() == {"status": "live"}
        assert httpx.get(f"{service.url}health/ready").json() == {"status": "ready", "engine": "model"}
        result = httpx.post(f"{service.url}v1/assessments", json={"answers": {"saddle-numbness": True}}).json()
        assert result["tier"] == "EmergencyCare"
        assert "112" in httpx.get(service.url, headers={"Accept": "text/html"}).text
        code, seconds = service.end()
        assert (code, seconds < 10) == (0, True)


@pytest.mark.parametrize("by", ["option", "variable"])
def test_it_says_that_answers_are_stored(by: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "caretier.cli", "serve", "--port", "0"]
    option = ["--decision-log", str(tmp_path)] if by == "option" else []
    environment = {"CARETIER_DECISION_LOG": str(tmp_path)} if by == "variable" else {}
    with subprocess.Popen(
        [*command, *option], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | environment
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        process.kill()
    assert f"Answers and results are stored in {tmp_path}" in said


def test_it_listens_where_it_is_told_to() -> None:
    with started("--host", "::1") as service:
        assert service.url.startswith("http://[::1]:")
        assert httpx.get(f"{service.url}health/live").status_code == 200


def test_what_is_in_work_is_finished() -> None:
    with started() as service:
        service.until_ready()
        host, port = service.url.removeprefix("http://").rstrip("/").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            head = "POST /v1/assessments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 15"
            connection.sendall(f"{head}\r\n\r\n{{".encode())
            time.sleep(0.5)
            service.process.send_signal(signal.SIGTERM)
            time.sleep(1)
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"{service.url}health/live")
            connection.sendall(b'"answers": {}}')
            assert b'"tier":"ContinueProgram"' in all_of(connection)
        assert service.process.wait(10) == 0


@pytest.mark.slow
def test_it_ends_whatever_is_in_work() -> None:
    with started() as service:
        service.until_ready()
        host, port = service.url.removeprefix("http://").rstrip("/").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(b"POST /v1/assessments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
            connection.sendall(b"Content-Length: 15\r\n\r\n{")
            with socket.create_connection((host, int(port)), timeout=30) as busy:
                text = """@prefix bp: <https://w3id.org/caretier/back-pain#> .
                <urn:own> <http://www.w3.org/2000/01/rdf-schema#subClassOf> bp:SaddleNumbness .
                <urn:a> a <https://w3id.org/caretier/core#Assessment> ."""
                busy.sendall(b"POST /v1/assessments HTTP/1.1\r\nHost: x\r\nContent-Type: text/turtle\r\n")
                busy.sendall(f"Content-Length: {len(text)}\r\n\r\n{text}".encode())
                time.sleep(1)
                code, seconds = service.end()
        assert (code, seconds < 10) == (0, True)


@pytest.mark.slow
def test_until_it_can_answer_it_is_not_ready(uncompiled: caretier.KnowledgeBase) -> None:
    with started("--ontology", uncompiled.root) as service:
        assert httpx.get(f"{service.url}health/live").status_code == 200
        early = httpx.get(f"{service.url}health/ready")
        assert early.status_code == 503
        assert early.json()["type"].endswith("/not-ready")
        assert int(early.headers["retry-after"]) > 0
        for path in ("v1/questionnaire", "v1/conditions", "conditions", "decision-table", "openapi.json"):
            assert httpx.get(service.url + path).status_code == 503
        assert httpx.post(f"{service.url}v1/assessments", json={"answers": {}}).status_code == 503
        service.until_ready()
        assert httpx.get(f"{service.url}health/ready").json()["engine"] == "reference"
        assert httpx.get(f"{service.url}v1/questionnaire").status_code == 200
        result = httpx.post(f"{service.url}v1/assessments", json={"answers": {"saddle-numbness": True}}, timeout=60)
        assert (result.json()["tier"], result.json()["engine"]) == ("EmergencyCare", "reference")
        step = httpx.post(f"{service.url}v1/next-question", json={"answers": {}}, timeout=60).json()
        assert step["screen"]["questions"]
        table = httpx.get(f"{service.url}v1/decision-table", timeout=60).json()
        assert table["standing"]["proven"] is False


def test_a_port_that_is_taken() -> None:
    with started() as service:
        port = service.url.rstrip("/").rpartition(":")[2]
        done = refused("--port", port)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert f"127.0.0.1:{port}" in line
    assert "--port" in line


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--port", "70000"), "from 0 to 65535"),
        (("--port", "eighty"), "from 0 to 65535"),
        (("--host", "nowhere.invalid"), "nowhere.invalid"),
        (("--ontology", "nowhere.ttl"), "nowhere.ttl"),
        (("--port", "0", "--dataset", "/nowhere"), "/nowhere"),
        (("--port", "0", "--decision-log", "/nowhere/decisions"), "No decision can be written into /nowhere/decisions"),
    ],
)
def test_what_cannot_be_served(options: tuple[str, ...], told: str) -> None:
    done = refused(*options)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_that_cannot_be_used() -> None:
    done = refused("--port", "0", CARETIER_BODY_BYTES="many")
    assert (done.returncode, done.stdout) == (2, "")
    assert "CARETIER_BODY_BYTES" in done.stderr


def test_without_what_the_service_needs_it_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "fastapi.py").write_text("raise ModuleNotFoundError('no fastapi', name='fastapi')")
    done = refused("--port", "0", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "caretier: The service needs packages that are not installed (fastapi); "
        "install them with: pip install 'caretier[api]'\n"
    )


def test_the_command_line_imports_nothing_of_the_service() -> None:
    code = "import sys, caretier.cli; print(sorted({'fastapi', 'uvicorn', 'caretier_api'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
