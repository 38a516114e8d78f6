"""A report on a cohort as one page of HTML that needs nothing else: pictures, with their numbers beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from caretier.cohort_figures import Comparison, Figures
from caretier.knowledge import CareTier, Knowledge
from caretier.presentation import sentence
from caretier.table_page import head, page, row, section

_MOST = 40
"""How many of the answers that decide are shown."""

_STYLE = "td.shade { font-variant-numeric: tabular-nums; } .note { color: var(--muted); margin-bottom: .75rem; }"


@dataclass(frozen=True, slots=True)
class Report:
    """Where to write a report, what other results of the same table to compare with, and how small a count it shows.

    With `suppress_below` counts from 1 to below it are not shown, nor others that would give them away as the
    difference to a total, and all others are rounded to multiples of it; 0 shows all as they are.
    """

    target: Path
    against: Path | None = None
    suppress_below: int = 0


def report_page(figures: Figures, knowledge: Knowledge, report: Report) -> str:
    """Write a report as a page."""
    return _Page(figures, knowledge, report).text()


class _Page:
    def __init__(self, figures: Figures, knowledge: Knowledge, report: Report) -> None:
        self._figures = figures
        self._knowledge = knowledge
        self._report = report
        self._tiers = sorted(knowledge.tiers, key=lambda tier: -tier.rank)

    def text(self) -> str:
        knowledge, figures = self._knowledge, self._figures
        lede = (
            f"{self._people()}, assessed with the knowledge on {knowledge.title}, version {knowledge.version}. "
            "A result suggests what to look for and how soon; it is no diagnosis. It is final where no open question "
            "could raise it. Shares without another whole are of all people, also of those whose answers are unusable."
        )
        if least := self._report.suppress_below:
            lede += (
                f" Counts below {least} are left out, with those that would give them away within a table; all others "
                f"are rounded to multiples of {least}, so that they do not add up exactly."
            )
        sections = [
            section("Care tiers", self._care_tiers()),
            section("Conditions suggested", self._conditions()),
            section("Conditions together", self._together()),
            section("Answers that decide", self._deciding()),
            section("Open questions and certainty", self._certainty()),
            section("Missing answers", self._missing()),
        ]
        if figures.comparison is not None:
            sections.insert(1, section("Compared with other results", self._compared(figures.comparison)))
        title = f"A cohort: {knowledge.title}"
        return page(title, lede, sections, knowledge.questionnaire.disclaimer, style=_STYLE)

    def _care_tiers(self) -> Iterator[str]:
        sure = [self._figures.tiers.get(tier.id) for tier in self._tiers]
        shown = self._parts([*(each.people if each else 0 for each in sure), self._figures.errors])
        yield head("Care tier", "People", "Final")
        for tier, each, people in zip(self._tiers, sure, shown, strict=False):
            final = self._parts([each.final, each.people - each.final])[0] if each else 0
            yield row(
                escape(sentence(tier.label)),
                self._bar(people, self._figures.rows, self._colour(tier)),
                self._bar(final if people is not None else None, each.people if each else 0, self._colour(tier)),
            )
        yield row("Unusable, see their errors", self._bar(shown[-1], self._figures.rows, "var(--muted)"), "")
        yield "</tbody></table>"

    def _conditions(self) -> Iterator[str]:
        before = self._figures.comparison.conditions if self._figures.comparison else None
        yield head("Condition", "People", *(["People in the other results"] if before is not None else []))
        for name in dict.fromkeys([*self._figures.conditions, *(before or ())]):
            cells = [self._of_all(self._figures.conditions.get(name, 0))]
            if before is not None:
                cells.append(self._of_all(before.get(name, 0)))
            yield row(escape(self._condition(name)), *cells)
        yield "</tbody></table>"

    def _together(self) -> Iterator[str]:
        names = list(self._figures.conditions)
        most = max(self._figures.together.values(), default=0)
        yield '<p class="note">People for whom both are suggested.</p>'
        yield head("Condition", *(self._condition(name) for name in names))
        for one in names:
            cells = []
            for other in names:
                lower, higher = sorted((one, other))
                people = self._figures.together.get((lower, higher), 0)
                cells.append("" if one == other else self._shade(self._alone(people), most))
            yield row(escape(self._condition(one)), *cells)
        yield "</tbody></table>"

    def _deciding(self) -> Iterator[str]:
        labels = {flag.id: flag.label for flag in self._knowledge.red_flags}
        several = list(self._figures.deciding.items())
        yield '<p class="note">What people answered that shows a red flag; of a number, only which question.</p>'
        yield head("Red flag", "Answers", "People")
        for (flag, answers), people in several[:_MOST]:
            told = "<br>".join(f"<code>{escape(each)}</code>" for each in answers.split(", "))
            yield row(escape(sentence(labels[flag])), told, self._of_all(people))
        yield "</tbody></table>"
        if len(several) > _MOST:
            yield f"<p>{len(several) - _MOST} rarer ones are not shown.</p>"

    def _certainty(self) -> Iterator[str]:
        bands = list(self._figures.certainty.items())
        shown = self._parts([sure.people for _, sure in bands])
        yield head("Open questions", "People", "Final")
        for ((first, last), sure), people in zip(bands, shown, strict=True):
            final = self._parts([sure.final, sure.people - sure.final])[0] if people is not None else None
            yield row(
                f"{first} to {last}", self._bar(people, self._figures.rows), self._bar(final, sure.people)
            )  # fmt: skip
        yield "</tbody></table>"

    def _missing(self) -> Iterator[str]:
        rows = self._figures.rows
        yield head("Question", "People without a usable answer")
        for question, people in sorted(self._figures.unanswered.items(), key=lambda each: -each[1]):
            without = self._parts([people, rows - people])[0]
            yield row(f"<code>{escape(question)}</code>", self._bar(without, rows))
        yield "</tbody></table>"

    def _compared(self, comparison: Comparison) -> Iterator[str]:
        ranks = self._knowledge.ranks
        named = {"higher": 0, "lower": 0, "the same": 0, "unusable in one of them": 0}
        for (one, other), people in comparison.tiers.items():
            if one == other:
                named["the same"] += people
            elif one is None or other is None or one not in ranks:
                named["unusable in one of them"] += people
            else:
                named["higher" if ranks[other] > ranks[one] else "lower"] += people
        told = zip(named, self._parts(list(named.values())), strict=True)
        yield f'<p class="note">Against {escape(self._report.against.name if self._report.against else "")}: '
        yield "; ".join(f"{name}: {self._told(people)}" for name, people in told) + ".</p>"
        tiers: list[str | None] = [*(tier.id for tier in self._tiers), None]
        tiers += sorted({one for one, _ in comparison.tiers if one not in ranks and one is not None})
        labels: dict[str | None, str] = {None: "unusable", **{tier.id: tier.label for tier in self._tiers}}
        yield head("Then, and now:", *(labels[tier] for tier in tiers if tier in labels))
        for one in tiers:
            cells = [comparison.tiers.get((one, other), 0) for other in tiers if other in labels]
            shown = [self._shade(people, self._figures.rows) for people in self._parts(cells)]
            yield row(escape(sentence(labels.get(one, str(one)))), *shown)
        yield "</tbody></table>"

    def _parts(self, counts: Sequence[int]) -> list[int | None]:
        """Leave out what is too small among the parts of a whole, and further ones until their sum tells nothing.

        Two ones that are left out alone would be known from their sum.
        """
        left_out = [count for count in counts if self._alone(count) is None]
        for count in sorted(count for count in counts if count and self._alone(count) is not None):
            if not left_out or (len(left_out) > 1 and sum(left_out) >= self._report.suppress_below):
                break
            left_out.append(count)
        return [None if count in left_out else self._alone(count) for count in counts]

    def _alone(self, count: int) -> int | None:
        """Round a count to what may be shown of it; None where it is too small."""
        least = self._report.suppress_below
        if not least:
            return count
        return None if 0 < count < least else (count + least // 2) // least * least

    def _people(self) -> str:
        people = self._alone(self._figures.rows)
        return f"Fewer than {self._report.suppress_below} people" if people is None else f"{people:,} people"

    def _of_all(self, people: int) -> str:
        return self._bar(self._parts([people, self._figures.rows - people])[0], self._figures.rows)

    def _bar(self, count: int | None, of: int, colour: str = "var(--c4)") -> str:
        """Draw a count, as it may be shown, as a part of a whole, and tell it beside."""
        whole = self._alone(of)
        if count is None or not whole:
            return self._told(count)
        part = 100 * count / whole
        drawn = f'<i class="all"></i><i style="left:0;width:{part:.2f}%;background:{colour}"></i>'
        return f'<div class="bar" aria-hidden="true">{drawn}</div>{count:,} ({part:.1f} %)'

    def _shade(self, count: int | None, of: int) -> str:
        part = 40 * count / whole if count and (whole := self._alone(of)) else 0
        return (
            f'<div style="background:color-mix(in srgb, var(--c4) {part:.0f}%, transparent)">{self._told(count)}</div>'
        )

    def _told(self, count: int | None) -> str:
        return "not shown" if count is None else f"{count:,}"

    def _condition(self, name: str) -> str:
        found = self._knowledge.conditions.get(name)
        return sentence(found.label) if found else name

    def _colour(self, tier: CareTier) -> str:
        return f"var(--c{min(4, self._tiers[0].rank + 1 - tier.rank) if tier.rank else 0})"
