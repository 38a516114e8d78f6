"""An evaluation as one page of HTML that needs nothing else: the measures as bars beside their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from caretier.appraisal import Appraisal, Appraised
from caretier.appraisal_text import MEANING, MEASURES, Published, percent
from caretier.presentation import sentence
from caretier.result import Result
from caretier.table_style import STYLE
from caretier.triage_metrics import Share

_STYLE = """
main section { background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; }
main section + section { margin-top: 1.5rem; }
main h2 { font-size: 1.25rem; margin-bottom: .75rem; }
.top, main, footer { max-width: 60rem; margin: 0 auto; }
main { padding: 0 1.5rem; }
td, th { text-align: left; }
.bar { position: relative; height: .95rem; min-width: 8rem; }
.bar i { position: absolute; top: 0; height: .6rem; border-radius: .2rem; background: var(--c4); }
.bar .all { left: 0; right: 0; background: var(--line); }
.bar .bounds { top: .7rem; height: 3px; background: var(--ink); }
.wrong { color: var(--c1); font-weight: 600; }
"""


def appraisal_html(appraisal: Appraisal, published: Published) -> str:
    """Write an evaluation as a page."""
    return "\n".join(_lines(appraisal, published)) + "\n"


def _lines(appraisal: Appraisal, published: Published) -> Iterator[str]:
    title = f"Evaluation of {appraisal.knowledge.title}, version {appraisal.knowledge.version}"
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{escape(title)}</title>\n<style>{STYLE}{_STYLE}</style>\n</head>\n<body>"
    yield f'<header class="top">\n<h1>{escape(title)}</h1>\n<p class="lede">{escape(MEANING)}</p>\n</header>\n<main>'
    yield from _section("By standing", _standings(appraisal))
    yield from _section("Measures, all vignettes", _measures(appraisal))
    yield from _section("What the vignettes exercise", _exercises(appraisal))
    yield from _section("Each vignette", _vignettes(appraisal))
    yield from _section("Published figures of others", _published(published))
    yield f"</main>\n<footer><p>{escape(appraisal.knowledge.questionnaire.disclaimer)}</p></footer>\n</body>\n</html>"


def _section(heading: str, lines: Iterator[str]) -> Iterator[str]:
    place = heading.lower().replace(" ", "-").replace(",", "")
    yield f'<section aria-labelledby="{place}">\n<h2 id="{place}">{escape(heading)}</h2>'
    yield f'<div class="scroll" role="region" aria-label="{escape(heading)}: table" tabindex="0">'
    yield from lines
    yield "</div>\n</section>"


def _standings(appraisal: Appraisal) -> Iterator[str]:
    yield _head("Vignettes", "Tier as expected", "Tier and conditions as expected")
    for standing, found in appraisal.by_standing.items():
        right = Share(sum(not each.faults for each in appraisal.of(standing)), found.accuracy.total)
        yield _row(sentence(standing), _bar(found.accuracy), _bar(right))
    yield "</tbody></table>"


def _measures(appraisal: Appraisal) -> Iterator[str]:
    yield _head("Measure", "Share, with bounds of 95 %")
    for name, told in MEASURES.items():
        yield _row(sentence(told), _bar(getattr(appraisal.metrics, name)))
    labels = {tier.rank: tier.label for tier in appraisal.knowledge.tiers}
    for rank, share in appraisal.metrics.by_tier.items():
        yield _row(f"Right tier where at least “{escape(labels[rank])}” is", _bar(share))
    yield "</tbody></table>"


def _exercises(appraisal: Appraisal) -> Iterator[str]:
    yield _head("What", "Exercised", "Not exercised")
    for each in appraisal.exercises:
        left = f"<details><summary>{len(each.left)}</summary><p>{escape('; '.join(each.left))}</p></details>"
        yield _row(sentence(each.name), f"{each.total - len(each.left)} of {each.total}", left if each.left else "none")
    yield "</tbody></table>"


def _vignettes(appraisal: Appraisal) -> Iterator[str]:
    yield _head("Vignette", "Standing", "Found", "Expected", "Conditions", "As expected")
    for each in appraisal.appraised:
        expected = sorted({each.vignette.lowest.label, each.vignette.highest.label})
        yield _row(
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
    yield _head("Study", "Measured", "Figures")
    for study in published:
        figures = study["figures"]
        assert isinstance(figures, Mapping)
        told = "<br>".join(f"{escape(name)}: {escape(str(figure))}" for name, figure in figures.items())
        url, name, read = (escape(str(study[part])) for part in ("url", "study", "read"))
        yield _row(f'<a href="{url}">{name}</a> ({read} read)', escape(str(study["measured"])), told)
    yield "</tbody></table>"


def _head(*names: str) -> str:
    cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    return f"<table><thead><tr>{cells}</tr></thead>\n<tbody>"


def _row(first: str, *cells: str) -> str:
    others = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{first}</th>{others}</tr>'


def _bar(share: Share) -> str:
    """Draw a share as a bar, with a line from bound to bound, and its number in words beside it."""
    if share.value is None:
        return "none"
    low, high = share.bounds
    drawn = f'<i class="all"></i><i style="left:0;width:{100 * share.value:.1f}%"></i>'
    drawn += f'<i class="bounds" style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>'
    return f'<div class="bar" aria-hidden="true">{drawn}</div>{percent(share)}'
