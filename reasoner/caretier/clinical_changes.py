"""Who gets another result by another version of the knowledge: found exactly, from two decision models.

Both models are monotone: more answers never take a tier, a condition or a contradiction away. So everybody for whom one
version reaches something that the other does not has given one of the smallest sets of answers that reach it there, and
it is enough to ask the other version about each of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from caretier.errors import ContradictionError, KnowledgeError
from caretier.factoring import Product, factored
from caretier.knowledge import Atom, AtomSet, CareTier, Knowledge
from caretier.lattice import Lattice, Point
from caretier.model import DecisionModel
from caretier.questionnaire import Answer, Question, Questionnaire, is_answer

Direction = Literal["higher", "lower", "conditions", "refused", "accepted"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one version makes of some answers: the tier, and the ids of conditions and red flags.

    Of answers that it refuses, since they contradict each other, the tier is what the others prove all the same.
    """

    tier: CareTier
    conditions: tuple[str, ...]
    red_flags: tuple[str, ...]
    is_refused: bool = False

    def to_dict(self) -> dict[str, object]:
        """Give the outcome as plain data."""
        return {
            "tier": self.tier.id,
            "conditions": list(self.conditions),
            "red_flags": list(self.red_flags),
            "refused": self.is_refused,
        }


@dataclass(frozen=True, slots=True)
class ClinicalChange:
    """Everybody who gives these answers gets another result: each of `answers` is a product of smallest sets.

    `only_asked_in` names the version whose questionnaire alone has some of the answers.
    """

    before: Outcome
    after: Outcome
    answers: tuple[Product, ...]
    sets: tuple[AtomSet, ...]
    only_asked_in: Literal["old", "new"] | None = None

    @property
    def direction(self) -> Direction:
        """Say what becomes of the tier; what becomes of the rest if the tier stays."""
        if self.before.tier.rank != self.after.tier.rank:
            return "lower" if self.after.tier.rank < self.before.tier.rank else "higher"
        if self.before.is_refused != self.after.is_refused:
            return "refused" if self.after.is_refused else "accepted"
        return "conditions"


class Comparison:
    """Two versions of the knowledge, and the answers that both can be asked about."""

    def __init__(self, old: DecisionModel, new: DecisionModel) -> None:
        """Compare two models; KnowledgeError when a question has changed its type, so that answers have no meaning."""
        self.old, self.new = old, new
        self._lattice = Lattice(
            _joined(old.knowledge.questionnaire, new.knowledge.questionnaire), _limits(old.knowledge, new.knowledge)
        )

    def changes(self) -> tuple[ClinicalChange, ...]:
        """List what changes for anybody: lower tiers first, then higher ones, then all else."""
        grouped: dict[tuple[Outcome, Outcome, Literal["old", "new"] | None], list[Point]] = {}
        for point in self._witnesses():
            answers = {element.question: element.low for element in point}
            grouped.setdefault((*self.outcomes(answers), self._only_asked_in(answers)), []).append(point)
        changes = []
        for (before, after, only), points in grouped.items():
            sets = self._lattice.atom_sets(points)
            changes.append(ClinicalChange(before, after, factored(sets), sets, only))
        order: tuple[Direction, ...] = ("lower", "refused", "higher", "accepted", "conditions")
        return tuple(
            sorted(
                changes,
                key=lambda change: (
                    order.index(change.direction),
                    -max(change.before.tier.rank, change.after.tier.rank),
                    change.before.red_flags,
                    change.after.red_flags,
                ),
            )
        )

    def outcomes(self, answers: Mapping[str, Answer]) -> tuple[Outcome, Outcome]:
        """Say what each version makes of answers; a version leaves out what its questionnaire does not have."""
        return _outcome(self.old, answers), _outcome(self.new, answers)

    def _witnesses(self) -> Iterator[Point]:
        """Go through the smallest sets of answers that reach something in one version and not in the other."""
        seen = set[Point]()
        for one, other in ((self.new, self.old), (self.old, self.new)):
            for points, reaches in self._reached(one):
                for point in points:
                    answers = {element.question: element.low for element in point}
                    if reaches(_outcome(one, answers)) and not reaches(_outcome(other, answers)) and point not in seen:
                        seen.add(point)
                        yield point

    def _reached(self, model: DecisionModel) -> Iterator[tuple[list[Point], Callable[[Outcome], bool]]]:
        """Go through all that a version can come to, each with the smallest sets of answers that lead there."""
        knowledge = model.knowledge
        ranks = knowledge.ranks
        for rank in sorted({tier.rank for tier in knowledge.tiers if tier.rank > 0}):
            sets = [atoms for flag in knowledge.red_flags if ranks[flag.tier] >= rank for atoms in flag.patterns]
            yield self._smallest(sets), partial(_is_of_rank, rank)
        for condition in knowledge.conditions:
            sets = [atoms for flag in knowledge.red_flags if flag.condition == condition for atoms in flag.patterns]
            yield self._smallest(sets), partial(_suggests, condition)
        conflicts = [conflict for each in knowledge.contradictions for conflict in each.conflicts]
        yield self._smallest(conflicts), _is_refused

    def _smallest(self, sets: Iterable[AtomSet]) -> list[Point]:
        kept: list[Point] = []
        for point in sorted({point for atoms in sets for point in self._lattice.points(atoms)}, key=len):
            if not any(smaller <= point for smaller in kept):
                kept.append(point)
        return kept

    def _only_asked_in(self, answers: Mapping[str, Answer]) -> Literal["old", "new"] | None:
        if len(_known(self.old.knowledge.questionnaire, answers)) < len(answers):
            return "new"
        return "old" if len(_known(self.new.knowledge.questionnaire, answers)) < len(answers) else None


