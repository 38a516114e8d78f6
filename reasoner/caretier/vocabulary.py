"""The terms of the core ontology that code needs; everything else is data to it."""

from __future__ import annotations

from rdflib import Namespace
from rdflib.term import Node

CT = Namespace("https://w3id.org/caretier/core#")
"""The namespace of the core vocabulary."""

RUN = Namespace("urn:caretier:run:")
"""Names that exist only within one run of the reference reasoner."""

SKOLEM = "urn:caretier:assessment:"
"""What the IRI of an assessment that has an id begins with."""


def local_name(term: Node | str) -> str:
    """Return the part of an IRI behind its last hash or slash, by which applications know a term.

    >>> local_name("https://w3id.org/caretier/core#EmergencyCare")
    'EmergencyCare'
    """
    text = str(term)
    return text[max(text.rfind("#"), text.rfind("/")) + 1 :]
