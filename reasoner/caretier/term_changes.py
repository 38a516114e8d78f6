"""What an edit changed in the words of an ontologist: terms added, taken away, changed and deprecated.

Statements are compared as they are meant: a class expression has the same text wherever its blank nodes come from.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rdflib import DCTERMS, OWL, RDF, RDFS, SH, SKOS, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from caretier.axioms import Axiom
from caretier.extraction import Reader
from caretier.manchester import Verbalizer
from caretier.turtle import write_turtle
from caretier.vocabulary import local_name

Kind = typing.Literal["added", "removed", "deprecated", "changed"]

_TEXTS = (str(RDFS), str(SKOS), str(DCTERMS))
"""Vocabularies whose annotations nothing follows from."""

_STANDARD = tuple(str(namespace) for namespace in (OWL, RDF, RDFS, SH, SKOS, DCTERMS, XSD))
"""Vocabularies whose terms no edit can change; an ontology only declares those that it uses."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement about a term: predicate and object on a line, and whether anything may follow from it."""

    text: str
    is_logical: bool


@dataclass(frozen=True, slots=True)
class TermChange:
    """What changed about one term: the statements taken away and those added, each in a stable order."""

    iri: str
    label: str
    kind: Kind
    removed: tuple[Statement, ...]
    added: tuple[Statement, ...]

    def to_dict(self) -> dict[str, object]:
        """Give the change as plain data."""
        return {
            "iri": self.iri,
            "label": self.label,
            "kind": self.kind,
            "removed": [statement.text for statement in self.removed],
            "added": [statement.text for statement in self.added],
        }


def term_changes(old: Graph, new: Graph) -> tuple[TermChange, ...]:
    """List the terms of which two ontologies say different things: added ones first, then by label."""
    changes = []
    subjects = {node for graph in (old, new) for node in graph.subjects() if isinstance(node, URIRef)}
    for term in (node for node in subjects if not str(node).startswith(_STANDARD)):
        before, after = _statements(old, term), _statements(new, term)
        if before != after:
            removed, added = _sorted(before - after), _sorted(after - before)
            changes.append(TermChange(str(term), _label(term, new, old), _kind(term, old, new), removed, added))
    order: tuple[Kind, ...] = ("added", "removed", "deprecated", "changed")
    return tuple(sorted(changes, key=lambda change: (order.index(change.kind), change.label, change.iri)))


def _kind(term: URIRef, old: Graph, new: Graph) -> Kind:
    if (term, None, None) not in old:
        return "added"
    if (term, None, None) not in new:
        return "removed"
    is_new = any((term, OWL.deprecated, value) not in old for value in new.objects(term, OWL.deprecated))
    return "deprecated" if is_new else "changed"


def _statements(graph: Graph, term: URIRef) -> frozenset[Statement]:
    return frozenset(
        Statement(_text(graph, predicate, value), not str(predicate).startswith(_TEXTS) or predicate == RDFS.subClassOf)
        for predicate, value in graph.predicate_objects(term)
    )


def _text(graph: Graph, predicate: Node, value: Node) -> str:
    """Write predicate and object on one line: class expressions in Manchester syntax, all else in Turtle."""
    if isinstance(value, BNode) and predicate in (RDFS.subClassOf, OWL.equivalentClass):
        words = Verbalizer(graph)
        said = words.manchester(Axiom(OWL.Thing, predicate, value, frozenset()))
        return said.removeprefix(f"{words.expression(OWL.Thing)} ")
    if not isinstance(value, BNode):  # the writer takes far longer
        plain = isinstance(value, Literal) and value.datatype in (XSD.integer, XSD.boolean)
        return f"{predicate.n3(graph.namespace_manager)} {value if plain else value.n3(graph.namespace_manager)}"
    alone = Graph(bind_namespaces="none")
    for prefix, namespace in graph.namespaces():
        alone.bind(prefix, namespace)
    subject = URIRef("urn:term")
    alone.add((subject, predicate, value))
    for triple in _below(graph, value):
        alone.add(triple)
    written = write_turtle(alone)
    return " ".join(written[written.index("<urn:term>") + len("<urn:term>") :].split()).removesuffix(" .")


def _below(graph: Graph, node: Node) -> Iterator[tuple[Node, Node, Node]]:
    waiting, seen = [node], set[Node]()
    while waiting:
        node = waiting.pop()
        if isinstance(node, BNode) and node not in seen:
            seen.add(node)
            for triple in graph.triples((node, None, None)):
                yield triple
                waiting.append(triple[2])


def _label(term: URIRef, *graphs: Graph) -> str:
    labels = (Reader(graph).text(term, RDFS.label) for graph in graphs)
    return next((label for label in labels if label), local_name(term))


def _sorted(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    return tuple(sorted(statements, key=lambda statement: statement.text))
