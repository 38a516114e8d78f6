"""The decision model: what one domain knows, proven equal to the reference reasoner, ready to answer at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from caretier.errors import ContradictionError, Problem
from caretier.evaluation import Evaluator
from caretier.interval import ceiling, open_questions
from caretier.knowledge import Knowledge
from caretier.questionnaire import Answer, Answers
from caretier.reasons import scope_notes, shown_by, tensions
from caretier.result import FoundRedFlag, Result, Triage, conditions_of

ENGINE = "model"


@dataclass(frozen=True)
class Certificate:
    """What was proven of a decision model, by which reasoner.

    `asked` is the number of points that the reference reasoner was asked about, `digest` the SHA-256 of their list.
    `beyond` are, by red flag, the minimal sets that hold in the reasoner but that no person can give, because they
    need two answers to one question; they are proven like all others and not part of the model.
    """

    red_flags: int
    minimal_sets: int
    asked: int
    digest: str
    versions: Mapping[str, str]
    beyond: Mapping[str, tuple[tuple[str, ...], ...]]

    @property
    def summary(self) -> str:
        """Say in a line what is proven."""
        reasoners = " and ".join(f"{name} {version}" for name, version in self.versions.items())
        return (
            f"{self.red_flags} red flags are shown by {self.minimal_sets} minimal sets of answers and by nothing else: "
            f"proven by asking {reasoners} about {self.asked} points"
        )


@dataclass(frozen=True)
class DecisionModel:
    """A decision model with its certificate and the SHA-256 of every file that it was compiled from.

    `translations` say by the tags of other languages how its texts differ in them; `lockfile` knows their form.
    """

    knowledge: Knowledge
    certificate: Certificate
    files: Mapping[str, str]
    translations: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def evaluator(self) -> Evaluator:
        """The evaluator of its knowledge."""
        return Evaluator(self.knowledge)

    @cached_property
    def _shared(self) -> Callable[[int, int], FoundRedFlag | None]:
        """Return what a pattern shows, by the numbers of its red flag and of the pattern, in one value for everybody.

        None for a pattern that more than one answer to a question can complete: there each has answers of their own.
        """

        @cache
        def shared(red_flag: int, pattern: int) -> FoundRedFlag | None:
            atoms = self.knowledge.red_flags[red_flag].patterns[pattern]
            if any(atom.relation != "is" for atom in atoms):
                return None
            answers = {atom.question: atom.value for atom in atoms}
            return replace(self._shown(red_flag, pattern, answers), shared=True)

        return shared

    def triage(self, answers: Mapping[str, Answer]) -> Triage:
        """Return only tier and conditions; see `assess`."""
        evaluator = self.evaluator
        try:
            given = evaluator.given(answers)
        except (KeyError, ValueError, TypeError, AttributeError):
            answers = self.knowledge.questionnaire.read({"answers": answers}).values
            given = evaluator.given(answers)
        if evaluator.is_contradictory(given):
            raise self._contradiction(answers, given)
        found = evaluator.red_flags(given)
        return Triage(evaluator.tier(found).id, evaluator.conditions(found))

    def assess(self, answers: Answers) -> Result:
        """Assess the answers of one document; raises ContradictionError when they cannot all be true."""
        evaluator, knowledge, values = self.evaluator, self.knowledge, answers.values
        given = evaluator.given(values)
        if evaluator.is_contradictory(given):
            raise self._contradiction(values, given)
        found = evaluator.red_flags(given)
        tier, position = evaluator.tier(found), evaluator.position(values, given)
        highest = ceiling(evaluator, position, tier)
        return Result(
            id=answers.id,
            tier=tier,
            ceiling=highest,
            conditions=conditions_of(
                knowledge,
                [
                    self._shared(number, pattern) or self._shown(number, pattern, values)
                    for number, pattern in ((number, next(evaluator.shown_by(number, given))) for number in found)
                ],
            ),
            next_questions=() if highest is tier else open_questions(evaluator, position, tier),
            notes=(*scope_notes(knowledge, values), *tensions(knowledge, values)),
            engine=ENGINE,
            knowledge=knowledge,
            answers=answers,
        )

    def _shown(self, red_flag: int, pattern: int, answers: Mapping[str, Answer]) -> FoundRedFlag:
        flag = self.knowledge.red_flags[red_flag]
        return FoundRedFlag(flag, *shown_by(self.knowledge.questionnaire, flag, pattern, answers))

    def _contradiction(self, answers: Mapping[str, Answer], given: int) -> ContradictionError:
        """Say what contradicts, and what the other answers prove all the same."""
        questionnaire = self.knowledge.questionnaire
        problems: dict[str, Problem] = {}
        involved: set[str] = set()
        for contradiction, conflict in self.evaluator.contradictions(given):
            questions = {atom.question for atom in conflict}
            involved |= questions
            if contradiction.iri not in problems:
                ids = tuple(question.id for question in questionnaire.questions if question.id in questions)
                problems[contradiction.iri] = Problem(ids, contradiction.told(ids, self.knowledge.language))
        rest = {question: answer for question, answer in answers.items() if question not in involved}
        tier = self.evaluator.tier(self.evaluator.red_flags(self.evaluator.given(rest)))
        return ContradictionError(tuple(problems.values()), tier if tier.rank > 0 else None)
