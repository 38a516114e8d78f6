"""The interview: what to ask next, best first, and when to stop. It keeps no state: answers in, screen out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caretier.questionnaire import Answer, Question, Questionnaire
from caretier.result import Result


@dataclass(frozen=True, slots=True)
class Screen:
    """What is asked at once: one question, or several yes-or-no questions that share a lead-in as one checklist.

    "None of these" on a checklist is no to each of its questions.
    """

    questions: tuple[Question, ...]

    @property
    def lead_in(self) -> str | None:
        """The words before a checklist; None for a single question."""
        return self.questions[0].lead_in if len(self.questions) > 1 else None

    def to_dict(self) -> dict[str, object]:
        """Give the screen as plain data."""
        return {"lead_in": self.lead_in, "questions": [question.to_dict() for question in self.questions]}


@dataclass(frozen=True, slots=True)
class Step:
    """Where an interview stands: the result so far, and the next screen, or None when there is nothing left to ask.

    `answered` and `open` count questions: those answered, "don't know" included, and those that could still matter.
    """

    result: Result
    screen: Screen | None
    answered: int
    open: int

    def to_dict(self) -> dict[str, object]:
        """Give the step as plain data."""
        return {
            "result": self.result.to_dict(),
            "screen": self.screen.to_dict() if self.screen else None,
            "answered": self.answered,
            "open": self.open,
        }


class Interview:
    """Asks the best question next and stops when the tier is final, or cannot get higher.

    A question answered with None ("don't know") is not asked again; an interview can then end without being final.
    """

    def __init__(self, questionnaire: Questionnaire, assess: Callable[[Mapping[str, Answer]], Result]) -> None:
        """Ask the questions of a questionnaire, led by what an engine says of the answers so far."""
        self._questionnaire = questionnaire
        self._assess = assess

    def next(self, answers: Mapping[str, Answer]) -> Step:
        """Say where an interview with these answers stands; raises InvalidAnswersError or ContradictionError."""
        result = self._assess(answers)
        wanted = [self._questionnaire.by_id[question.id] for question in result.next_questions]
        return Step(result, _screen(wanted) if wanted else None, len(answers), len(wanted))


def _screen(wanted: list[Question]) -> Screen:
    """Put the best question on a screen, with all others that could matter of its checklist, in their order."""
    best = wanted[0]
    if best.lead_in is None or best.type != "boolean":
        return Screen((best,))
    listed = [each for each in wanted if each.lead_in == best.lead_in and each.type == "boolean"]
    return Screen(tuple(listed))
