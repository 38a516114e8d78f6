"""What further answers could still lead to: which questions are open, and which of them to ask first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from caretier.knowledge import Atom, AtomSet, Knowledge, RedFlag
from caretier.questionnaire import Answer, Question


@dataclass(frozen=True, slots=True)
class NextQuestion:
    """An open question, with the highest tier (its id) to which its answer could help to raise the result."""

    id: str
    could_raise_to: str

    def to_dict(self) -> dict[str, str]:
        """Give the question as plain data."""
        return {"id": self.id, "could_raise_to": self.could_raise_to}


@dataclass(frozen=True, slots=True)
class Reachable:
    """A red flag that further answers could show: the pattern they would complete, and the questions still open."""

    red_flag: RedFlag
    pattern: AtomSet
    open: frozenset[str]


def reachable(knowledge: Knowledge, answers: Mapping[str, Answer]) -> Iterator[Reachable]:
    """Go through the patterns that answers to open questions could complete without changing any answer given."""
    for red_flag in knowledge.red_flags:
        for pattern in red_flag.patterns:
            unanswered = frozenset(atom.question for atom in pattern if answers.get(atom.question) is None)
            given = (atom for atom in pattern if atom.question not in unanswered)
            if all(atom.holds(answers[atom.question]) for atom in given) and not conflicts(knowledge, answers, pattern):
                yield Reachable(red_flag, pattern, unanswered)


def conflicts(knowledge: Knowledge, answers: Mapping[str, Answer], further: Iterable[Atom]) -> bool:
    """Say whether answers and further atoms together make a contradiction."""
    added = frozenset(further)
    return any(
        all(atom in added or atom.holds(answers.get(atom.question)) for atom in conflict)
        for contradiction in knowledge.contradictions
        for conflict in contradiction.conflicts
    )


def open_atoms(knowledge: Knowledge, answers: Mapping[str, Answer]) -> frozenset[Atom]:
    """Return every elementary answer that is still open and contradicts none given, but for whole numbers.

    They are taken together without regard to each other, so what they imply bounds every valid further answer.
    """
    return frozenset(
        atom
        for question in knowledge.questionnaire.questions
        if answers.get(question.id) is None
        for atom in _possible(question)
        if not conflicts(knowledge, answers, (atom,))
    )


def open_questions(knowledge: Knowledge, answers: Mapping[str, Answer], tier: str) -> tuple[NextQuestion, ...]:
    """List the questions whose answers could raise the tier, best first.

    The order is: the highest tier within reach, then the fewest further answers that it needs, then the order of the
    questionnaire. A question answered with "don't know" is not listed again.
    """
    ranks = {each.id: each.rank for each in knowledge.tiers}
    position = {question.id: index for index, question in enumerate(knowledge.questionnaire.questions)}
    best: dict[str, tuple[int, int, str]] = {}
    for goal in reachable(knowledge, answers):
        rank = ranks[goal.red_flag.tier]
        if rank <= ranks[tier] or any(question in answers for question in goal.open):
            continue
        for question in goal.open:
            candidate = (-rank, len(goal.open), goal.red_flag.tier)
            best[question] = min(best.get(question, candidate), candidate)
    ordered = sorted(best, key=lambda question: (*best[question][:2], position[question]))
    return tuple(NextQuestion(question, best[question][2]) for question in ordered)


def _possible(question: Question) -> Iterator[Atom]:
    if question.type == "boolean":
        yield Atom(question.id, True)
    for option in question.options:
        yield Atom(question.id, option.id)
