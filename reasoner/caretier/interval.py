"""What further answers could still lead to: the ceiling, and the questions to ask next."""

from __future__ import annotations

from dataclasses import dataclass

from caretier.evaluation import Evaluator, Position
from caretier.knowledge import CareTier


@dataclass(frozen=True, slots=True)
class NextQuestion:
    """An open question, with the highest tier (its id) to which its answer could help to raise the result."""

    id: str
    could_raise_to: str

    def to_dict(self) -> dict[str, str]:
        """Give the question as plain data."""
        return {"id": self.id, "could_raise_to": self.could_raise_to}


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