def _is_of_rank(rank: int, outcome: Outcome) -> bool:
    return outcome.tier.rank >= rank


def _suggests(condition: str, outcome: Outcome) -> bool:
    return condition in outcome.conditions


def _is_refused(outcome: Outcome) -> bool:
    return outcome.is_refused


def _outcome(model: DecisionModel, answers: Mapping[str, Answer]) -> Outcome:
    known, evaluator = _known(model.knowledge.questionnaire, answers), model.evaluator
    flags = evaluator.red_flags(evaluator.given(known))
    named = tuple(model.knowledge.red_flags[number].id for number in flags)
    try:
        triage = model.triage(known)
    except ContradictionError as error:
        return Outcome(error.proven or evaluator.tier(()), (), named, is_refused=True)
    return Outcome(model.knowledge.tier(triage.tier), triage.conditions, named)


def _known(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    return {
        name: answer
        for name, answer in answers.items()
        if name in questionnaire.by_id and is_answer(questionnaire.by_id[name], answer)
    }


def _joined(old: Questionnaire, new: Questionnaire) -> Questionnaire:
    """Make a questionnaire of the answers that either allows."""
    questions = [_either(question, old.by_id.get(question.id)) for question in new.questions]
    questions += [question for question in old.questions if question.id not in new.by_id]
    return replace(new, questions=tuple(questions))


def _either(question: Question, before: Question | None) -> Question:
    if before is None:
        return question
    if before.type != question.type:
        raise KnowledgeError(
            f'The question "{question.id}" was of type {before.type} and is of type {question.type} now, so that its '
            "answers cannot be compared; give the new question another identifier, and deprecate the old one."
        )
    known = {option.id for option in question.options}
    options = (*question.options, *(option for option in before.options if option.id not in known))
    if question.minimum is None or before.minimum is None or question.maximum is None or before.maximum is None:
        return replace(question, options=options)
    return replace(
        question,
        minimum=min(question.minimum, before.minimum),
        maximum=max(question.maximum, before.maximum),
    )


def _limits(*versions: Knowledge) -> dict[str, set[int]]:
    """List the numbers at which something begins or ends in any version, by question."""
    limits: dict[str, set[int]] = {}
    for knowledge in versions:
        for question in knowledge.questionnaire.questions:
            if question.minimum is not None and question.maximum is not None:
                limits.setdefault(question.id, set()).update((question.minimum, question.maximum + 1))
        for atom in _atoms(knowledge):
            if atom.relation != "is":
                limits.setdefault(atom.question, set()).add(int(atom.value))
    return limits


def _atoms(knowledge: Knowledge) -> Iterator[Atom]:
    for flag in knowledge.red_flags:
        for atoms in flag.patterns:
            yield from atoms
    for contradiction in knowledge.contradictions:
        for atoms in contradiction.conflicts:
            yield from atoms
