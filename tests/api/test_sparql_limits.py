"""A query cannot call out, cannot run on, and cannot hold up those who ask something else."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import caretier
from caretier_api.settings import Settings, SettingsError
from tests.api.serving import Served, serving
from tests.listening import listener

pytestmark = pytest.mark.slow

SECONDS = 3
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
MANY_ROWS = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
HUGE = (
    'SELECT (STRLEN(?n) AS ?length) { BIND("'
    + "x" * 1_000
    + '" AS ?a) '
    + "".join(
        f"BIND(CONCAT(?{left}, ?{left}, ?{left}, ?{left}) AS ?{right}) "
        for left, right in zip("abcdefghijklm", "bcdefghijklmn", strict=True)
    )
    + "}"
)


@pytest.fixture(scope="module")
def served(kb: caretier.KnowledgeBase) -> Iterator[Served]:
    settings = Settings(
        sparql_seconds=SECONDS, sparql_megabytes=200, sparql_rows=1_000, sparql_workers=2, sparql_queue=1
    )
    with serving(kb, settings) as made:
        assert ask(made, "ASK {}").status_code == 200
        yield made


def ask(served: Served, query: str) -> httpx.Response:
    return httpx.get(f"{served.url}/sparql", params={"query": query}, timeout=60)


CALLS = (
    "SELECT * { SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { SERVICE SILENT <URL> { ?s ?p ?o } }",
    "SELECT * { { SELECT * { service<URL>{ ?s ?p ?o } } } }",
    "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE SILENT <URL> { ?s ?p ?o } } }",
    "SELECT * { ?s ?p ?o FILTER NOT EXISTS { SERVICE <URL> { ?s ?p ?o } } }",
    "SELECT * { ?s ?p ?o MINUS { SERVICE <URL> { ?s ?p ?o } } }",
    "SELECT * { ?s ?p ?o OPTIONAL { SERVICE SILENT <URL> { ?s ?p ?o } } }",
    "SELECT * { BIND(<URL> AS ?where) SERVICE SILENT ?where { ?s ?p ?o } }",
    "SELECT * { VALUES ?where { <URL> } SERVICE ?where { ?s ?p ?o } }",
    "PREFIX x: <URL> SELECT * { SERVICE x: { ?s ?p ?o } }",
    "BASE <URL> SELECT * { SERVICE <> { ?s ?p ?o } }",
    "SELECT * { #\rSERVICE SILENT <URL> { ?s ?p ?o }\n}",
    "SELECT * { ?a ?b ?c FILTER(?a<?b)SERVICE SILENT<URL>{ ?s ?p ?o } FILTER(?c>?b) }",
    "SELECT * { BIND('''#' \"''' AS ?x) SERVICE SILENT <URL> { ?s ?p ?o } BIND(\"'\" AS ?y) }",
    "SELECT * { #}\nSERVICE#\n<URL>#\n{ ?s ?p ?o } }",
    "SELECT * { ?s ?p trueSERVICE <URL> { ?a ?b ?c } }",
    "SELECT * { ?s ?p 1SERVICE SILENT <URL> { ?a ?b ?c } }",
    "SELECT * { \\u0053ERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { \\U00000053\\u0045RVICE SILENT <URL> { ?s ?p ?o } }",
    "CONSTRUCT { ?s ?p ?o } { SERVICE <URL> { ?s ?p ?o } }",
    "DESCRIBE ?s { SERVICE <URL> { ?s ?p ?o } }",
    "ASK { GRAPH ?g { SERVICE <URL> { ?s ?p ?o } } }",
    "SELECT * FROM <URL> { ?s ?p ?o }",
    "SELECT * FROM NAMED <URL> { GRAPH ?g { ?s ?p ?o } }",
    "LOAD <URL>",
    "LOAD SILENT <URL> INTO GRAPH <urn:g>",
    "INSERT { ?s ?p ?o } WHERE { SERVICE <URL> { ?s ?p ?o } }",
)


def test_no_query_can_make_the_service_call_out(served: Served) -> None:
    with listener() as (port, came), ThreadPoolExecutor(2) as pool:
        url = f"http://127.0.0.1:{port}/"
        answers = list(pool.map(lambda call: ask(served, call.replace("URL", url)), CALLS))
        graphs = {"query": "ASK {}", "default-graph-uri": url}
        answers.append(httpx.get(f"{served.url}/sparql", params=graphs, timeout=60))
        answers.append(
            httpx.get(f"{served.url}/sparql", params={"query": "ASK {}", "named-graph-uri": url}, timeout=60)
        )
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert came == []


@pytest.mark.parametrize(
    ("query", "said"),
    [(ENDLESS, f"{SECONDS} seconds"), (MANY_ROWS, "1,000 rows"), (HUGE, "200 megabytes")],
)
def test_a_limit_that_is_met_is_named(served: Served, query: str, said: str) -> None:
    response = ask(served, query)
    assert response.status_code == 504, response.text
    assert response.json()["type"] == "https://w3id.org/caretier/problems/query-limit"
    assert said in response.json()["detail"]
    assert ask(served, "ASK {}").status_code == 200


def test_a_graph_has_no_more_triples_than_a_table_rows(served: Served) -> None:
    assert ask(served, "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }").status_code == 504
    assert ask(served, "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 1000").status_code == 200
    assert ask(served, "SELECT * { ?s ?p ?o } LIMIT 1000").status_code == 200


def test_assessments_go_on_while_queries_are_stopped(served: Served) -> None:
    def assess() -> float:
        started = time.perf_counter()
        answers = {"answers": {"pain-lower-back": True, "saddle-numbness": True}}
        response = client.post("/v1/assessments", json=answers)
        assert response.json()["tier"] == "EmergencyCare"
        return time.perf_counter() - started

    with ThreadPoolExecutor(5) as pool, httpx.Client(base_url=served.url, timeout=60) as client:
        asked = [pool.submit(ask, served, ENDLESS) for _ in range(5)]
        times = []
        while not all(each.done() for each in asked):
            times.append(assess())
        statuses = sorted(each.result().status_code for each in asked)
    assert statuses == [503, 503, 504, 504, 504], "two run, one waits, two are sent away"
    busy = next(each.result() for each in asked if each.result().status_code == 503)
    assert int(busy.headers["retry-after"]) > 0
    assert len(times) > 20
    assert statistics.median(times) < 0.25


def test_what_runs_queries_is_started_again_when_it_dies(served: Served) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, served, ENDLESS)
        time.sleep(0.5)
        workers = query_workers(os.getpid())
        queries = [each for worker in workers for each in children(worker)]
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        killed = time.monotonic()
        assert asked.result().status_code == 503
        assert time.monotonic() - killed < 1.5, "the query need not end for that to be known"
    assert len(queries) == 1
    wait_until_gone(queries, SECONDS + 5)
    statuses = [ask(served, "ASK {}").status_code for _ in range(4)]
    assert set(statuses) <= {200, 503}, served.log.getvalue()[-2000:]
    assert statuses[-1] == 200


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_service(sent: signal.Signals) -> None:
    command = [sys.executable, "-m", "caretier.cli", "serve", "--port", "0"]
    environment = os.environ | {"CARETIER_SPARQL_SECONDS": str(SECONDS)}
    with (
        ThreadPoolExecutor(1) as pool,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        ) as served,
    ):
        assert served.stdout is not None
        address = served.stdout.readline().split()[-1].rstrip("/")
        assert httpx.get(f"{address}/sparql", params={"query": "ASK {}"}, timeout=60).status_code == 200
        asked = pool.submit(httpx.get, f"{address}/sparql", params={"query": ENDLESS}, timeout=60)
        time.sleep(1)
        (worker,) = query_workers(served.pid)
        (query,) = children(worker)
        started = time.monotonic()
        served.send_signal(sent)
        served.wait(20)
        assert time.monotonic() - started < 10
        assert asked.exception() is not None or asked.result().status_code >= 500
        wait_until_gone([worker, query], SECONDS + 10)


def wait_until_gone(processes: list[int], seconds: float) -> None:
    until = time.monotonic() + seconds
    while any(Path(f"/proc/{each}").exists() for each in processes):
        assert time.monotonic() < until, "a process goes on"
        time.sleep(0.1)


def query_workers(parent: int) -> list[int]:
    found = [each for each in children(parent) if b"query_worker" in Path(f"/proc/{each}/cmdline").read_bytes()]
    assert found
    return found


def children(process: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == process:
            found.append(int(folder.name))
    return found


def test_a_dataset_that_cannot_be_read_is_told(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is no folder"), serving(kb, Settings(dataset=str(tmp_path / "none"))):
        pass
    (tmp_path / "bad.ttl").write_text("<urn:a> <urn:b>")
    with serving(kb, Settings(dataset=str(tmp_path))) as served:
        response = ask(served, "ASK {}")
        assert response.status_code == 503
        assert "bad.ttl" in response.json()["detail"]
        assert "retry-after" in response.headers
        (tmp_path / "bad.ttl").write_text("<urn:a> <urn:b> <urn:c> .")
        assert ask(served, "ASK { <urn:a> ?p ?o }").json()["boolean"] is True
