"""What was decided on one person's answers, as it is kept: the answers, what came of them, and by which knowledge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from caretier.assessment import Assessment
from caretier.errors import ContradictionError, InputError, InvalidAnswersError
from caretier.fhir import domain_iri
from caretier.knowledge import Knowledge
from caretier.knowledge_base import KnowledgeBase
from caretier.limits import MAXIMUM_ID_LENGTH
from caretier.model import ENGINE as MODEL
from caretier.questionnaire import Answers
from caretier.result import SOFTWARE, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from caretier.knowledge_base import Engine

    Read = TypeVar("Read", bound=Answers)

FORM = 1
"""The form of records; another number when older programs could misread them."""

_MOST_PROBLEMS = 100
_LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of one person's answers: a result, or the error for which they were refused.

    `is_complete` says that the answers are all that was given. They are not where some could not be used, of which only
    the error tells, or where they came as RDF, which may say more than answers can. `engine` is None where nobody can
    say who refused.
    """

    knowledge: Knowledge
    engine: str | None
    answers: Answers
    outcome: Result | InputError
    is_complete: bool

    def to_dict(self) -> dict[str, object]:
        """Give the decision as plain data, ready for JSON: nothing about the person but answers, their id and date."""
        knowledge, outcome, answers = self.knowledge, self.outcome, self.answers
        return {
            "form": FORM,
            "answers": {"answers": dict(answers.values), "id": _bounded(answers.id), "date": _bounded(answers.date)},
            "complete": self.is_complete,
            "language": knowledge.language.tag,
            "engine": self.engine,
            "knowledge": {
                "ontology": domain_iri(knowledge),
                "version": knowledge.version,
                "sha256": knowledge.sha256,
            },
            "software": SOFTWARE,
            "result": stated(outcome) if isinstance(outcome, Result) else None,
            "error": refused(outcome) if isinstance(outcome, InputError) else None,
        }


def stated(result: Result) -> dict[str, object]:
    """Give all that a result states, without what says whose it is and who gave it."""
    told = result.to_dict()
    return {name: value for name, value in told.items() if name not in ("id", "engine", "knowledge", "software")}


def refused(error: InputError) -> dict[str, object]:
    """Say why answers were refused, and which tier the others prove all the same; a message is cut when it is long."""
    problems, proven = (error.problems, error.proven) if isinstance(error, InvalidAnswersError) else ((), None)
    messages = [each.message for each in problems[:_MOST_PROBLEMS]] or [str(error)]
    return {
        "kind": "contradiction" if isinstance(error, ContradictionError) else "invalid",
        "proven": proven.id if proven is not None else None,
        "problems": [message[:_LONGEST_MESSAGE] for message in messages],
    }


class Desk:
    """Where answers are read and decided on, so that every decision is noted once for whoever keeps a record."""

    def __init__(self, kb: KnowledgeBase, decisions: list[Decision] | None = None) -> None:
        """Decide by a knowledge base; decisions are noted in a list, in a new one if none is given."""
        self.kb = kb
        self.decisions = decisions if decisions is not None else []

    def read(self, document: object) -> Answers:
        """Read an answers document; see `checked`."""
        return self.checked(lambda: self.kb.questionnaire.read(document), identifier_in(document))

    def checked(self, read: Callable[[], Read], identifier: str | None = None) -> Read:
        """Read answers by a function; InvalidAnswersError, which is noted, says what the usable ones prove."""
        try:
            return self.kb.checked(read)
        except InvalidAnswersError as error:
            answers = Answers(error.readable, identifier)
            self.decisions.append(Decision(self.kb.knowledge, self.kb.engine, answers, error, is_complete=False))
            raise

    def assess(self, assessments: Sequence[Assessment], *, engine: Engine | None = None) -> list[Result | InputError]:
        """Assess and note each outcome; see `KnowledgeBase.assess_many`."""
        outcomes = self.kb.assess_many(assessments, engine=engine)
        for assessment, outcome in zip(assessments, outcomes, strict=True):
            self.note(assessment.answers, outcome, engine=engine, came_as_rdf=assessment.graph is not None)
        return outcomes

    def note(
        self,
        answers: Answers,
        outcome: Result | InputError,
        *,
        engine: Engine | None = None,
        came_as_rdf: bool = False,
    ) -> None:
        """Note a decision that was made elsewhere, by the engine that was asked for if one was.

        Only RDF that says no more than answers can is answered by a decision model.
        """
        by: str | None
        if isinstance(outcome, Result):
            by, is_complete = outcome.engine, not came_as_rdf or outcome.engine == MODEL
        else:
            by, is_complete = None if came_as_rdf else engine or self.kb.engine, not came_as_rdf
        self.decisions.append(Decision(self.kb.knowledge, by, answers, outcome, is_complete))

    def forget_results(self) -> None:
        """Forget the results that nobody is told, since others were refused that came together with them."""
        self.decisions[:] = [each for each in self.decisions if isinstance(each.outcome, InputError)]


def identifier_in(document: object) -> str | None:
    """Return the id that an answers document has, whatever else is wrong with it."""
    found = document.get("id") if isinstance(document, dict) else None
    return found if isinstance(found, str) else None


def _bounded(text: str | None) -> str | None:
    """Leave out an id or a date that is longer than allowed, as it may be in RDF, where it changes no decision."""
    return text if text is not None and len(text) <= MAXIMUM_ID_LENGTH else None
