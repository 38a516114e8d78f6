"""Queries read the graphs that they name, write what they find in every syntax, and run where they can open nothing."""

from __future__ import annotations

import json
import resource
import socket
import time
from pathlib import Path

import pyoxigraph as ox
import pytest

from caretier import sparql, sparql_process
from caretier.errors import KnowledgeError, QueryError, QueryFormError, QueryLimitError
from caretier.query import Found, Limits, Query
from caretier.sparql import run_query
from caretier.sparql_process import run_query_within
from caretier.sparql_store import add_folder, graph_sizes

TURTLE_AND_MORE = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "trig": ox.RdfFormat.TRIG,
    "nquads": ox.RdfFormat.N_QUADS,
}


@pytest.fixture
def store(tmp_path: Path) -> ox.Store:
    (tmp_path / "a.ttl").write_text("<urn:s> <urn:p> <urn:o> , <urn:a> .")
    (tmp_path / "b.ttl").write_text("<urn:s> <urn:p> <urn:o> , <urn:b> .")
    made = ox.Store()
    add_folder(made, tmp_path)
    return made


A, B = "urn:caretier:dataset:a.ttl", "urn:caretier:dataset:b.ttl"
ALL = "SELECT ?o { ?s ?p ?o } ORDER BY ?o"


def objects(store: ox.Store, query: str, **more: list[str]) -> list[str]:
    found = run_query(store, Query(query, solutions="csv", **more))  # type: ignore[arg-type]
    return found.content.decode().split()[1:]


def test_what_several_graphs_share_is_there_once(store: ox.Store) -> None:
    assert objects(store, ALL) == ["urn:a", "urn:b", "urn:o"]
    assert objects(store, ALL, default_graphs=[A, B]) == ["urn:a", "urn:b", "urn:o"]
    assert objects(store, ALL.replace("{", f"FROM <{A}> FROM <{B}> {{")) == ["urn:a", "urn:b", "urn:o"]
    assert objects(store, ALL, default_graphs=[B]) == ["urn:b", "urn:o"]
    in_graphs = "SELECT ?o { GRAPH ?g { ?s ?p ?o } } ORDER BY ?o"
    assert objects(store, in_graphs, default_graphs=[A, B], named_graphs=[A]) == ["urn:a", "urn:o"]
    assert graph_sizes(store) == {"": 3, A: 2, B: 2}


def test_the_store_is_not_changed(store: ox.Store) -> None:
    before = set(store)
    objects(store, ALL, default_graphs=[A, B], named_graphs=[A])
    assert set(store) == before


def test_prefixes_hold_unless_the_query_declares_them(store: ox.Store) -> None:
    prefixes = {"x": "urn:"}
    assert json.loads(run_query(store, Query("ASK { x:s x:p x:a }", prefixes)).content)["boolean"] is True
    other = "PREFIX x: <urn:y:> ASK { x:s x:p x:a }"
    assert json.loads(run_query(store, Query(other, prefixes)).content)["boolean"] is False


TERMS = """SELECT * { VALUES (?a ?b) {
    ("tab\\t line\\n quote\\" back\\\\ return\\r"@en UNDEF) (<urn:é> 1.50) (true "") (UNDEF UNDEF) ("x"^^<urn:d> 1e3)
} BIND(<<( <urn:s> <urn:p> "o\\"" )>> AS ?c) }"""


@pytest.mark.parametrize("syntax", ["json", "xml", "csv", "tsv"])
@pytest.mark.parametrize(
    "text", [TERMS, "SELECT * {}", "SELECT ?x {}", "SELECT ?x { VALUES ?x { 1 } } LIMIT 0", "ASK {}"]
)
def test_counting_rows_changes_nothing_of_them(syntax: str, text: str) -> None:
    store = ox.Store()
    written = store.query(text).serialize(format=getattr(ox.QueryResultsFormat, syntax.upper()))
    assert run_query(store, Query(text, solutions=syntax), most_rows=5).content == written


def test_csv_is_exact(store: ox.Store) -> None:
    """As the W3C has it, to be read by programs: what would be a formula in a spreadsheet is not changed either."""
    text = "SELECT * { VALUES (?a ?b) { ('=1+1' '-1') ('@x' '\\tx') } }"
    found = run_query(store, Query(text, solutions="csv")).content
    assert found == b"a,b\r\n=1+1,-1\r\n@x,\tx\r\n"


