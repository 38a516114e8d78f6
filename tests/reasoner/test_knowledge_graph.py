"""A knowledge graph on disk says what a query in memory says, here, in the service, and on another server."""

from __future__ import annotations

import csv
import io
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pyoxigraph as ox
import pytest

import caretier
from caretier import cli, sparql_endpoint
from caretier.cohort import assess_table
from caretier.errors import CaretierError, KnowledgeError, QueryError, QueryLimitError
from caretier.knowledge_graph import build_graph, is_graph, open_graph
from caretier.query import Query
from caretier.sparql import declared, run_query
from caretier.sparql_endpoint import ask
from caretier.sparql_store import queryable, shipped_queries
from caretier_api.settings import Settings
from tests.api.serving import serving

pytestmark = pytest.mark.slow

TIERS = "SELECT ?tier { ?assessment ct:careTier ?tier } ORDER BY ?tier"


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Path:
    """Return a knowledge graph with two people, and a third from a table."""
    folder = tmp_path_factory.mktemp("graphs")
    table = folder / "table.nq"
    ct = "https://w3id.org/caretier/core#"
    table.write_text(f"<urn:x:p> <{ct}careTier> <{ct}ContactDoctor> <urn:x:row:1> .\n")
    examples = checkout / "examples"
    command = ["graph", "build", str(folder / "people"), str(examples / "leg-weakness.ttl")]
    assert cli.main([*command, str(examples / "saddle-numbness.json"), str(table)]) == 0
    return folder / "people"


