"""The mappings of a domain as a table in SSSOM, the standard form in which mappings of ontologies are exchanged."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from itertools import count

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, URIRef
from rdflib.term import Node

from caretier.errors import KnowledgeError
from caretier.extraction import Reader

_MATCHES = (SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch)
_COLUMNS = ("subject_id", "subject_label", "predicate_id", "object_id", "mapping_justification", "comment")
_JUSTIFICATION = "semapv:ManualMappingCuration"
_STANDARD = {"semapv": "https://w3id.org/semapv/vocab/", "skos": str(SKOS)}
_TERMINOLOGIES = {
    "http://snomed.info/id/": "snomedct",
    "http://hl7.org/fhir/sid/icd-10-cm/": "icd10cm",
    "http://purl.obolibrary.org/obo/HP_": "HP",
    "http://purl.obolibrary.org/obo/MONDO_": "MONDO",
}
"""The prefixes by which the registries of prefixes know terminologies; others are numbered."""


def mapping_table(mappings: Graph, ontology: Graph, prefixes: Mapping[str, str]) -> str:
    """Write the mappings of a module as SSSOM/TSV: a head of metadata in YAML, and a row for each match.

    Labels come from the ontology, and so do the `prefixes` of its terms.
    """
    curies = _Curies({**{namespace: prefix for prefix, namespace in prefixes.items()}, **_TERMINOLOGIES})
    read, rows = Reader(ontology), io.StringIO()
    table = csv.DictWriter(rows, _COLUMNS, delimiter="\t", lineterminator="\n")
    table.writeheader()
    for subject, predicate, value in _in_order(mappings):
        table.writerow(
            {
                "subject_id": curies.short(subject),
                "subject_label": read.text(subject, RDFS.label),
                "predicate_id": f"skos:{str(predicate).removeprefix(str(SKOS))}",
                "object_id": curies.short(value),
                "mapping_justification": _JUSTIFICATION,
                "comment": Reader(mappings).text(subject, SKOS.editorialNote),
            }
        )
    return "".join(f"#{line}\n" for line in _head(mappings, curies)) + rows.getvalue()


class _Curies:
    """Shortens IRIs, and remembers by which prefixes."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = {namespace: known[namespace] for namespace in sorted(known, key=len, reverse=True)}
        self.used: dict[str, str] = {}

    def short(self, node: Node) -> str:
        """Shorten an IRI by the longest prefix; KnowledgeError for what no mapping can name."""
        iri = str(node)
        namespace = next((each for each in self._known if iri.startswith(each)), None)
        if namespace is None:
            namespace = iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]
        if not isinstance(node, URIRef) or not namespace or iri == namespace:
            raise KnowledgeError(f"A mapping names {node.n3()}, which is no IRI of a term; give the IRI of a concept.")
        if namespace not in self._known:
            taken = set(self._known.values())
            self._known[namespace] = next(name for number in count(1) if (name := f"ns{number}") not in taken)
        self.used[self._known[namespace]] = namespace
        return f"{self._known[namespace]}:{iri.removeprefix(namespace)}"


def _in_order(mappings: Graph) -> Iterator[tuple[Node, Node, Node]]:
    matches = (triple for predicate in _MATCHES for triple in mappings.triples((None, predicate, None)))
    yield from sorted(matches, key=lambda triple: (str(triple[0]), _MATCHES.index(triple[1]), str(triple[2])))


def _head(mappings: Graph, curies: _Curies) -> Iterator[str]:
    """Write the metadata; a text in JSON is one in YAML."""
    header, read = mappings.value(None, RDF.type, OWL.Ontology), Reader(mappings)
    if header is None:
        raise KnowledgeError("The module of mappings declares no owl:Ontology; add its header.")
    values = {
        "mapping_set_id": read.iri(header, OWL.versionIRI) or str(header),
        "mapping_set_version": read.text(header, OWL.versionInfo),
        "mapping_set_title": read.text(header, DCTERMS.title),
        "mapping_set_description": read.text(header, DCTERMS.description),
        "license": read.iri(header, DCTERMS.license),
        "comment": read.text(header, SKOS.editorialNote),
    }
    yield "curie_map:"
    for prefix, namespace in sorted({**_STANDARD, **curies.used}.items()):
        yield f"  {prefix}: {json.dumps(namespace)}"
    for name, value in values.items():
        if value is not None:
            yield f"{name}: {json.dumps(value, ensure_ascii=False)}"
