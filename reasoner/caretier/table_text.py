"""The decision table as text for a terminal or a printer, wrapped to a width."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from caretier.decision_table import Entry, Needs, Section, needs, sections, standing
from caretier.knowledge import Contradiction, Knowledge
from caretier.presentation import sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from caretier.model import Certificate


def table_text(knowledge: Knowledge, certificate: Certificate | None, *, width: int = 80) -> str:
    """Write the whole decision table, no line longer than a width; without a certificate it is only proposed."""
    return "\n".join(_Sheet(knowledge, width).lines(certificate)) + "\n"


class _Sheet:
    """Writes one table; knows the width."""

    def __init__(self, knowledge: Knowledge, width: int) -> None:
        self._knowledge = knowledge
        self._width = width

    def lines(self, certificate: Certificate | None) -> Iterator[str]:
        knowledge, table = self._knowledge, sections(self._knowledge)
        word, explained = standing(certificate)
        rows = sum(len(entry.rows) for section in table for entry in section.entries)
        yield "DECISION TABLE"
        yield ""
        yield from self._wrapped(f"Knowledge: {knowledge.iri}, version {knowledge.version}", "", "  ")
        yield from self._wrapped(f"SHA-256: {knowledge.sha256}", "", "  ")
        yield from self._wrapped(f"{word}: {explained}", "", "  ")
        yield from self._wrapped(
            f"Here are {len(knowledge.tiers)} care tiers, {len(knowledge.conditions)} conditions, "
            f"{len(knowledge.red_flags)} red flags and {rows} minimal sets of answers.",
            "",
            "  ",
        )
        yield ""
        yield from self._wrapped(
            "Each red flag says what shows it. Where that is several points, each of them is enough, whatever else is "
            "answered. The result is the highest tier of all red flags shown."
        )
        for section in table:
            if section.tier.rank > 0:
                yield from self._section(section)
        yield from self._refused()
        for section in table:
            if section.tier.rank == 0:
                yield from self._section(section)
        yield ""
        yield from self._wrapped(knowledge.questionnaire.disclaimer)

    def _section(self, section: Section) -> Iterator[str]:
        tier = section.tier
        yield from self._heading(tier.label)
        if tier.rank == 0:
            yield from self._wrapped("This is the result when no red flag is shown.")
        yield from self._wrapped(f"What to do: {tier.advice}")
        if tier.advice_while_open != tier.advice:
            yield from self._wrapped(f"While an open question could still raise it: {tier.advice_while_open}")
        if tier.rank > 0 and not section.conditions:
            yield from self._wrapped("No red flag leads to this tier.")
        for condition, entries in section.conditions:
            yield ""
            yield from self._wrapped(sentence(condition.label).upper(), "  ")
            yield from self._wrapped(condition.definition, "  ")
            for entry in entries:
                yield from self._entry(entry)

    def _entry(self, entry: Entry) -> Iterator[str]:
        flag = entry.red_flag
        yield ""
        yield from self._wrapped(f"{sentence(flag.label)} ({flag.id})", "  * ", "    ")
        yield from self._wrapped(f"Why: {flag.reason}", "    ")
        yield from self._wrapped("Shown by:" if entry.rows else "No answers are known to show it.", "    ")
        yield from self._alternatives(needs(self._knowledge.questionnaire, flag.patterns), "      ")
        yield from self._wrapped(f"Definition: {flag.definition}", "    ", "      ")
        for source in flag.sources:
            yield from self._wrapped(f"Source: {source.text}", "    ", "      ")

    def _refused(self) -> Iterator[str]:
        yield from self._heading("refused")
        if not self._knowledge.contradictions:
            yield from self._wrapped("No answers contradict each other.")
            return
        yield from self._wrapped("These answers contradict each other and lead to no result.")
        for contradiction in self._knowledge.contradictions:
            yield ""
            yield from self._contradiction(contradiction)

    def _contradiction(self, contradiction: Contradiction) -> Iterator[str]:
        yield from self._wrapped(contradiction.message, "  * ", "    ")
        if not contradiction.conflicts:
            yield from self._wrapped("No answers to the questions make it; only data that come as RDF can.", "    ")
        yield from self._alternatives(needs(self._knowledge.questionnaire, contradiction.conflicts), "      ")

    def _alternatives(self, alternatives: Sequence[Needs], indent: str) -> Iterator[str]:
        for several in alternatives:
            for number, need in enumerate(several):
                first = f"{indent}- " if number == 0 else f"{indent}  "
                yield from self._wrapped(("AND " if number else "") + str(need), first, f"{indent}    ")

    def _heading(self, text: str) -> Iterator[str]:
        yield ""
        yield ""
        yield from self._wrapped(text.upper())
        yield "=" * min(len(text), self._width)

    def _wrapped(self, text: str, first: str = "", following: str | None = None) -> list[str]:
        return textwrap.wrap(
            text,
            width=self._width,
            initial_indent=first,
            subsequent_indent=first if following is None else following,
            break_on_hyphens=False,
        )
