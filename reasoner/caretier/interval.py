"""What further answers could still lead to: the ceiling, and the questions to ask next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from caretier.evaluation import Evaluator, Position, union
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
    questionnaire. What fewer answers of the same set already lead to, or to more, is not asked for with more of them.
    A question answered with "don't know" is not listed again; what would matter together with it is, since an answer
    to that can show that the unknown one does not matter.
    """
    places: dict[tuple[int, int], dict[int, int]] = {}
    given = position.given
    for pattern in evaluator.reachable(position, tier.rank):
        lacking = pattern.bits & ~given
        place = (-pattern.rank, lacking.bit_count())
        if place not in places:
            places[place] = {}
        places[place][lacking] = pattern.questions
    tiers = {each.rank: each.id for each in evaluator.knowledge.tiers}
    listed, found = position.asked | ~position.open, list[NextQuestion]()
    one_is_enough, several_are_enough = 0, list[int]()
    for rank, count in sorted(places):
        bits, needed = 0, list[int]()
        for lacking, questions in places[rank, count].items():
            if lacking & one_is_enough:
                continue
            new = questions & ~listed
            if count <= 2 or not new or not _is_enough(lacking, several_are_enough):
                bits |= new
                needed.append(lacking)
        if count == 1:
            one_is_enough |= union(needed)
        else:
            several_are_enough += needed
        listed |= bits
        while bits:
            lowest = bits & -bits
            found.append(NextQuestion(evaluator.question_ids[lowest.bit_length() - 1], tiers[-rank]))
            bits ^= lowest
    return tuple(found)


def _is_enough(lacking: int, several: Iterable[int]) -> bool:
    """Say whether one of several sets of answers is among those that are lacking."""
    for fewer in several:  # noqa: SIM110 -- a generator takes several times as long
        if fewer & lacking == fewer:
            return True
    return False
