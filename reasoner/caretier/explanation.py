"""Why, and why not: the answers and axioms on which a red flag rests, and what is missing for the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caretier.evaluation import Evaluator
from caretier.interval import Change, smallest_falls, smallest_raises
from caretier.knowledge import Atom, AtomSet, Axiom, Knowledge, RedFlag, holding
from caretier.questionnaire import Answer, Question, Questionnaire


@dataclass(frozen=True, slots=True)
class Reason:
    """One answer on which a conclusion rests; `question` and `answer` are None for a finding that no question asks."""

    question: str | None
    answer: Answer
    text: str

    def to_dict(self) -> dict[str, object]:
        """Give the reason as plain data."""
        return {"question": self.question, "answer": self.answer, "text": self.text}


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What is missing for a condition: the red flag that is nearest, what of it was given, and what was not."""

    condition: str
    red_flag: str
    tier: str
    given: tuple[Reason, ...]
    missing: tuple[Atom, ...]
    text: str

    def to_dict(self) -> dict[str, object]:
        """Give it as plain data."""
        return {
            "condition": self.condition,
            "red_flag": self.red_flag,
            "tier": self.tier,
            "given": [reason.to_dict() for reason in self.given],
            "missing": [atom.to_dict() for atom in self.missing],
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that can be said about how a result came about.

    `shown_by` gives for each red flag found, by its id, every minimal set of answers that shows it; `why_not` what is
    missing for the other conditions; `raises` and `falls` the smallest changes that would move the tier.
    """

    shown_by: Mapping[str, tuple[tuple[Reason, ...], ...]]
    why_not: tuple[WhyNot, ...]
    raises: tuple[Change, ...]
    falls: tuple[Change, ...]

    def to_dict(self) -> dict[str, object]:
        """Give the explanation as plain data."""
        return {
            "shown_by": {
                flag: [[reason.to_dict() for reason in reasons] for reasons in several]
                for flag, several in self.shown_by.items()
            },
            "why_not": [each.to_dict() for each in self.why_not],
            "smallest_changes": {
                "raise": [change.to_dict() for change in self.raises],
                "lower": [change.to_dict() for change in self.falls],
            },
        }


def because(
    questionnaire: Questionnaire, flag: RedFlag, answers: Mapping[str, Answer]
) -> tuple[tuple[Reason, ...], tuple[Axiom, ...]]:
    """Return the answers of the smallest pattern of a red flag that they complete, with the axioms in between.

    The answers are in the order of the questions; both are empty when they complete no known pattern.
    """
    for number, pattern in enumerate(flag.patterns):
        if holding(pattern, answers):
            return reasons_of(questionnaire, pattern, answers), flag.proofs[number] if flag.proofs else ()
    return (), ()


def reasons_of(questionnaire: Questionnaire, atoms: AtomSet, answers: Mapping[str, Answer]) -> tuple[Reason, ...]:
    """Put the answers that make atoms true into words, in the order of the questions."""
    asked = {atom.question for atom in atoms}
    questions = (questionnaire.by_id[question] for question in asked)
    return tuple(
        Reason(question.id, answers[question.id], question.phrase(answers[question.id]))
        for question in sorted(questions, key=questionnaire.place)
    )


def reasons(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> tuple[Reason, ...]:
    """Put answers into words, in the order of the questions, without those that are unknown or deny."""
    return tuple(
        Reason(question.id, answer, question.phrase(answer))
        for question in questionnaire.questions
        if (answer := answers.get(question.id)) not in (None, False)
    )


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
                notes.append(tension_note(tension.label, tuple(told)))
    return tuple(notes)


def tension_note(denied: str, reported: tuple[str, ...]) -> str:
    """Say that something was denied of which a kind was reported."""
    return (
        f'You said no to "{denied}", but told us of "{"; ".join(reported)}", which is of that kind. '
        "What you told us of counts."
    )


def explain(evaluator: Evaluator, answers: Mapping[str, Answer]) -> Explanation:
    """Explain what answers, checked and free of contradictions, come to."""
    knowledge = evaluator.knowledge
    given = evaluator.given(answers)
    found = evaluator.red_flags(given)
    tier = evaluator.tier(found)
    shown_by = {}
    for number in found:
        flag = knowledge.red_flags[number]
        shown_by[flag.id] = tuple(
            reasons_of(knowledge.questionnaire, flag.patterns[pattern], answers)
            for pattern in evaluator.shown_by(number, given)
        )
    suggested = {knowledge.red_flags[number].condition for number in found}
    return Explanation(
        shown_by=shown_by,
        why_not=tuple(
            nearest for condition in knowledge.conditions if condition not in suggested
            if (nearest := _nearest(knowledge, condition, answers))
        ),
        raises=smallest_raises(evaluator, answers, tier),
        falls=smallest_falls(evaluator, answers, tier),
    )


def _nearest(knowledge: Knowledge, condition: str, answers: Mapping[str, Answer]) -> WhyNot | None:
    """Find the pattern of a condition of which least is missing; of equals, the one of which most is given."""
    best: tuple[tuple[int, int], RedFlag, AtomSet, AtomSet] | None = None
    for flag in knowledge.red_flags:
        if flag.condition == condition:
            for pattern in flag.patterns:
                held = frozenset(atom for atom in pattern if atom.holds(answers.get(atom.question)))
                distance = (len(pattern) - len(held), -len(held))
                if best is None or distance < best[0]:
                    best = (distance, flag, held, pattern - held)
    if best is None:
        return None
    _, flag, held, missing = best
    questionnaire = knowledge.questionnaire
    ordered = tuple(sorted(missing, key=lambda atom: questionnaire.place(questionnaire.by_id[atom.question])))
    label = knowledge.conditions[condition].label
    lacking = " and ".join(f'"{said(questionnaire.by_id[atom.question], atom)}"' for atom in ordered)
    return WhyNot(
        condition,
        flag.id,
        flag.tier,
        reasons_of(questionnaire, held, answers),
        ordered,
        f"Not suggested: {label}. What comes nearest to it would also need {lacking}.",
    )


def said(question: Question, atom: Atom) -> str:
    """Say in a short phrase what an elementary answer means."""
    if atom.relation == "is":
        return question.phrase(atom.value)
    return f"{question.answer_text}: {atom.relation} {atom.value}"
