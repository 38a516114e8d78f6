"""All that answers can say, as a lattice of points, and the points that settle a monotone function on it.

An element is one answer, or a number anywhere within two neighbouring limits. A point is a set of elements without
regard to whether one person could give them all. A monotone function is known exactly by its minimal true points and
its maximal false ones; the points to ask about follow from the minimal ones alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from caretier.knowledge import Atom, AtomSet, atom_text, minimal
from caretier.questionnaire import Question, Questionnaire
from caretier.transversals import transversals

_MAXIMAL_POINTS = 2_000


@dataclass(frozen=True, slots=True, order=True)
class Element:
    """One answer to a question; for a number the lowest and the highest value of a band, else both are the answer."""

    question: str
    low: bool | str | int
    high: bool | str | int


Point = frozenset[Element]
Ends = Literal["low", "high", "both"]


@dataclass(frozen=True, slots=True)
class Probe:
    """A point to be asked about, at which ends its numbers are given, and whether the red flag has to hold there."""

    point: Point
    ends: Ends
    holds: bool


class Lattice:
    """The elements of one questionnaire; `limits` are the numbers at which the bands of a question begin."""

    def __init__(self, questionnaire: Questionnaire, limits: Mapping[str, Iterable[int]]) -> None:
        """List the elements in the order of the questions."""
        self._questionnaire = questionnaire
        self.elements = tuple(
            element for question in questionnaire.questions for element in _elements(question, limits)
        )
        self._numbers = {element: number for number, element in enumerate(self.elements)}
        self._named = {atom_text(Atom(element.question, element.low)): element for element in self.elements}
        self._of_question: dict[str, list[Element]] = {question.id: [] for question in questionnaire.questions}
        for element in self.elements:
            self._of_question[element.question].append(element)

    def points(self, atoms: AtomSet) -> Iterator[Point]:
        """Go through the points that a set of elementary answers stands for: one for each choice of bands.

        There are none where the questionnaire does not have such answers.
        """
        by_question: dict[str, list[Atom]] = {}
        exact = [Element(atom.question, atom.value, atom.value) for atom in atoms if atom.relation == "is"]
        for atom in atoms:
            if atom.relation != "is":
                by_question.setdefault(atom.question, []).append(atom)
        bands = [
            [
                element
                for element in self._of_question.get(question, ())
                if all(atom.holds(element.low) and atom.holds(element.high) for atom in several)
            ]
            for question, several in sorted(by_question.items())
        ]
        if self._numbers.keys() >= set(exact):
            for chosen in product(*bands):
                yield frozenset((*exact, *chosen))

    def point(self, texts: Collection[str]) -> Iterator[Point]:
        """Go through the one point of the elements that texts of answers name, a number by the lowest of its band.

        There is none where the questionnaire does not have such answers.
        """
        if self._named.keys() >= set(texts):
            yield frozenset(self._named[text] for text in texts)

    def atom_sets(self, points: Iterable[Point]) -> tuple[AtomSet, ...]:
        """Write minimal points as sets of elementary answers, neighbouring bands joined; the opposite of `points`."""
        waiting = [frozenset[object](point) for point in points]
        for question in self._questionnaire.questions:
            if question.type != "integer":
                continue
            bands, kept = self._of_question[question.id], list[frozenset[object]]()
            joined: dict[frozenset[object], set[Element]] = {}
            for point in waiting:
                within = [element for element in bands if element in point]
                if len(within) == 1:
                    joined.setdefault(point - {within[0]}, set()).add(within[0])
                else:
                    kept.append(point)
            for rest, several in joined.items():
                kept += [rest | set(_limits(question, run)) for run in _runs(bands, several)]
            waiting = kept
        return minimal(
            frozenset(
                part if isinstance(part, Atom) else Atom(part.question, part.low)
                for part in each
                if isinstance(part, Atom | Element)
            )
            for each in waiting
        )

    def probes(self, minimal_points: Sequence[Point]) -> Iterator[Probe]:
        """Go through the points that prove that a red flag holds above these minimal points and nowhere else.

        Raises OverflowError when there would be too many.
        """
        for point in minimal_points:
            yield Probe(point, "low", True)
            if any(element.low != element.high for element in point):
                yield Probe(point, "high", True)
            for element in point:
                yield Probe(point - {element}, "both", False)
        everything = frozenset(self.elements)
        family = [self._bits(point) for point in minimal_points]
        for hitting in transversals(family, _MAXIMAL_POINTS):
            yield Probe(everything - self._point(hitting), "both", False)

    def _bits(self, point: Point) -> int:
        return sum(1 << self._numbers[element] for element in point)

    def _point(self, bits: int) -> Point:
        return frozenset(element for element, number in self._numbers.items() if bits >> number & 1)


def answers_of(point: Point, ends: Ends) -> AtomSet:
    """Return the elementary answers that state a point, with its numbers at the low, the high or both ends of bands."""
    low = {Atom(element.question, element.low) for element in point} if ends != "high" else set()
    high = {Atom(element.question, element.high) for element in point} if ends != "low" else set()
    return frozenset(low | high)


def element_text(element: Element, ends: Ends) -> str:
    """Write an element of a point for the eye of a reviewer; a whole band by both of its ends."""
    if element.low == element.high or ends == "low":
        return atom_text(Atom(element.question, element.low))
    if ends == "high":
        return atom_text(Atom(element.question, element.high))
    return f"{element.question}: {element.low} to {element.high}"


def can_be_given(point: Point) -> bool:
    """Say whether one person could give all answers of a point: at most one to each question."""
    return len({element.question for element in point}) == len(point)


def _elements(question: Question, limits: Mapping[str, Iterable[int]]) -> Iterator[Element]:
    if question.type == "boolean":
        yield Element(question.id, False, False)
        yield Element(question.id, True, True)
    for option in question.options:
        yield Element(question.id, option.id, option.id)
    if question.minimum is not None and question.maximum is not None:
        inner = sorted({limit for limit in limits.get(question.id, ()) if question.minimum < limit <= question.maximum})
        starts = [question.minimum, *inner]
        for start, following in zip(starts, [*inner, question.maximum + 1], strict=True):
            yield Element(question.id, start, following - 1)


def _runs(bands: Sequence[Element], chosen: Iterable[Element]) -> Iterator[list[Element]]:
    run: list[Element] = []
    for band in bands:
        if band in set(chosen):
            run.append(band)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _limits(question: Question, run: Sequence[Element]) -> Iterator[Atom]:
    """Say that a number is within a run of bands; a run of all bands says that it is given at all."""
    first, last = int(run[0].low), int(run[-1].high)
    if first != question.minimum or last == question.maximum:
        yield Atom(question.id, first, "at least")
    if last != question.maximum:
        yield Atom(question.id, last + 1, "below")
