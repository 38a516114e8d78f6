"""An evaluation in words for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from caretier.appraisal import Appraisal
from caretier.presentation import sentence
from caretier.triage_metrics import Metrics, Share

MEANING = (
    "This says how faithfully the program follows the source of its knowledge on people who were written down with "
    "that source in mind. It does not say that the source, or the program, is right about patients: that is clinical "
    "validity, which only a study on patients can show."
)
MEASURES: Mapping[str, str] = {
    "accuracy": "right tier",
    "safety_of_advice": "right or too high (safety of advice)",
    "undertriage": "too low",
    "far_under": "too low by two tiers or more",
    "overtriage": "too high",
    "inclination_to_overtriage": "of all errors, too high (inclination to overtriage)",
    "comprehensiveness": "got advice (comprehensiveness)",
    "emergency_sensitivity": "emergencies found",
}
"""The measures in the order in which they are told, and what they are called."""

Published = Sequence[Mapping[str, object]]


def as_text(appraisal: Appraisal, published: Published, width: int) -> str:
    """Tell an evaluation, wrapped to a width."""
    return "\n".join(_lines(appraisal, published, width)) + "\n"


def percent(share: Share) -> str:
    """Write a share with its bounds.

    >>> percent(Share(10, 10)), percent(Share(0, 0))
    ('10 of 10: 100.0 % (69.2 to 100.0)', 'none')
    """
    if share.value is None:
        return "none"
    low, high = (100 * bound for bound in share.bounds)
    return f"{share.count} of {share.total}: {100 * share.value:.1f} % ({low:.1f} to {high:.1f})"


def _lines(appraisal: Appraisal, published: Published, width: int) -> Iterator[str]:
    vignettes = appraisal.appraised
    exact = sum(each.vignette.lowest == each.vignette.highest for each in vignettes)
    yield f"{len(vignettes)} vignettes, knowledge {appraisal.knowledge.version}"
    yield f"In {exact} of them one tier is right, in the others any between two."
    yield ""
    yield from textwrap.wrap(MEANING, width)
    for standing, found in appraisal.by_standing.items():
        yield ""
        yield f"{sentence(standing)}: {percent(found.accuracy)} as to the tier"
        as_expected = sum(not each.faults for each in appraisal.of(standing))
        yield f"  as expected in tier and conditions: {as_expected} of {found.accuracy.total}"
        for each in appraisal.of(standing):
            if each.faults:
                yield from textwrap.wrap(
                    f"{each.vignette.id}: {'; '.join(each.faults)}",
                    width,
                    initial_indent="  - ",
                    subsequent_indent="    ",
                )
    yield ""
    yield "All vignettes, with the bounds of 95 % (Clopper and Pearson)"
    yield from _measures(appraisal.metrics)
    labels = {tier.rank: tier.label for tier in appraisal.knowledge.tiers}
    yield "  right tier, by the lowest tier that is right"
    for rank, share in appraisal.metrics.by_tier.items():
        yield f"    {labels[rank]}: {percent(share)}"
    yield ""
    if scores := appraisal.capability:
        yield "Capability comparison score, on vignettes that others rated too"
        yield f"  all: {scores_told(scores)}"
        for rank, of_tier in appraisal.capability_by_tier.items():
            yield f"  {labels[rank]}: {scores_told(of_tier)}"
    else:
        yield "Capability comparison score: none, since no vignette has ratings of other readers to compare with."
    yield ""
    yield "Conditions suggested"
    for count, number in appraisal.conditions_per_vignette.items():
        yield f"  {count} in {number} vignettes"
    yield ""
    yield "What the vignettes exercise"
    for exercise in appraisal.exercises:
        yield f"  {exercise.name}: {exercise.total - len(exercise.left)} of {exercise.total}"
    yield from textwrap.wrap(
        f"Red flags that none shows: {'; '.join(appraisal.exercises[0].left) or 'none'}.",
        width, initial_indent="  ", subsequent_indent="    ",
    )  # fmt: skip
    yield ""
    yield "Published figures of others, on other vignettes; they can be compared in kind only"
    for study in published:
        yield from textwrap.wrap(
            f"{study['study']}: {study['measured']} ({study['read']} read, {study['url']})", width,
            initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False, break_long_words=False,
        )  # fmt: skip
        figures = study["figures"]
        assert isinstance(figures, Mapping)
        yield from (f"      {name}: {figure}" for name, figure in figures.items())


def _measures(found: Metrics) -> Iterator[str]:
    for name, told in MEASURES.items():
        yield f"  {told}: {percent(getattr(found, name))}"


def scores_told(scores: Mapping[str, float]) -> str:
    """Tell the scores of readers, the best first."""
    return ", ".join(f"{reader} {score:.1f}" for reader, score in sorted(scores.items(), key=lambda each: -each[1]))
