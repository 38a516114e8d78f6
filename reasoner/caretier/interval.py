"""What further answers could still lead to: the ceiling, and the questions to ask next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from caretier.evaluation import Evaluator, NextQuestion, Position, union
from caretier.knowledge import CareTier


def ceiling(evaluator: Evaluator, position: Position, tier: CareTier) -> CareTier:
    """Return the highest tier of any valid extension of the answers, of which `tier` is proven already."""
    for rank, _ in evaluator.reachable(position, tier.rank):
        return next(each for each in evaluator.knowledge.tiers if each.rank == rank)
    return tier


def open_questions(evaluator: Evaluator, position: Position, tier: CareTier) -> tuple[NextQuestion, ...]:
    """List the questions whose answers could raise the tier, best first.

    The order is: the highest tier within reach, then the fewest further answers that it needs, then the order of the
    questionnaire. What fewer answers of the same set already lead to, or to more, is not asked for with more of them.
    A question answered with "don't know" is not listed again; what would matter together with it is, since an answer
    to that can show that the unknown one does not matter.
    """
    places: dict[tuple[int, int], list[list[int]]] = {}
    for rank, lacking in evaluator.reachable(position, tier.rank):
        places.setdefault((-rank, len(lacking)), []).append(lacking)
    found: list[NextQuestion] = []
    listed = position.unknown
    one_is_enough, several_are_enough = 0, list[Sequence[int]]()
    for rank, count in sorted(places):
        if count == 1:
            bits = union([choice for (choice,) in places[rank, count]])
            one_is_enough |= bits
        else:
            others = ([choice & ~one_is_enough for choice in lacking] for lacking in places[rank, count])
            needed = [choices for choices in others if all(choices)]
            bits = 0
            for choices in needed:
                bits |= union(choices) if count == 2 else _needed_together(choices, listed, several_are_enough)
            several_are_enough += needed
        bits &= ~listed
        to_ask = evaluator.questions_to_ask[-rank]
        while bits:
            question, of_question = to_ask[(bits & -bits).bit_length() - 1]
            found.append(question)
            listed |= of_question
            bits &= ~of_question
    return tuple(found)


def _needed_together(choices: Sequence[int], listed: int, several: Iterable[Sequence[int]]) -> int:
    """Return the answers of choices that are needed together, since no fewer are enough; 0 where all are listed."""
    if not union(choices) & ~listed:
        return 0
    together = map(sum, product(*map(_each_bit, choices)))  # no two choices have an answer in common
    return union([answers for answers in together if not _is_enough(answers, several)])


def _each_bit(bits: int) -> Iterator[int]:
    while bits:
        yield bits & -bits
        bits &= bits - 1


def _is_enough(answers: int, several: Iterable[Sequence[int]]) -> bool:
    """Say whether answers have one of each choice, for some of several lists of choices."""
    for choices in several:
        for choice in choices:
            if not answers & choice:
                break
        else:
            return True
    return False
