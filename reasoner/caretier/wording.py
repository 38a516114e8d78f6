"""Findings of an assessment in words, named by the labels of the ontology."""

from __future__ import annotations

from collections.abc import Mapping

from rdflib import RDF, RDFS, URIRef
from rdflib.term import Node

from caretier.batch import Part
from caretier.extraction import Reader
from caretier.language import Language
from caretier.reasons import Reason, tension_note
from caretier.vocabulary import CT


def reported(part: Part, read: Reader) -> tuple[Reason, ...]:
    """Name everything that an assessment reports, as reasons that no question asks for."""
    return tuple(Reason(None, None, _phrase(part, finding, read)) for finding in _findings(part))


def tensions_in(
    part: Part, finding_types: Mapping[str, frozenset[str]], read: Reader, language: Language
) -> tuple[str, ...]:
    """Tell of each denial beside a report of something of that very kind; the report counts.

    `finding_types` are the classes that the reasoner found for each finding.
    """
    notes = []
    for denied in sorted(part.facts.objects(part.name, CT.denies), key=str):
        told = [
            _phrase(part, finding, read)
            for finding in _findings(part)
            if str(denied) in finding_types.get(str(finding), frozenset())
        ]
        if told:
            label = read.text(denied, RDFS.label) or str(denied)
            notes.append(tension_note(label, tuple(told), language))
    return tuple(notes)


def _findings(part: Part) -> list[Node]:
    return sorted(part.facts.objects(part.name, CT.reports), key=str)


def _phrase(part: Part, finding: Node, read: Reader) -> str:
    types = [read.text(cls, RDFS.label) for cls in sorted(part.facts.objects(finding, RDF.type), key=str)]
    values = [
        read.text(value, RDFS.label)
        for predicate, value in sorted(part.facts.predicate_objects(finding), key=str)
        if predicate != RDF.type and isinstance(value, URIRef)
    ]
    return ", ".join(text for text in (*types, *values) if text) or "a finding"
