"""The SPARQL endpoint speaks the protocol of the W3C, over real sockets and to the clients that people use."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pyoxigraph as ox
import pytest
from SPARQLWrapper import JSON as WRAPPED_JSON
from SPARQLWrapper import TURTLE as WRAPPED_TURTLE
from SPARQLWrapper import SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

import caretier
from caretier_api.settings import Settings
from tests.api.serving import Served, serving

pytestmark = pytest.mark.slow

ONTOLOGY = "https://w3id.org/caretier/back-pain"
INFERRED, MAPPINGS = f"{ONTOLOGY}/inferred", "https://w3id.org/caretier/mappings"
ONE, TWO = "urn:caretier:dataset:one.ttl", "urn:caretier:dataset:more/two.nt"
OWN = "http://example.org/own"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DIRECT = {"Content-Type": "application/sparql-query"}
UPDATE = "INSERT DATA { <urn:s> <urn:p> <urn:o> }"
JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
SD, VOID = "http://www.w3.org/ns/sparql-service-description#", "http://rdfs.org/ns/void#"
IN_ONE, IN_TWO = "<http://example.org/1> a ?one", "<http://example.org/2> a ?two"


@pytest.fixture(scope="module")
def served(kb: caretier.KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("dataset")
    (folder / "more").mkdir()
    shared = "<http://example.org/s> <http://example.org/p> _:x ."
    (folder / "one.ttl").write_text(f"<http://example.org/1> a <http://example.org/C> . {shared}")
    (folder / "more" / "two.nt").write_text(
        "<http://example.org/2> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://example.org/C> .\n"
        "<http://example.org/1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://example.org/C> .\n" + shared
    )
    (folder / "three.trig").write_text(f"<{OWN}> {{ <http://example.org/3> a <http://example.org/C> }}")
    (folder / "notes.txt").write_text("no RDF")
    settings = Settings(dataset=str(folder), cors_origins=("https://example.org",), sparql_workers=1)
    with serving(kb, settings) as made:
        yield made


@pytest.fixture(scope="module")
def http(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=60) as client:
        yield client


def asked(response: httpx.Response) -> bool:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == JSON
    return bool(response.json()["boolean"])


def rows(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    return response.text.split("\r\n")[1:-1]


def refused(response: httpx.Response, status: int = 400) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["detail"])


@pytest.mark.parametrize(
    "send",
    [
        lambda http: http.get("/sparql?query=ASK%20%7B%7D"),
        lambda http: http.post(f"/sparql?default-graph-uri={ONTOLOGY}", content="query=ASK%20%7B%7D", headers=FORM),
        lambda http: http.post("/sparql", data={"query": "ASK {}"}),
        lambda http: http.post("/sparql", content="ASK {}", headers=DIRECT),
        lambda http: http.post(
            "/sparql", content="ASK {}", headers={"Content-Type": f"{DIRECT['Content-Type']}; charset=UTF-8"}
        ),
        lambda http: http.post("/sparql?default-graph-uri=" + ONTOLOGY, content="ASK {}", headers=DIRECT),
    ],
)
def test_a_query_comes_in_each_way(http: httpx.Client, send: Callable[[httpx.Client], httpx.Response]) -> None:
    assert asked(send(http))


@pytest.mark.parametrize("way", ["get", "form", "direct"])
@pytest.mark.parametrize(
    ("query", "default", "named", "expected"),
    [
        (f"ASK {{ {IN_ONE} . {IN_TWO} }}", [ONE, TWO], [], True),
        (f"ASK {{ {IN_TWO} }}", [ONE], [], False),
        (f"ASK {{ GRAPH ?g {{ {IN_TWO} }} }}", [ONE, TWO], [], False),
        (f"ASK {{ GRAPH ?g1 {{ {IN_ONE} }} GRAPH ?g2 {{ {IN_TWO} }} }}", [], [ONE, TWO], True),
        (f"ASK {{ {IN_ONE} }}", [], [ONE, TWO], False),
        (
            f"ASK {{ <http://example.org/3> a ?t GRAPH ?g1 {{ {IN_ONE} }} GRAPH ?g2 {{ {IN_TWO} }} }}",
            [OWN],
            [ONE, TWO],
            True,
        ),
        (f"ASK FROM <{OWN}> {{ {IN_ONE} . {IN_TWO} }}", [ONE, TWO], [], True),
        (f"ASK FROM <{OWN}> {{ <http://example.org/3> a ?t }}", [ONE, TWO], [], False),
        (f"ASK FROM NAMED <{OWN}> {{ GRAPH ?g {{ <http://example.org/3> a ?t }} }}", [], [ONE], False),
        (f"ASK FROM <{OWN}> {{ <http://example.org/3> a ?t }}", [], [], True),
        (f"ASK FROM <{OWN}> FROM <{TWO}> FROM NAMED <{ONE}> {{ {IN_TWO} GRAPH ?g {{ {IN_ONE} }} }}", [], [], True),
        (f"BASE <{ONTOLOGY}> ASK FROM <back-pain/inferred> {{ {IN_ONE} }}", [], [], False),
        ("PREFIX : <http://example.org/> ASK FROM :own { <http://example.org/3> a ?t }", [], [], True),
    ],
)
def test_the_graphs_to_read_can_be_chosen(
    http: httpx.Client, way: str, query: str, default: list[str], named: list[str], expected: bool
) -> None:
    graphs = {"default-graph-uri": default, "named-graph-uri": named}
    if way == "get":
        response = http.get("/sparql", params={"query": [query]} | graphs)
    elif way == "form":
        response = http.post("/sparql", data={"query": [query]} | graphs)
    else:
        response = http.post("/sparql", params=graphs, content=query, headers=DIRECT)
    assert asked(response) is expected


@pytest.mark.parametrize(
    ("send", "status"),
    [
        (lambda http: http.put("/sparql?query=ASK%20%7B%7D"), 405),
        (lambda http: http.get("/sparql?query=ASK%20%7B%7D&query=SELECT%20%2A%20%7B%7D"), 400),
        (lambda http: http.post("/sparql?query=ASK%20%7B%7D", content="ASK {}", headers=DIRECT), 400),
        (lambda http: http.post("/sparql", content="query=ASK%20%7B%7D&query=ASK%20%7B%7D", headers=FORM), 400),
        (lambda http: http.post("/sparql", content="", headers=FORM), 400),
        (lambda http: http.post("/sparql", content="ASK {}", headers={"Content-Type": "text/plain"}), 415),
        (lambda http: http.post("/sparql", content="query=ASK%20%7B%7D"), 415),
        (lambda http: http.post("/sparql", content="ASK {}"), 415),
        (lambda http: http.post("/sparql", content="ASK {}".encode("utf-16"), headers=DIRECT), 400),
        (
            lambda http: http.post(
                "/sparql",
                content="ASK {}".encode("utf-16"),
                headers={"Content-Type": "application/sparql-query; charset=utf-16"},
            ),
            415,
        ),
        (lambda http: http.get("/sparql?query=ASK%20%7B%20%3Fs%20%3Fp%20%22%FF%22%20%7D"), 400),
        (lambda http: http.get("/sparql?query=ASK%20%7B"), 400),
        (lambda http: http.get("/sparql?query="), 400),
        (lambda http: http.get("/sparql", params={"query": UPDATE}), 400),
        (lambda http: http.get("/sparql", params={"update": UPDATE}), 400),
        (lambda http: http.post("/sparql", data={"update": UPDATE}), 400),
        (lambda http: http.post("/sparql", data={"query": UPDATE}), 400),
        (lambda http: http.post("/sparql", data={"query": "ASK {}", "update": UPDATE}), 400),
        (lambda http: http.post("/sparql", content="update=CLEAR%20ALL&update=CLEAR%20ALL", headers=FORM), 400),
        (lambda http: http.post("/sparql", content=UPDATE, headers=DIRECT), 400),
        (lambda http: http.post("/sparql", content=UPDATE, headers={"Content-Type": "application/sparql-update"}), 415),
        (lambda http: http.post("/sparql", content=UPDATE), 415),
        (
            lambda http: http.get(
                "/sparql", params={"query": "ASK {}", "default-graph-uri": "http://example.org/none"}
            ),
            400,
        ),
        (lambda http: http.get("/sparql", params={"query": "ASK {}", "named-graph-uri": "no IRI"}), 400),
        (lambda http: http.get("/sparql", params={"query": "ASK FROM <file:///etc/passwd> {}"}), 400),
        (lambda http: http.get("/sparql", params={"query": "ASK FROM NAMED <http://127.0.0.1/x> {}"}), 400),
        (lambda http: http.get("/sparql", params={"query": "ASK FROM none:x {}"}), 400),
        (lambda http: http.get("/sparql", params={"query": "ASK {}"}, headers={"Accept": "image/png"}), 406),
        (lambda http: http.get("/sparql", params={"query": "ASK {}"}, headers={"Accept": "text/turtle"}), 406),
        (lambda http: http.get("/sparql", params={"query": "DESCRIBE <urn:x>"}, headers={"Accept": "text/csv"}), 406),
        (lambda http: http.get("/sparql?" + "&".join(f"a{n}=" for n in range(2_000))), 400),
    ],
)
def test_what_is_no_query_is_refused(
    http: httpx.Client, send: Callable[[httpx.Client], httpx.Response], status: int
) -> None:
    response = send(http)
    refused(response, status)
    if status == 405:
        assert response.headers["allow"] == "GET, HEAD, POST"


def test_there_are_only_so_many_parameters(http: httpx.Client) -> None:
    for number, status in ((998, 200), (1_000, 400)):
        form = urlencode([("query", "ASK {}"), *[("x", "1")] * number])
        asked = [http.get(f"/sparql?{form}"), http.post("/sparql", content=form, headers=FORM)]
        assert [answer.status_code for answer in asked] == [status] * 2


def test_nothing_was_changed(http: httpx.Client) -> None:
    http.get("/sparql", params={"query": UPDATE})
    assert not asked(http.get("/sparql", params={"query": "ASK { <urn:s> <urn:p> <urn:o> }"}))


def test_faults_are_told_with_their_place(http: httpx.Client) -> None:
    def told(query: str) -> str:
        return refused(http.get("/sparql", params={"query": query}))

    assert "line 2, column 1" in told("SELECT * {\n")
    assert "no PREFIX is declared for none." in told("PREFIX a: <urn:b:> ASK { none:x a:y 'c:d' }")
    assert "nothing can be changed" in told(UPDATE)
    assert "nothing can be changed" in refused(http.post("/sparql", data={"update": UPDATE})).lower()
    assert "SELECT DISTINCT ?graph" in told("ASK FROM <urn:none> {}")


SELECT = "SELECT ?s ?l { ?s rdfs:label ?l FILTER(?s = ct:EmergencyCare && LANG(?l) = 'en') }"
CONSTRUCT = "CONSTRUCT { ?s rdfs:label ?l } { ?s rdfs:label ?l FILTER(?s = ct:EmergencyCare) }"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
        (JSON, JSON),
        (XML, XML),
        ("application/json", "application/json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        (f"text/csv;q=0.5, {XML};q=0.9, {JSON};q=0", XML),
        (f"text/turtle, {XML};q=0.1", XML),
    ],
)
@pytest.mark.parametrize("query", [SELECT, "ASK {}"])
def test_solutions_are_given_as_asked_for(http: httpx.Client, accept: str, media_type: str, query: str) -> None:
    response = http.get("/sparql", params={"query": query}, headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"] == media_type
    assert "Accept" in response.headers["vary"].split(", ")
    if "csv" in media_type:
        expected = ["s,l", "https://w3id.org/caretier/core#EmergencyCare,emergency care"]
        assert response.text.splitlines() == (expected if query == SELECT else ["true"])
    else:
        syntax = ox.QueryResultsFormat.JSON if "json" in media_type else None
        read = ox.parse_query_results(
            response.content, format=syntax or ox.QueryResultsFormat.from_media_type(media_type.partition(";")[0])
        )
        if query == SELECT:
            assert isinstance(read, ox.QuerySolutions)
            assert [[str(each) for each in row] for row in read] == [
                ["<https://w3id.org/caretier/core#EmergencyCare>", '"emergency care"@en']
            ]
        else:
            assert bool(read) is True


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "text/turtle; charset=utf-8"),
        ("text/turtle", "text/turtle; charset=utf-8"),
        ("application/n-triples", "application/n-triples"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/ld+json", "application/ld+json"),
        ("application/trig", "application/trig"),
        ("application/n-quads", "application/n-quads"),
        (f"{JSON}, application/rdf+xml;q=0.2, application/ld+json;q=0.3", "application/ld+json"),
    ],
)
@pytest.mark.parametrize("query", [CONSTRUCT, "DESCRIBE ct:EmergencyCare"])
def test_graphs_are_given_as_asked_for(http: httpx.Client, accept: str, media_type: str, query: str) -> None:
    response = http.get("/sparql", params={"query": query}, headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"] == media_type
    quads = list(parsed(response))
    assert {quad.subject.value for quad in quads} == {"https://w3id.org/caretier/core#EmergencyCare"}
    assert '"emergency care"@en' in {str(quad.object) for quad in quads}


def parsed(response: httpx.Response) -> Any:
    media_type = response.headers["content-type"].partition(";")[0]
    return ox.parse(response.content, format=ox.RdfFormat.from_media_type(media_type))


def test_the_default_graph_is_the_union_of_all_graphs(http: httpx.Client) -> None:
    def count(query: str, **graphs: list[str]) -> int:
        parameters = {"query": query} | {name.replace("_", "-"): told for name, told in graphs.items()}
        (row,) = rows(http.get("/sparql", params=parameters, headers={"Accept": "text/csv"}))
        return int(row)

    everything = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    each = "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } } }"
    assert count(everything) == count(each) > 6_000
    assert count("SELECT (COUNT(*) AS ?n) { <http://example.org/1> a ?c }") == 1
    assert count("SELECT (COUNT(*) AS ?n) { <http://example.org/1> a ?c }", default_graph_uri=[ONE, TWO]) == 1
    assert count("SELECT (COUNT(*) AS ?n) { <http://example.org/s> ?p ?o }") == 2, "blank nodes of two files are two"


def test_there_is_a_graph_of_each_kind(http: httpx.Client) -> None:
    query = "SELECT DISTINCT ?graph { GRAPH ?graph {} } ORDER BY ?graph"
    found = rows(http.get("/sparql", params={"query": query}, headers={"Accept": "text/csv"}))
    assert found == sorted([ONTOLOGY, INFERRED, MAPPINGS, ONE, TWO, OWN])
    follows = "ASK { GRAPH ?g { bp:SaddleNumbness rdfs:subClassOf ct:Finding } }"
    assert asked(http.get("/sparql", params={"query": follows, "named-graph-uri": INFERRED}))
    assert not asked(http.get("/sparql", params={"query": follows, "named-graph-uri": ONTOLOGY}))
    stated = f"ASK {{ GRAPH <{ONTOLOGY}> {{ ?s ?p ?o }} GRAPH <{INFERRED}> {{ ?s ?p ?o }} }}"
    assert not asked(http.get("/sparql", params={"query": stated}))


def test_the_endpoint_describes_itself(http: httpx.Client, served: Served) -> None:
    response = http.get("/sparql")
    assert response.headers["content-type"] == "text/turtle; charset=utf-8"
    store = ox.Store()
    store.extend(parsed(response))
    names = f"PREFIX sd: <{SD}> PREFIX void: <{VOID}> PREFIX ent: <http://www.w3.org/ns/entailment/> "
    assert store.query(
        f"""{names} ASK {{ <{served.url}/sparql> a sd:Service ; sd:endpoint <{served.url}/sparql> ;
        sd:supportedLanguage sd:SPARQL11Query ; sd:feature sd:UnionDefaultGraph ;
        sd:resultFormat <http://www.w3.org/ns/formats/SPARQL_Results_JSON> , <http://www.w3.org/ns/formats/Turtle> ;
        sd:defaultEntailmentRegime ent:Simple ; sd:defaultDataset [ a sd:Dataset ; sd:defaultGraph ?all ;
        sd:namedGraph [ sd:name <{INFERRED}> ; sd:entailmentRegime ent:OWL-Direct ; sd:graph [ a sd:Graph ] ] ] .
        ?all a sd:Graph ; void:triples ?n FILTER(?n > 6000) }}"""
    )
    found = store.query(f"{names} SELECT ?name {{ ?graph a sd:NamedGraph ; sd:name ?name }}")
    assert isinstance(found, ox.QuerySolutions)
    assert {row["name"].value for row in found} == {ONTOLOGY, INFERRED, MAPPINGS, ONE, TWO, OWN}
    assert not store.query(f"{names} ASK {{ ?service sd:supportedLanguage sd:SPARQL11Update }}")
    as_xml = http.get("/sparql", headers={"Accept": "application/rdf+xml"})
    assert len(list(parsed(as_xml))) == len(store)
    page = http.get("/sparql", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["location"]) == (303, "/query")
    refused(http.get("/sparql", headers={"Accept": "image/png"}), 406)


def test_the_data_is_described_where_clients_look(http: httpx.Client, served: Served) -> None:
    store = ox.Store()
    store.extend(parsed(http.get("/.well-known/void")))
    assert store.query(
        f"""PREFIX void: <{VOID}> ASK {{ ?whole a void:Dataset ; void:sparqlEndpoint <{served.url}/sparql> ;
        void:triples ?n ; void:subset <{ONTOLOGY}> , <{MAPPINGS}> . <{MAPPINGS}> void:triples ?m FILTER(?n > ?m) }}"""
    )


def test_pages_of_allowed_origins_may_ask(http: httpx.Client) -> None:
    origin = {"Origin": "https://example.org"}
    response = http.get("/sparql", params={"query": "ASK {}"}, headers=origin)
    assert response.headers["access-control-allow-origin"] == "https://example.org"
    assert "x-request-id" in response.headers["access-control-expose-headers"].lower()
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    assert http.options("/sparql", headers=origin | asking).status_code == 200
    other = http.get("/sparql", params={"query": "ASK {}"}, headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in other.headers


def test_sparqlwrapper_works(served: Served) -> None:
    client = SPARQLWrapper(f"{served.url}/sparql")
    client.setQuery("PREFIX ct: <https://w3id.org/caretier/core#> SELECT ?t { ?t a ct:CareTier } ORDER BY ?t")
    client.setReturnFormat(WRAPPED_JSON)
    found = client.queryAndConvert()
    assert isinstance(found, dict)
    assert len(found["results"]["bindings"]) == 5
    client.setMethod("POST")
    client.addDefaultGraph(ONE)
    assert client.queryAndConvert() == {"head": {"vars": ["t"]}, "results": {"bindings": []}}
    client = SPARQLWrapper(f"{served.url}/sparql")
    client.setQuery("CONSTRUCT { ?s ?p ?o } { ?s a <http://example.org/C> ; ?p ?o }")
    client.setReturnFormat(WRAPPED_TURTLE)
    written = client.queryAndConvert()
    assert isinstance(written, bytes)
    assert len(list(ox.parse(written, format=ox.RdfFormat.TURTLE))) == 3
    client.setReturnFormat(WRAPPED_JSON)
    client.setQuery("SELECT nonsense {")
    with pytest.raises(QueryBadFormed):
        client.query()


def test_curl_works(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "query.rq"
    file.write_text("ASK { ct:EmergencyCare a ct:CareTier }")
    address = f"{served.url}/sparql"
    for arguments in (
        ["--get", "--data-urlencode", f"query@{file}", address],
        ["--data-urlencode", f"query@{file}", address],
        ["--header", "Content-Type: application/sparql-query", "--data-binary", f"@{file}", address],
    ):
        done = subprocess.run(["curl", "--silent", "--fail", *arguments], capture_output=True, check=True, timeout=60)
        assert json.loads(done.stdout)["boolean"] is True


def test_no_query_gets_into_the_log(http: httpx.Client, served: Served) -> None:
    for query in ('ASK { ?s ?p "a-secret" }', 'ASK { ?s ?p "a-secret"'):
        http.get("/sparql", params={"query": query})
        http.post("/sparql", content=query, headers=DIRECT)
    written = served.log.getvalue()
    assert '"route":"/sparql"' in written
    assert "secret" not in written
