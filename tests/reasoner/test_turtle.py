"""The canonical Turtle: one text for one graph, whatever the order and the labels of blank nodes."""

from __future__ import annotations

import difflib
import random
from pathlib import Path

import pytest
from rdflib import OWL, RDFS, SH, BNode, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.term import Node

from caretier.turtle import UNORDERED, write_turtle

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


def _changes(before: str, after: str) -> list[str]:
    """List the lines that came or went."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in list(lines)[2:] if line.startswith(("+", "-"))]


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
    for predicate in (SH.path, SH.alternativePath, SH["in"], OWL.propertyChainAxiom):
        ordered = Graph().parse(data=f"<urn:a> <{predicate}> ( <urn:z> <urn:b> ) .", format="turtle")
        assert "( <urn:z> <urn:b> )" in write_turtle(ordered)
    for predicate in UNORDERED:
        unordered = Graph().parse(data=f"<urn:a> <{predicate}> ( <urn:z> <urn:b> ) .", format="turtle")
        assert "( <urn:b> <urn:z> )" in write_turtle(unordered)


def test_a_shared_blank_node_and_a_cycle_are_kept() -> None:
    for text in ("<urn:a> <urn:p> _:x . <urn:b> <urn:p> _:x . _:x <urn:q> 1 .", "_:x <urn:p> _:y . _:y <urn:p> _:x ."):
        graph = Graph().parse(data=text, format="turtle")
        assert isomorphic(Graph().parse(data=write_turtle(graph), format="turtle"), graph)


PREFIXES = """PREFIX bp: <https://w3id.org/caretier/back-pain#> PREFIX ct: <https://w3id.org/caretier/core#>
PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX mod: <https://w3id.org/caretier/>
"""
EDITS = {  # the module, the edit, and how many lines may come or go
    "a superclass": ("findings", "INSERT DATA { bp:Tiredness rdfs:subClassOf bp:Numbness }", 1),
    "a restriction": (
        "findings",
        "INSERT DATA { bp:Tiredness rdfs:subClassOf "
        "[ a owl:Restriction ; owl:onProperty ct:symptomOf ; owl:hasValue bp:Cancer ] }",
        3,
    ),
    "a second superclass": (
        "red-flags",
        "INSERT DATA { bp:CancerSign rdfs:subClassOf "
        "[ a owl:Restriction ; owl:onProperty ct:symptomOf ; owl:hasValue bp:Cancer ] }",
        4,
    ),
    "a label in another language": ("findings", 'INSERT DATA { bp:Tiredness rdfs:label "fatigue"@fr }', 2),
    "another definition": (
        "findings",
        "DELETE { bp:Tiredness skos:definition ?old } "
        'INSERT { bp:Tiredness skos:definition "Less strength than before."@en } '
        "WHERE { bp:Tiredness skos:definition ?old }",
        2,
    ),
    "a note": ("conditions", 'INSERT DATA { bp:Cancer skos:editorialNote "Somebody has to look at this."@en }', 1),
    "a source": ("red-flags", "INSERT DATA { bp:BladderOrBowelProblemRedFlag dcterms:source bp:GoodpathSection10 }", 2),
    "a number": (
        "questionnaire",
        "DELETE { bp:AgeQuestion ct:maximum ?old } INSERT { bp:AgeQuestion ct:maximum 115 } "
        "WHERE { bp:AgeQuestion ct:maximum ?old }",
        2,
    ),
    "an import": ("sources", "INSERT DATA { mod:sources owl:imports mod:care }", 2),
    "a relation fewer": (
        "findings",
        "DELETE { bp:Tiredness rdfs:subClassOf ?relation . ?relation ?p ?o } "
        "WHERE { bp:Tiredness rdfs:subClassOf ?relation . ?relation owl:onProperty ct:countedSymptomOf ; ?p ?o }",
        5,
    ),
    "a finding": (
        "findings",
        'INSERT DATA { bp:NightSweats a owl:Class ; rdfs:label "night sweats"@en ; rdfs:subClassOf ct:Symptom ; '
        'skos:definition "Heavy sweat at night."@en ; rdfs:isDefinedBy mod:findings }',
        6,
    ),
    "a reason for an axiom": (
        "findings",
        "INSERT DATA { [] a owl:Axiom ; owl:annotatedSource bp:Tiredness ; owl:annotatedProperty rdfs:subClassOf ; "
        "owl:annotatedTarget ct:Symptom ; dcterms:source bp:GoodpathSection10 }",
        6,
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_one_edit_changes_few_lines(edit: str) -> None:
    module, update, most = EDITS[edit]
    graph = Graph(bind_namespaces="none").parse(ROOT / "ontology" / f"{module}.ttl")
    before = write_turtle(graph)
    graph.update(PREFIXES + update)
    after = write_turtle(_shuffled(graph, 3))
    changes = _changes(before, after)
    assert 1 <= len(changes) <= most, changes


def test_reasons_for_axioms_about_unnamed_classes_do_not_change_each_others_labels() -> None:
    def reasoned(name: str) -> str:
        restriction = f"_:{name} a <{OWL.Restriction}> ; <{OWL.onProperty}> <urn:p> ; <{OWL.hasValue}> <urn:v> ."
        return (
            f"<urn:{name}> a <{OWL.Class}> ; <{RDFS.subClassOf}> _:{name} . {restriction} [] a <{OWL.Axiom}> ; "
            f"<{OWL.annotatedSource}> <urn:{name}> ; <{OWL.annotatedTarget}> _:{name} ; <urn:why> 1 ."
        )

    graph = Graph().parse(data=reasoned("b") + reasoned("c"), format="turtle")
    before = write_turtle(graph)
    assert write_turtle(_shuffled(graph, 1)) == before
    assert isomorphic(Graph().parse(data=before, format="turtle"), graph)
    graph.parse(data=reasoned("a"), format="turtle")
    after = write_turtle(graph)
    assert not [line for line in _changes(before, after) if line.startswith("-")]
