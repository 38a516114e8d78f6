"""The decision model, compiled by interrogating the reference reasoner: propose, ask, repair until nothing differs.

The proposal may be wrong in any way; what counts is that the reasoner was asked about every point that settles what
each red flag is a function of. It is asked about points in the relaxed lattice, where answers that exclude each other
stand together: what does not hold there holds for no document below.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rdflib import Graph, URIRef

from caretier.errors import KnowledgeError
from caretier.extraction import languages_of
from caretier.justification import Justification, Justifier
from caretier.knowledge import Knowledge, RedFlag, atom_text
from caretier.lattice import Element, Ends, Lattice, Point, Probe, answers_of, can_be_given, element_text
from caretier.lockfile import digest_of, render, translation
from caretier.model import Certificate, DecisionModel
from caretier.ontology import Ontology, digest
from caretier.premises import require_premises
from caretier.reference import Found, Reference
from caretier.vocabulary import CT

_ROUNDS = 50
_ASKED_AT_ONCE = 400
_BOTH: Ends = "both"

Progress = Callable[[str, int, int], None]
"""Told of each step: what is done, how many points were asked, and how many are to be asked."""

_SILENT: Progress = lambda _what, _done, _all: None  # noqa: E731 -- a value of the type above

Asked = Mapping[tuple[Point, Ends], frozenset[str]]
"""For each point asked about, the IRIs of the red flags that hold there."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A point at which the reasoner says otherwise than a set of minimal points."""

    red_flag: RedFlag
    probe: Probe

    def __str__(self) -> str:
        """Name the red flag, the answers and what the reasoner says of them."""
        answers = ", ".join(sorted(element_text(element, self.probe.ends) for element in self.probe.point))
        says = "is not shown by" if self.probe.holds else "is shown by"
        return f"{self.red_flag.label} ({self.red_flag.id}) {says} these answers: {answers or 'none'}"


