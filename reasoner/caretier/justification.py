"""Why a red flag holds, as axioms: for each minimal set of answers the axioms that alone entail what follows from it.

The axioms are proposed by forward chaining, or, where it cannot read them, by asking the reasoner without one part of
the ontology after the other. Either way the reasoner is asked whether the axioms named, with the facts that the answers
state and the rules derive, entail the conclusion all alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rdflib import DCTERMS, OWL, RDF, RDFS, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from caretier import knowledge
from caretier.axioms import Axiom, axioms_of, declarations, signature
from caretier.batch import Part, stated_part
from caretier.chaining import Fact, proof, rules_of
from caretier.errors import InconsistencyError, KnowledgeError
from caretier.extraction import Reader, sources_of
from caretier.hermit import logical_part, realise_all
from caretier.knowledge import Atom, AtomSet, RedFlag, Source
from caretier.manchester import Verbalizer
from caretier.reference import Reference
from caretier.statements import state
from caretier.vocabulary import CT, RUN

_TOGETHER = 20
"""Justifications that one run of the reasoner takes; with more, its time grows faster than their number."""

_OF_OWL = (str(OWL), str(RDF), str(RDFS), str(XSD))


@dataclass(frozen=True)
class Justification:
    """Axioms that entail what follows from a minimal set of answers, in the order of the argument.

    `facts` are what the answers state and the rules derive about one assessment; `goals` what is entailed of it.
    """

    facts: tuple[Fact, ...]
    goals: tuple[Fact, ...]
    axioms: tuple[Axiom, ...]

    @property
    def derived(self) -> list[Node]:
        """The thresholds that a rule found to be met."""
        return [value for _, predicate, value in self.facts if predicate == CT.meets]


class Justifier:
    """Justifies the red flags of one ontology."""

    def __init__(self, reference: Reference) -> None:
        """Take the ontology apart into axioms."""
        self._reference = reference
        self._logical = logical_part(reference.ontology.graph)
        self._axioms = axioms_of(self._logical)
        self._rules = rules_of(self._logical, self._axioms)
        self._words = Verbalizer(reference.ontology.graph, reference.knowledge.language)
        self._read = Reader(reference.ontology.graph)

    def justify(self, shown: Sequence[tuple[RedFlag, AtomSet]]) -> list[Justification]:
        """Justify red flags, each by a minimal set of answers that shows it.

        Raises KnowledgeError when the reasoner does not agree that the axioms entail the conclusion.
        """
        questionnaire = self._reference.knowledge.questionnaire
        parts = [
            stated_part(f"justified-{number}", state(_stated(atoms), questionnaire), share=False)
            for number, (_, atoms) in enumerate(shown)
        ]
        met = self._reference.thresholds_met(parts)
        found = [
            self._justification(part, flag, met.get(str(part.name), []))
            for part, (flag, _) in zip(parts, shown, strict=True)
        ]
        unproven = [shown[number][0] for number in self.unproven(found)]
        if unproven:
            raise KnowledgeError(f"The reasoner does not see why {unproven[0].label} ({unproven[0].id}) is shown.")
        return found

    def told(self, justification: Justification) -> tuple[knowledge.Axiom, ...]:
        """Put a justification into words: first what rules derived, then the axioms."""
        return (
            *(self._derived(threshold) for threshold in justification.derived),
            *(self._told(axiom) for axiom in justification.axioms),
        )

    def unproven(self, justifications: Sequence[Justification]) -> list[int]:
        """Ask the reasoner about each justification all alone; return the numbers of those that entail too little.

        Many are asked at once, each in names of its own, so that none can lean on the axioms of another.
        """
        runs = [Graph() for _ in range(0, len(justifications), _TOGETHER)]
        asked: list[tuple[str, set[str]]] = []
        for number, each in enumerate(justifications):
            own = _Names(number)
            for triple in self._alone(each):
                runs[number // _TOGETHER].add(own.triple(triple))
            classes = {str(own.name(_class_of(place, goal))) for place, goal in enumerate(each.goals)}
            asked.append((str(own.name(each.goals[0][0])), classes))
        types = {name: classes for found in realise_all(runs) for name, classes in found.types.items()}
        return [number for number, (name, classes) in enumerate(asked) if not classes <= types.get(name, frozenset())]

    def _alone(self, justification: Justification) -> Iterator[Fact]:
        """Give the triples of a justification: facts, axioms, declarations, and a class for each goal to ask about."""
        yield from justification.facts
        for axiom in justification.axioms:
            yield from axiom.triples
        for place, goal in enumerate(justification.goals):
            if goal[1] != RDF.type:
                restriction, cls = BNode(), _class_of(place, goal)
                yield cls, RDF.type, OWL.Class
                yield cls, OWL.equivalentClass, restriction
                yield restriction, RDF.type, OWL.Restriction
                yield restriction, OWL.onProperty, goal[1]
                yield restriction, OWL.hasValue, goal[2]
        stated = (*justification.facts, *justification.goals)
        terms = signature(justification.axioms) | {node for fact in stated for node in fact if isinstance(node, URIRef)}
        yield from declarations(self._logical, sorted(terms))

    def _justification(self, part: Part, flag: RedFlag, met: Iterable[tuple[str, str]]) -> Justification:
        condition = self._reference.knowledge.conditions[flag.condition].iri
        tier = self._reference.knowledge.tier(flag.tier).iri
        stated = sorted(fact for fact in part.facts if not isinstance(fact[2], Literal) and fact[1] != CT.denies)
        derived = [(URIRef(name), CT.meets, URIRef(threshold)) for name, threshold in sorted(met)]
        shown = (part.name, RDF.type, URIRef(flag.iri))
        follows = (part.name, CT.suggests, URIRef(condition)), (part.name, CT.indicatesTier, URIRef(tier))
        axioms = dict.fromkeys((*self._argument([*stated, *derived], (shown,)), *self._argument((shown,), follows)))
        used = signature(axioms)
        facts = (*stated, *(fact for fact in derived if fact[2] in used))
        return Justification(facts, (shown, *follows), tuple(axioms))

    def _argument(self, facts: Sequence[Fact], goals: Sequence[Fact]) -> tuple[Axiom, ...]:
        """Find axioms by which facts entail goals, none of them more than it takes."""
        found = proof(self._rules, facts, goals)
        return self._asked_for(facts, goals) if found is None else self._narrowed(facts, goals, found)

    def _narrowed(self, facts: Sequence[Fact], goals: Sequence[Fact], axioms: tuple[Axiom, ...]) -> tuple[Axiom, ...]:
        """Leave out each axiom without which the argument still stands."""
        kept = axioms
        for axiom in axioms:
            fewer = proof(rules_of(self._logical, [each for each in kept if each != axiom]), facts, goals)
            if fewer is not None:
                kept = fewer
        return kept

    def _asked_for(self, facts: Sequence[Fact], goals: Sequence[Fact]) -> tuple[Axiom, ...]:
        """Ask the reasoner: of ever smaller portions of the axioms, leave out each without which it still agrees."""
        wide_enough = (found for found in self._ever_wider(facts, goals) if self._entails(facts, goals, found))
        kept = next(wide_enough, ())
        size = len(kept) // 2
        while size:
            start = 0
            while start < len(kept):
                fewer = kept[:start] + kept[start + size :]
                if self._entails(facts, goals, fewer):
                    kept = fewer
                else:
                    start += size
            size //= 2
        return kept

    def _ever_wider(self, facts: Sequence[Fact], goals: Sequence[Fact]) -> Iterator[tuple[Axiom, ...]]:
        """Go from the axioms about the terms at hand to those about the terms in these, and so on to all axioms."""
        terms = {node for fact in (*facts, *goals) for node in fact}
        found: tuple[Axiom, ...] = ()
        while True:
            wider = tuple(axiom for axiom in self._axioms if axiom.subject in terms or axiom in found)
            if wider == found:
                yield self._axioms
                return
            yield wider
            found, terms = wider, terms | signature(wider)

    def _entails(self, facts: Sequence[Fact], goals: Sequence[Fact], axioms: tuple[Axiom, ...]) -> bool:
        justification = Justification(tuple(facts), tuple(goals), axioms)
        try:
            return not self.unproven([justification])
        except InconsistencyError:
            return False

    def _told(self, axiom: Axiom) -> knowledge.Axiom:
        return knowledge.Axiom(self._words.manchester(axiom), self._words.sentence(axiom), self._sources(axiom.subject))

    def _derived(self, threshold: Node) -> knowledge.Axiom:
        fact = f"{self._words.expression(CT.Assessment)} Facts: {self._words.expression(CT.meets)} "
        return knowledge.Axiom(
            fact + self._words.expression(threshold),
            self._words.definition(threshold),
            self._sources(threshold),
        )

    def _sources(self, term: Node) -> tuple[Source, ...]:
        """Read the sources of a term; a word of the vocabulary itself has its module for a source."""
        modules = self._read.graph.objects(term, RDFS.isDefinedBy)
        return sources_of(self._read, term) or tuple(
            Source(str(module), self._read.needed(module, DCTERMS.title), None) for module in sorted(modules, key=str)
        )


def _stated(atoms: AtomSet) -> AtomSet:
    """Give a number at its limit, since only a number states something."""
    return frozenset(
        Atom(atom.question, atom.value)
        if atom.relation == "at least"
        else Atom(atom.question, int(atom.value) - 1)
        if atom.relation == "below"
        else atom
        for atom in atoms
    )


def _class_of(place: int, goal: Fact) -> Node:
    """Name the class of all that the goal at this place holds for."""
    return goal[2] if goal[1] == RDF.type else RUN[f"goal-{place}"]


class _Names:
    """Gives the terms of one justification names of its own; those of OWL keep theirs."""

    def __init__(self, number: int) -> None:
        self._number = number

    def name(self, node: Node) -> Node:
        if isinstance(node, BNode):
            return BNode(f"{node}of{self._number}")
        if isinstance(node, Literal) or str(node).startswith(_OF_OWL):
            return node
        return URIRef(f"{node}-of-{self._number}")

    def triple(self, triple: Fact) -> Fact:
        return self.name(triple[0]), self.name(triple[1]), self.name(triple[2])