@pytest.fixture(scope="module")
def server(graph: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of another server of SPARQL, Oxigraph's own, that has loaded what was exported."""
    folder = tmp_path_factory.mktemp("server")
    assert cli.main(["graph", "export", str(graph), str(folder / "people.nq")]) == 0
    program = str(Path(sys.executable).with_name("oxigraph"))
    load = [program, "load", "--location", str(folder / "store"), "--file", str(folder / "people.nq")]
    subprocess.run(load, check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [program, "serve-read-only", "--location", str(folder / "store"), "--bind", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(100):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}/query"
    process.terminate()
    process.wait(10)


def rows(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[list[str]]:
    assert cli.main(["query", *arguments, "--format", "csv"]) == 0
    return sorted(csv.reader(io.StringIO(capsys.readouterr().out)))


def test_each_part_is_in_a_graph_of_its_own_and_all_in_the_default_graph(
    graph: Path, kb: caretier.KnowledgeBase
) -> None:
    store = open_graph(graph)
    names = {name.value for name in store.named_graphs() if isinstance(name, ox.NamedNode)}
    iri = str(kb.ontology.iri)
    assert {iri, f"{iri}/inferred", "https://w3id.org/caretier/mappings", "urn:x:row:1"} <= names
    assert {"urn:caretier:assessment:1", "urn:caretier:assessment:2"} <= names
    default = set(ox.Dataset(store.quads_for_pattern(None, None, None, ox.DefaultGraph())))
    for name in names:
        for quad in store.quads_for_pattern(None, None, None, ox.NamedNode(name)):
            assert ox.Quad(quad.subject, quad.predicate, quad.object) in default
    provenance = ox.NamedNode("http://www.w3.org/ns/prov#wasGeneratedBy")
    assert list(store.quads_for_pattern(None, provenance, None, ox.NamedNode("urn:caretier:assessment:1")))


def test_every_shipped_query_gives_the_same_on_another_server(
    graph: Path, server: str, kb: caretier.KnowledgeBase, capsys: pytest.CaptureFixture[str]
) -> None:
    queries = shipped_queries(kb.ontology)
    assert len(queries) >= 20
    some = 0
    alone = queryable(kb.ontology)
    for query in queries:
        here = rows(capsys, query.name, "--data", str(graph))
        found = run_query(alone, Query(query.text, solutions="csv"))
        assert here == sorted(csv.reader(io.StringIO(found.content.decode()))), f"{query.name} counts people"
        assert rows(capsys, query.name, "--endpoint", server) == here, query.name
        some += len(here) > 1
    assert some == len(queries), "a query that finds nothing shows nothing"


def test_assessments_are_found_here_and_there(graph: Path, server: str, capsys: pytest.CaptureFixture[str]) -> None:
    here = rows(capsys, TIERS, "--data", str(graph))
    assert len(here) == 1 + 3
    assert rows(capsys, TIERS, "--endpoint", server) == here
    assert cli.main(["query", TIERS, "--endpoint", server]) == 0
    assert "ct:EmergencyCare" in capsys.readouterr().out
    assert cli.main(["query", "ASK { ?x ct:careTier ct:EmergencyCare }", "--endpoint", server]) == 0
    assert capsys.readouterr().out == "true\n"
    assert cli.main(["query", "CONSTRUCT { ?x ct:careTier ?t } { ?x ct:careTier ?t }", "--endpoint", server]) == 0
    assert "EmergencyCare" in capsys.readouterr().out


def test_the_service_asks_it_too(graph: Path, kb: caretier.KnowledgeBase) -> None:
    with serving(kb, Settings(dataset=str(graph), sparql_workers=1)) as served:
        found = httpx.get(f"{served.url}/sparql", params={"query": TIERS}, timeout=120)
    assert len(found.json()["results"]["bindings"]) == 3


def test_a_folder_that_is_there_is_left_alone(graph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["graph", "build", str(graph)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert is_graph(graph)
    assert cli.main(["graph", "build", str(tmp_path / "no" / "such")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert cli.main(["graph", "build", str(tmp_path / "made"), str(tmp_path / "none.nq")]) == 2
    assert "none.nq cannot be read" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_was_begun_is_closed_before_it_is_removed(
    kb: caretier.KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open store would go on writing into the folder, which then cannot be removed."""

    class Checked(tempfile.TemporaryDirectory[str]):
        def cleanup(self) -> None:
            ox.Store(Path(self.name, "made"))  # an error while another holds it
            super().cleanup()

    monkeypatch.setattr(tempfile, "TemporaryDirectory", Checked)
    with pytest.raises(KnowledgeError, match=r"none\.nq"):
        build_graph(tmp_path / "made", kb.ontology, [], [tmp_path / "none.nq"], 60)


def test_what_is_no_knowledge_graph_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KnowledgeError, match="caretier graph build"):
        open_graph(tmp_path)
    (tmp_path / "CURRENT").write_text("nothing")
    with pytest.raises(KnowledgeError, match="cannot be opened"):
        open_graph(tmp_path)
    assert cli.main(["query", TIERS, "answers.ttl", "--data", str(tmp_path)]) == 2
    assert "not with --data" in capsys.readouterr().err


class _Odd(BaseHTTPRequestHandler):
    """A server that answers with what is no answer."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/silent":
            time.sleep(1.2)
            return
        refused = self.path == "/refused"
        self.send_response(400 if refused else 200)
        self.send_header("Content-Type", "application/sparql-results+json")
        self.end_headers()
        until = time.monotonic() + 1.2
        while self.path == "/endless" and time.monotonic() < until:
            self.wfile.write(b"{}")
            time.sleep(0.01)
        self.wfile.write(b"no, not this" if refused else b"{}{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("file:///etc/passwd", "begin with http"),
        ("http://127.0.0.1:9/query", "gave no answer"),
        ("{odd}/refused", r"refused the query \(400\): no, not this"),
        ("{odd}/odd", "is no SPARQL result"),
        ("{odd}/silent", "gave no answer: timed out"),
        ("{odd}/endless", "gave no answer: it did not come to its end in time"),
    ],
)
def test_a_server_that_gives_no_answer_is_named(address: str, says: str) -> None:
    odd = HTTPServer(("127.0.0.1", 0), _Odd)
    Thread(target=odd.serve_forever, daemon=True).start()
    try:
        with pytest.raises(QueryError, match=says):
            ask(address.format(odd=f"http://127.0.0.1:{odd.server_port}"), Query(TIERS, solutions="table"), 0.6)
    finally:
        odd.shutdown()
        odd.server_close()


def test_a_server_that_answers_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparql_endpoint, "_MOST", 3)
    odd = HTTPServer(("127.0.0.1", 0), _Odd)
    Thread(target=odd.serve_forever, daemon=True).start()
    try:
        with pytest.raises(QueryLimitError, match="gave more than 3 bytes"):
            ask(f"http://127.0.0.1:{odd.server_port}/endless", Query(TIERS, solutions="table"), 0.6)
    finally:
        odd.shutdown()
        odd.server_close()


def test_only_prefixes_that_are_used_and_not_declared_are_declared() -> None:
    text = 'PREFIX skos: <urn:s#> # rdfs:label\nSELECT * { ?x skos:a "owl:b" ; rdf:type ct:C }'
    told = declared(Query(text, {"ct": "urn:ct#", "bp": "urn:bp#"}))
    assert told.removesuffix(text).splitlines() == [
        "PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>", "PREFIX ct: <urn:ct#>",
    ]  # fmt: skip


def test_a_build_that_fails_leaves_nothing(
    tmp_path: Path, kb: caretier.KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    from caretier import knowledge_graph

    def fails(*_: object) -> None:
        raise CaretierError("no more")

    monkeypatch.setattr(knowledge_graph, "graph_sizes", fails)
    with pytest.raises(CaretierError, match="no more"):
        knowledge_graph.build_graph(tmp_path / "made", kb.ontology, (), (), 60)
    assert list(tmp_path.iterdir()) == []


def test_people_with_one_id_stay_apart(
    kb: caretier.KnowledgeBase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two rows with one id, in each of two tables."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text("id,saddle-numbness\n7,true\n7,false\n")
        assess_table(kb, str(tmp_path / f"{name}.csv"), tmp_path / f"{name}.nq")
    files = [str(tmp_path / f"{name}.nq") for name in ("one", "two")]
    assert cli.main(["graph", "build", str(tmp_path / "made"), *files]) == 0
    capsys.readouterr()
    found = rows(capsys, "SELECT ?who ?tier { ?who ct:careTier ?tier }", "--data", str(tmp_path / "made"))
    assert len({who for who, _ in found}) == len(found) == 1 + 4
    assert sorted(tier for _, tier in found)[2:4] == ["https://w3id.org/caretier/core#EmergencyCare"] * 2


def test_an_assessment_with_two_tiers_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ct = "https://w3id.org/caretier/core#"
    for name, tier in (("one", "EmergencyCare"), ("two", "ContinueProgram")):
        (tmp_path / f"{name}.nq").write_text(f"<urn:x:p> <{ct}careTier> <{ct}{tier}> <urn:x:{name}> .\n")
    files = [str(tmp_path / f"{name}.nq") for name in ("one", "two")]
    assert cli.main(["graph", "build", str(tmp_path / "made"), *files]) == 2
    assert "<urn:x:p> has two care tiers" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_a_graph_is_not_exported_into_itself(graph: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {file.name: file.read_bytes() for file in graph.iterdir()}
    assert cli.main(["graph", "export", str(graph), str(graph / "CURRENT")]) == 2
    assert "is within the knowledge graph, which it would spoil" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in graph.iterdir()} == before
