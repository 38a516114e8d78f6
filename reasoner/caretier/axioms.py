"""An ontology's graph taken apart into its OWL axioms, each with all the triples that make it.

Declarations and annotations are no axioms here: nothing is entailed by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rdflib import OWL, RDF, RDFS, BNode, Graph, Literal, URIRef
from rdflib.term import Node

Triple = tuple[Node, Node, Node]

_DECLARED = frozenset({
    OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.NamedIndividual, OWL.AnnotationProperty, OWL.Restriction,
    OWL.Ontology, RDFS.Datatype, RDF.List,
})  # fmt: skip
_OF_EXPRESSIONS = (RDF.first, OWL.onProperty, OWL.intersectionOf, OWL.unionOf, OWL.complementOf, OWL.oneOf)


@dataclass(frozen=True, slots=True)
class Axiom:
    """One axiom: the triple that states it, and the triples of the class expressions and lists in it."""

    subject: Node
    predicate: Node
    value: Node
    triples: frozenset[Triple]


def axioms_of(logical: Graph) -> tuple[Axiom, ...]:
    """Take the logical part of an ontology apart, in a stable order for axioms between named terms."""
    expressions = {
        node for predicate in _OF_EXPRESSIONS for node in logical.subjects(predicate) if isinstance(node, BNode)
    }
    found = []
    for subject, predicate, value in logical:
        if subject in expressions and predicate not in (RDFS.subClassOf, OWL.equivalentClass):
            continue
        if predicate == RDF.type and value in _DECLARED:
            continue
        triples = {(subject, predicate, value), *_below(logical, subject), *_below(logical, value)}
        found.append(Axiom(subject, predicate, value, frozenset(triples)))
    return tuple(sorted(found, key=_key))


def signature(axioms: Iterable[Axiom]) -> frozenset[URIRef]:
    """Return every term named in axioms, without those of OWL itself."""
    return frozenset(
        node
        for axiom in axioms
        for triple in axiom.triples
        for node in triple
        if isinstance(node, URIRef) and not str(node).startswith((str(OWL), str(RDF), str(RDFS)))
    )


def declarations(logical: Graph, terms: Iterable[URIRef]) -> Iterator[Triple]:
    """Give the declarations of terms, without which a reasoner cannot read axioms about them."""
    for term in terms:
        for kind in logical.objects(term, RDF.type):
            if kind in _DECLARED:
                yield term, RDF.type, kind


def _below(graph: Graph, node: Node) -> Iterator[Triple]:
    """Go through the triples of an expression without a name, and of those within it."""
    waiting, seen = [node], set[Node]()
    while waiting:
        node = waiting.pop()
        if not isinstance(node, BNode) or node in seen:
            continue
        seen.add(node)
        for predicate, value in graph.predicate_objects(node):
            if predicate not in (RDFS.subClassOf, OWL.equivalentClass):
                yield node, predicate, value
                waiting.append(value)


def _key(axiom: Axiom) -> tuple[str, str, list[str]]:
    named = sorted(str(node) for triple in axiom.triples for node in triple if isinstance(node, URIRef | Literal))
    subject = str(axiom.subject) if isinstance(axiom.subject, URIRef) else ""
    return subject, str(axiom.predicate), named
