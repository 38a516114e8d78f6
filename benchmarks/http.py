"""The HTTP service with one worker, under load: an assessment, against an endpoint that returns a ready result."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from statistics import median
from time import perf_counter

import orjson
from fastapi import APIRouter, Request, Response

from benchmarks.client import Client
from benchmarks.documents import fair_mix
from benchmarks.table import Row, Target
from caretier import KnowledgeBase
from caretier_api import server
from caretier_api.app import create_app
from caretier_api.assessments import DirectRoute
from caretier_api.settings import Settings

_CONNECTIONS = 16
_BURSTS = 12
_SECONDS = 1.0
_READY = "/ready-result"
_ASSESS = "/v1/assessments"


def measure(kb: KnowledgeBase) -> Iterator[Row]:
    """Measure requests answered in a second, in short bursts that take turns; the same documents are sent to both."""
    bodies = [orjson.dumps({"answers": document}) for document in fair_mix(kb)]
    sizes = [len(orjson.dumps(kb.assess(document).to_dict())) for document in fair_mix(kb)]
    with _serving(round(sum(sizes) / len(sizes))) as port:
        taken: dict[str, list[float]] = {_READY: [], _ASSESS: []}
        for number in range(_BURSTS + 1):
            for path, seconds in taken.items():
                burst = asyncio.run(_burst(port, path, bodies))
                if number > 0:  # the first only warms up
                    seconds.append(burst)
    yield Row(
        f"POST {_ASSESS}, one worker",
        median(taken[_ASSESS]),
        "an endpoint that returns a ready result of the mean size",
        median(taken[_READY]),
        Target(longer=1 / 0.45),
    )


@contextmanager
def _serving(size: int) -> Iterator[int]:
    """Serve in a process of its own; give its port."""
    command = [sys.executable, "-m", "benchmarks.http", str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


async def _burst(port: int, path: str, bodies: Sequence[bytes]) -> float:
    """Send requests over some connections for a while; return the seconds that each took the service."""
    loop, started = asyncio.get_running_loop(), perf_counter()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
    requests = [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]
    bursts = [_Burst(requests[number::_CONNECTIONS]) for number in range(_CONNECTIONS)]
    clients = [
        (await loop.create_connection(partial(Client, burst.following), "127.0.0.1", port))[1] for burst in bursts
    ]
    await asyncio.sleep(_SECONDS)
    answered, elapsed = sum(burst.answered for burst in bursts), perf_counter() - started
    for client in clients:
        client.close()
    return elapsed / answered


class _Burst:
    """The requests of one connection, in turn, and how many were answered."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self.answered = 0
        self._requests = requests

    def following(self, answer: bytes | None) -> bytes:
        if answer is not None:
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError("a request was not answered as it should be")
            self.answered += 1
        return self._requests[self.answered % len(self._requests)]


def _serve(size: int) -> None:
    """Serve the application with one more endpoint, which reads the request and returns a body of this size."""
    ready = b'"' + b"x" * (size - 2) + b'"'
    router = APIRouter(route_class=DirectRoute)

    @router.post(_READY, response_class=Response)
    async def answer(request: Request) -> Response:
        await request.body()
        return Response(ready, media_type="application/json")

    settings, listening = Settings(), server.listen("127.0.0.1", 0)
    app = create_app(settings=settings)
    app.router.routes[:0] = router.routes
    print(listening.getsockname()[1], flush=True)  # noqa: T201
    server.run(app, settings, listening)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
