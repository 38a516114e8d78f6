"""Answers as bits, and what they prove: contradictions, red flags, conditions, tier.

Every elementary answer that the knowledge speaks of is one bit of a whole number, and so is every question. A set of
answers holds when its bits are all among the bits given; everything here is built of that one comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from caretier.factoring import factored, in_order
from caretier.knowledge import Atom, AtomSet, CareTier, Contradiction, Knowledge, atom_key
from caretier.questionnaire import Answer, is_answer

_TYPES = {"boolean": bool, "choice": str, "integer": int}


@dataclass(frozen=True, slots=True)
class Position:
    """Where one person stands: `given` are the bits that the answers make true, `possible` also those still open.

    `unknown` are, of those still open, the bits of questions answered with "don't know".
    """

    given: int
    possible: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """One minimal set of answers that shows a red flag, as bits of answers and of questions."""

    red_flag: int
    rank: int
    atoms: AtomSet
    bits: int
    questions: int


@dataclass(frozen=True, slots=True)
class NextQuestion:
    """An open question, with the highest tier (its id) to which its answer could help to raise the result."""

    id: str
    could_raise_to: str

    def to_dict(self) -> dict[str, str]:
        """Give the question as plain data."""
        return {"id": self.id, "could_raise_to": self.could_raise_to}


class Evaluator:
    """What one domain knows, as bits; making one takes milliseconds, asking it microseconds."""

    def __init__(self, knowledge: Knowledge) -> None:
        """Number the elementary answers, and write every pattern and conflict as bits."""
        self.knowledge = knowledge
        questions = knowledge.questionnaire.questions
        self.question_bits = {question.id: 1 << number for number, question in enumerate(questions)}
        self.question_ids = tuple(self.question_bits)
        spoken_of = {atom for flag in knowledge.red_flags for pattern in flag.patterns for atom in pattern}
        spoken_of |= {atom for one in knowledge.contradictions for conflict in one.conflicts for atom in conflict}
        places = {question.id: place for place, question in enumerate(questions)}
        atoms = sorted(spoken_of, key=lambda atom: (places[atom.question], atom_key(atom)))
        self._bits = {atom: 1 << number for number, atom in enumerate(atoms)}
        self._open_bits = dict.fromkeys(self.question_bits, 0)
        self._every_answer = (1 << len(atoms)) - 1
        exact: dict[str, dict[Answer, int]] = {
            question.id: dict.fromkeys(
                (True, False) if question.type == "boolean" else [option.id for option in question.options], 0
            )
            for question in questions
        }
        bands: dict[str, list[Atom]] = {question.id: [] for question in questions}
        for atom, bit in self._bits.items():
            self._open_bits[atom.question] |= bit
            if atom.relation == "is":
                exact[atom.question][atom.value] = bit
            else:
                bands[atom.question].append(atom)
        self._meanings = {
            question.id: (_TYPES[question.type], exact[question.id], tuple(bands[question.id]))
            for question in questions
        }
        self._ranks = {tier.id: tier.rank for tier in knowledge.tiers}
        self._tiers = {tier.rank: tier for tier in knowledge.tiers}
        self.questions_to_ask = {
            tier.rank: [(NextQuestion(atom.question, tier.id), self._open_bits[atom.question]) for atom in atoms]
            for tier in knowledge.tiers
        }
        self._contradictions = tuple(
            (contradiction, tuple((conflict, self.bits_of(conflict)) for conflict in contradiction.conflicts))
            for contradiction in knowledge.contradictions
        )
        self._conflicts = tuple(bits for _, conflicts in self._contradictions for _, bits in conflicts)
        self.patterns = tuple(self._patterns())
        products = sorted(self._products(), key=lambda product: -product[0])
        self._products_above = {
            rank: tuple(product for product in products if product[0] > rank) for rank in self._tiers
        }
        flags = knowledge.red_flags
        self._rank_of = [self._ranks[flag.tier] for flag in flags]
        self._condition_of = [flag.condition for flag in flags]
        self._bits_of_flag = tuple(tuple(map(self.bits_of, flag.patterns)) for flag in flags)
        self._flags = tuple(
            (number, union(self._bits_of_flag[number]), self._bits_of_flag[number])
            for number in sorted(
                (number for number, several in enumerate(self._bits_of_flag) if several),
                key=lambda number: (-self._rank_of[number], flags[number].condition, flags[number].id),
            )
        )

    def bits_of(self, atoms: Iterable[Atom]) -> int:
        """Write elementary answers that the knowledge speaks of as bits."""
        return union(self._bits[atom] for atom in atoms)

    def given(self, answers: Mapping[str, Answer]) -> int:
        """Write answers as bits; KeyError or ValueError for any that the questionnaire does not allow."""
        bits = 0
        meanings = self._meanings
        for question, answer in answers.items():
            kind, exact, bands = meanings[question]
            if answer is None:
                continue
            if type(answer) is not kind:
                raise ValueError(question)
            if kind is not int:
                bits |= exact[answer]
            elif not is_answer(self.knowledge.questionnaire.by_id[question], answer):
                raise ValueError(question)
            else:
                for atom in bands:
                    if atom.holds(answer):
                        bits |= self._bits[atom]
        return bits

    def position(self, answers: Mapping[str, Answer], given: int) -> Position:
        """Say where a person stands whose answers, free of contradictions, make these bits true."""
        settled = unknown = 0
        for question, answer in answers.items():
            if answer is not None:
                settled |= self._open_bits[question]
            else:
                unknown |= self._open_bits[question]
        return Position(given, self._every_answer & ~settled | given, unknown)

    def contradictions(self, given: int) -> Iterator[tuple[Contradiction, AtomSet]]:
        """Go through the contradictions among answers, each with every set of answers that makes it."""
        for contradiction, conflicts in self._contradictions:
            for conflict, bits in conflicts:
                if given & bits == bits:
                    yield contradiction, conflict

    def is_contradictory(self, given: int) -> bool:
        """Say whether answers cannot all be true."""
        return _completes(given, self._conflicts)

    def red_flags(self, given: int) -> list[int]:
        """Return the numbers of the red flags that answers show: highest tier first, then by condition and id."""
        found = []
        for number, any_of_them, patterns in self._flags:
            if given & any_of_them:
                for bits in patterns:
                    if given & bits == bits:
                        found.append(number)
                        break
        return found

    def shown_by(self, red_flag: int, given: int) -> Iterator[int]:
        """Go through the patterns of a red flag that answers complete, by their numbers, smallest first."""
        for number, bits in enumerate(self._bits_of_flag[red_flag]):
            if given & bits == bits:
                yield number

    def tier(self, red_flags: Iterable[int]) -> CareTier:
        """Return the highest tier that red flags indicate; the tier of rank 0 without any."""
        return self._tiers[max([self._rank_of[number] for number in red_flags], default=0)]

    def conditions(self, red_flags: Iterable[int]) -> tuple[str, ...]:
        """Return the conditions that red flags suggest, each once, in the order in which `red_flags` gives them."""
        return tuple(dict.fromkeys([self._condition_of[number] for number in red_flags]))

    def reachable(self, position: Position, above: int) -> Iterator[tuple[int, list[int]]]:
        """Go through what open questions could complete of a tier above a rank, highest tier first.

        Patterns are taken as products (see `factored`): what comes is the rank and, for each choice of which no answer
        is given, the bits of its answers that are still open. No answer given is changed, and the answers make no
        contradiction with those of any pattern of the product: leaving all others open makes them a valid document.
        """
        given, possible = position.given, position.possible
        for rank, choices, conflicts in self._products_above[above]:
            lacking = []
            for choice in choices:
                if not choice & given:
                    still_open = choice & possible
                    if not still_open:
                        break
                    lacking.append(still_open)
            else:
                if not conflicts or not _completes(given | union(choices), conflicts):
                    yield rank, lacking

    def _patterns(self) -> Iterator[Pattern]:
        found = []
        for number, flag in enumerate(self.knowledge.red_flags):
            for atoms in flag.patterns:
                questions = union(self.question_bits[atom.question] for atom in atoms)
                found.append(Pattern(number, self._ranks[flag.tier], atoms, self.bits_of(atoms), questions))
        yield from sorted(found, key=lambda pattern: -pattern.rank)

    def _products(self) -> Iterator[tuple[int, tuple[int, ...], tuple[int, ...]]]:
        """Write the patterns as products: the rank, the bits of each choice, and the conflicts that it has a part of.

        A pattern that has a part of a conflict is a product of its own, so that it alone is left out for it.
        """
        for flag in self.knowledge.red_flags:
            rank, free = self._ranks[flag.tier], list[AtomSet]()
            for atoms in flag.patterns:
                bits = self.bits_of(atoms)
                if conflicts := tuple(conflict for conflict in self._conflicts if conflict & bits):
                    yield rank, tuple(self._bits[atom] for atom in sorted(atoms, key=atom_key)), conflicts
                else:
                    free.append(atoms)
            for product in factored(free):
                yield rank, tuple(map(self.bits_of, in_order(product))), ()


def union(several: Iterable[int]) -> int:
    """Put sets of bits together."""
    bits = 0
    for one in several:
        bits |= one
    return bits


def _completes(given: int, several: Iterable[int]) -> bool:
    """Say whether bits that are given complete one of several sets."""
    for bits in several:  # noqa: SIM110 -- a generator takes several times as long
        if given & bits == bits:
            return True
    return False