class Interrogation:
    """Asks the reference reasoner about points, each only once."""

    def __init__(self, reference: Reference, progress: Progress = _SILENT) -> None:
        """Prepare the lattice of an ontology; KnowledgeError when it does not keep the premises of the proof."""
        require_premises(reference.ontology, reference.knowledge)
        self.reference = reference
        self.knowledge = reference.knowledge
        self.lattice = Lattice(self.knowledge.questionnaire, _limits(reference.ontology.graph, self.knowledge))
        self._progress = progress
        self._asked: dict[tuple[Point, Ends], frozenset[str]] = {}

    def ask(self, points: Sequence[tuple[Point, Ends]]) -> Asked:
        """Ask about points; KnowledgeError when one is inconsistent or its tier is not the highest of its flags."""
        new = [point for point in dict.fromkeys(points) if point not in self._asked]
        for start in range(0, len(new), _ASKED_AT_ONCE):
            self._progress("asking the reasoner", start, len(new))
            portion = new[start : start + _ASKED_AT_ONCE]
            found = self.reference.ask([answers_of(*point) for point in portion])
            for point, one in zip(portion, found, strict=True):
                self._asked[point] = self._flags(point, one)
        self._progress("asking the reasoner", len(new), len(new))
        return {point: self._asked[point] for point in points}

    def disagreements(self, proposal: Mapping[str, Sequence[Point]]) -> list[Disagreement]:
        """Ask about every point that proves a proposal (red flag id to minimal points); return what differs.

        The point of all answers together is asked first and alone: an ontology that it contradicts can prove nothing,
        and among others the reasoner would have to look for it, and for every other such point, for many minutes.
        """
        self.ask([(frozenset(self.lattice.elements), _BOTH)])
        probes = {flag.id: tuple(self._probes(flag, proposal[flag.id])) for flag in self.knowledge.red_flags}
        points = [(probe.point, probe.ends) for several in probes.values() for probe in several]
        asked = self.ask(points)
        return [
            Disagreement(flag, probe)
            for flag in self.knowledge.red_flags
            for probe in probes[flag.id]
            if (flag.iri in asked[probe.point, probe.ends]) != probe.holds
        ]

    def proven(self, proposal: Mapping[str, Sequence[Point]]) -> dict[str, tuple[Point, ...]]:
        """Repair a proposal until the reasoner agrees with all of it."""
        points = {flag.id: _minimal(proposal[flag.id]) for flag in self.knowledge.red_flags}
        dropped: set[tuple[str, Point]] = set()
        for _ in range(_ROUNDS):
            different = self.disagreements(points)
            if not different:
                return points
            dropped |= {(each.red_flag.id, each.probe.point) for each in different if each.probe.holds}
            found = self._shrunk([each for each in different if not each.probe.holds])
            if dropped & set(found):
                break
            for flag in self.knowledge.red_flags:
                kept = [point for point in points[flag.id] if (flag.id, point) not in dropped]
                points[flag.id] = _minimal([*kept, *(point for each, point in found if each == flag.id)])
        raise KnowledgeError(
            f"However often it is asked, the reasoner still disagrees: {different[0]}. "
            "Please look at the definition of this red flag; within one band every number has to count the same."
        )

    def reduced(self, different: Sequence[Disagreement]) -> list[Disagreement]:
        """Cut the points at which a red flag holds unforeseen down to minimal ones, each told once."""
        flags = {flag.id: flag for flag in self.knowledge.red_flags}
        found = self._shrunk([each for each in different if not each.probe.holds])
        unforeseen = [Disagreement(flags[flag], Probe(point, "both", False)) for flag, point in dict.fromkeys(found)]
        return [each for each in different if each.probe.holds] + unforeseen

    def _probes(self, flag: RedFlag, points: Sequence[Point]) -> Sequence[Probe]:
        try:
            return tuple(self.lattice.probes(points))
        except OverflowError as error:
            raise KnowledgeError(
                f"{flag.label} ({flag.id}) depends on too many combinations of answers to be proven; simplify it."
            ) from error

    def _shrunk(self, different: Sequence[Disagreement]) -> list[tuple[str, Point]]:
        """Shrink points at which a red flag holds to minimal ones, all of them together in a few runs of the reasoner.

        The shortest beginning of a point that still holds ends with an element that it needs; that one is kept, and
        the elements before it are cut again, until the kept ones hold alone.
        """
        waiting = [_Cut(each.red_flag, (), tuple(sorted(each.probe.point, key=str))) for each in different]
        found: list[tuple[str, Point]] = []
        while waiting:
            lengths = self._shortest(waiting)
            found += [
                (cut.red_flag.id, frozenset(cut.kept))
                for cut, length in zip(waiting, lengths, strict=True)
                if length == 0
            ]
            waiting = [
                _Cut(cut.red_flag, (*cut.kept, cut.rest[length - 1]), cut.rest[: length - 1])
                for cut, length in zip(waiting, lengths, strict=True)
                if length > 0
            ]
        return found

    def _shortest(self, cuts: Sequence[_Cut]) -> list[int]:
        """Find how many of the elements not yet kept each point needs, counted from its beginning."""
        low, high = [0] * len(cuts), [len(cut.rest) for cut in cuts]
        while any(first < last for first, last in zip(low, high, strict=True)):
            tried = [_spread(first, last) for first, last in zip(low, high, strict=True)]
            asked = self.ask(
                [cut.beginning(length) for cut, lengths in zip(cuts, tried, strict=True) for length in lengths]
            )
            for number, (cut, lengths) in enumerate(zip(cuts, tried, strict=True)):
                for length in lengths:
                    if cut.red_flag.iri in asked[cut.beginning(length)]:
                        high[number] = min(high[number], length)
                    else:
                        low[number] = max(low[number], length + 1)
        return high

    def _flags(self, point: tuple[Point, Ends], found: object) -> frozenset[str]:
        if not isinstance(found, Found):
            answers = ", ".join(sorted(map(atom_text, answers_of(*point)))[:8])
            raise KnowledgeError(
                f"The reasoner finds answers that contradict the ontology, beginning with {answers}; answers that "
                "exclude each other have to be a ct:Contradiction, not an axiom, so that they are refused by name."
            )
        ranks, flags = self.knowledge.ranks, self.knowledge.red_flags
        highest = max((ranks[flag.tier] for flag in flags if flag.iri in found.red_flags), default=0)
        if found.tier.rank != highest:
            raise KnowledgeError(
                f"The disposition rules give {found.tier.label} where the highest tier of the red flags found has "
                f"rank {highest}; a decision model is for rules that choose the highest tier."
            )
        return found.red_flags


@dataclass(frozen=True, slots=True)
class _Cut:
    """A point being cut down: the elements it is known to need, and those among which the others are."""

    red_flag: RedFlag
    kept: tuple[Element, ...]
    rest: tuple[Element, ...]

    def beginning(self, length: int) -> tuple[Point, Ends]:
        return frozenset((*self.kept, *self.rest[:length])), "both"


def compile_model(reference: Reference, progress: Progress = _SILENT) -> DecisionModel:
    """Compile and certify the decision model of an ontology.

    Raises KnowledgeError for an ontology that cannot be compiled, with the term to look at.
    """
    interrogation = Interrogation(reference, progress)
    points = {
        flag.id: [point for pattern in flag.patterns for point in interrogation.lattice.points(pattern)]
        for flag in reference.knowledge.red_flags
    }
    proven = interrogation.proven(points)
    progress("naming the axioms of each minimal set", 0, 0)
    return _certified(interrogation, proven)


