"""How answers in RDF use terms: whatever in them would silently count as nothing, or change what the ontology says.

An RDF reader carries along what it does not understand. Here that could be a finding: so what looks like a term and is
none, or is a term in a place where it says nothing, is refused. Other statements are no business of ours, and stay.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from rdflib import OWL, RDF, RDFS, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from caretier.errors import Problem
from caretier.knowledge import Knowledge
from caretier.vocabulary import CT, local_name

_NODES = (RDF.type, RDFS.subClassOf, CT.denies, CT.doesNotKnow)
_ON_TERMS = (RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range)
_ON_CLASSES = (RDFS.subClassOf, OWL.equivalentClass)
_EQUAL = (OWL.equivalentClass, OWL.equivalentProperty)
_PROPERTIES = (OWL.ObjectProperty, OWL.DatatypeProperty)
_BUILT_IN = (RDF, RDFS, OWL)


class TermUsage:
    """Looks at how graphs of answers use the terms of one ontology."""

    def __init__(self, ontology: Graph, knowledge: Knowledge, superclasses: Mapping[str, frozenset[str]]) -> None:
        """Gather what can be said in answers, and by which names people know it."""
        self._ontology = ontology
        self._superclasses = superclasses
        self._known = {str(term) for term in set(ontology.subjects()) if isinstance(term, URIRef)}
        self._places = {_place(namespace) for namespace in (str(CT), *knowledge.prefixes.values())}
        self._terms = {term for term in self._known if any(place in term.lower() for place in self._places)}
        self._terms -= {str(header) for header in ontology.subjects(RDF.type, OWL.Ontology)}
        self._describing = {
            prop
            for kind in _PROPERTIES
            for prop in ontology.subjects(RDF.type, kind)
            for above in ontology.transitive_objects(prop, RDFS.subPropertyOf)
            if {CT.Assessment, CT.Finding} & set(ontology.objects(above, RDFS.domain))
        }
        self._by_name = {_name(term): term for term in self._sayable(knowledge)}
        for question in knowledge.questionnaire.questions:
            self._by_name.setdefault(_name(question.id), question.iri)
        self._ids = {local_name(name) for name, above in superclasses.items() if str(CT.Finding) in above}
        self._ids |= {question.id for question in knowledge.questionnaire.questions}

    def problems(self, graph: Graph) -> Iterator[Problem]:
        """Go through what a graph of answers gets wrong about terms."""
        meant = _given_meaning(graph, self._known) | _listed_in_axioms(graph)
        yield from self._undeclared(graph, meant)
        for imported in sorted(map(str, graph.objects(None, OWL.imports))):
            said = f"Answers may import nothing, and <{imported}> is not fetched; put what it says into them."
            yield Problem((imported,), said)
        for term in sorted({str(node) for node in graph.subjects() if isinstance(node, URIRef)}):
            if term in self._known:
                yield Problem((term,), f"Answers may say nothing about <{term}>, a term of the ontology; leave it out.")
        allowed = {str(CT.Assessment), str(CT.Finding), str(CT.Site)}
        for cls in sorted({str(value) for value in graph.objects(None, RDF.type)}):
            if cls in self._superclasses and not allowed & self._superclasses[cls]:
                said = f"Answers may not bring a <{cls}> of their own; the ontology says which there are."
                yield Problem((cls,), said)
        for subject, predicate, value in sorted(graph, key=str):
            wrong = self._misplaced(graph, meant, subject, predicate, value)
            if wrong is not None:
                yield Problem((str(predicate),), wrong)
        yield from self._mistyped(graph, meant)

    def _sayable(self, knowledge: Knowledge) -> Iterator[str]:
        """Go through the terms that answers are made of: findings, what is said of them, and questions."""
        yield from (name for name, above in self._superclasses.items() if str(CT.Finding) in above)
        for question in knowledge.questionnaire.questions:
            yield question.iri
            yield from (option.value for option in question.options if option.value)
        yield from map(str, (*self._describing, CT.denies, CT.doesNotKnow))

    def _undeclared(self, graph: Graph, meant: set[Node]) -> Iterator[Problem]:
        """Find IRIs that are no terms, and look like one: by their place, or anywhere by their name."""
        nodes = {node for node, kind in graph.subject_objects(RDF.type) if str(kind) in self._known or kind in meant}
        used = {node for triple in graph for node in triple if isinstance(node, URIRef)}
        in_terms = set(graph.predicates()) | set(graph.objects(None, RDF.type))
        stating = in_terms | {node for node in graph.objects() if node not in nodes}
        for term in sorted(map(str, used)):
            if any(place in term.lower() for place in self._places):
                if term not in self._known:
                    matches = difflib.get_close_matches(term, self._known, n=1, cutoff=0.8)
                    near = f" Did you mean <{matches[0]}>?" if matches else ""
                    yield Problem((term,), f"The ontology does not declare <{term}>.{near}")
            elif URIRef(term) in in_terms and _is_built_in(URIRef(term)):
                if not any(URIRef(term) in each for each in _BUILT_IN) and not term.startswith(f"{RDF}_"):
                    yield Problem((term,), f"<{term}> is no term of RDF or OWL; correct its name.")
            elif URIRef(term) in stating and URIRef(term) not in meant and term not in self._known:
                match = self._by_name.get(_name(term))
                if match is not None:
                    said = f"The ontology does not declare <{term}>, which would count for nothing."
                    yield Problem((term,), f"{said} Did you mean <{match}>? Else leave it out.")

    def _misplaced(self, graph: Graph, meant: set[Node], subject: Node, predicate: Node, value: Node) -> str | None:
        """Say what is wrong with a statement whose term says nothing where it stands."""
        kinds = set(self._ontology.objects(predicate, RDF.type))
        says = predicate in _NODES or any(kind in kinds for kind in _PROPERTIES)
        if isinstance(value, Literal):
            if predicate in _NODES or OWL.ObjectProperty in kinds:
                return f'<{predicate}> needs a node with a type and not the text "{value}".'
            foreign = str(predicate) not in self._known and predicate not in meant and not _is_built_in(predicate)
            if foreign and re.split("[/#:]", value)[-1] in self._ids:
                return f'<{predicate}> says nothing here, so that "{value}" would be lost; use ct:reports and its like.'
        elif str(value) in self._terms:
            axiom = predicate in _ON_TERMS or predicate in meant or str(predicate).startswith(str(OWL))
            if not (says or axiom or (predicate == RDF.first and subject in meant) or _is_told_apart(graph, subject)):
                return f"<{predicate}> says nothing here, so that <{value}> would be lost; use ct:reports and its like."
        if str(predicate) in self._terms and not _is_property(kinds):
            return f"<{predicate}> is no property; report it as a finding, or leave it out."
        if predicate in self._describing and predicate != CT.reports and not _is_assessed(graph, subject):
            return f"<{predicate}> is said of something that no assessment reports; put it on what it is said of."
        return None

    def _mistyped(self, graph: Graph, meant: set[Node]) -> Iterator[Problem]:
        """Find types of findings without a meaning, and descriptions of classes that are not complete."""
        for finding in sorted(set(graph.objects(None, CT.reports)), key=str):
            kinds = set(graph.objects(finding, RDF.type))
            for kind in sorted(kinds if any(str(each) in self._superclasses for each in kinds) else (), key=str):
                is_class = str(kind) in self._superclasses or kind in meant or _is_of_owl(graph, kind)
                if not is_class and not isinstance(kind, Literal):
                    said = "is the type of a finding and means nothing here; leave it out, or say what it is a kind of."
                    yield Problem((str(kind),), f"{_told(kind)} {said}")
        individuals = set(graph.objects(None, CT.reports)) | set(graph.subjects(CT.reports))
        for node in sorted({each for axiom in _ON_CLASSES for each in graph.subjects(axiom)} & individuals, key=str):
            yield Problem((str(node),), f"{_told(node)} is a finding or a person and no class; give it a type instead.")
        for restriction, prop in sorted(graph.subject_objects(OWL.onProperty), key=str):
            if (restriction, RDF.type, OWL.Restriction) not in graph:
                yield Problem((str(prop),), f"What restricts {_told(prop)} needs the type owl:Restriction.")
            if not any((prop, RDF.type, kind) in each for kind in _PROPERTIES for each in (self._ontology, graph)):
                said = "is restricted; give it the type owl:ObjectProperty or owl:DatatypeProperty."
                yield Problem((str(prop),), f"{_told(prop)} {said}")


def _place(namespace: str) -> str:
    """Return host and first folder of a namespace: what a mistaken IRI of it still has in common with it."""
    return "/".join(namespace.split("://")[-1].split("/")[:2]).rstrip("#").lower()


def _name(term: str) -> str:
    """Return by which name people know a term, however they write it and wherever they think that it is.

    >>> _name("http://example.org/%48as_saddle-numbness") == _name("https://w3id.org/caretier/x#SaddleNumbness")
    True
    """
    text = unicodedata.normalize("NFKC", unquote(term)).rstrip("/#:?=&")
    last = re.split(r"[/#:?=&]", text)[-1]
    return re.sub(r"[\W_]", "", re.sub(r"^([Hh]as|[Ii]s)(?=[A-Z_-])", "", last)).casefold()


def _given_meaning(graph: Graph, known: set[str]) -> set[Node]:
    """Return the classes and properties that a graph brings, by axioms that lead to what is known."""
    said: dict[Node, set[Node]] = {}
    for axiom in (*_ON_TERMS, *_EQUAL):
        for each, about in graph.subject_objects(axiom):
            said.setdefault(about, set()).add(each)
            if axiom in _EQUAL:
                said.setdefault(each, set()).add(about)
    meant = {each for about, those in said.items() if isinstance(about, BNode) or str(about) in known for each in those}
    meant |= {each for axiom in (OWL.inverseOf, OWL.propertyChainAxiom) for each in graph.subjects(axiom)}
    meant |= set(graph.objects(None, OWL.onProperty))
    waiting = list(meant)
    while waiting:
        more = said.get(waiting.pop(), set()) - meant
        meant |= more
        waiting += more
    return meant


def _listed_in_axioms(graph: Graph) -> set[Node]:
    """Return the parts of the lists of which descriptions of classes are made."""
    waiting = [value for _, predicate, value in graph if str(predicate).startswith(str(OWL))]
    found = set(waiting)
    while waiting:
        rest = set(graph.objects(waiting.pop(), RDF.rest)) - found
        found |= rest
        waiting += rest
    return {node for node in found if (node, RDF.first, None) in graph}


def _is_told_apart(graph: Graph, node: Node) -> bool:
    """Say whether a node speaks of a statement that the graph makes as well, so that nothing is lost with it."""
    subject, predicate, value = (graph.value(node, each) for each in (RDF.subject, RDF.predicate, RDF.object))
    return None not in (subject, predicate, value) and (subject, predicate, value) in graph


def _is_assessed(graph: Graph, node: Node) -> bool:
    """Say whether a node is an assessment, or a finding that one reports."""
    kinds = set(graph.objects(node, RDF.type))
    return (None, CT.reports, node) in graph or not kinds.isdisjoint(
        graph.transitive_subjects(RDFS.subClassOf, CT.Assessment)
    )


def _is_built_in(term: Node) -> bool:
    return str(term).startswith(tuple(map(str, _BUILT_IN)))


def _is_of_owl(graph: Graph, kind: Node) -> bool:
    """Say whether a class is one of OWL, or is described in its words."""
    return any(
        str(each).startswith(str(OWL)) for each in ([kind] if isinstance(kind, URIRef) else graph[kind : RDF.type])
    )


def _is_property(kinds: set[Node]) -> bool:
    return any(kind in kinds for kind in (*_PROPERTIES, OWL.AnnotationProperty))


def _told(node: Node) -> str:
    return "A node without a name" if isinstance(node, BNode) else f"<{node}>"
