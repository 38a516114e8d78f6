"""Why: the answers and axioms on which a red flag rests, and the tensions between answers, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caretier.knowledge import AtomSet, Axiom, Knowledge, RedFlag, holding
from caretier.language import Language
from caretier.questionnaire import Answer, Questionnaire


@dataclass(frozen=True, slots=True)
class Reason:
    """One answer on which a conclusion rests; `question` and `answer` are None for a finding that no question asks."""

    question: str | None
    answer: Answer
    text: str

    def to_dict(self) -> dict[str, object]:
        """Give the reason as plain data."""
        return {"question": self.question, "answer": self.answer, "text": self.text}


def because(
    questionnaire: Questionnaire, flag: RedFlag, answers: Mapping[str, Answer]
) -> tuple[tuple[Reason, ...], tuple[Axiom, ...]]:
    """Return the answers of the smallest pattern of a red flag that they complete, with the axioms in between.

    The answers are in the order of the questions; both are empty when they complete no known pattern.
    """
    for number, pattern in enumerate(flag.patterns):
        if holding(pattern, answers):
            return shown_by(questionnaire, flag, number, answers)
    return (), ()


def shown_by(
    questionnaire: Questionnaire, flag: RedFlag, pattern: int, answers: Mapping[str, Answer]
) -> tuple[tuple[Reason, ...], tuple[Axiom, ...]]:
    """Return the answers that complete a pattern of a red flag, by its number, with the axioms in between."""
    return reasons_of(questionnaire, flag.patterns[pattern], answers), flag.proofs[pattern] if flag.proofs else ()


def reasons_of(questionnaire: Questionnaire, atoms: AtomSet, answers: Mapping[str, Answer]) -> tuple[Reason, ...]:
    """Put the answers that make atoms true into words, in the order of the questions."""
    by_id = questionnaire.by_id
    questions = sorted([by_id[each] for each in {atom.question for atom in atoms}], key=questionnaire.place)
    return tuple(
        [Reason(each.id, answers[each.id], questionnaire.phrase(each, answers[each.id])) for each in questions]
    )


def reasons(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> tuple[Reason, ...]:
    """Put answers into words, in the order of the questions, without those that are unknown or deny."""
    return tuple(
        Reason(question.id, answer, questionnaire.phrase(question, answer))
        for question in questionnaire.questions
        if (answer := answers.get(question.id)) is not None and not question.denies(answer)
    )


def scope_notes(knowledge: Knowledge, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """Tell those for whom the knowledge is not meant that it is not."""
    return (knowledge.scope.message,) if knowledge.scope is not None and knowledge.leaves_out(answers) else ()


def tensions(knowledge: Knowledge, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """Tell of each "no" beside a report of something of that very kind; the report counts."""
    notes = []
    for tension in knowledge.tensions:
        if tension.denial.holds(answers.get(tension.denial.question)):
            told = {
                ", ".join(reason.text for reason in reasons_of(knowledge.questionnaire, atoms, answers)): None
                for atoms in tension.reports
                if holding(atoms, answers)
            }
            if told:
                notes.append(tension_note(tension.label, tuple(told), knowledge.questionnaire.language))
    return tuple(notes)


def tension_note(denied: str, reported: tuple[str, ...], language: Language) -> str:
    """Say that something was denied of which a kind was reported."""
    return language(
        'You said no to "%(denied)s", but told us of "%(reported)s", which is of that kind. '
        "What you told us of counts.",
        denied=denied,
        reported="; ".join(reported),
    )