def verify_model(model: DecisionModel, reference: Reference, progress: Progress = _SILENT) -> list[str]:
    """Prove a decision model again; return what is wrong with it, a line each."""
    interrogation = Interrogation(reference, progress)
    known = {flag.id for flag in reference.knowledge.red_flags}
    proposal = proposal_of(model, interrogation.lattice)
    if known != set(proposal):
        different = ", ".join(sorted(known ^ set(proposal)))
        return [f"the red flags are others than those of the ontology: {different}"]
    wrong = [str(each) for each in interrogation.reduced(interrogation.disagreements(proposal))]
    if not wrong:
        proven = _certified(interrogation, proposal)
        # who proved it first may have had other versions of the reasoner than who proves it again
        certificate = replace(proven.certificate, versions=model.certificate.versions)
        if render(replace(proven, certificate=certificate)) != render(model):
            wrong.append("its texts, questions, sources or certificate are others than those of the ontology")
    return wrong


def proposal_of(model: DecisionModel, lattice: Lattice) -> dict[str, tuple[Point, ...]]:
    """Return the minimal points of every red flag that a model states, those beyond any person's answers included."""
    return {
        flag.id: (
            *(point for pattern in flag.patterns for point in lattice.points(pattern)),
            *(point for texts in model.certificate.beyond.get(flag.id, ()) for point in lattice.point(texts)),
        )
        for flag in model.knowledge.red_flags
    }


def _certified(interrogation: Interrogation, proven: Mapping[str, Sequence[Point]]) -> DecisionModel:
    """Put what was proven, all that the ontology says beside it, and the certificate together."""
    reference, lattice = interrogation.reference, interrogation.lattice
    ontology = reference.ontology
    flags = [
        replace(flag, patterns=lattice.atom_sets(point for point in proven[flag.id] if can_be_given(point)))
        for flag in reference.knowledge.red_flags
    ]
    justifications = Justifier(reference).justify([(flag, pattern) for flag in flags for pattern in flag.patterns])
    knowledge = _told(reference, flags, justifications)
    beyond = {
        flag.id: tuple(
            sorted(
                tuple(sorted(map(atom_text, answers_of(point, "low"))))
                for point in proven[flag.id]
                if not can_be_given(point)
            )
        )
        for flag in flags
    }
    asked = sorted(
        f"{flag.id} {probe.holds} {probe.ends} " + ", ".join(sorted(map(atom_text, answers_of(probe.point, "low"))))
        for flag in flags
        for probe in lattice.probes(proven[flag.id])
    )
    folder = ontology.root.parent
    files = {os.path.relpath(file, folder): digest_of(str(file)) for file in (ontology.root, *_others(ontology))}
    if digest(ontology.files) != ontology.sha256:
        raise KnowledgeError(f"{folder}: a file was changed while it was compiled; run `caretier compile` again.")
    model = DecisionModel(
        knowledge=knowledge,
        certificate=Certificate(
            red_flags=len(flags),
            minimal_sets=sum(len(flag.patterns) for flag in flags),
            asked=len(asked),
            digest=hashlib.sha256("\n".join(asked).encode()).hexdigest(),
            versions={
                "HermiT of owlready2": importlib.metadata.version("owlready2"),
                "pySHACL": importlib.metadata.version("pyshacl"),
            },
            beyond={flag: sets for flag, sets in beyond.items() if sets},
        ),
        files=files,
    )
    others = languages_of(ontology.graph)[1:]
    told = {tag: _told(reference.in_language(tag), flags, justifications) for tag in others}
    return replace(model, translations={tag: translation(model, knowledge) for tag, knowledge in told.items()})


def _told(reference: Reference, flags: Sequence[RedFlag], justifications: Sequence[Justification]) -> Knowledge:
    """Return what a domain knows, each red flag with its proven patterns and the axioms by which each shows it."""
    justifier, each = Justifier(reference), iter(justifications)
    proven = {flag.id: (flag.patterns, tuple(justifier.told(next(each)) for _ in flag.patterns)) for flag in flags}
    return replace(
        reference.knowledge,
        red_flags=tuple(
            replace(flag, patterns=proven[flag.id][0], proofs=proven[flag.id][1])
            for flag in reference.knowledge.red_flags
        ),
    )


def _others(ontology: Ontology) -> list[Path]:
    return [file for file in ontology.files if file != ontology.root]


def _limits(graph: Graph, knowledge: Knowledge) -> dict[str, list[int]]:
    """Return for each question about a number the numbers at which its bands begin."""
    return {
        question.id: [
            int(str(limit))
            for band in graph.subjects(CT.ofQuantity, URIRef(question.sets))
            for prop in (CT.atLeast, CT.below)
            for limit in graph.objects(band, prop)
        ]
        for question in knowledge.questionnaire.questions
        if question.type == "integer" and question.sets
    }


def _spread(first: int, last: int) -> list[int]:
    """Choose up to seven lengths from the first up to the last, the last left out."""
    step = max(1, (last - first + 6) // 7)
    return list(range(first, last, step))


def _minimal(points: Sequence[Point]) -> tuple[Point, ...]:
    kept: list[Point] = []
    for point in sorted(set(points), key=lambda point: (len(point), sorted(map(str, point)))):
        if not any(smaller <= point for smaller in kept):
            kept.append(point)
    return tuple(kept)
