"""The canonical Turtle: one text for one graph, whatever the order and the labels of blank nodes."""

from __future__ import annotations

import random
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import OWL, BNode, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.term import Node

from caretier.errors import KnowledgeError
from caretier.turtle import canonical, write_turtle

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "ontology").glob("*.ttl"), *(ROOT / "shapes").glob("*.ttl")])


def _shuffled(graph: Graph, seed: int) -> Graph:
    """Copy a graph with its triples in another order and its blank nodes relabelled."""
    triples = list(graph)
    random.Random(seed).shuffle(triples)
    labels: dict[Node, Node] = {}
    copy = Graph(bind_namespaces="none")
    for prefix, namespace in graph.namespaces():
        copy.bind(prefix, namespace)
    for triple in triples:
        named = [labels.setdefault(node, BNode()) if isinstance(node, BNode) else node for node in triple]
        copy.add((named[0], named[1], named[2]))
    return copy


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_committed_files_are_canonical_and_order_does_not_matter(path: Path) -> None:
    graph = Graph(bind_namespaces="none").parse(path)
    text = write_turtle(graph)
    assert path.read_text(encoding="utf-8") == text, "run: caretier format"
    assert write_turtle(_shuffled(graph, 1)) == text
    assert isomorphic(Graph().parse(data=text, format="turtle"), graph)


@pytest.mark.parametrize(
    "text",
    [
        'line one\nline "two"',
        'ends with a quote"',
        'three """ quotes',
        "back\\slash",
        "tab\tand\rreturn",
        "é ü 漢",
        "",
        "\n",
        "ends with backslash\\",
        'many lines\nends with quote"',
    ],
)
def test_every_text_survives(text: str) -> None:
    graph = Graph()
    graph.add((URIRef("urn:a"), URIRef("urn:p"), Literal(text)))
    graph.add((URIRef("urn:a"), URIRef("urn:p"), Literal(text, lang="en")))
    assert isomorphic(Graph().parse(data=write_turtle(graph), format="turtle"), graph)


def test_a_list_keeps_its_order_except_where_order_means_nothing() -> None:
    ordered = Graph().parse(data="<urn:a> <urn:p> ( <urn:z> <urn:b> ) .", format="turtle")
    assert "( <urn:z> <urn:b> )" in write_turtle(ordered)
    unordered = Graph().parse(data=f"<urn:a> <{OWL.unionOf}> ( <urn:z> <urn:b> ) .", format="turtle")
    assert "( <urn:b> <urn:z> )" in write_turtle(unordered)


def test_a_shared_blank_node_and_a_cycle_are_kept() -> None:
    for text in ("<urn:a> <urn:p> _:x . <urn:b> <urn:p> _:x . _:x <urn:q> 1 .", "_:x <urn:p> _:y . _:y <urn:p> _:x ."):
        graph = Graph().parse(data=text, format="turtle")
        assert isomorphic(Graph().parse(data=write_turtle(graph), format="turtle"), graph)


def test_one_axiom_more_changes_few_lines() -> None:
    graph = Graph(bind_namespaces="none").parse(ROOT / "ontology" / "findings.ttl")
    before = write_turtle(graph).splitlines()
    graph.parse(
        data="@prefix bp: <https://w3id.org/caretier/back-pain#> . @prefix ct: <https://w3id.org/caretier/core#> ."
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."
        "bp:Tiredness rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ct:symptomOf ; owl:hasValue bp:Cancer ] .",
        format="turtle",
    )
    after = write_turtle(graph).splitlines()
    assert len(set(after) - set(before)) + len(after) - len(before) <= 5


@pytest.mark.parametrize(
    "text",
    [
        "@prefix ct: <http://other.example/> . ct:x ct:y <https://w3id.org/caretier/core#x> .",
        "_:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> 1 ; <urn:extra> 2 ; "
        "<http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> () . <urn:a> <urn:p> _:l .",
        '<urn:a> <urn:p> "yes"^^<http://www.w3.org/2001/XMLSchema#boolean> , 05 , "INF"^^'
        "<http://www.w3.org/2001/XMLSchema#double> , 1.50 , 1e3 .",
        '<urn:a> <urn:p> "--5"^^<http://www.w3.org/2001/XMLSchema#integer> .',
        "@prefix ex: <http://example.org/> . ex:a- ex:a.b ex:%41 .",
        "<urn:a> <urn:p> () , ( () ( 1 ) ) .",
    ],
)
def test_odd_turtle_is_kept_as_it_stands(text: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.ttl"
    path.write_text(text, encoding="utf-8")
    written = canonical(path)
    terms = set(ox.parse(text, format=ox.RdfFormat.TURTLE))
    again = set(ox.parse(written, format=ox.RdfFormat.TURTLE))
    assert len(terms) == len(again)
    assert {quad for quad in terms if "_:" not in str(quad)} == {quad for quad in again if "_:" not in str(quad)}
    path.write_text(written, encoding="utf-8")
    assert canonical(path) == written


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.owl", "<urn:a> a <urn:b> ."),
        ("a.ttl", "<#a> a <urn:b> ."),
        ("a.ttl", "nonsense"),
        ("a.ttl", '<urn:a> <urn:p> "'),
    ],
)
def test_what_cannot_be_formatted_is_refused_and_kept(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=name):
        canonical(path)
    assert path.read_text(encoding="utf-8") == text
