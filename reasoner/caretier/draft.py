"""An ontology under edit, which knows where its editor finds each of its terms: the file, and the place in Protégé."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from rdflib import OWL, RDF, RDFS, BNode, Graph, URIRef
from rdflib.term import Node

from caretier.complaints import Complaint, Severity
from caretier.extraction import Reader
from caretier.ontology import Ontology, parse_file, read_catalog
from caretier.vocabulary import local_name

_MAPPINGS = "mappings"
_TABS: Mapping[Node, str] = {
    OWL.Class: "Entities > Classes",
    OWL.ObjectProperty: "Entities > Object properties",
    OWL.DatatypeProperty: "Entities > Data properties",
    OWL.AnnotationProperty: "Entities > Annotation properties",
    RDFS.Datatype: "Entities > Datatypes",
}
_BEGINS_WITH_A_VIEW = re.compile(r"[A-Z][A-Za-z ]*( > [A-Z][A-Za-z ]*)*: ")


@dataclass(frozen=True)
class Draft:
    """An ontology under edit.

    `graph` holds its mappings too, if the catalog lists any; `modules` are its files with what each of them states.
    """

    ontology: Ontology
    graph: Graph
    modules: Mapping[URIRef, tuple[Path, Graph]]

    def complaint(
        self,
        rule: str,
        node: Node | None,
        *,
        message: str,
        why: str,
        remedy: str,
        severity: Severity = "error",
        axioms: tuple[str, ...] = (),
    ) -> Complaint:
        """Complain about a term, a part of an expression, or the whole ontology; the remedy is told with its place."""
        term = self.owner(node) if node is not None else self.ontology.iri
        iri = str(term) if isinstance(term, URIRef) and node is not None else None
        place = self.place(term) if iri else None
        if place is not None:
            within = f" > {remedy}" if _BEGINS_WITH_A_VIEW.match(remedy) else f": {remedy[:1].lower()}{remedy[1:]}"
            remedy = f"In Protégé: {place}{within}"
        return Complaint(self.file(term), iri, self.name(term), rule, severity, message, why, remedy, axioms)

    def name(self, term: Node) -> str:
        """Name a term as people know it."""
        return Reader(self.graph).text(term, RDFS.label) or local_name(term)

    def file(self, term: Node) -> Path:
        """Find the file that declares a term, or else the first one that says anything of it."""
        for predicate in (RDF.type, None):
            for path, module in self.modules.values():
                if (term, predicate, None) in module:
                    return path
        return self.ontology.root

    def place(self, term: Node) -> str | None:
        """Say where in Protégé a term is found; None for one that nothing declares."""
        kinds = set(self.graph.objects(term, RDF.type))
        if OWL.Ontology in kinds:
            return f"Active ontology ({self.file(term).name})"
        if not kinds:
            return None
        tab = next((tab for kind, tab in _TABS.items() if kind in kinds), "Entities > Individuals")
        return f"{tab} > {self.name(term)}"

    def owner(self, node: Node) -> Node:
        """Climb from a part of an axiom to the term that the axiom is about."""
        seen: set[Node] = set()
        while isinstance(node, BNode) and node not in seen:
            seen.add(node)
            above = sorted(self.graph.subjects(None, node), key=lambda term: (isinstance(term, BNode), str(term)))
            members = self.graph.value(node, OWL.distinctMembers) or self.graph.value(node, OWL.members)
            inside = self.graph.value(node, OWL.annotatedSource) or self.graph.value(members, RDF.first)
            node = inside or next(iter(above), node)
        return node


def draft_of(ontology: Ontology) -> Draft:
    """Read the modules of an ontology one by one, and the mappings beside its root if the catalog lists them."""
    files = dict(ontology.modules)
    for name, path in read_catalog(ontology.root.parent).items():
        if local_name(name) == _MAPPINGS and path.parent == ontology.root.parent:
            files[URIRef(name)] = path
    modules = {iri: (path, parse_file(path)) for iri, path in files.items()}
    graph = Graph() + ontology.graph
    for iri, (_, module) in modules.items():
        if iri not in ontology.modules:
            graph += module
    return Draft(ontology, graph, MappingProxyType(modules))
