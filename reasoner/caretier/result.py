"""What comes back for one assessment, as immutable values that give themselves as plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from caretier.evaluation import NextQuestion
from caretier.knowledge import Axiom, CareTier, Knowledge, Recommendation, RedFlag, Source
from caretier.questionnaire import Answers
from caretier.reasons import Reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

SOFTWARE = "0.1.0"
"""The version of this software; the knowledge has its own."""


@dataclass(frozen=True, slots=True)
class Triage:
    """The shortest answer: the id of the care tier, and the ids of the conditions suggested, highest tier first."""

    tier: str
    conditions: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Give the triage as plain data."""
        return {"tier": self.tier, "conditions": list(self.conditions)}


def plainly(value: Constant) -> object:
    """Give a value of the knowledge as plain data."""
    return [each.to_dict() for each in value] if isinstance(value, tuple) else value.to_dict()


@dataclass(frozen=True, slots=True)
class FoundRedFlag:
    """A red flag that was found, with the answers that show it and the axioms by which they do.

    `shared` says that this very value is what everybody gets whose answers show the red flag in the same way.
    """

    red_flag: RedFlag
    because: tuple[Reason, ...]
    proof: tuple[Axiom, ...] = ()
    shared: bool = field(default=False, repr=False, compare=False)

    def to_dict(self, told: Callable[[Constant], object] = plainly) -> dict[str, object]:
        """Give the red flag as plain data; `source` is the first of its sources. For `told` see `Result.to_dict`."""
        flag = self.red_flag
        return {
            "id": flag.id,
            "label": flag.label,
            "tier": flag.tier,
            "because": [reason.to_dict() for reason in self.because],
            "reason": flag.reason,
            "definition": flag.definition,
            "proof": told(self.proof),
            "source": flag.sources[0].to_dict() if flag.sources else None,
            "sources": told(flag.sources),
        }


Constant = FoundRedFlag | NextQuestion | Recommendation | tuple[Axiom, ...] | tuple[Source, ...]
"""What the knowledge says, in the same words to everybody."""


@dataclass(frozen=True, slots=True)
class SuggestedCondition:
    """A condition that the answers suggest; its tier is the highest of its red flags that were found."""

    id: str
    label: str
    tier: str
    red_flags: tuple[FoundRedFlag, ...]
    recommendation: Recommendation | None

    def to_dict(self, told: Callable[[Constant], object] = plainly) -> dict[str, object]:
        """Give the condition as plain data. For `told` see `Result.to_dict`."""
        entry: dict[str, object] = {"id": self.id, "label": self.label, "tier": self.tier}
        entry["red_flags"] = [told(found) if found.shared else found.to_dict(told) for found in self.red_flags]
        if self.recommendation:
            entry |= {"advice": self.recommendation.advice, "course": told(self.recommendation)}
        return entry


@dataclass(frozen=True)
class Result:
    """What one assessment comes to.

    `tier` is what the answers prove; `ceiling` the highest that answers to open questions could lead to; `final` says
    that they are equal. `notes` tell of tensions between answers. `engine` says which engine spoke. `given` is the
    graph that the answers came in and the node of the assessment there, where they came as RDF.
    """

    id: str | None
    tier: CareTier
    ceiling: CareTier
    conditions: tuple[SuggestedCondition, ...]
    next_questions: tuple[NextQuestion, ...]
    notes: tuple[str, ...]
    engine: str
    knowledge: Knowledge = field(repr=False)
    answers: Answers = field(repr=False)
    given: tuple[Graph, Node] | None = field(repr=False, compare=False, default=None)

    @property
    def software(self) -> str:
        """The version of the software that gave the result."""
        return SOFTWARE

    @property
    def final(self) -> bool:
        """Say whether no further answer can raise the tier."""
        return self.ceiling == self.tier

    @property
    def settled(self) -> bool:
        """Say whether the tier may be shown as settled: it is final, and known to be meant for this person."""
        return self.final and self.knowledge.meant_for(self.answers.values)

    @property
    def advice(self) -> str:
        """What to do; nobody for whom the lowest tier is not settled is told that all is well."""
        scope = self.knowledge.scope
        if scope is not None and self.final and not self.settled and self.tier.rank == 0:
            return scope.message
        return self.tier.advice if self.final else self.tier.advice_while_open

    def to_dict(self, told: Callable[[Constant], object] = plainly) -> dict[str, object]:
        """Give the result as plain data, ready for JSON.

        `told` gives what everybody is told in the same words; whoever writes many results may remember how.
        """
        return {
            "id": self.id,
            "tier": self.tier.id,
            "ceiling": self.ceiling.id,
            "final": self.final,
            "settled": self.settled,
            "advice": self.advice,
            "conditions": [condition.to_dict(told) for condition in self.conditions],
            "next_questions": [told(question) for question in self.next_questions],
            "notes": list(self.notes),
            "safety_net": self.knowledge.questionnaire.safety_net,
            "disclaimer": self.knowledge.questionnaire.disclaimer,
            "engine": self.engine,
            "knowledge": {"version": self.knowledge.version, "sha256": self.knowledge.sha256},
            "software": self.software,
        }

    def to_graph(self) -> Graph:
        """Give the result as RDF with provenance: the answers, the conclusions, and what each rests on."""
        from caretier.assessments import result_graph

        return result_graph(self, self.given)


def conditions_of(knowledge: Knowledge, found: Iterable[FoundRedFlag]) -> tuple[SuggestedCondition, ...]:
    """Group the red flags that were found by condition, highest tier first."""
    ranks = knowledge.ranks
    grouped: dict[str, list[FoundRedFlag]] = {}
    for one in sorted(found, key=lambda one: (-ranks[one.red_flag.tier], one.red_flag.condition, one.red_flag.id)):
        grouped.setdefault(one.red_flag.condition, []).append(one)
    return tuple(
        SuggestedCondition(
            id=condition,
            label=knowledge.conditions[condition].label,
            tier=flags[0].red_flag.tier,
            red_flags=tuple(flags),
            recommendation=knowledge.recommendations.get((condition, flags[0].red_flag.tier)),
        )
        for condition, flags in grouped.items()
    )
