"""Two versions of an ontology compared: what an edit changed in its terms, for whom, and which axiom did it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rdflib import RDFS, Graph, URIRef

from caretier.axioms import axioms_of
from caretier.changes import answered
from caretier.clinical_changes import ClinicalChange, Comparison, Outcome
from caretier.extraction import Reader
from caretier.hermit import logical_part
from caretier.knowledge import AtomSet, Axiom, RedFlag, holding
from caretier.manchester import Verbalizer
from caretier.model import DecisionModel
from caretier.ontology import Ontology
from caretier.questionnaire import Answer
from caretier.term_changes import TermChange, term_changes
from caretier.vocabulary import CT

_NAMES = re.compile(r"'([^']+)'|([A-Za-z][\w-]*)")
"""The labels in Manchester syntax."""


@dataclass(frozen=True)
class Version:
    """One version: how it was named, its ontology, and its decision model."""

    name: str
    ontology: Ontology
    model: DecisionModel

    @cached_property
    def graph(self) -> Graph:
        """All that is stated: the ontology and its shapes."""
        whole = Graph(bind_namespaces="none")
        for graph in (self.ontology.graph, *self.ontology.shapes.values()):
            for prefix, namespace in graph.namespaces():
                whole.bind(prefix, namespace)
            whole += graph
        return whole

    @cached_property
    def axioms(self) -> frozenset[str]:
        """Every axiom in Manchester syntax, and every fact that a rule derives for a red flag."""
        words, logical = Verbalizer(self.ontology.graph), logical_part(self.ontology.graph)
        proofs = (proof for flag in self.model.knowledge.red_flags for proof in flag.proofs)
        derived = {axiom.manchester for proof in proofs for axiom in proof}
        return frozenset({words.manchester(axiom) for axiom in axioms_of(logical)} | derived)

    def shown(self, ids: Collection[str], answers: Iterable[AtomSet]) -> Iterator[tuple[RedFlag, Sequence[Axiom]]]:
        """Go through the red flags with these ids, with the axioms by which some of the answers show each."""
        given = [answered({}, atoms) for atoms in answers]
        for flag in self.model.knowledge.red_flags:
            if flag.id in ids:
                for pattern, proof in zip(flag.patterns, flag.proofs, strict=True):
                    if any(holding(pattern, each) for each in given):
                        yield flag, proof


@dataclass(frozen=True, slots=True)
class Cause:
    """What did it: an axiom or a statement about a term that only one of the versions has."""

    text: str
    is_new: bool

    def to_dict(self) -> dict[str, object]:
        """Give the cause as plain data."""
        return {"text": self.text, "is_new": self.is_new}


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that comes to another tier or to other conditions."""

    id: str
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs between two versions; `causes` are in the order of `clinical`."""

    old: Version
    new: Version
    terms: tuple[TermChange, ...]
    clinical: tuple[ClinicalChange, ...]
    causes: tuple[tuple[Cause, ...], ...]
    cases: tuple[CaseChange, ...]
    cases_compared: int

    def lowered_by(self, allowed: Collection[str]) -> tuple[str, ...]:
        """List the red flags whose people come to a lower tier, without those for which that is allowed."""
        ranks = self.old.model.knowledge.ranks
        tiers = {flag.id: ranks[flag.tier] for flag in self.old.model.knowledge.red_flags}
        lowered = [
            flag
            for change in self.clinical
            if change.direction == "lower"
            for flag in change.before.red_flags
            if tiers[flag] > change.after.tier.rank
        ]
        return tuple(dict.fromkeys(flag for flag in lowered if flag not in allowed))


def compare(old: Version, new: Version, cases: Mapping[str, Mapping[str, Answer]]) -> Difference:
    """Compare two versions, and what they make of cases (answers by id)."""
    comparison, terms = Comparison(old.model, new.model), term_changes(old.graph, new.graph)
    clinical = comparison.changes()
    outcomes = {name: comparison.outcomes(answers) for name, answers in cases.items()}
    return Difference(
        old=old,
        new=new,
        terms=terms,
        clinical=clinical,
        causes=tuple(tuple(dict.fromkeys(_causes(change, old, new, terms))) for change in clinical),
        cases=tuple(CaseChange(name, *pair) for name, pair in outcomes.items() if _told(pair[0]) != _told(pair[1])),
        cases_compared=len(cases),
    )


def _told(outcome: Outcome) -> object:
    return outcome.tier.id, outcome.conditions, outcome.is_refused


def _causes(change: ClinicalChange, old: Version, new: Version, terms: Sequence[TermChange]) -> Iterator[Cause]:
    """Name the axioms of the argument that the other version lacks; without any, what changed about its terms."""
    found = False
    for version, other, outcome in ((old, new, change.before), (new, old, change.after)):
        for _, proof in version.shown(outcome.red_flags, change.sets):
            for axiom in proof:
                if axiom.manchester not in other.axioms:
                    found = True
                    yield Cause(axiom.manchester, version is new)
    if not found:
        involved = set(_involved(change, old)) | set(_involved(change, new))
        for term in terms:
            if term.iri in involved:
                for statements, is_new in ((term.removed, False), (term.added, True)):
                    for statement in statements:
                        if statement.is_logical:
                            yield Cause(f"{term.label}: {statement.text}", is_new)


def _involved(change: ClinicalChange, version: Version) -> Iterator[str]:
    """Go through the terms that bear on a change: those of its argument, its questions, and what these ask about."""
    graph, knowledge = version.ontology.graph, version.model.knowledge
    read = Reader(graph)
    named = {read.text(term, RDFS.label): str(term) for term in graph.subjects(RDFS.label) if isinstance(term, URIRef)}
    for flag, proof in version.shown((*change.before.red_flags, *change.after.red_flags), change.sets):
        yield flag.iri
        for axiom in proof:
            for quoted, plain in _NAMES.findall(axiom.manchester):
                if (quoted or plain) in named:
                    yield named[quoted or plain]
    questions = {atom.question for atoms in change.sets for atom in atoms}
    for name in questions & knowledge.questionnaire.by_id.keys():
        question = URIRef(knowledge.questionnaire.by_id[name].iri)
        yield str(question)
        for value in graph.objects(question):
            if isinstance(value, URIRef):
                yield str(value)
                yield from map(str, graph.subjects(CT.ofQuantity, value))
    for contradiction in knowledge.contradictions:
        if any(conflict <= atoms for conflict in contradiction.conflicts for atoms in change.sets):
            yield contradiction.iri
