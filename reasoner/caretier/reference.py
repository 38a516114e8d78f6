"""The reference reasoner: what every answer means, by four steps over a whole batch of assessments.

Validate (SHACL) → derive (SHACL rules) → realise (HermiT) → decide (SHACL rules). What the reasoner finds is triples:
red flags as types, the conditions suggested, the tiers indicated, and the one care tier decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import islice

from pyoxigraph import Store
from rdflib import OWL, RDF, RDFS, BNode, Graph, URIRef
from rdflib.term import Node

from caretier import shapes
from caretier.assessment import Assessment
from caretier.batch import Part, brings_axioms, findings_can_be_shared, part_of, reasoned_over, stated_part
from caretier.errors import (
    ContradictionError,
    InconsistencyError,
    InputError,
    InvalidAnswersError,
    JavaError,
    KnowledgeError,
    Problem,
    ReasonerError,
    ReasonerTimeoutError,
)
from caretier.evaluation import Evaluator
from caretier.extraction import Reader, extract, red_flag_classes
from caretier.further_answers import goal_of, with_all_open
from caretier.hermit import Entailments, logical_part, processors, realise, realise_all
from caretier.interval import open_questions
from caretier.knowledge import AtomSet, Axiom, CareTier, Knowledge, RedFlag, atom_key
from caretier.language import ENGLISH
from caretier.limits import DEFAULT_TIME_LIMIT
from caretier.ontology import Ontology
from caretier.reasons import Reason, because, reasons, scope_notes, tensions
from caretier.refusal import has_remainder, refusal, remainder
from caretier.result import FoundRedFlag, Result, conditions_of
from caretier.statements import state
from caretier.term_usage import TermUsage
from caretier.vocabulary import CT, RUN
from caretier.wording import reported, tensions_in

ENGINE = "reference"
_PROBLEMS_TOLD = 20
"""Misused terms named for one assessment; looking for near matches takes time for each."""

_PORTION = range(50, 501)
"""How many assessments one process of HermiT takes: an even share for each processor, within these bounds."""

_BATCH = 50
"""Assessments validated together: with more, pySHACL's time grows faster than their number."""


@dataclass(frozen=True)
class Found:
    """What was found of one assessment: red flags and conditions (IRIs), its tier, and the classes of its findings."""

    red_flags: frozenset[str]
    conditions: frozenset[str]
    tier: CareTier
    finding_types: Mapping[str, frozenset[str]]


