"""The definitions of red flags read backwards: which minimal sets of answers imply each.

This reads the common patterns of OWL axioms (intersections, unions, existential and value restrictions) over the
hierarchy that the reasoner classified. It only proposes: whether a red flag is there is the reasoner's word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product

from rdflib import OWL, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from caretier.knowledge import Atom, AtomSet, minimal
from caretier.questionnaire import Question, Questionnaire
from caretier.vocabulary import CT

_LARGEST_PATTERN_ON_ONE_FINDING = 3

Values = frozenset[tuple[str, str]]
"""Properties of a finding with the IRIs of their values."""


@dataclass(frozen=True)
class _Described:
    """One possible description of one finding: the answers that give it, its asserted types and its values."""

    atoms: AtomSet
    types: frozenset[str]
    values: Values


class Expansion:
    """The minimal sets of answers that imply a class of assessments, read off the axioms of one ontology.

    `superclasses` is the classified hierarchy: for each class its named superclasses, itself included.
    """

    def __init__(self, graph: Graph, superclasses: Mapping[str, frozenset[str]], questionnaire: Questionnaire) -> None:
        """Collect what the questions can say about one finding, and the definitions by the class they define."""
        self._graph = graph
        self._superclasses = superclasses
        self._questionnaire = questionnaire
        self._below: dict[str, list[str]] = defaultdict(list)
        for name, above in superclasses.items():
            for other in above:
                self._below[other].append(name)
        self._definitions: dict[str, list[Node]] = defaultdict(list)
        for defined, definition in graph.subject_objects(OWL.equivalentClass):
            if not isinstance(definition, URIRef):
                self._definitions[str(defined)].append(definition)
        self._lists: dict[tuple[Node, Node], list[Node]] = {
            (expression, operator): list(Collection(graph, members))
            for operator in (OWL.intersectionOf, OWL.unionOf)
            for expression, members in graph.subject_objects(operator)
        }
        self._restricted = {
            restriction: (str(graph.value(restriction, OWL.onProperty)), str(value))
            for restriction, value in graph.subject_objects(OWL.hasValue)
        }
        self._findings = tuple(
            (finding.atoms, self._classes(finding.types, finding.values), finding.values)
            for finding in self._describable()
        )

    def of_class(self, iri: str) -> tuple[AtomSet, ...]:
        """Return the minimal sets of answers that put an assessment into a class; empty when none can be read off."""
        sets: set[AtomSet] = set()
        for name in self._below.get(iri, [iri]):
            for definition in self._definitions.get(name, ()):
                sets.update(self._of_assessment(definition))
        return minimal(sets)

    def reporting(self, iri: str) -> tuple[AtomSet, ...]:
        """Return the minimal sets of answers that report a finding of a class."""
        return self._reporting(URIRef(iri))

    def _of_assessment(self, expression: Node) -> tuple[AtomSet, ...]:
        if expression == CT.Assessment:
            return (frozenset(),)
        if isinstance(expression, URIRef):
            return self.of_class(str(expression))
        if parts := self._members(expression, OWL.intersectionOf):
            return _all_of([self._of_assessment(part) for part in parts])
        if parts := self._members(expression, OWL.unionOf):
            return minimal(found for part in parts for found in self._of_assessment(part))
        prop = self._graph.value(expression, OWL.onProperty)
        value = self._graph.value(expression, OWL.hasValue)
        filler = self._graph.value(expression, OWL.someValuesFrom)
        if prop == CT.reports and filler is not None:
            return self._reporting(filler)
        if prop == CT.meets and value is not None:
            return self.meeting(value)
        if value is not None:
            return minimal(
                frozenset({Atom(question.id, option.id)})
                for question in self._questionnaire.questions
                if question.sets == str(prop)
                for option in question.options
                if option.value == str(value)
            )
        return ()

    def _reporting(self, expression: Node) -> tuple[AtomSet, ...]:
        return minimal(atoms for atoms, classes, values in self._findings if self._holds(classes, values, expression))

    def meeting(self, threshold: Node) -> tuple[AtomSet, ...]:
        """Return the minimal sets of answers that reach a threshold."""
        limits = (
            ("at least", self._graph.value(threshold, CT.atLeast)),
            ("below", self._graph.value(threshold, CT.below)),
        )
        quantity = self._graph.value(threshold, CT.ofQuantity)
        if quantity is not None:
            return minimal(
                frozenset({Atom(question.id, int(str(limit)), "at least" if relation == "at least" else "below")})
                for question in self._questionnaire.questions
                if question.sets == str(quantity)
                for relation, limit in limits
                if limit is not None
            )
        group, least = self._graph.value(threshold, CT.countsKindsOf), limits[0][1]
        if group is None or least is None:
            return ()
        kinds = [name for name in self._below.get(str(group), ()) if name != str(group)]
        return minimal(
            found
            for chosen in combinations(sorted(kinds), int(str(least)))
            for found in _all_of([self.reporting(kind) for kind in chosen])
        )

    def _classes(self, types: Iterable[str], values: Values) -> frozenset[str]:
        """Return every class that a finding with these types and values is told, by the axioms read here, to be in."""
        known = {above for name in types for above in self._superclasses.get(name, frozenset({name}))}
        growing = True
        while growing:
            growing = False
            for name, definitions in self._definitions.items():
                if name not in known and any(self._holds(known, values, one) for one in definitions):
                    known |= self._superclasses.get(name, frozenset({name}))
                    growing = True
        return frozenset(known)

    def _holds(self, known: Container[str], values: Values, expression: Node) -> bool:
        if isinstance(expression, URIRef):
            return str(expression) in known
        if parts := self._members(expression, OWL.intersectionOf):
            return all(self._holds(known, values, part) for part in parts)
        if parts := self._members(expression, OWL.unionOf):
            return any(self._holds(known, values, part) for part in parts)
        return self._restricted.get(expression) in values

    def _members(self, expression: Node, operator: Node) -> list[Node]:
        return self._lists.get((expression, operator), [])

    def _describable(self) -> Iterator[_Described]:
        """Go through all that answers can say about one finding, up to a few answers at a time."""
        described: dict[str, list[Question]] = defaultdict(list)
        for question in self._questionnaire.questions:
            if question.describes:
                described[question.describes].append(question)
        for described_class, questions in described.items():
            yield from self._descriptions(frozenset(), frozenset({described_class}), questions)
        for atom, reported in self._reports():
            qualifying = [question for question in self._questionnaire.questions if reported in question.qualifies]
            yield _Described(frozenset({atom}), frozenset({reported}), frozenset())
            yield from self._descriptions(frozenset({atom}), frozenset({reported}), qualifying)

    def _reports(self) -> Iterator[tuple[Atom, str]]:
        for question in self._questionnaire.questions:
            if question.asks_about and not question.describes:
                yield Atom(question.id, True), question.asks_about
            for option in question.options:
                if option.reports:
                    yield Atom(question.id, option.id), option.reports

    def _descriptions(self, atoms: AtomSet, types: frozenset[str], questions: list[Question]) -> Iterator[_Described]:
        for size in range(1, min(len(questions), _LARGEST_PATTERN_ON_ONE_FINDING) + 1):
            for chosen in combinations(questions, size):
                for said in product(*(self._said(question) for question in chosen)):
                    yield _Described(
                        atoms | {atom for atom, _, _ in said},
                        types | {name for _, name, _ in said if name},
                        frozenset(value for _, _, value in said if value),
                    )

    def _said(self, question: Question) -> list[tuple[Atom, str | None, tuple[str, str] | None]]:
        if question.asks_about:
            return [(Atom(question.id, True), question.asks_about, None)]
        return [
            (Atom(question.id, option.id), None, (str(question.sets), option.value))
            for option in question.options
            if option.value
        ]


def _all_of(choices: list[tuple[AtomSet, ...]]) -> tuple[AtomSet, ...]:
    """Combine one set of each choice, and leave out what would need two answers to one question."""
    combined: tuple[AtomSet, ...] = (frozenset(),)
    for choice in choices:
        joined = (left | right for left in combined for right in choice)
        combined = minimal(atoms for atoms in joined if _one_answer_each(atoms))
    return combined


def _one_answer_each(atoms: AtomSet) -> bool:
    questions = [atom.question for atom in atoms if atom.relation == "is"]
    return len(questions) == len(set(questions))
