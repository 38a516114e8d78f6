"""The interview: what to ask next, best first, and when to stop. It keeps no state: answers in, screen out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from caretier.evaluation import NextQuestion
from caretier.questionnaire import Answer, Question, Questionnaire
from caretier.result import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Stop = Literal["emergency", "final", "unknown"]


@dataclass(frozen=True, slots=True)
class Screen:
    """What is asked at once: one question, or several yes-or-no questions that share a lead-in as one checklist."""

    questions: tuple[Question, ...]

    @property
    def lead_in(self) -> str | None:
        """The words before a checklist; None for a single question."""
        return self.questions[0].lead_in if len(self.questions) > 1 else None

    def ticked(self, yes: Collection[str], unknown: Collection[str] = ()) -> dict[str, Answer]:
        """Return the answers that a checklist gives: yes to what is ticked, and no to all else that is not unknown.

        "None of these" is a checklist with nothing ticked.
        """
        return {each.id: True if each.id in yes else None if each.id in unknown else False for each in self.questions}

    def to_dict(self) -> dict[str, object]:
        """Give the screen as plain data."""
        return {"lead_in": self.lead_in, "questions": [question.to_dict() for question in self.questions]}


@dataclass(frozen=True, slots=True)
class Step:
    """Where an interview stands: the result so far, and the next screen, or None when it is over.

    `done` counts the screens answered, `left` is the most that can still follow: each answer makes it at least one
    less. `unknown` are the questions answered with "don't know" but for which the result would be final; it is only
    given at the end.
    """

    result: Result
    screen: Screen | None
    done: int
    left: int
    unknown: tuple[NextQuestion, ...] = ()

    @property
    def stop(self) -> Stop | None:
        """Why the interview is over, or None while it is not.

        "emergency": the highest tier is proven. "final": no answer can raise the result. "unknown": answers could
        still raise it, but the person does not know them.
        """
        if self.screen is not None:
            return None
        if not self.result.final:
            return "unknown"
        return "emergency" if self.result.tier == self.result.knowledge.tiers[0] else "final"

    def to_dict(self) -> dict[str, object]:
        """Give the step as plain data."""
        return {
            "screen": self.screen.to_dict() if self.screen else None,
            "progress": {"done": self.done, "left_at_most": self.left},
            "stop": self.stop,
            "unknown": [question.to_dict() for question in self.unknown],
            "result": self.result.to_dict(),
        }


class Interview:
    """Asks the best question next, and stops as soon as no answer can raise the result.

    A question answered with None ("don't know") is not asked again; only because of one can an interview end without
    being final. Nobody is told the lowest tier without having been asked whether all this is meant for them.
    """

    def __init__(self, questionnaire: Questionnaire, assess: Callable[[Mapping[str, Answer]], Result]) -> None:
        """Ask the questions of a questionnaire, led by what an engine says of the answers so far."""
        self._questionnaire = questionnaire
        self._assess = assess

    def next(self, answers: Mapping[str, Answer]) -> Step:
        """Say where an interview with these answers stands; raises InvalidAnswersError or ContradictionError.

        The result of a contradiction is in its error: what the other answers prove, and which questions to ask again.
        """
        result = self._assess(answers)
        wanted, unknown = [question.id for question in result.next_questions], tuple[NextQuestion, ...]()
        if not wanted and not result.final:
            unknown = self._unknown(answers)
            if not unknown:  # the engine sees that something is open and cannot say what; only the reference does so
                wanted = [question.id for question in self._questionnaire.questions if question.id not in answers]
        for_whom = result.knowledge.asks_for_whom(answers)
        if for_whom and for_whom.id not in {*answers, *wanted} and not (result.final and result.tier.rank):
            wanted.append(for_whom.id)
        screens = self._screens(wanted)
        done = len(self._screens(answers))
        return Step(result, screens[0] if screens else None, done, len(screens), unknown)

    def _unknown(self, answers: Mapping[str, Answer]) -> tuple[NextQuestion, ...]:
        """List the questions answered with "don't know" that would be asked if they had not been."""
        known = {question: answer for question, answer in answers.items() if answer is not None}
        return tuple(question for question in self._assess(known).next_questions if question.id in answers)

    def _screens(self, wanted: Iterable[str]) -> list[Screen]:
        """Share questions out to screens, in the order of the first of each; checklists are in their own order."""
        screens: dict[str, list[Question]] = {}
        for question in map(self._questionnaire.by_id.__getitem__, wanted):
            together = question.lead_in if question.type == "boolean" and question.lead_in else question.id
            screens.setdefault(together, []).append(question)
        return [Screen(tuple(sorted(questions, key=self._questionnaire.place))) for questions in screens.values()]
