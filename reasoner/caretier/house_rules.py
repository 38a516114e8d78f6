"""The house rules of an ontology: its curation shapes, which say what is wrong, why that matters and how to fix it."""

from __future__ import annotations

import re

import pyoxigraph as ox
from rdflib import RDF, RDFS, SH, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from caretier import shapes
from caretier.complaints import Complaint, Severity, in_order
from caretier.draft import Draft
from caretier.errors import KnowledgeError
from caretier.extraction import Reader
from caretier.hermit import Entailments
from caretier.vocabulary import local_name

_CS = Namespace("https://w3id.org/caretier/shapes#")
_SEVERITIES: dict[str, Severity] = {str(SH.Violation): "error", str(SH.Warning): "warning", str(SH.Info): "note"}
_WHY = "A house rule is not kept."
_HOW = "Look at what the shape asks for, in the shapes of the role curation."


def shape_complaints(draft: Draft, entailments: Entailments) -> list[Complaint]:
    """Complain about what does not keep to the curation shapes, which look at the classified hierarchy too."""
    curation, data = draft.ontology.shapes["curation"], Graph() + draft.graph
    for triple in draft.graph:
        if triple[1] in (RDF.type, RDFS.subClassOf) and isinstance(triple[2], Literal):
            data.remove(triple)  # pySHACL stops at these; what looks at OWL 2 DL complains of them
    for name, above in entailments.superclasses.items():
        for other in above:
            data.add((URIRef(name), RDFS.subClassOf, URIRef(other)))
    store = ox.Store()  # filled like this, and not by loading, it keeps the labels of blank nodes
    store.extend(ox.parse(shapes.ntriples([data]), format=ox.RdfFormat.N_TRIPLES))
    try:
        found = shapes.validate(store, curation)
    except KnowledgeError as error:
        return [
            draft.complaint(
                "curation-shapes",
                None,
                message=str(error),
                why="The house rules cannot be looked at.",
                remedy="Correct the shapes of the role curation.",
            )
        ]
    rules = {str(message): shape for shape, message in curation.subject_objects(SH.message)}
    return [*in_order([_complaint(draft, curation, rules.get(each.message), each) for each in found])]


def _complaint(draft: Draft, curation: Graph, rule: Node | None, violation: shapes.Violation) -> Complaint:
    read = Reader(curation)
    value = violation.value if violation.value != violation.focus else None
    return draft.complaint(
        words(local_name(rule)).replace(" ", "-") if isinstance(rule, URIRef) else "curation-shapes",
        violation.focus,
        message=violation.message
        if value is None
        else f"{violation.message.removesuffix('.')}: {_quoted(draft, value)}.",
        why=(read.text(rule, _CS.whyItMatters) if rule else None) or _WHY,
        remedy=(read.text(rule, _CS.howToFix) if rule else None) or _HOW,
        severity=_SEVERITIES.get(violation.severity, "error"),
    )


def words(name: str) -> str:
    """Write a name of joined words in small letters with spaces.

    >>> words("UseOfUndeclaredClass")
    'use of undeclared class'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()


def _quoted(draft: Draft, value: Node) -> str:
    """Name a term, or the one that a part of an axiom is about, or quote the beginning of a text."""
    if not isinstance(value, Literal):
        return draft.name(draft.owner(value))
    text = str(value)
    return f'"{text}"' if len(text) <= 60 else f'"{text[:57]}..."'
