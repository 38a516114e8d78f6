"""What an evaluation on vignettes comes to: each vignette beside its result, the measures, and what none exercises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from caretier.assessment import Assessment
from caretier.errors import InputError
from caretier.knowledge import Knowledge, holding
from caretier.knowledge_base import KnowledgeBase
from caretier.result import Result
from caretier.triage_metrics import Metrics, Triaged, capability_scores, metrics
from caretier.vignettes import Vignette

TYPE_CHECKING = False
if TYPE_CHECKING:
    from caretier.vignettes import Standing

STANDINGS: tuple[Standing, ...] = ("clear", "arguable", "beyond the source")
"""Vignettes whose wording leaves one reading of the source, several, or whose truth the source does not cover."""

OURSELVES = "caretier"


@dataclass(frozen=True, slots=True)
class Appraised:
    """One vignette with its result, or the error by which its answers were refused."""

    vignette: Vignette
    outcome: Result | InputError

    @property
    def triaged(self) -> Triaged:
        """The tier that was found, as ranks."""
        given = self.outcome.tier.rank if isinstance(self.outcome, Result) else None
        return Triaged(given, self.vignette.lowest.rank, self.vignette.highest.rank)

    @property
    def found(self) -> frozenset[str]:
        """The conditions that were suggested."""
        if not isinstance(self.outcome, Result):
            return frozenset()
        return frozenset(condition.id for condition in self.outcome.conditions)

    @property
    def faults(self) -> tuple[str, ...]:
        """What is not as expected, in words."""
        if not isinstance(self.outcome, Result):
            return (f"refused: {self.outcome}",)
        vignette, error = self.vignette, self.triaged.error
        wrong = [f"{condition} is missing" for condition in sorted(vignette.conditions - self.found)]
        wrong += [
            f"{condition} is too much" for condition in sorted(self.found - vignette.conditions - vignette.may_also)
        ]
        if error:
            where = "too high" if error > 0 else "too low"
            wrong.append(f"{self.outcome.tier.id} is {abs(error)} tier{'s' if abs(error) > 1 else ''} {where}")
        return tuple(wrong)


@dataclass(frozen=True, slots=True)
class Exercise:
    """How much of the knowledge some vignettes exercise: so many of so many, and the names of what none does."""

    name: str
    total: int
    left: tuple[str, ...]


@dataclass(frozen=True)
class Appraisal:
    """An evaluation of one domain on vignettes."""

    knowledge: Knowledge
    appraised: tuple[Appraised, ...]

    def of(self, standing: Standing) -> list[Appraised]:
        """List the vignettes of a standing."""
        return [each for each in self.appraised if each.vignette.standing == standing]

    @cached_property
    def metrics(self) -> Metrics:
        """The measures over all vignettes."""
        return self._measured(self.appraised)

    @property
    def by_standing(self) -> dict[Standing, Metrics]:
        """The measures by the standing of vignettes."""
        return {standing: self._measured(found) for standing in STANDINGS if (found := self.of(standing))}

    @property
    def wrong(self) -> list[Appraised]:
        """The clear vignettes that are not as expected."""
        return [each for each in self.of("clear") if each.faults]

    @property
    def capability(self) -> dict[str, float]:
        """The capability comparison score of ourselves and of the other readers whose ratings the vignettes hold."""
        return _capability(self.knowledge, self.appraised)

    @property
    def capability_by_tier(self) -> dict[int, dict[str, float]]:
        """The same scores on the vignettes of one tier, by the rank of the lowest tier that is right."""
        found = {
            tier.rank: _capability(
                self.knowledge, [each for each in self.appraised if each.vignette.lowest.rank == tier.rank]
            )
            for tier in self.knowledge.tiers
        }
        return {rank: scores for rank, scores in found.items() if scores}

    @property
    def conditions_per_vignette(self) -> dict[int, int]:
        """How many vignettes have so many conditions suggested, by that number."""
        counts = [len(each.found) for each in self.appraised]
        return {count: counts.count(count) for count in sorted(set(counts))}

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """How much of red flags, minimal sets, axioms and questions the vignettes exercise."""
        flags, questions = self.knowledge.red_flags, self.knowledge.questionnaire.questions
        people = [each.vignette.answers.values for each in self.appraised]
        shown = {
            (flag.id, number)
            for flag in flags
            for number, pattern in enumerate(flag.patterns)
            if any(holding(pattern, answers) for answers in people)
        }
        sets = {(flag.id, number) for flag in flags for number in range(len(flag.patterns))}
        unseen = sets - shown
        axioms = {axiom.manchester for flag in flags for proof in flag.proofs for axiom in proof}
        used = {
            axiom.manchester
            for flag in flags
            for number, proof in enumerate(flag.proofs)
            if (flag.id, number) in shown
            for axiom in proof
        }
        told = {
            question.id
            for question in questions
            for answers in people
            if (answer := answers.get(question.id)) is not None and not question.denies(answer)
        }
        return (
            Exercise("red flags", len(flags), tuple(f.label for f in flags if f.id not in {flag for flag, _ in shown})),
            Exercise("minimal sets of answers", len(sets), tuple(f"{flag}: {n + 1}" for flag, n in sorted(unseen))),
            Exercise("axioms of the proofs", len(axioms), tuple(sorted(axioms - used))),
            Exercise("questions answered with more than a no", len(questions),
                     tuple(each.id for each in questions if each.id not in told)),
        )  # fmt: skip

    def _measured(self, appraised: Sequence[Appraised]) -> Metrics:
        return metrics([each.triaged for each in appraised], self.knowledge.tiers[0].rank)


def appraise(kb: KnowledgeBase, vignettes: Sequence[Vignette]) -> Appraisal:
    """Assess vignettes, and put each beside what is expected of it."""
    outcomes = kb.assess_many([Assessment(vignette.answers) for vignette in vignettes])
    pairs = zip(vignettes, outcomes, strict=True)
    return Appraisal(kb.knowledge, tuple(Appraised(vignette, outcome) for vignette, outcome in pairs))


def _capability(knowledge: Knowledge, appraised: Iterable[Appraised]) -> dict[str, float]:
    """Compare ourselves with other readers on the vignettes that they rated; without advice nothing was rated."""
    solved: dict[str, dict[str, bool]] = {}
    for each in appraised:
        vignette, ours = each.vignette, each.triaged
        ranks = {reader: knowledge.ranks[tier] for reader, tier in vignette.ratings.items()}
        if ranks and ours.given is not None:
            ranks[OURSELVES] = ours.given
        for reader, rank in ranks.items():
            solved.setdefault(reader, {})[vignette.id] = vignette.lowest.rank <= rank <= vignette.highest.rank
    return capability_scores(solved)


def as_data(appraisal: Appraisal, published: object) -> Mapping[str, object]:
    """Give an evaluation as plain data, beside the published figures of others."""
    labels = {tier.rank: tier.id for tier in appraisal.knowledge.tiers}
    return {
        "knowledge": {"version": appraisal.knowledge.version, "sha256": appraisal.knowledge.sha256},
        "vignettes": [
            {
                "id": each.vignette.id,
                "standing": each.vignette.standing,
                "tier": each.outcome.tier.id if isinstance(each.outcome, Result) else None,
                "tier_at_least": each.vignette.lowest.id,
                "tier_at_most": each.vignette.highest.id,
                "conditions": sorted(each.found),
                "faults": list(each.faults),
            }
            for each in appraisal.appraised
        ],
        "metrics": {"all": _metrics_data(appraisal.metrics, labels)}
        | {str(standing): _metrics_data(found, labels) for standing, found in appraisal.by_standing.items()},
        "capability_comparison_score": appraisal.capability,
        "capability_comparison_score_by_tier": {
            labels[rank]: scores for rank, scores in appraisal.capability_by_tier.items()
        },
        "conditions_per_vignette": {str(count): number for count, number in appraisal.conditions_per_vignette.items()},
        "exercises": [
            {"name": each.name, "exercised": each.total - len(each.left), "total": each.total, "left": list(each.left)}
            for each in appraisal.exercises
        ],
        "published": published,
    }


def _metrics_data(found: Metrics, labels: Mapping[int, str]) -> dict[str, object]:
    shares = {name: getattr(found, name).to_dict() for name in Metrics.__dataclass_fields__ if name != "by_tier"}
    return {**shares, "by_tier": {labels[rank]: share.to_dict() for rank, share in found.by_tier.items()}}
