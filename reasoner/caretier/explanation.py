"""All that can be said about how a result came about: every way it is shown, why not another, what would move it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caretier.changes import Change, smallest_falls, smallest_raises
from caretier.evaluation import Evaluator
from caretier.knowledge import Atom, AtomSet, Knowledge, RedFlag
from caretier.questionnaire import Answer, Questionnaire
from caretier.reasons import Reason, reasons_of


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
            nearest
            for condition in knowledge.conditions
            if condition not in suggested
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
    language = questionnaire.language
    lacking = language(" and ").join(f'"{said(questionnaire, atom)}"' for atom in ordered)
    return WhyNot(
        condition,
        flag.id,
        flag.tier,
        reasons_of(questionnaire, held, answers),
        ordered,
        language(
            "Not suggested: %(condition)s. What comes nearest to it would also need %(lacking)s.",
            condition=label,
            lacking=lacking,
        ),
    )


def said(questionnaire: Questionnaire, atom: Atom) -> str:
    """Say in a short phrase what an elementary answer means.

    A number stands beside its unit, wherever the name of the question has it: "age in years" gives "age at least 50
    years", "months on a plan" gives "at least 3 months on a plan".
    """
    question, language = questionnaire.by_id[atom.question], questionnaire.language
    if atom.relation == "is":
        return questionnaire.phrase(question, atom.value)
    name, unit, amount = question.answer_text, question.unit, f"{language(atom.relation)} {atom.value}"
    if unit is None:
        return f"{name}: {amount}"
    if name.startswith(f"{unit} "):
        return f"{amount} {name}"
    return f"{name.removesuffix(language(' in %(unit)s', unit=unit))} {amount} {unit}"
