"""SHACL through pySHACL on an Oxigraph store: shapes checked and rules run over many assessments at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox
import pyshacl
from pyshacl.errors import ReportableRuntimeError
from rdflib import OWL, RDF, SH, Graph, URIRef
from rdflib.term import Node

from caretier.errors import KnowledgeError

_FAILURE = URIRef("http://www.w3.org/ns/shacl#ValidationFailure")


@dataclass(frozen=True)
class Violation:
    """One result of a validation: the focus node, the value at fault if there is one, the message, and its severity."""

    focus: Node | None
    path: Node | None
    value: Node | None
    message: str
    severity: str


def ntriples(graphs: Iterable[Graph]) -> bytes:
    """Write graphs as N-Triples, one behind the other."""
    return b"".join(graph.serialize(format="nt", encoding="utf-8") for graph in graphs)


def store_of(triples: bytes) -> ox.Store:
    """Load N-Triples into a store in memory."""
    store = ox.Store()
    store.load(triples, format=ox.RdfFormat.N_TRIPLES)
    return store


def validate(data: ox.Store, shapes: Graph) -> tuple[Violation, ...]:
    """Check a store against shapes and return what violates them, in a stable order."""
    try:
        conforms, report, text = pyshacl.validate(_data_graph(data), shacl_graph=shapes, advanced=True, inplace=True)
    except (ReportableRuntimeError, TypeError, SyntaxError) as error:  # the last is what Oxigraph says of SPARQL
        raise _unusable(shapes, str(error)) from error
    if not isinstance(report, Graph):
        raise _unusable(shapes, str(text))
    if conforms:
        return ()
    violations = [
        Violation(
            focus=report.value(result, SH.focusNode),
            path=report.value(result, SH.resultPath),
            value=report.value(result, SH.value),
            message=str(report.value(result, SH.resultMessage) or "It does not have the shape that is asked for."),
            severity=str(report.value(result, SH.resultSeverity)),
        )
        for result in report.subjects(RDF.type, SH.ValidationResult)
    ]
    return tuple(sorted(violations, key=lambda found: (str(found.focus), found.message, str(found.value))))


def run_rules(data: ox.Store, rules: Graph, *, to_fixpoint: bool) -> None:
    """Run rules over a store and add what they construct, once or until they add nothing more."""
    while True:
        before = len(data)
        try:
            outcome = pyshacl.shacl_rules(_data_graph(data), shacl_graph=rules, inplace=True)
        except (ReportableRuntimeError, SyntaxError) as error:
            raise _unusable(rules, str(error)) from error
        if type(outcome) is Graph and (None, RDF.type, _FAILURE) in outcome:
            raise _unusable(rules, str(outcome.value(None, SH.message)))
        if not to_fixpoint or len(data) == before:
            return


def pairs(data: ox.Store, predicate: Node) -> list[tuple[str, str]]:
    """List subject and object of every triple of a store with this predicate, where both are IRIs."""
    found = data.quads_for_pattern(None, ox.NamedNode(str(predicate)), None, None)
    return [
        (quad.subject.value, quad.object.value)
        for quad in found
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode)
    ]


def add_pairs(data: ox.Store, predicate: URIRef, found: Iterable[tuple[str, str]]) -> None:
    """Add triples with this predicate between IRIs to a store."""
    name = ox.NamedNode(str(predicate))
    data.extend(ox.Quad(ox.NamedNode(subject), name, ox.NamedNode(value)) for subject, value in found)


def _unusable(shapes: Graph, why: str) -> KnowledgeError:
    """Make the error for shapes or rules that do not work, which names them by the IRI that the catalog knows."""
    iri = shapes.value(None, RDF.type, OWL.Ontology)
    said = " ".join(why.split())[:300]
    return KnowledgeError(f"The shapes <{iri}> cannot be used: {said} Correct them in the file that the catalog gives.")


def _data_graph(data: ox.Store) -> Any:
    """Pass a store where pySHACL takes one, though its type hints do not say so."""
    return data
