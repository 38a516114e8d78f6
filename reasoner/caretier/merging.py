"""An ontology with all that it imports as one, as it is stated or with what the reasoner makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

import pyoxigraph as ox
from rdflib import OWL, RDF, RDFS, Graph, URIRef

from caretier.hermit import Entailments
from caretier.ontology import Ontology
from caretier.turtle import write_turtle

_Term = TypeVar("_Term")

FORMATS = {"ttl": None, "rdf": ox.RdfFormat.RDF_XML, "jsonld": ox.RdfFormat.JSON_LD}
"""The formats of an ontology that stands alone, by the ending of its file; Turtle has a writer of our own."""


def merged(ontology: Ontology) -> Graph:
    """Join an ontology with everything that it imports; the header that is left is that of the root, without imports.

    Terms still name the module that defines them.
    """
    graph = Graph() + ontology.graph
    for header in set(ontology.modules) - {ontology.iri}:
        graph.remove((header, None, None))
    graph.remove((ontology.iri, OWL.imports, None))
    for prefix, namespace in ontology.graph.namespaces():
        graph.bind(prefix, namespace)
    return graph


def reasoned(graph: Graph, entailments: Entailments) -> Graph:
    """Add to a merged ontology what a reasoner found: for each term the nearest classes, and the classes equal to it.

    What follows from these by going up the hierarchy is not written down.
    """
    inferred = Graph() + graph
    for prefix, namespace in graph.namespaces():
        inferred.bind(prefix, namespace)
    above = {name: classes - {str(OWL.Thing)} for name, classes in entailments.superclasses.items()}
    for name, classes in above.items():
        for equal in (each for each in classes if each != name and name in above.get(each, ())):
            inferred.add((URIRef(name), OWL.equivalentClass, URIRef(equal)))
        for parent in _nearest({each for each in classes if name not in above.get(each, ())}, above):
            inferred.add((URIRef(name), RDFS.subClassOf, URIRef(parent)))
    for name, classes in entailments.types.items():
        for kind in _nearest(classes & above.keys(), above):
            inferred.add((URIRef(name), RDF.type, URIRef(kind)))
    return inferred


def written(graph: Graph) -> Mapping[str, str]:
    """Write a graph in each of the formats, by the ending of the file; the same graph gives the same text."""
    turtle = write_turtle(graph)
    prefixes = {prefix: str(namespace) for prefix, namespace in graph.namespaces() if prefix}
    triples = list(_named_in_order(ox.parse(turtle, format=ox.RdfFormat.TURTLE)))
    texts = {"ttl": turtle}
    for ending, syntax in FORMATS.items():
        if syntax is not None:
            content = ox.serialize(triples, format=syntax, prefixes=prefixes)
            assert content is not None  # as without a file to write to
            texts[ending] = content.decode()
    return texts


def _nearest(classes: set[str] | frozenset[str], above: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Leave out the classes that lie above another of them."""
    for each in classes:
        if not any(each in above[other] and other not in above[each] for other in classes if other != each):
            yield each


def _named_in_order(triples: Iterator[ox.Quad]) -> Iterator[ox.Triple]:
    """Name blank nodes by the order in which they occur; a parser gives each a name by chance."""
    names: dict[ox.BlankNode, ox.BlankNode] = {}

    def named(term: _Term) -> _Term | ox.BlankNode:
        return names.setdefault(term, ox.BlankNode(f"b{len(names)}")) if isinstance(term, ox.BlankNode) else term

    for each in triples:
        yield ox.Triple(named(each.subject), each.predicate, named(each.object))