class Reference:
    """The reference reasoner over one ontology; making one classifies the ontology."""

    def __init__(self, ontology: Ontology, time_limit: float = DEFAULT_TIME_LIMIT) -> None:
        """Classify the ontology and read what it knows.

        `time_limit` holds for each run of HermiT, in seconds. Raises KnowledgeError for an ontology that is
        inconsistent or incomplete.
        """
        self.ontology = ontology
        self._time_limit = time_limit
        try:
            self.entailments = realise(logical_part(ontology.graph), time_limit)
        except InconsistencyError as error:
            message = f"{ontology.root}: the ontology contradicts itself; `caretier check` tells more."
            raise KnowledgeError(message) from error
        self._speak(ENGLISH.tag)
        self._share = findings_can_be_shared(ontology.graph)
        self._facts = shapes.ntriples([ontology.graph, _hierarchy(self.entailments)])
        self._asked = {RUN[f"asked-{index}"]: each for index, each in enumerate(self._asked_about())}
        self._axioms = logical_part(ontology.graph) + _definitions(self._asked)
        self._red_flags = frozenset(red_flag_classes(self.entailments.superclasses))
        self._usage = TermUsage(ontology.graph, self.knowledge, self.entailments.superclasses)

    def in_language(self, tag: str) -> Reference:
        """Return the same reasoner, which tells what it finds in another language of the ontology."""
        other = copy(self)
        other._speak(tag)
        return other

    def _speak(self, tag: str) -> None:
        self.knowledge: Knowledge = extract(self.ontology, self.entailments.superclasses, tag)
        self._read = Reader(self.ontology.graph, tag)
        self._evaluator = Evaluator(self.knowledge)
        self._tiers = {tier.iri: tier for tier in self.knowledge.tiers}

    def assess(self, assessments: Sequence[Assessment]) -> list[Result | InputError]:
        """Assess many at once; each gets its result, or the error that says why its answers cannot be used."""
        together: list[int] = []
        apart: dict[int, list[int]] = {}
        for number, assessment in enumerate(assessments):
            if assessment.origin is not None and brings_axioms(assessment.origin):
                apart.setdefault(id(assessment.origin), []).append(number)
            else:
                together.append(number)
        outcomes: dict[int, Result | InputError] = {}
        for numbers in (together, *apart.values()):
            batch = [assessments[number] for number in numbers]
            try:
                found = self._assess_together(batch)
            except (KnowledgeError, ReasonerError) as error:
                if numbers is together or isinstance(error, JavaError | ReasonerTimeoutError):
                    raise
                problem = Problem((), f"The axioms that these answers bring cannot be used: {error}")
                found = [InvalidAnswersError((problem,)) for _ in batch]
            outcomes |= dict(zip(numbers, found, strict=True))
        return [outcomes[number] for number in range(len(assessments))]

    def _assess_together(self, assessments: Sequence[Assessment]) -> list[Result | InputError]:
        """Assess a batch in which nobody's axioms can bear on another."""
        parts = [part_of(each, number, self.knowledge, share=self._share) for number, each in enumerate(assessments)]
        refused = self._refused(assessments, parts)
        reasoned = [
            remainder(part, refused[number], self.ontology.graph, self.entailments) if number in refused else part
            for number, part in enumerate(parts)
            if number not in refused or has_remainder(refused[number])
        ]
        goals = [
            goal_of(each.answers.values, self._evaluator) if number not in refused else None
            for number, each in enumerate(assessments)
        ]
        witnesses = {goal: self._witness(number, goal) for number, goal in enumerate(_distinct(goals))}
        found = self.reason([*reasoned, *witnesses.values()])
        ceilings = self._ceilings(assessments, parts, refused, goals, witnesses, found)
        outcomes: list[Result | InputError] = []
        for number, (assessment, part) in enumerate(zip(assessments, parts, strict=True)):
            one = found.get(part.name)
            if number in refused:
                proven = one.tier if isinstance(one, Found) else None
                outcomes.append(refusal(assessment, refused[number], self.knowledge, self.ontology.graph, proven))
            elif isinstance(one, Found):
                outcomes.append(self._result(assessment, part, one, ceilings[number]))
            else:
                outcomes.append(one or InvalidAnswersError((Problem((), "The reasoner said nothing of it."),)))
        return outcomes

    def ask(self, points: Sequence[AtomSet]) -> list[Found | InputError]:
        """Say what elementary answers entail, without any check of whether one person could give them together."""
        parts = [
            stated_part(number, state(atoms, self.knowledge.questionnaire), share=self._share)
            for number, atoms in enumerate(points)
        ]
        found = self.reason(parts)
        return [found[part.name] for part in parts]

    def reason(self, parts: Sequence[Part]) -> dict[URIRef, Found | InputError]:
        """Derive, realise and decide: find what each part of a run entails, or that it contradicts itself."""
        if not parts:
            return {}
        store = self._derived(parts)
        met = _by_subject(shapes.pairs(store, CT.meets))
        share = min(max(-(-len(parts) // processors()), _PORTION.start), _PORTION.stop - 1)
        portions = [parts[start : start + share] for start in range(0, len(parts), share)]
        try:
            found = realise_all([self._run_of(portion, met) for portion in portions], self._time_limit)
        except InconsistencyError:
            if len(parts) == 1:
                problem = Problem((), "These answers contradict the ontology or themselves; nothing can be concluded.")
                return {parts[0].name: ContradictionError((problem,))}
            half = len(parts) // 2
            return self.reason(parts[:half]) | self.reason(parts[half:])
        types = {name: classes for portion in found for name, classes in portion.types.items()}
        values = {
            prop: [
                (str(part.name), str(self._asked[URIRef(cls)][1]))
                for part in parts
                for cls in types[str(part.name)]
                if URIRef(cls) in self._asked and self._asked[URIRef(cls)][0] == prop
            ]
            for prop in (CT.suggests, CT.indicatesTier)
        }
        for prop, pairs in values.items():
            shapes.add_pairs(store, prop, pairs)
        shapes.run_rules(store, self.ontology.shapes["disposition"], to_fixpoint=False)
        decided: dict[str, list[str]] = {}
        for name, tier in shapes.pairs(store, CT.careTier):
            decided.setdefault(name, []).append(tier)
        return {part.name: self._found(part, types, values[CT.suggests], decided) for part in parts}

    def thresholds_met(self, parts: Sequence[Part]) -> dict[str, list[tuple[str, str]]]:
        """Derive which thresholds the parts of a run meet: pairs of part and threshold, by the name of the part."""
        return _by_subject(shapes.pairs(self._derived(parts), CT.meets))

    def _derived(self, parts: Sequence[Part]) -> Store:
        """Load the parts of a run beside the ontology and run the derivation rules over them."""
        store = shapes.store_of(self._facts + shapes.ntriples(part.facts for part in parts))
        shapes.run_rules(store, self.ontology.shapes["derivation"], to_fixpoint=True)
        return store

    def _run_of(self, parts: Sequence[Part], met: Mapping[str, list[tuple[str, str]]]) -> Graph:
        """Join the axioms with a portion of a run; `met` are the thresholds that its assessments meet."""
        run = self._axioms + _typed([pair for part in parts for pair in met.get(str(part.name), [])], CT.meets)
        for part in parts:
            run += reasoned_over(part.facts, self.ontology.graph)
        return run

    def _found(
        self,
        part: Part,
        types: Mapping[str, frozenset[str]],
        suggested: list[tuple[str, str]],
        decided: Mapping[str, list[str]],
    ) -> Found:
        name = str(part.name)
        tiers = decided.get(name, [])
        if len(tiers) != 1:
            raise KnowledgeError(
                f"The disposition rules gave an assessment {len(tiers)} care tiers; they have to give exactly one."
            )
        red_flags = types[name] & self._red_flags
        conditions = frozenset(value for subject, value in suggested if subject == name)
        explained = {
            self.knowledge.conditions[flag.condition].iri for flag in self.knowledge.red_flags if flag.iri in red_flags
        }
        if conditions != explained:
            raise KnowledgeError("A condition is suggested by something that is no red flag; make it a red flag.")
        findings = part.facts.objects(part.name, CT.reports)
        return Found(
            red_flags=red_flags,
            conditions=conditions,
            tier=self._tiers[tiers[0]],
            finding_types={str(each): types.get(str(each), frozenset()) for each in findings},
        )

    def _refused(self, assessments: Sequence[Assessment], parts: Sequence[Part]) -> dict[int, list[shapes.Violation]]:
        """Validate in batches; return what is wrong with each assessment that cannot be used, by its number."""
        refused: dict[int, list[shapes.Violation]] = {}
        for number, assessment in enumerate(assessments):
            if assessment.graph is not None:
                worst = islice(self._usage.problems(assessment.graph), _PROBLEMS_TOLD)
                if found := [shapes.Violation(None, None, None, each.message, "") for each in worst]:
                    refused[number] = found
        readable = [number for number in range(len(parts)) if number not in refused]
        for start in range(0, len(readable), _BATCH):
            batch = readable[start : start + _BATCH]
            owners: dict[Node, list[int]] = {}
            for number in batch:
                for node in parts[number].facts.all_nodes():
                    owners.setdefault(node, []).append(number)
            store = shapes.store_of(self._facts + shapes.ntriples(parts[number].facts for number in batch))
            for violation in shapes.validate(store, self.ontology.shapes["answers"]):
                for number in owners.get(violation.focus, batch) if violation.focus is not None else batch:
                    refused.setdefault(number, []).append(violation)
        return refused

    def _witness(self, number: int, goal: AtomSet) -> Part:
        return stated_part(f"witness-{number}", state(goal, self.knowledge.questionnaire), share=self._share)

    def _ceilings(
        self,
        assessments: Sequence[Assessment],
        parts: Sequence[Part],
        refused: Mapping[int, object],
        goals: Sequence[AtomSet | None],
        witnesses: Mapping[AtomSet, Part],
        found: Mapping[URIRef, Found | InputError],
    ) -> dict[int, CareTier]:
        """Find the highest tier that further answers could lead to.

        Entailment is monotone: where a few further answers alone already reach the highest tier (the witness), so do
        all open answers together. Only where there is no witness is the assessment asked about again with all of them.
        """
        top = self.knowledge.tiers[0]
        ceilings: dict[int, CareTier] = {}
        asked: dict[int, Part] = {}
        for number, (assessment, part, goal) in enumerate(zip(assessments, parts, goals, strict=True)):
            one = found.get(part.name)
            if number in refused or not isinstance(one, Found):
                continue
            witness = found.get(witnesses[goal].name) if goal is not None else None
            if one.tier == top or (isinstance(witness, Found) and witness.tier == top):
                ceilings[number] = top
            else:
                asked[number] = with_all_open(
                    part, number, assessment, self.knowledge, self.ontology.graph, share=self._share
                )
        bounds = self.reason(list(asked.values()))
        for number, part in asked.items():
            bound = bounds[part.name]
            ceilings[number] = bound.tier if isinstance(bound, Found) else top
        return ceilings

    def _result(self, assessment: Assessment, part: Part, found: Found, ceiling: CareTier) -> Result:
        answers = assessment.answers
        flags = [
            FoundRedFlag(flag, *self._because(flag, assessment, part))
            for flag in self.knowledge.red_flags
            if flag.iri in found.red_flags
        ]
        position = self._evaluator.position(answers.values, self._evaluator.given(answers.values))
        given = (assessment.graph, assessment.subject) if assessment.graph is not None and assessment.subject else None
        final = ceiling == found.tier
        notes = tensions(self.knowledge, answers.values)
        if given is not None:
            notes = tensions_in(part, found.finding_types, self._read, self.knowledge.language)
        return Result(
            id=answers.id,
            tier=found.tier,
            ceiling=ceiling,
            conditions=conditions_of(self.knowledge, flags),
            next_questions=() if final else open_questions(self._evaluator, position, found.tier),
            notes=(*scope_notes(self.knowledge, answers.values), *notes),
            engine=ENGINE,
            knowledge=self.knowledge,
            answers=answers,
            given=given,
        )

    def _because(
        self, flag: RedFlag, assessment: Assessment, part: Part
    ) -> tuple[tuple[Reason, ...], tuple[Axiom, ...]]:
        """Return the answers that show a red flag; where no known pattern does, all that was reported."""
        questionnaire, answers = self.knowledge.questionnaire, assessment.answers.values
        found, proof = because(questionnaire, flag, answers)
        if found:
            return found, proof
        if assessment.graph is None:
            return reasons(questionnaire, answers), ()
        return reported(part, self._read), ()

    def _asked_about(self) -> list[tuple[URIRef, URIRef]]:
        """List what the reasoner is asked of every assessment: each condition suggested, each tier indicated."""
        conditions = [(CT.suggests, URIRef(each.iri)) for each in self.knowledge.conditions.values()]
        return conditions + [(CT.indicatesTier, URIRef(tier.iri)) for tier in self.knowledge.tiers]


def _by_subject(pairs: Sequence[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    grouped: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        grouped.setdefault(pair[0], []).append(pair)
    return grouped


def _distinct(goals: Sequence[AtomSet | None]) -> list[AtomSet]:
    return sorted({goal for goal in goals if goal is not None}, key=lambda goal: sorted(map(atom_key, goal)))


def _hierarchy(entailments: Entailments) -> Graph:
    """Write the classified hierarchy as triples, each class below itself too."""
    graph = Graph()
    for name, above in entailments.superclasses.items():
        for other in above:
            graph.add((URIRef(name), RDFS.subClassOf, URIRef(other)))
    return graph


def _definitions(asked: Mapping[URIRef, tuple[URIRef, URIRef]]) -> Graph:
    """Name each value that is asked about by a class of its own, so that realisation answers for all people at once."""
    graph = Graph()
    for name, (prop, value) in asked.items():
        restriction = BNode()
        graph.add((name, RDF.type, OWL.Class))
        graph.add((name, OWL.equivalentClass, restriction))
        graph.add((restriction, RDF.type, OWL.Restriction))
        graph.add((restriction, OWL.onProperty, prop))
        graph.add((restriction, OWL.hasValue, value))
    return graph


def _typed(pairs: Sequence[tuple[str, str]], predicate: URIRef) -> Graph:
    graph = Graph()
    for subject, value in pairs:
        graph.add((URIRef(subject), predicate, URIRef(value)))
    return graph
