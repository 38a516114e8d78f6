"""The library's front door: one domain loaded, its questions, and answers assessed.

RDF and the reasoner are imported when they are first needed, so that importing caretier costs little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from caretier.errors import InputError
from caretier.limits import DEFAULT_TIME_LIMIT
from caretier.questionnaire import Answer, Question, Questionnaire
from caretier.result import Result

if TYPE_CHECKING:
    from caretier.assessments import Assessment
    from caretier.ontology import Ontology
    from caretier.reference import Reference


@dataclass(frozen=True, slots=True)
class Triage:
    """The shortest answer: the id of the care tier, and the ids of the conditions suggested, highest tier first."""

    tier: str
    conditions: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Give the triage as plain data."""
        return {"tier": self.tier, "conditions": list(self.conditions)}


class KnowledgeBase:
    """One domain, ready to assess answers; make one with `load`."""

    def __init__(self, ontology: Ontology, time_limit: float = DEFAULT_TIME_LIMIT) -> None:
        """Keep an ontology; the reasoner first looks at it when something is assessed."""
        self.ontology = ontology
        self._time_limit = time_limit

    @cached_property
    def questionnaire(self) -> Questionnaire:
        """The questionnaire of the domain, with its groups and the texts that every result carries."""
        from caretier.extraction import extract_questionnaire, told_superclasses

        return extract_questionnaire(self.ontology.graph, told_superclasses(self.ontology.graph))

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question in the order in which it is asked.

        >>> [question.id for question in load().questions][:2]
        ['age', 'sex']
        """
        return self.questionnaire.questions

    @cached_property
    def reference(self) -> Reference:
        """The reference reasoner; making it classifies the ontology, which takes seconds."""
        from caretier.reference import Reference

        return Reference(self.ontology, self._time_limit)

    def assess(self, answers: Mapping[str, Answer], *, id: str | None = None) -> Result:  # noqa: A002 -- the contract's word
        """Assess one person's answers (question id to answer).

        Raises InvalidAnswersError, or ContradictionError when the answers cannot all be true.

        >>> result = load().assess({"pain-lower-back": True, "saddle-numbness": True})
        >>> result.tier.id, [condition.id for condition in result.conditions]
        ('EmergencyCare', ['CaudaEquinaSyndrome'])
        """
        from caretier.assessments import Assessment

        document = self.questionnaire.read({"answers": answers, "id": id})
        outcome = self.assess_many([Assessment(document)])[0]
        if isinstance(outcome, InputError):
            raise outcome
        return outcome

    def triage(self, answers: Mapping[str, Answer]) -> Triage:
        """Assess one person's answers and return only tier and conditions."""
        result = self.assess(answers)
        return Triage(result.tier.id, tuple(condition.id for condition in result.conditions))

    def assess_many(self, assessments: Sequence[Assessment]) -> list[Result | InputError]:
        """Assess many people's answers in one run; an assessment that cannot be used has its error in its place."""
        return self.reference.assess(assessments)


def load(root: str | Path | None = None, *, time_limit: float = DEFAULT_TIME_LIMIT) -> KnowledgeBase:
    """Load a domain: the back-pain knowledge that comes with caretier, or the ontology with this root file.

    `time_limit` holds for each run of the reasoner, in seconds. Raises KnowledgeError that names what is wrong.
    """
    from caretier.ontology import load_ontology

    return KnowledgeBase(load_ontology(Path(root) if root is not None else None), time_limit)
