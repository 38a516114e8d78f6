"""The codes of clinical terminologies that match the terms of a domain, read from the mappings beside its root.

No conclusion rests on a code, so neither the root nor the decision model knows them. Oxigraph reads the file in
milliseconds, where loading the whole ontology for it would take a second.
"""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox

from caretier.errors import KnowledgeError
from caretier.fhir import Code, Codes
from caretier.knowledge_files import read_knowledge

NAME = "mappings.ttl"
"""The name of the file with the mappings; a domain without one has no codes."""

_EXACT = "http://www.w3.org/2004/02/skos/core#exactMatch"
_SYSTEMS = {
    "http://snomed.info/id/": ("http://snomed.info/sct", ""),
    "http://purl.obolibrary.org/obo/HP_": ("http://human-phenotype-ontology.org", "HP:"),
    "http://purl.obolibrary.org/obo/MONDO_": ("http://purl.obolibrary.org/obo/mondo.owl", "MONDO:"),
}
"""What the IRIs of a terminology begin with, if not with its name in FHIR: that name, and how its codes begin."""


def read_codes(root: str) -> Codes:
    """Read the codes that match a term exactly, by the IRI of the term.

    `root` is the root file of an ontology. A coding says that a code means what it stands beside. A close match only
    nearly does, so it is left out here, as are broader, narrower and related ones; queries find them all.
    """
    path = mappings_of(root)
    if path is None:
        return {}
    try:
        quads = list(ox.parse(read_knowledge(path), format=ox.RdfFormat.TURTLE))
    except (SyntaxError, ValueError) as error:
        raise KnowledgeError(f"{path} is not well-formed: {' '.join(str(error).split())}") from error
    found: dict[str, set[str]] = {}
    for quad in quads:
        if quad.predicate.value == _EXACT and isinstance(quad.object, ox.NamedNode):
            found.setdefault(quad.subject.value, set()).add(quad.object.value)
    return {term: tuple(_code(iri) for iri in sorted(iris)) for term, iris in found.items()}


def mappings_of(root: str) -> Path | None:
    """Return the file with the mappings of a domain; None where it has none."""
    path = Path(root).with_name(NAME)
    return path if path.is_file() else None


def _code(iri: str) -> Code:
    for start, (system, prefix) in _SYSTEMS.items():
        if iri.startswith(start):
            return Code(system, prefix + iri[len(start) :])
    end = max(iri.rfind("#"), iri.rfind("/"))
    return Code(iri[:end], iri[end + 1 :])
