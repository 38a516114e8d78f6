"""An evaluation as one page of HTML that needs nothing else: the measures as bars beside their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from caretier.appraisal import Appraisal, Appraised
from caretier.appraisal_text import MEANING, MEASURES, Published, percent, scores_told
from caretier.presentation import sentence
from caretier.result import Result
from caretier.table_page import head, page, row, section
from caretier.triage_metrics import Share

_STYLE = """
.bar .bounds { top: .7rem; height: 3px; background: var(--ink); }
.wrong { color: var(--c1); font-weight: 600; }
"""


def appraisal_html(appraisal: Appraisal, published: Published) -> str:
    """Write an evaluation as a page."""
    title = f"Evaluation of {appraisal.knowledge.title}, version {appraisal.knowledge.version}"
    sections = [
        section("By standing", _standings(appraisal)),
        section("Measures, all vignettes", _measures(appraisal)),
        *([section("Capability comparison score", _capability(appraisal))] if appraisal.capability else []),
        section("What the vignettes exercise", _exercises(appraisal)),
        section("Each vignette", _vignettes(appraisal)),
        section("Published figures of others", _published(published)),
    ]
    return page(title, MEANING, sections, appraisal.knowledge.questionnaire.disclaimer, style=_STYLE)


def _standings(appraisal: Appraisal) -> Iterator[str]:
    yield head("Vignettes", "Tier as expected", "Tier and conditions as expected")
    for standing, found in appraisal.by_standing.items():
        right = Share(sum(not each.faults for each in appraisal.of(standing)), found.accuracy.total)
        yield row(sentence(standing), _bar(found.accuracy), _bar(right))
    yield "</tbody></table>"


def _measures(appraisal: Appraisal) -> Iterator[str]:
    yield head("Measure", "Share, with bounds of 95 %")
    for name, told in MEASURES.items():
        yield row(sentence(told), _bar(getattr(appraisal.metrics, name)))
    labels = {tier.rank: tier.label for tier in appraisal.knowledge.tiers}
    for rank, share in appraisal.metrics.by_tier.items():
        yield row(f"Right tier where at least “{escape(labels[rank])}” is", _bar(share))
    yield "</tbody></table>"


def _capability(appraisal: Appraisal) -> Iterator[str]:
    labels = {tier.rank: tier.label for tier in appraisal.knowledge.tiers}
    yield head("Vignettes that others rated too", "Scores from 0 to 100")
    yield row("All", escape(scores_told(appraisal.capability)))
    for rank, scores in appraisal.capability_by_tier.items():
        yield row(escape(sentence(labels[rank])), escape(scores_told(scores)))
    yield "</tbody></table>"


def _exercises(appraisal: Appraisal) -> Iterator[str]:
    yield head("What", "Exercised", "Not exercised")
    for each in appraisal.exercises:
        left = f"<details><summary>{len(each.left)}</summary><p>{escape('; '.join(each.left))}</p></details>"
        yield row(sentence(each.name), f"{each.total - len(each.left)} of {each.total}", left if each.left else "none")
    yield "</tbody></table>"


def _vignettes(appraisal: Appraisal) -> Iterator[str]:
    yield head("Vignette", "Standing", "Found", "Expected", "Conditions", "As expected")
    for each in appraisal.appraised:
        expected = sorted({each.vignette.lowest.label, each.vignette.highest.label})
        yield row(
            escape(each.vignette.id),
            each.vignette.standing,
            escape(_tier(each)),
            escape(" to ".join([each.vignette.lowest.label, each.vignette.highest.label][: len(expected)])),
            escape("; ".join(appraisal.knowledge.conditions[name].label for name in sorted(each.found)) or "none"),
            f'<span class="wrong">{escape("; ".join(each.faults))}</span>' if each.faults else "yes",
        )
    yield "</tbody></table>"


def _tier(each: Appraised) -> str:
    return each.outcome.tier.label if isinstance(each.outcome, Result) else "refused"


def _published(published: Published) -> Iterator[str]:
    yield "<p>On other vignettes and other illnesses: they can be compared in kind only.</p>"
    yield head("Study", "Measured", "Figures")
    for study in published:
        figures = study["figures"]
        assert isinstance(figures, Mapping)
        told = "<br>".join(f"{escape(name)}: {escape(str(figure))}" for name, figure in figures.items())
        url, name, read = (escape(str(study[part])) for part in ("url", "study", "read"))
        yield row(f'<a href="{url}">{name}</a> ({read} read)', escape(str(study["measured"])), told)
    yield "</tbody></table>"


def _bar(share: Share) -> str:
    """Draw a share as a bar, with a line from bound to bound, and its number in words beside it."""
    if share.value is None:
        return "none"
    low, high = share.bounds
    drawn = f'<i class="all"></i><i style="left:0;width:{100 * share.value:.1f}%"></i>'
    drawn += f'<i class="bounds" style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>'
    return f'<div class="bar" aria-hidden="true">{drawn}</div>{percent(share)}'
