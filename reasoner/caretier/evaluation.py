"""Answers as bits, and what they prove: contradictions, red flags, conditions, tier.

Every elementary answer that the knowledge speaks of is one bit of a whole number, and so is every question. A set of
answers holds when its bits are all among the bits given; everything here is built of that one comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from caretier.knowledge import Atom, AtomSet, CareTier, Contradiction, Knowledge, atom_key
from caretier.questionnaire import Answer, is_answer

_TYPES = {"boolean": bool, "choice": str, "integer": int}


@dataclass(frozen=True, slots=True)
class Position:
    """Where one person stands: `given` are the bits that the answers make true, `possible` also those still open.

    `asked` are the bits of the questions answered, "don't know" included; `open` those of the questions unknown.
    """

    given: int
    possible: int
    asked: int
    open: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """One minimal set of answers that shows a red flag, as bits of answers and of questions.

    `conflicts` are the bits of the sets of answers that contradict each other and of which it has some.
    """

    red_flag: int
    rank: int
    atoms: AtomSet
    bits: int
    questions: int
    conflicts: tuple[int, ...]


class Evaluator:
    """What one domain knows, as bits; making one takes milliseconds, asking it microseconds."""

    def __init__(self, knowledge: Knowledge) -> None:
        """Number the elementary answers, and write every pattern and conflict as bits."""
        self.knowledge = knowledge
        questions = knowledge.questionnaire.questions
        self.question_bits = {question.id: 1 << number for number, question in enumerate(questions)}
        self.question_ids = tuple(self.question_bits)
        self._every_question = (1 << len(questions)) - 1
        spoken_of = {atom for flag in knowledge.red_flags for pattern in flag.patterns for atom in pattern}
        spoken_of |= {atom for one in knowledge.contradictions for conflict in one.conflicts for atom in conflict}
        atoms = sorted(spoken_of, key=atom_key)
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
        self._contradictions = tuple(
            (contradiction, tuple((conflict, self.bits_of(conflict)) for conflict in contradiction.conflicts))
            for contradiction in knowledge.contradictions
        )
        self._conflicts = tuple(bits for _, conflicts in self._contradictions for _, bits in conflicts)
        self.patterns = tuple(self._patterns())
        self._above = {
            rank: tuple((pattern.bits, pattern) for pattern in self.patterns if pattern.rank > rank)
            for rank in {*self._tiers, *(each - 1 for each in self._tiers)}
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
        asked = known = settled = 0
        for question, answer in answers.items():
            bit = self.question_bits[question]
            asked |= bit
            if answer is not None:
                known |= bit
                settled |= self._open_bits[question]
        return Position(given, self._every_answer & ~settled | given, asked, self._every_question & ~known)

    def contradictions(self, given: int) -> Iterator[tuple[Contradiction, AtomSet]]:
        """Go through the contradictions among answers, each with every set of answers that makes it."""
        for contradiction, conflicts in self._contradictions:
            for conflict, bits in conflicts:
                if given & bits == bits:
                    yield contradiction, conflict

    def is_contradictory(self, given: int) -> bool:
        """Say whether answers cannot all be true."""
        for bits in self._conflicts:  # noqa: SIM110 -- a generator takes several times as long
            if given & bits == bits:
                return True
        return False

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

    def reachable(self, position: Position, above: int = -1) -> Iterator[Pattern]:
        """Go through the patterns of a tier above a rank that open questions could complete, highest tier first.

        No answer given is changed, and answers and pattern together make no contradiction: leaving every other
        question open makes them a valid document.
        """
        closed, given = ~position.possible, position.given
        for bits, pattern in self._above[above]:
            if bits & closed:
                continue
            joined = given | bits
            for conflict in pattern.conflicts:
                if joined & conflict == conflict:
                    break
            else:
                yield pattern

    def _patterns(self) -> Iterator[Pattern]:
        found = []
        for number, flag in enumerate(self.knowledge.red_flags):
            for atoms in flag.patterns:
                bits = self.bits_of(atoms)
                questions = union(self.question_bits[atom.question] for atom in atoms)
                conflicts = tuple(conflict for conflict in self._conflicts if conflict & bits)
                found.append(Pattern(number, self._ranks[flag.tier], atoms, bits, questions, conflicts))
        yield from sorted(found, key=lambda pattern: -pattern.rank)


def union(several: Iterable[int]) -> int:
    """Put sets of bits together."""
    bits = 0
    for one in several:
        bits |= one
    return bits
