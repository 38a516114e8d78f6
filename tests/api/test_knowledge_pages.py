"""The pages for editors and researchers: conditions, findings, terms, the decision table, and queries."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from rdflib import RDF, RDFS, Graph, URIRef
from rdflib.compare import isomorphic

import caretier
from caretier_api.app import create_app
from caretier_api.settings import Settings

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@dataclass(frozen=True)
class Page:
    """A page: all that it says, and where its links lead."""

    text: str
    links: tuple[str, ...]
    html: str


def read(response: Response) -> Page:
    said = html.unescape(re.sub(r"<[^>]+>", " ", response.text.partition("<body")[2]))
    links = re.findall(r'<(?:a|link)[^>]* href="([^"]*)"', response.text)
    return Page(" ".join(said.split()), tuple(map(html.unescape, links)), response.text)


def opened(client: TestClient, path: str) -> Page:
    response = client.get(path, headers=HTML)
    assert response.status_code == 200, path
    return read(response)


@pytest.fixture(scope="module")
def client(kb: caretier.KnowledgeBase) -> Iterator[TestClient]:
    with TestClient(create_app(kb, Settings())) as made:
        yield made


# the knowledge


@pytest.mark.slow
def test_all_links_lead_somewhere(client: TestClient) -> None:
    waiting, seen = ["/"], set[str]()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        response = client.get(path, headers=HTML)
        assert response.status_code == 200, path
        if not response.headers["content-type"].startswith("text/html"):
            continue
        page = read(response)
        for link in page.links:
            target = urlsplit(urljoin(f"http://testserver{path}", link))
            address = target.path + (f"?{target.query}" if target.query else "")
            is_sample = not target.query.startswith("format=") or "/Cancer" in target.path
            if target.netloc == "testserver" and address not in seen and address not in waiting and is_sample:
                waiting.append(address)
            if target.fragment and target.netloc == "testserver" and target.path == urlsplit(path).path:
                assert f'id="{target.fragment}"' in page.html
    assert len(seen) > 600


def test_a_condition_is_shown_with_all_that_leads_to_it(client: TestClient, kb: caretier.KnowledgeBase) -> None:
    index = opened(client, "/conditions")
    for condition in kb.knowledge.conditions.values():
        assert condition.definition in index.text
        page = opened(client, f"/conditions/{condition.id}")
        assert condition.iri in page.text
        for flag in kb.knowledge.red_flags:
            assert (flag.reason in page.text) == (flag.condition == condition.id)
            if flag.condition == condition.id:
                assert f"/terms/bp/{flag.id}" in page.links
        for (its, _), found in kb.knowledge.recommendations.items():
            if its == condition.id:
                assert found.advice in page.text
                assert found.course in page.text


def test_the_decision_table_has_every_red_flag_and_its_standing(client: TestClient, kb: caretier.KnowledgeBase) -> None:
    page = opened(client, "/decision-table")
    assert kb.model
    assert kb.model.certificate.summary in page.text
    for flag in kb.knowledge.red_flags:
        assert f"/terms/bp/{flag.id}" in page.links
        assert flag.reason in page.text
    for contradiction in kb.knowledge.contradictions:
        assert contradiction.message in page.text


def test_findings_are_shown_by_kind_with_what_asks_and_what_they_point_to(client: TestClient) -> None:
    page = opened(client, "/findings")
    assert "/terms/bp/SaddleNumbness" in page.links
    assert "sufficient symptom of cauda equina syndrome" in page.text
    assert "Saddle numbness saddle-numbness" in page.text


def test_a_term_is_told_with_all_that_is_known_of_it(client: TestClient) -> None:
    page = opened(client, "/terms/bp/LegWeakness")
    for told in (
        "Leg weakness",
        "Weakness of a leg or foot.",
        "https://w3id.org/caretier/back-pain#LegWeakness",
        "'leg weakness' EquivalentTo: weakness and ('has site' value leg)",
        "'sudden leg weakness' SubClassOf: 'leg weakness'",
        "Goodpath: section 3",
        "Severe or worsening pain with a sign of cancer",
        "Is a leg or foot weaker than usual?",
        "HP:",
    ):
        assert told in page.text
    for link in ("/terms/bp/LegDeficit", "/terms/bp/SuddenLegWeakness", "/terms/bp/GoodpathSection3"):
        assert link in page.links
    flag = opened(client, "/terms/bp/FeverRedFlag")
    assert "'fever with back pain' EquivalentTo: assessment and (reports some fever)" in flag.text
    note = opened(client, "/terms/bp/ArmColorChangeOnRaising")
    assert "Specific enough to be taken as a sign of thoracic outlet syndrome on its own." in note.text


@pytest.mark.parametrize(
    ("media_type", "syntax"),
    [
        ("text/turtle", "turtle"),
        ("application/ld+json", "json-ld"),
        ("application/n-triples", "nt"),
        ("application/rdf+xml", "xml"),
    ],
)
def test_a_term_answers_in_rdf(client: TestClient, kb: caretier.KnowledgeBase, media_type: str, syntax: str) -> None:
    response = client.get("/terms/bp/LegWeakness", headers={"Accept": f"{media_type}, text/html;q=0.5"})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(media_type)
    assert response.headers["vary"] == "Accept"
    graph = Graph().parse(data=response.text, format=syntax)
    term = URIRef("https://w3id.org/caretier/back-pain#LegWeakness")
    assert isomorphic(graph, kb.ontology.graph.cbd(term))
    assert client.get("/terms/bp/LegWeakness", headers=HTML | {"Accept": "image/png"}).status_code == 406


@pytest.mark.slow
def test_every_term_of_the_ontology_has_a_page_in_the_index(client: TestClient, kb: caretier.KnowledgeBase) -> None:
    index = set(opened(client, "/terms").links)
    own = {
        str(term)
        for term in kb.ontology.graph.subjects(RDFS.label)
        if (term, RDF.type, None) in kb.ontology.graph and "#" in str(term)
    }
    assert len(own) > 500
    for iri in own:
        prefix = "ct" if "/core#" in iri else "bp"
        assert f"/terms/{prefix}/{iri.partition('#')[2]}" in index


# queries


def run(client: TestClient, query: str, wanted: str = "table") -> Response:
    response: Response = client.post("/query", data={"query": query, "as": wanted}, headers=HTML)
    return response


def test_every_example_runs_and_its_csv_has_the_same_rows(client: TestClient) -> None:
    links = [link for link in opened(client, "/query").links if "?example=" in link]
    assert len(links) > 20
    for link in links:
        page = opened(client, link)
        [query] = map(html.unescape, re.findall(r"<textarea[^>]*>\n(.*)</textarea>", page.html, re.DOTALL))
        shown = run(client, query)
        assert shown.status_code == 200, link
        table = list(csv.reader(io.StringIO(run(client, query, "csv").text)))
        assert shown.text.count("<tr>") == len(table) > 1, link


def test_results_link_to_the_pages_of_terms(client: TestClient) -> None:
    page = read(run(client, "SELECT ?c ?l { ?c a ct:Condition ; rdfs:label ?l FILTER(LANG(?l) = 'en') } ORDER BY ?c"))
    assert "/terms/bp/Cancer" in page.links
    assert "bp:Cancer" in page.text
    assert "10 rows" in page.text


def test_other_results_are_shown_as_what_they_are(client: TestClient) -> None:
    assert 'class="yes-or-no">Yes' in run(client, "ASK { bp:Cancer a ct:Condition }").text
    graph = run(client, "CONSTRUCT { bp:Cancer a ?k } WHERE { bp:Cancer a ?k }")
    assert "bp:Cancer a" in graph.text
    assert "An empty graph." in run(client, "CONSTRUCT { ?s a ?k } WHERE { ?s a ?k FILTER(false) }").text
    download = run(client, "CONSTRUCT { bp:Cancer a ?k } WHERE { bp:Cancer a ?k }", "csv")
    assert download.headers["content-type"].startswith("text/turtle")
    assert "0 rows" in run(client, "SELECT ?s { ?s a ?k FILTER(false) }").text
    csv_of = run(client, "SELECT (1 AS ?one) {}", "csv")
    assert csv_of.headers["content-disposition"] == 'attachment; filename="result.csv"'
    assert csv_of.text.split() == ["one", "1"]


def test_of_many_rows_a_page_shows_a_thousand(client: TestClient) -> None:
    page = read(run(client, "SELECT * { ?s ?p ?o }"))
    assert "the first 1000 shown" in page.text
    assert page.html.count("<tr>") == 1001


@pytest.mark.parametrize(
    "query",
    [
        "",
        "nonsense <script>alert(1)</script>",
        "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <http://example.org/> { ?s ?p ?o } }",
        "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
        "DELETE WHERE { ?s ?p ?o }",
    ],
)
def test_a_query_that_cannot_be_run_is_refused_on_the_page(client: TestClient, query: str) -> None:
    for wanted in ("table", "csv"):
        response = run(client, query, wanted)
        assert response.status_code == 400
        assert "The query gave no result" in response.text
        assert "<script>alert" not in response.text


def test_a_query_that_takes_too_long_is_stopped(kb: caretier.KnowledgeBase) -> None:
    client = TestClient(create_app(kb, Settings(sparql_seconds=0.5)))
    response = run(client, "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    assert response.status_code == 504
    assert "0.5 seconds" in response.text
