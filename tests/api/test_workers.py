"""Work that takes long is done elsewhere, so much of it and no more, and always comes to an end."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

import caretier
from caretier_api.problems import ProblemError
from caretier_api.settings import Settings
from caretier_api.workers import Workers
from tests.api.serving import serving

DO = """
import os, signal, subprocess, sys, time
from caretier_api.problems import INVALID, refused
from caretier_api.workers import work

def do(job, content):
    if job == "sleep":
        time.sleep(float(content))
    if job == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    if job == "die":
        os._exit(1)
    if job == "half":
        os.write(1, b"1")
        os._exit(1)
    if job == "tell":
        print(content.decode(), file=sys.stderr, flush=True)
    if job == "refuse":
        raise refused(INVALID, content.decode())
    return str(os.getpid()).encode() + b" " + content[::-1]

work(do, sys.stdin.buffer, sys.stdout.buffer)
"""


def workers(count: int = 1, queue: int = 2, seconds: float = 30.0) -> Workers:
    return Workers([sys.executable, "-c", DO], count=count, queue=queue, seconds=seconds)


def run(pool: Workers, *jobs: tuple[str, bytes]) -> list[Any]:
    """Do jobs at the same time, and return what came of each, errors included."""

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(pool.run(*job) for job in jobs), return_exceptions=True)

    return asyncio.run(ended(pool, all_of_them()))


async def ended(pool: Workers, work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await work
    finally:
        await pool.close()


def kind(outcome: object) -> tuple[int, str]:
    assert isinstance(outcome, ProblemError), outcome
    return outcome.problem.kind.status, outcome.problem.kind.name


def is_running(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_it_does_what_it_is_asked() -> None:
    large = os.urandom(5_000_000)
    (answer,) = run(workers(), ("echo", large))
    assert answer.partition(b" ")[2] == large[::-1]


def test_a_process_is_used_again() -> None:
    pool = workers()

    async def one_after_the_other() -> list[bytes]:
        return [(await pool.run("echo", b"x")).split()[0] for _ in range(3)]

    assert len(set(asyncio.run(ended(pool, one_after_the_other())))) == 1


def test_there_are_only_so_many_processes() -> None:
    answers = run(workers(count=2, queue=4), *[("sleep", b"0.3")] * 6)
    assert len({answer.split()[0] for answer in answers}) == 2


def test_it_belongs_to_no_event_loop() -> None:
    pool = workers()
    first, second = (asyncio.run(pool.run("echo", b"x")) for _ in range(2))
    assert first == second
    asyncio.run(pool.close())
    assert not is_running(int(first.split()[0]))
    assert asyncio.run(ended(pool, pool.run("echo", b"x"))) != first, "a pool that was closed can be used again"


def test_what_it_says_beside_its_answers_is_thrown_away(capfd: pytest.CaptureFixture[str]) -> None:
    """There may be personal data in it."""
    (answer,) = run(workers(), ("tell", b"jane-doe-1961"))
    assert answer.endswith(b"1691-eod-enaj")
    assert capfd.readouterr() == ("", "")


def test_what_a_job_refuses_comes_back() -> None:
    outcome, answer = run(workers(), ("refuse", b"that is wrong"), ("echo", b"x"))
    assert kind(outcome) == (422, "invalid-answers")
    assert outcome.problem.detail == "that is wrong"
    assert answer.endswith(b"x")


def test_beyond_the_queue_it_refuses_at_once() -> None:
    started = time.monotonic()
    outcomes = run(workers(count=1, queue=2), *[("sleep", b"1")] * 5)
    assert [isinstance(outcome, bytes) for outcome in outcomes] == [True, True, True, False, False]
    for outcome in outcomes[3:]:
        assert kind(outcome) == (503, "busy")
        assert int(outcome.problem.headers["Retry-After"]) > 0
    assert time.monotonic() - started < 15


@pytest.mark.parametrize("job", ["sleep", "deaf"])
def test_at_the_time_limit_it_is_stopped(job: str) -> None:
    pool = workers(seconds=2)

    async def both() -> tuple[Any, bytes]:
        process = int((await pool.run("echo", b"")).split()[0])
        started = time.monotonic()
        (stopped,) = await asyncio.gather(pool.run(job, b"60"), return_exceptions=True)
        assert time.monotonic() - started < 10
        assert not is_running(process)
        return stopped, await pool.run("echo", b"x")

    stopped, after = asyncio.run(ended(pool, both()))
    assert kind(stopped) == (504, "time-limit")
    assert "nothing may be concluded" in stopped.problem.detail
    assert after.endswith(b"x")


@pytest.mark.parametrize("job", ["die", "half"])
def test_when_it_dies_another_takes_its_place(job: str) -> None:
    outcome, answer = run(workers(), (job, b""), ("echo", b"x"))
    assert kind(outcome) == (503, "reasoner-failed")
    assert int(outcome.problem.headers["Retry-After"]) > 0
    assert answer.endswith(b"x")


def test_closing_ends_work_that_goes_on() -> None:
    pool = workers()

    async def closed_meanwhile() -> Any:
        waiting = asyncio.create_task(pool.run("sleep", b"60"))
        await asyncio.sleep(1)
        started = time.monotonic()
        await pool.close()
        assert time.monotonic() - started < 5
        return (await asyncio.gather(waiting, return_exceptions=True))[0]

    assert kind(asyncio.run(closed_meanwhile())) == (503, "reasoner-failed")


@pytest.mark.slow
def test_a_reasoner_that_takes_too_long_is_no_low_tier(
    kb: caretier.KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the limit the whole reasoner ends, Java included, and leaves nothing behind; nothing is concluded."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    text = """@prefix bp: <https://w3id.org/caretier/back-pain#> . @prefix ct: <https://w3id.org/caretier/core#> .
    <urn:own> <http://www.w3.org/2000/01/rdf-schema#subClassOf> bp:SaddleNumbness .
    <urn:a> a ct:Assessment ; ct:reports [ a <urn:own> ] ."""
    with serving(kb, Settings(reference_seconds=3)) as served, httpx.Client(base_url=served.url, timeout=60) as client:
        seen = False
        with ThreadPoolExecutor(1) as elsewhere:
            slow = elsewhere.submit(
                client.post, "/v1/assessments", content=text, headers={"Content-Type": "text/turtle"}
            )
            while not slow.done():
                seen = seen or any(str(tmp_path) in command for command in running())
                time.sleep(0.05)
        stopped = slow.result()
        assert stopped.status_code == 504, stopped.text
        assert "tier" not in stopped.json()
        assert client.post("/v1/assessments", json={"answers": {}}).status_code == 200
    assert seen, "the reasoner was at work"
    assert not [command for command in running() if str(tmp_path) in command]
    assert not list(tmp_path.iterdir())


def running() -> Iterator[str]:
    """Go through the command lines of all processes."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):
            yield path.read_text(encoding="utf-8", errors="replace")