@pytest.mark.parametrize("syntax", TURTLE_AND_MORE)
def test_graphs_are_written_in_every_syntax(store: ox.Store, syntax: str) -> None:
    query = Query("CONSTRUCT { ?s ?p ?o } { GRAPH ?g { ?s ?p ?o } }", graph=syntax)
    found = run_query(store, query)
    assert found.syntax == syntax
    triples = [str(quad.object) for quad in ox.parse(found.content, format=TURTLE_AND_MORE[syntax])]
    assert sorted(triples) == ["<urn:a>", "<urn:b>", "<urn:o>"]


def test_what_is_not_wanted_is_refused(store: ox.Store) -> None:
    with pytest.raises(QueryFormError, match="gives a graph"):
        run_query(store, Query("DESCRIBE <urn:s>", graph=None))
    with pytest.raises(QueryFormError, match="gives rows"):
        run_query(store, Query("ASK {}", solutions=None))
    assert run_query(store, Query("ASK {}", graph=None)).syntax == "json"


def test_the_limit_of_rows_is_exact(store: ox.Store) -> None:
    assert run_query(store, Query(ALL), most_rows=3).content
    with pytest.raises(QueryLimitError, match="2 rows"):
        run_query(store, Query(ALL), most_rows=2)


def test_the_limit_of_rows_stops_the_query(store: ox.Store) -> None:
    numbers = " ".join(map(str, range(100)))
    product = " ".join(f"VALUES ?x{each} {{ {numbers} }}" for each in range(6))
    started = time.perf_counter()
    with pytest.raises(QueryLimitError, match="rows"):
        run_query(store, Query(f"SELECT * {{ {product} }}"), most_rows=100)
    assert time.perf_counter() - started < 10


def test_the_size_of_an_answer_is_limited(store: ox.Store) -> None:
    text = 'SELECT ?x { VALUES ?y { "' + "x" * 100_000 + '" } BIND(CONCAT(' + ", ".join(["?y"] * 20) + ") AS ?x) }"
    with pytest.raises(QueryLimitError, match="1 megabytes"):
        run_query_within(store, Query(text), Limits(30, answer_megabytes=1))
    assert len(run_query_within(store, Query(text), Limits(30)).content) > 2_000_000


@pytest.mark.parametrize("call", ["SERVICE", "SERVICE SILENT"])
def test_a_query_that_got_through_could_still_not_call_out(
    store: ox.Store, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sparql, "_read_graphs", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        query = Query(f"SELECT * {{ {call} <http://127.0.0.1:{listening.getsockname()[1]}/> {{ ?s ?p ?o }} }}")
        if call == "SERVICE":
            with pytest.raises(QueryError, match="cannot be run"):
                run_query_within(store, query, Limits(2))
        else:
            assert b'"bindings":[{}]' in run_query_within(store, query, Limits(2)).content
        assert not came(listening)
        monkeypatch.setattr(sparql_process, "_confine", lambda *_: None)
        with pytest.raises(QueryLimitError):
            run_query_within(store, query, Limits(1))
        assert came(listening), "without the confinement it would have called"


def came(listening: socket.socket) -> bool:
    listening.settimeout(0.2)
    try:
        listening.accept()[0].close()
    except TimeoutError:
        return False
    return True


def test_a_query_can_open_no_file(store: ox.Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("here")

    def read(*_: object) -> Found:
        try:
            return Found("text", file.read_bytes())
        except OSError as error:
            raise QueryError(str(error.strerror)) from None

    monkeypatch.setattr(sparql_process, "run_query", read)
    with pytest.raises(QueryError, match="Too many open files"):
        run_query_within(store, Query(""), Limits(5))


def test_no_query_is_left_in_a_dump_of_memory(store: ox.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))

    def told(*_: object) -> Found:
        return Found("text", str(resource.getrlimit(resource.RLIMIT_CORE)).encode())

    monkeypatch.setattr(sparql_process, "run_query", told)
    try:
        assert run_query_within(store, Query(""), Limits(5)).content == b"(0, 0)"
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad one.jsonld").write_text('{"@context": "http://127.0.0.1:9/context", "@id": "urn:a"}')
    with pytest.raises(KnowledgeError, match=r"^bad one.jsonld cannot be read"):
        add_folder(ox.Store(), tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "ASK { # SERVICE <urn:x> {} FROM <urn:x>\n }",
        'ASK { FILTER("SERVICE" != "FROM" && \'from\' != """a"b from service""") }',
        "PREFIX x: <urn:> ASK { FILTER(x:from != <urn:service>) }",
        "SELECT ?from ?service { VALUES (?from ?service) { (1 2) } }",
        'ASK { FILTER("\\u0053ERVICE" = "SERVICE") }',
    ],
)
def test_words_that_call_nothing_are_allowed(text: str) -> None:
    assert run_query(ox.Store(), Query(text)).content
