"""What further answers could still lead to: the ceiling, the questions to ask next, and what would move the tier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caretier.evaluation import Evaluator, Position
from caretier.knowledge import Atom, AtomSet, CareTier
from caretier.questionnaire import Answer
from caretier.transversals import transversals


@dataclass(frozen=True, slots=True)
class NextQuestion:
    """An open question, with the highest tier (its id) to which its answer could help to raise the result."""

    id: str
    could_raise_to: str

    def to_dict(self) -> dict[str, str]:
        """Give the question as plain data."""
        return {"id": self.id, "could_raise_to": self.could_raise_to}


@dataclass(frozen=True, slots=True)
class Change:
    """A smallest change of answers that moves the tier: answers to give or to alter, and questions to take back."""

    tier: str
    answers: tuple[Atom, ...]
    withdrawn: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Give the change as plain data."""
        return {
            "tier": self.tier,
            "answers": [atom.to_dict() for atom in self.answers],
            "withdrawn": list(self.withdrawn),
        }


def ceiling(evaluator: Evaluator, position: Position, tier: CareTier) -> CareTier:
    """Return the highest tier of any valid extension of the answers, of which `tier` is proven already."""
    for pattern in evaluator.reachable(position, tier.rank):
        return next(each for each in evaluator.knowledge.tiers if each.rank == pattern.rank)
    return tier


def open_questions(evaluator: Evaluator, position: Position, tier: CareTier) -> tuple[NextQuestion, ...]:
    """List the questions whose answers could raise the tier, best first.

    The order is: the highest tier within reach, then the fewest further answers that it needs, then the order of the
    questionnaire. A question answered with "don't know" is not listed again.
    """
    unknown = position.asked & position.open
    wanted: dict[tuple[int, int], int] = {}
    for pattern in evaluator.reachable(position, tier.rank):
        missing = pattern.questions & position.open
        if not missing & unknown:
            place = (-pattern.rank, missing.bit_count())
            wanted[place] = wanted.get(place, 0) | missing
    tiers = {each.rank: each.id for each in evaluator.knowledge.tiers}
    listed, found = 0, []
    for place in sorted(wanted):
        bits, goal = wanted[place] & ~listed, tiers[-place[0]]
        listed |= bits
        while bits:
            lowest = bits & -bits
            found.append(NextQuestion(evaluator.question_ids[lowest.bit_length() - 1], goal))
            bits ^= lowest
    return tuple(found)


def smallest_raises(evaluator: Evaluator, answers: Mapping[str, Answer], tier: CareTier) -> tuple[Change, ...]:
    """List the smallest changes of answers that raise the tier: answers to give, or to give differently."""
    fewest, found = 0, dict[frozenset[Atom], str]()
    for pattern in evaluator.patterns:
        if pattern.rank <= tier.rank:
            break
        missing = frozenset(atom for atom in pattern.atoms if not atom.holds(answers.get(atom.question)))
        if fewest and len(missing) > fewest:
            continue
        given = evaluator.given(_changed(answers, missing))
        if evaluator.is_contradictory(given):
            continue
        if len(missing) < fewest:
            found.clear()
        fewest = len(missing)
        found[missing] = evaluator.tier(evaluator.red_flags(given)).id
    order = {question: place for place, question in enumerate(evaluator.question_ids)}
    changes = [
        Change(reached, tuple(sorted(atoms, key=lambda atom: order[atom.question])), ())
        for atoms, reached in found.items()
    ]
    return tuple(sorted(changes, key=lambda change: [(order[atom.question], str(atom.value)) for atom in change.answers]))


def smallest_falls(evaluator: Evaluator, answers: Mapping[str, Answer], tier: CareTier) -> tuple[Change, ...]:
    """List the smallest sets of answers without which the tier would be lower; for editors, never for people."""
    given = evaluator.given(answers)
    if tier.rank == 0:
        return ()
    held = {
        pattern.questions
        for pattern in evaluator.patterns
        if pattern.rank == tier.rank and given & pattern.bits == pattern.bits
    }
    found = transversals(held)
    changes = []
    for bits in found:
        if bits.bit_count() == found[0].bit_count():
            withdrawn = tuple(question for question, bit in evaluator.question_bits.items() if bits & bit)
            kept = {question: answer for question, answer in answers.items() if question not in withdrawn}
            changes.append(Change(evaluator.tier(evaluator.red_flags(evaluator.given(kept))).id, (), withdrawn))
    return tuple(changes)


def _changed(answers: Mapping[str, Answer], atoms: AtomSet) -> dict[str, Answer]:
    """Change answers so that atoms hold; a number within two limits is given as the lower of them."""
    changed = dict(answers)
    for atom in sorted(atoms, key=lambda atom: atom.relation, reverse=True):
        changed[atom.question] = int(atom.value) - 1 if atom.relation == "below" else atom.value
    return changed
