"""How well somebody triages: the measures by which symptom checkers are compared, from plain lists of outcomes.

The set is that of symptomcheckR (Kopka and others 2024, doi 10.1186/s44247-024-00096-7), so that figures can stand
beside published ones. Bounds are exact (Clopper and Pearson 1934).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, fsum, lgamma, log, log1p

_CONFIDENCE = 0.95
_STEPS = 60
"""Halvings of an interval that find a bound to within the precision of a float."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many out of so many, with the bounds within which the true share lies with a confidence of 95 %."""

    count: int
    total: int

    @property
    def value(self) -> float | None:
        """The share, from 0 to 1; None of nothing."""
        return self.count / self.total if self.total else None

    @property
    def bounds(self) -> tuple[float, float]:
        """The exact bounds of a binomial share.

        >>> low, high = Share(0, 2543).bounds
        >>> round(100 * high, 4)
        0.145
        """
        return clopper_pearson(self.count, self.total)

    def to_dict(self) -> dict[str, object]:
        """Give the share as plain data."""
        return {"count": self.count, "total": self.total, "share": self.value, "bounds_95": list(self.bounds)}


def clopper_pearson(count: int, total: int, confidence: float = _CONFIDENCE) -> tuple[float, float]:
    """Return the exact bounds of a share: the least and greatest probability that do not make what was seen unlikely.

    >>> tuple(round(bound, 4) for bound in clopper_pearson(10, 10))
    (0.6915, 1.0)
    """
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else _where(lambda share: _between(count, total, total, share) >= tail)
    high = 1.0 if count == total else _where(lambda share: _between(0, count, total, share) <= tail)
    return low, high


def _between(least: int, most: int, total: int, share: float) -> float:
    """Return the probability of so many successes out of a total; by logarithms, for the factors are huge and tiny."""
    whole, yes, no = lgamma(total + 1), log(share), log1p(-share)
    return fsum(
        exp(whole - lgamma(count + 1) - lgamma(total - count + 1) + count * yes + (total - count) * no)
        for count in range(least, most + 1)
    )


def _where(is_reached: Callable[[float], bool]) -> float:
    """Find where something that holds from some share on begins to hold."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_reached(middle) else (middle, high)
    return high


@dataclass(frozen=True, slots=True)
class Triaged:
    """One case as it was triaged: the rank given (None for no advice), and the ranks between which it is right."""

    given: int | None
    lowest: int
    highest: int

    @property
    def error(self) -> int:
        """By how many tiers the rank is too high, or, below zero, too low; 0 when it is right."""
        if self.given is None:
            return 0
        return max(self.given - self.highest, 0) + min(self.given - self.lowest, 0)


@dataclass(frozen=True, slots=True)
class Metrics:
    """The measures of some cases.

    `safety_of_advice` is the share that is right or too high, `comprehensiveness` the share that got advice at all,
    `inclination_to_overtriage` the share of errors that are too high. `emergency_sensitivity` is the share of the cases
    that call for the highest tier which reach it. `far_under` are the cases two tiers or more too low.
    """

    accuracy: Share
    by_tier: Mapping[int, Share]
    safety_of_advice: Share
    comprehensiveness: Share
    overtriage: Share
    undertriage: Share
    far_under: Share
    inclination_to_overtriage: Share
    emergency_sensitivity: Share


def metrics(cases: Sequence[Triaged], emergency: int) -> Metrics:
    """Measure some cases; `emergency` is the rank of the highest tier.

    >>> found = metrics([Triaged(4, 4, 4), Triaged(1, 2, 4), Triaged(3, 0, 0)], 4)
    >>> found.accuracy.count, found.undertriage.count, found.overtriage.count, found.emergency_sensitivity.value
    (1, 1, 1, 1.0)
    """
    advised = [case for case in cases if case.given is not None]
    right = [case for case in advised if case.error == 0]
    over = [case for case in advised if case.error > 0]
    under = [case for case in advised if case.error < 0]
    emergencies = [case for case in cases if case.lowest == emergency]
    ranks = sorted({case.lowest for case in advised}, reverse=True)
    return Metrics(
        accuracy=Share(len(right), len(advised)),
        by_tier={
            rank: Share(sum(case.lowest == rank for case in right), sum(case.lowest == rank for case in advised))
            for rank in ranks
        },
        safety_of_advice=Share(len(right) + len(over), len(advised)),
        comprehensiveness=Share(len(advised), len(cases)),
        overtriage=Share(len(over), len(advised)),
        undertriage=Share(len(under), len(advised)),
        far_under=Share(sum(case.error <= -2 for case in advised), len(advised)),
        inclination_to_overtriage=Share(len(over), len(over) + len(under)),
        emergency_sensitivity=Share(sum(case.given == emergency for case in emergencies), len(emergencies)),
    )


def capability_scores(solved: Mapping[str, Mapping[str, bool]]) -> dict[str, float]:
    """Compare several readers on the same cases, from 0 to 100: what few get right counts most.

    `solved` says by reader and case whether it was right. 50 is what somebody has who is right just where others are.
    Empty for fewer than two readers, of whom nothing can be compared.

    >>> capability_scores({"a": {"1": True, "2": True}, "b": {"1": True, "2": False}})
    {'a': 62.5, 'b': 37.5}
    """
    if len(solved) < 2:
        return {}
    cases = {case for of_reader in solved.values() for case in of_reader}
    ease = {
        case: sum(marks) / len(marks)
        for case in cases
        if (marks := [of_reader[case] for of_reader in solved.values() if case in of_reader])
    }
    return {
        reader: 50 * (1 + sum(1 - ease[case] if right else -ease[case] for case, right in marks.items()) / len(marks))
        for reader, marks in solved.items()
    }
