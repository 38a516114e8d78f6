"""The real service under mixed traffic at full rate, for as long as asked: no error, no wrong answer, flat memory.

Every kind of request takes its turn on connections that never rest. What is right was found out before: by the library
for results, and by asking once for the rest. Every answer has to be that one, to the byte, but for ids and times.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import time
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from urllib.parse import urlencode, urlsplit

import orjson

import caretier
from benchmarks.client import Client
from benchmarks.documents import fair_mix
from caretier import KnowledgeBase
from caretier.assessments import answers_graph, from_graph
from caretier.documents import format_named, parse
from caretier.fhir import domain_name
from caretier.fhir_response import response_resource
from caretier.rdf_documents import render_rdf
from caretier.result import Result

_PEOPLE = 100
_SAMPLE_SECONDS = 2.0
_MOST_GROWTH = 0.03
_MEGABYTE = 1_000_000
_CHANGING = re.compile(
    rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+(Z|\+\d\d:\d\d)|\r\ndate: [^\r]*|_:\w+"
)
"""What differs each time: ids, times and names of blank nodes."""

_LANES = {"quick": 8, "pages": 2, "RDF": 2, "SPARQL": 2}
"""How many connections each sort of traffic has: what is done in few processes would only wait in a queue."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, and the answer that is right, without what differs each time."""

    kind: str
    sent: bytes
    right: bytes


class Wrong(Exception):  # noqa: N818 -- it is a finding, and no error of the program
    """Report an answer that is not the right one."""


class Lane:
    """The requests of one connection, in turn, with the time that each took."""

    def __init__(self, exchanges: Sequence[Exchange], taken: Mapping[str, array[float]], failed: asyncio.Future[None]):
        """Begin with the first of some exchanges."""
        self._exchanges = exchanges
        self._taken = taken
        self._failed = failed
        self._number = 0
        self._sent = 0.0

    def following(self, answer: bytes | None) -> bytes:
        """Check an answer, and give the next request."""
        now = time.perf_counter()
        if answer is not None:
            exchange = self._exchanges[self._number % len(self._exchanges)]
            self._taken[exchange.kind].append(now - self._sent)
            if steady(answer) != exchange.right and not self._failed.done():
                self._failed.set_exception(Wrong(f"{exchange.kind}: {exchange.sent!r}\nwas answered by {answer!r}"))
            self._number += 1
        self._sent = now
        return self._exchanges[self._number % len(self._exchanges)].sent


