"""Why: the answers on which a red flag rests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caretier.knowledge import AtomSet, holding
from caretier.questionnaire import Answer, Questionnaire
from caretier.result import Reason


def because(
    questionnaire: Questionnaire, patterns: Sequence[AtomSet], answers: Mapping[str, Answer]
) -> tuple[Reason, ...]:
    """Return the answers of the smallest pattern that they complete, in the order of the questions; empty if none."""
    for pattern in patterns:
        if holding(pattern, answers):
            return reasons(questionnaire, {atom.question: answers[atom.question] for atom in pattern})
    return ()


def reasons(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> tuple[Reason, ...]:
    """Put answers into words, in the order of the questions, without those that are unknown or deny."""
    return tuple(
        Reason(question.id, answer, question.phrase(answer))
        for question in questionnaire.questions
        if (answer := answers.get(question.id)) not in (None, False)
    )
