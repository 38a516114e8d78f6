"""What would move the tier: the smallest changes of answers that raise it, and those without which it would fall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caretier.evaluation import Evaluator
from caretier.knowledge import Atom, AtomSet, CareTier
from caretier.questionnaire import Answer
from caretier.transversals import transversals


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


def smallest_raises(evaluator: Evaluator, answers: Mapping[str, Answer], tier: CareTier) -> tuple[Change, ...]:
    """List the smallest changes of answers that raise the tier, the highest first: answers to give, or to alter."""
    fewest, found = 0, dict[frozenset[Atom], str]()
    for pattern in evaluator.patterns:
        if pattern.rank <= tier.rank:
            break
        missing = frozenset(atom for atom in pattern.atoms if not atom.holds(answers.get(atom.question)))
        if fewest and len(missing) > fewest:
            continue
        given = evaluator.given(answered(answers, missing))
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
    ranks = evaluator.knowledge.ranks
    return tuple(
        sorted(
            changes,
            key=lambda change: (
                -ranks[change.tier],
                [(order[atom.question], str(atom.value)) for atom in change.answers],
            ),
        )
    )


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


def answered(answers: Mapping[str, Answer], atoms: AtomSet) -> dict[str, Answer]:
    """Change answers so that atoms hold; a number is given at its limit, within two limits at the lower of them."""
    changed = dict(answers)
    for atom in sorted(atoms, key=lambda atom: atom.relation, reverse=True):
        changed[atom.question] = int(atom.value) - 1 if atom.relation == "below" else atom.value
    return changed