def main() -> int:
    """Soak the service, print the figures, and return the exit code: 1 for an error, or memory that grows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="default: 10")
    minutes = parser.parse_args().minutes
    kb = caretier.load()
    with serving() as (process, url):
        lanes = traffic(kb, url)
        try:
            taken, memory, seconds = asyncio.run(_soak(lanes, url, process.pid, 60 * minutes))
        except Wrong as error:
            print(f"A wrong answer. {str(error)[:3_000]}")
            return 1
        ended = process.poll()
    for line in told(taken, memory, seconds):
        print(line)
    if ended is not None:
        print(f"The service ended by itself, with exit code {ended}.")
        return 1
    growth = growth_of(memory[len(memory) // 2 :])
    if growth > _MOST_GROWTH:
        print(f"Memory grows: by {growth:.1%} over the second half; at most {_MOST_GROWTH:.0%} is noise.")
        return 1
    return 0


@contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `caretier serve` on a free port; give the process and its address."""
    command = [sys.executable, "-m", "caretier.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def traffic(kb: KnowledgeBase, url: str) -> Mapping[str, list[Exchange]]:
    """Make every kind of request, by lane, with the answer that is right."""
    people, domain = Random(0).sample(fair_mix(kb), _PEOPLE), domain_name(kb.knowledge)
    documents = [kb.questionnaire.read({"answers": answers}) for answers in people]
    results = [kb.assess(answers).to_dict() for answers in people]
    lanes: dict[str, list[Exchange]] = defaultdict(list)

    def add(lane: str, kind: str, target: str, body: bytes | None = None, status: int = 200, **headers: str) -> bytes:
        sent = request(target, body, **headers)
        answer = asked(url, sent)
        if not answer.startswith(f"HTTP/1.1 {status} ".encode()):
            raise Wrong(f"{kind}: {sent!r}\nwas answered by {answer!r}")
        lanes[lane].append(Exchange(kind, sent, steady(answer)))
        return answer.partition(b"\r\n\r\n")[2]

    def require(kind: str, given: object, right: object) -> None:
        if given != right:
            raise Wrong(f"{kind}: the service says {given!r}\nand the library {right!r}")

    json, fhir = "application/json", "application/fhir+json"
    for answers, document, result in zip(people, documents, results, strict=True):
        body = orjson.dumps({"answers": answers})
        require("JSON", orjson.loads(add("quick", "JSON", "/v1/assessments", body, type=json)), result)
        add("quick", "next question", "/v1/next-question", body, type=json)
        add("quick", "explanation", "/v1/explanations", body, type=json)
        response = response_resource(document, kb.knowledge)
        add("quick", "FHIR", f"/fhir/Questionnaire/{domain}/$assess", orjson.dumps(response), type=fhir)
        form = urlencode([("given", orjson.dumps({question: said}).decode()) for question, said in answers.items()])
        add("pages", "interview", "/interview", f"{form}&do=stop".encode(), type="application/x-www-form-urlencoded")
    for document, result in list(zip(documents, results, strict=True))[:20]:
        turtle = render_rdf(answers_graph(document, kb.knowledge)[0], "turtle").encode()
        given = orjson.loads(add("RDF", "RDF", "/v1/assessments", turtle, type="text/turtle", accept=json))
        (read,) = kb.assess_many(from_graph(parse(turtle, format_named("turtle")), kb.questionnaire))
        assert isinstance(read, Result)
        require("RDF", given, read.to_dict())  # which may have more open questions: RDF cannot say how bad nothing is
        require("RDF", given["tier"], result["tier"])
    lines = b"\n".join(orjson.dumps({"answers": answers}) for answers in people)
    batch = add("quick", "batch of 100", "/v1/assessments", lines, type="application/x-ndjson")
    require("batch of 100", [orjson.loads(line) for line in _joined(batch).splitlines()], results)
    for broken, status in ((b"{", 400), (b'{"answers": {"no-such-question": 1}}', 422), (b"\xff" * 1000, 400)):
        add("quick", "invalid", "/v1/assessments", broken, status, type=json)
    add("quick", "invalid", "/v1/assessments", b"x", 415, type="text/plain")
    for page in (
        "/",
        "/conditions",
        "/decision-table",
        "/findings",
        "/terms",
        "/query",
        "/openapi.json",
        "/v1/questionnaire",
    ):
        add("pages", "knowledge page", page)
    add("pages", "invalid", "/no/such/page", status=404)
    for query in (
        "ASK { ?s ?p ?o }",
        "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c FILTER(isIRI(?c)) } GROUP BY ?c ORDER BY ?c",
        "SELECT * { ?s a ?c FILTER(isIRI(?s) && isIRI(?c)) } ORDER BY ?s ?c LIMIT 500",
    ):
        add("SPARQL", "SPARQL", f"/sparql?{urlencode({'query': query})}")
    add("SPARQL", "invalid", "/sparql?query=SELECT", status=400)
    for exchanges in lanes.values():
        Random(0).shuffle(exchanges)
    return lanes


def request(target: str, body: bytes | None = None, **headers: str) -> bytes:
    """Write a request; `type` is that of its body."""
    lines = [f"{'GET' if body is None else 'POST'} {target} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{'content-type' if name == 'type' else name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def steady(answer: bytes) -> bytes:
    """Return an answer without what differs each time, and without the places at which its parts were cut."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return _CHANGING.sub(b"", head + b"\r\n\r\n" + (_joined(body) if b"chunked" in head else body))


def _joined(chunked: bytes) -> bytes:
    """Join the parts of a body that came in parts."""
    body, rest = b"", chunked
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return body


def asked(url: str, sent: bytes) -> bytes:
    """Send one request and return the answer."""

    async def ask() -> bytes:
        done = asyncio.get_running_loop().create_future()

        def following(answer: bytes | None) -> bytes:
            if answer is not None and not done.done():
                done.set_result(answer)
            return sent if answer is None else b""

        _, client = await asyncio.get_running_loop().create_connection(partial(Client, following), *_address(url))
        async with asyncio.timeout(120):
            answer: bytes = await done
        client.close()
        return answer

    return asyncio.run(ask())


async def _soak(
    lanes: Mapping[str, Sequence[Exchange]], url: str, pid: int, seconds: float
) -> tuple[Mapping[str, array[float]], list[tuple[float, float]], float]:
    """Send all that there is for so long; return the times by kind, the memory over time, and how long it took."""
    loop = asyncio.get_running_loop()
    taken: dict[str, array[float]] = defaultdict(lambda: array("d"))
    failed: asyncio.Future[None] = loop.create_future()
    clients = []
    for name, count in _LANES.items():
        for number in range(count):
            exchanges = [*lanes[name][number::count], *lanes[name][:number]]
            lane = Lane(exchanges, taken, failed)
            clients.append((await loop.create_connection(partial(Client, lane.following), *_address(url)))[1])
    started, memory = time.perf_counter(), list[tuple[float, float]]()
    while (elapsed := time.perf_counter() - started) < seconds:
        memory.append((elapsed, megabytes(pid)))
        done, _ = await asyncio.wait([failed], timeout=_SAMPLE_SECONDS)
        if done:
            failed.result()
    for client in clients:
        client.close()
    return taken, memory, elapsed


def megabytes(pid: int) -> float:
    """Return the memory of a process and of all below it; what several share is counted once."""
    total, waiting = 0, [pid]
    while waiting:
        process = Path("/proc", str(waiting.pop()))
        try:
            rollup = (process / "smaps_rollup").read_text()
            waiting += [int(child) for task in process.glob("task/*/children") for child in task.read_text().split()]
        except OSError:  # it has ended
            continue
        total += int(re.search(r"\nPss: +(\d+) kB", rollup)[1])  # type: ignore[index]  # every process has it
    return total * 1_024 / _MEGABYTE


def growth_of(memory: Sequence[tuple[float, float]]) -> float:
    """Return by which share memory grows from the first to the last of some samples, on the line that fits best."""
    times, sizes = zip(*memory, strict=True)
    middle, mean = sum(times) / len(times), sum(sizes) / len(sizes)
    spread = sum((when - middle) ** 2 for when in times)
    slope: float = sum((when - middle) * (size - mean) for when, size in memory) / spread if spread else 0.0
    share: float = slope * (times[-1] - times[0]) / mean
    return share


def told(taken: Mapping[str, array[float]], memory: Sequence[tuple[float, float]], seconds: float) -> Iterator[str]:
    """Say how it went."""
    yield f"{'kind':<16}{'requests':>10}{'a second':>10}{'median ms':>11}{'99 % ms':>10}{'longest ms':>12}"
    for kind, times in sorted(taken.items()):
        in_order = sorted(times)
        half, most, longest = (1_000 * in_order[int(share * (len(in_order) - 1))] for share in (0.5, 0.99, 1))
        yield f"{kind:<16}{len(times):>10,}{len(times) / seconds:>10.1f}{half:>11.1f}{most:>10.1f}{longest:>12.1f}"
    count = sum(map(len, taken.values()))
    yield f"{count:,} requests in {seconds / 60:.1f} minutes, {count / seconds:,.0f} a second; every answer was right."
    second = memory[len(memory) // 2 :]
    begun, middle, ended = (f"{size:.0f} MB" for _, size in (memory[0], second[0], memory[-1]))
    yield (
        f"Memory of all processes: {begun} at the start, {middle} half-way, {ended} at the end; "
        f"the line that fits the second half grows by {growth_of(second):+.2%}."
    )


def _address(url: str) -> tuple[str, int]:
    host, port = urlsplit(url).hostname, urlsplit(url).port
    assert host is not None
    assert port is not None
    return host, port


if __name__ == "__main__":
    sys.exit(main())
