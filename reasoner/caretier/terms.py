"""The terms of an ontology, each with all that is said of it and where it is used, for a page or as RDF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Literal, URIRef
from rdflib.term import Node

from caretier.assessments import bound_graph
from caretier.axioms import Axiom, axioms_of, signature
from caretier.extraction import Reader
from caretier.fhir import Code
from caretier.hermit import logical_part
from caretier.knowledge import RedFlag
from caretier.knowledge_base import KnowledgeBase
from caretier.language import ENGLISH
from caretier.manchester import Verbalizer
from caretier.questionnaire import Question
from caretier.rdf_documents import render_rdf
from caretier.vocabulary import CT, local_name

_STANDARD = {"dcterms": DCTERMS, "owl": OWL, "rdfs": RDFS, "skos": SKOS}
_UPWARD = (RDFS.subClassOf, RDFS.subPropertyOf, RDF.type)
_TOLD_APART = frozenset({
    RDFS.label, SKOS.definition, SKOS.editorialNote, SKOS.scopeNote, SKOS.altLabel, DCTERMS.source, RDFS.isDefinedBy,
    OWL.equivalentClass, *_UPWARD,
})  # fmt: skip
"""What a page tells in places of its own."""


@dataclass(frozen=True, slots=True)
class Named:
    """A term by its IRI and its label."""

    iri: str
    label: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What is stated of a term: the property, and its value as another term or as text, in `language` if in any."""

    prop: Named
    value: Named | str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """One term with all that is said of it.

    `kinds` are the local names of what it is in OWL; `axioms` are those about it, and `used_in` those about other
    terms that name it, in Manchester syntax. `red_flags` rest on it; `questions` ask for it.
    """

    iri: str
    label: str
    kinds: tuple[str, ...]
    definition: str | None
    synonyms: tuple[str, ...]
    notes: tuple[str, ...]
    sources: tuple[Named, ...]
    module: str | None
    parents: tuple[Named, ...]
    children: tuple[Named, ...]
    statements: tuple[Statement, ...]
    axioms: tuple[str, ...]
    used_in: tuple[tuple[Named | None, str], ...]
    red_flags: tuple[RedFlag, ...]
    questions: tuple[Question, ...]
    codes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A kind of finding in the hierarchy, with what it points to, and the questions that ask for it."""

    name: Named
    definition: str | None
    points_to: tuple[Statement, ...]
    questions: tuple[Question, ...]
    narrower: tuple[Finding, ...] = field(default=())


class Terms:
    """All terms of one domain. The graph is taken apart once, and each term when it is asked for."""

    def __init__(self, kb: KnowledgeBase) -> None:
        """Read the terms out of a knowledge base, whose RDF is loaded for it."""
        self._knowledge = kb.knowledge
        self._codes = kb.codes
        self._graph = kb.ontology.graph
        self._read = Reader(self._graph)
        self._words = Verbalizer(self._graph)
        self._axioms: dict[Node, list[Axiom]] = {}
        for axiom in axioms_of(logical_part(self._graph)):
            for term in {axiom.subject, *signature([axiom])}:
                self._axioms.setdefault(term, []).append(axiom)

    @cached_property
    def by_kind(self) -> Mapping[str, tuple[Named, ...]]:
        """All terms by what they are, in the order of their labels: of a kind of OWL, or instances of a class."""
        found: dict[str, list[Named]] = {}
        for term in self._own(set(self._graph.subjects())):
            for kind in self._kinds(term):
                found.setdefault(kind, []).append(self._named(term))
        return {kind: _ordered(names) for kind, names in sorted(found.items())}

    def find(self, iri: str) -> Term | None:
        """Return the term with this IRI; None when the ontology says nothing of it."""
        term = URIRef(iri)
        if (term, None, None) not in self._graph:
            return None
        own = [axiom for axiom in self._axioms.get(term, ()) if axiom.subject == term]
        return Term(
            iri=iri,
            label=self._read.text(term, RDFS.label) or local_name(term),
            kinds=self._kinds(term),
            definition=self._read.text(term, SKOS.definition),
            synonyms=self._texts(term, SKOS.altLabel),
            notes=(*self._texts(term, SKOS.scopeNote), *self._texts(term, SKOS.editorialNote)),
            sources=self._names(self._graph.objects(term, DCTERMS.source)),
            module=self._read.iri(term, RDFS.isDefinedBy),
            parents=self._names(self._own(each for up in _UPWARD for each in self._graph.objects(term, up))),
            children=self._names(self._own(each for up in _UPWARD for each in self._graph.subjects(up, term))),
            statements=tuple(self._statements(term)),
            axioms=tuple(self._words.manchester(axiom) for axiom in own),
            used_in=tuple(self._used_in(term)),
            red_flags=self._red_flags(iri),
            questions=self._questions(iri),
            codes=self._codes.get(iri, ()),
        )

    def rdf(self, iri: str, format_name: str) -> str:
        """Write what the ontology states of a term in a format of RDF, down to the names of other terms."""
        described = bound_graph(self._knowledge)
        for prefix, namespace in _STANDARD.items():
            described.bind(prefix, namespace)
        waiting: list[Node] = [URIRef(iri)]
        while waiting:
            node = waiting.pop()
            for predicate, value in self._graph.predicate_objects(node):
                if not isinstance(value, URIRef | Literal) and (value, None, None) not in described:
                    waiting.append(value)
                described.add((node, predicate, value))
        return render_rdf(described, format_name)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The kinds of findings, as the hierarchy that the ontology states."""
        return self._below(CT.Finding, frozenset())

    def _below(self, parent: URIRef, above: frozenset[Node]) -> tuple[Finding, ...]:
        found = []
        for name in self._names(self._own(self._graph.subjects(RDFS.subClassOf, parent))):
            term = URIRef(name.iri)
            if term not in above:
                narrower = self._below(term, above | {term})
                definition = self._read.text(term, SKOS.definition)
                found.append(
                    Finding(name, definition, tuple(self._points_to(term)), self._reporting(name.iri), narrower)
                )
        return tuple(found)

    def _points_to(self, term: Node) -> Iterator[Statement]:
        """Go through the conditions that a finding is stated to have to do with, and how."""
        for part in self._graph.objects(term, RDFS.subClassOf):
            prop, value = self._graph.value(part, OWL.onProperty), self._graph.value(part, OWL.hasValue)
            if prop is not None and value is not None and (value, RDF.type, CT.Condition) in self._graph:
                yield Statement(self._named(prop), self._named(value))

    def _used_in(self, term: Node) -> Iterator[tuple[Named | None, str]]:
        for axiom in self._axioms.get(term, ()):
            if axiom.subject != term:
                subject = self._named(axiom.subject) if isinstance(axiom.subject, URIRef) else None
                yield subject, self._words.manchester(axiom)

    def _statements(self, term: Node) -> Iterator[Statement]:
        stated = sorted(self._graph.predicate_objects(term), key=lambda each: (str(each[0]), str(each[1])))
        for predicate, value in stated:
            if isinstance(value, Literal) and not _is_english(value):
                yield Statement(self._named(predicate), str(value), value.language)
            elif predicate not in _TOLD_APART and isinstance(value, URIRef | Literal):
                told = self._named(value) if isinstance(value, URIRef) else str(value)
                yield Statement(self._named(predicate), told)

    def _red_flags(self, iri: str) -> tuple[RedFlag, ...]:
        """Find the red flags that rest on a term: by their definition, or by an answer that stands for it."""
        asking = {question.id for question in self._questions(iri)}
        using = {str(axiom.subject) for axiom in self._axioms.get(URIRef(iri), ())}
        return tuple(
            flag
            for flag in self._knowledge.red_flags
            if flag.iri in using or any(atom.question in asking for pattern in flag.patterns for atom in pattern)
            if flag.iri != iri
        )

    def _questions(self, iri: str) -> tuple[Question, ...]:
        return tuple(
            question for question in self._knowledge.questionnaire.questions if iri in set(_asked_about(question))
        )

    def _reporting(self, iri: str) -> tuple[Question, ...]:
        return tuple(
            question
            for question in self._knowledge.questionnaire.questions
            if iri in (question.asks_about, question.describes, *(option.reports for option in question.options))
        )

    def _kinds(self, term: Node) -> tuple[str, ...]:
        kinds = sorted(local_name(kind) for kind in self._graph.objects(term, RDF.type))
        return tuple(kind for kind in kinds if kind != "NamedIndividual" or len(kinds) == 1)

    def _own(self, nodes: Iterable[Node]) -> Iterator[URIRef]:
        namespaces = tuple(self._knowledge.prefixes.values())
        return (node for node in nodes if isinstance(node, URIRef) and str(node).startswith(namespaces))

    def _names(self, nodes: Iterable[Node]) -> tuple[Named, ...]:
        return _ordered(self._named(node) for node in nodes if isinstance(node, URIRef))

    def _named(self, node: Node) -> Named:
        label = self._read.text(node, RDFS.label) or self._read.text(node, DCTERMS.title) or local_name(node)
        return Named(str(node), label)

    def _texts(self, term: Node, predicate: Node) -> tuple[str, ...]:
        return tuple(sorted(str(value) for value in self._graph.objects(term, predicate) if _is_english(value)))


def _is_english(value: Node) -> bool:
    """Say whether a value is in English, or in no language."""
    return not isinstance(value, Literal) or value.language in (None, ENGLISH.tag)


def _ordered(names: Iterable[Named]) -> tuple[Named, ...]:
    return tuple(sorted(set(names), key=lambda name: (name.label.lower(), name.iri)))


def _asked_about(question: Question) -> Iterator[str]:
    yield from (iri for iri in (question.asks_about, question.describes, question.sets) if iri)
    yield from question.qualifies
    for option in question.options:
        yield from (iri for iri in (option.value, option.reports, option.denies) if iri)
