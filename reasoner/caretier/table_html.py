"""The decision table as one page of HTML that needs nothing else: no script, no request, no other file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from caretier.changes import Change
from caretier.decision_table import (
    Entry,
    Needs,
    Row,
    Section,
    alike,
    needs,
    own_raises,
    sections,
    standing,
    told_change,
)
from caretier.knowledge import CareTier, Condition, Contradiction, Knowledge
from caretier.page_style import STYLE, head, policy
from caretier.presentation import sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from caretier.model import Certificate

_LEVELS = 4  # colors for tiers above rank 0; the badge says in words and bars what the color says


def table_html(knowledge: Knowledge, certificate: Certificate | None) -> str:
    """Write the whole decision table as a page; without a certificate it is only proposed."""
    return "\n".join(_Page(knowledge).lines(certificate)) + "\n"


class _Page:
    """Writes one page; knows the sections of the table."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._questionnaire = knowledge.questionnaire
        self._sections = sections(knowledge)
        self._raises = {section.tier.id: section.raises for section in self._sections}

    def lines(self, certificate: Certificate | None) -> Iterator[str]:
        yield head(f"Decision table, version {self._knowledge.version}", STYLE, policy(STYLE))
        yield '<body>\n<a class="skip" href="#table">Skip to the table</a>'
        yield from self._header(certificate)
        yield '<div class="layout">'
        yield from self._contents()
        yield '<main id="table">'
        yield from self._overview()
        for section in self._sections:
            if section.tier.rank > 0:
                yield from self._section(section)
        yield from self._refused()
        for section in self._sections:
            if section.tier.rank == 0:
                yield from self._section(section)
        yield "</main>\n</div>"
        yield f"<footer><p>{escape(self._questionnaire.disclaimer)}</p></footer>\n</body>\n</html>"

    def _header(self, certificate: Certificate | None) -> Iterator[str]:
        knowledge = self._knowledge
        word, explained = standing(certificate)
        rows = sum(len(entry.rows) for section in self._sections for entry in section.entries)
        counts = (
            (len(knowledge.tiers), "care tiers"),
            (len(knowledge.conditions), "conditions"),
            (len(knowledge.red_flags), "red flags"),
            (rows, "minimal sets"),
        )
        yield '<header class="top">\n<h1>Decision table</h1>'
        yield (
            '<p class="lede">Which answers lead to which care, and why. Each red flag says what shows it; any one of '
            "its ways is enough, whatever else is answered. The result is the highest tier of all red flags shown.</p>"
        )
        yield f'<ul class="counts">{"".join(f"<li><b>{count}</b> {what}</li>" for count, what in counts)}</ul>'
        state = "proposed" if certificate is None else "proven"
        yield f'<p class="standing {state}"><strong>{word}</strong> <span>{escape(sentence(explained))}</span></p>'
        yield '<dl class="facts">'
        yield from (
            f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>"
            for name, value in (
                ("Version", knowledge.version),
                ("Knowledge", knowledge.iri),
                ("SHA-256", knowledge.sha256),
            )
        )
        yield "</dl>\n</header>"

    def _contents(self) -> Iterator[str]:
        yield '<nav aria-labelledby="contents">\n<h2 id="contents">Contents</h2>\n<ol>'
        for section in self._sections:
            if section.tier.rank == 0:
                yield '<li><a href="#refused">Refused answers</a></li>'
            yield f'<li><a class="plain" href="#{escape(section.tier.id)}">{self._badge(section.tier.id)}</a>'
            if section.conditions:
                yield "<ul>"
                for condition, entries in section.conditions:
                    anchor = escape(_anchor(condition, section.tier))
                    count = f'<span class="count">{_counted(len(entries), "red flag")}</span>'
                    yield f'<li><a href="#{anchor}">{escape(sentence(condition.label))}</a> {count}</li>'
                yield "</ul>"
            yield "</li>"
        yield "</ol>\n</nav>"

    def _overview(self) -> Iterator[str]:
        tiers = [section for section in self._sections if section.tier.rank > 0]
        yield '<section class="overview" aria-labelledby="overview">\n<h2 id="overview">At a glance</h2>'
        yield '<div class="scroll" role="region" aria-labelledby="counts" tabindex="0">\n<table>'
        yield '<caption id="counts">Red flags by condition and tier</caption>'
        heads = "".join(f'<th scope="col">{self._badge(section.tier.id)}</th>' for section in tiers)
        yield f'<thead><tr><th scope="col">Condition</th>{heads}</tr></thead>\n<tbody>'
        for condition in self._knowledge.conditions.values():
            cells = "".join(_cell(condition, section) for section in tiers)
            yield f'<tr><th scope="row">{escape(sentence(condition.label))}</th>{cells}</tr>'
        yield "</tbody>\n</table>\n</div>\n</section>"

    def _section(self, section: Section) -> Iterator[str]:
        tier = section.tier
        yield f'<section class="tier {self._level(tier)}" aria-labelledby="{escape(tier.id)}">'
        yield f'<div class="tier-head">\n<h2 id="{escape(tier.id)}">{self._badge(tier.id)}</h2>'
        if tier.rank == 0:
            yield "<p><strong>This is the result when no red flag is shown.</strong></p>"
        yield f"<p>{escape(tier.advice)}</p>"
        if tier.advice_while_open != tier.advice:
            yield f"<p>While an open question could still raise it: {escape(tier.advice_while_open)}</p>"
        if tier.rank > 0 and not section.conditions:
            yield "<p>No red flag leads to this tier.</p>"
        yield "</div>"
        if section.raises:
            yield f'<details class="alone" id="raises-{escape(tier.id)}">'
            yield f"<summary>What raises every result of this tier: {_several(section.raises)}</summary>"
            yield from self._moves(section.raises)
            yield "</details>"
        for condition, entries in section.conditions:
            anchor = escape(_anchor(condition, tier))
            yield f'<div class="condition">\n<h3 id="{anchor}">{escape(sentence(condition.label))}</h3>'
            yield f'<p class="definition">{escape(condition.definition)}</p>'
            for entry in entries:
                yield from self._card(entry, tier)
            yield "</div>"
        yield "</section>"

    def _card(self, entry: Entry, tier: CareTier) -> Iterator[str]:
        flag = entry.red_flag
        yield f'<article aria-labelledby="{escape(flag.id)}">'
        yield f'<h4 id="{escape(flag.id)}">{escape(sentence(flag.label))}</h4>'
        yield f'<p class="reason">{escape(flag.reason)}</p>'
        yield '<div class="shown">\n<h5>Shown by</h5>'
        yield from self._ways(needs(self._questionnaire, flag.patterns))
        if not entry.rows:
            yield "<p>No answers are known to show it.</p>"
        yield '</div>\n<dl class="ground">'
        yield f"<div><dt>Definition</dt><dd>{escape(flag.definition)}</dd></div>"
        cited = "".join(f"<dd>{escape(source.text)}</dd>" for source in flag.sources)
        yield f"<div><dt>{'Source' if len(flag.sources) == 1 else 'Sources'}</dt>{cited}</div>"
        yield f"<div><dt>Name</dt><dd><code>{escape(flag.id)}</code></dd></div>\n</dl>"
        if entry.rows:
            summary = f"Smallest changes for {_counted(len(entry.rows), 'minimal set')}"
            yield f"<details>\n<summary>{summary}</summary>"
            yield from self._reached(entry.rows, tier)
            yield from self._raised(entry.rows)
            yield from self._lowered(entry.rows)
            yield "</details>"
        yield "</article>"

    def _ways(self, alternatives: Sequence[Needs]) -> Iterator[str]:
        """Write what is needed: alternatives as a list, and what each needs as a list of its own."""
        for number, several in enumerate(alternatives):
            if number:
                yield '<p class="or">or</p>'
            yield '<ul class="needs">'
            for place, need in enumerate(several):
                also = '<b class="and">and</b> ' if place else ""
                if len(need.answers) == 1:
                    yield f"<li>{also}<span>{escape(need.answers[0])}</span></li>"
                else:
                    rule = "one of" if need.count == 1 else f"at least {need.count} of"
                    choice = "".join(f"<li>{escape(answer)}</li>" for answer in need.answers)
                    yield f'<li>{also}<span class="rule">{rule}</span><ul class="choice">{choice}</ul></li>'
            yield "</ul>"

    def _reached(self, rows: Sequence[Row], tier: CareTier) -> Iterator[str]:
        """Tell of minimal sets that alone lead to another tier than that of their red flag."""
        for alternatives, reached in alike(
            self._questionnaire, rows, lambda row: row.reached.id if row.reached else None
        ):
            if reached is None:
                yield f"<p>These answers contradict each other and are refused: {_inline(alternatives)}.</p>"
            elif reached != tier.id:
                badge = self._badge(reached)
                yield f'<p class="reached">{badge} is where these answers alone lead: {_inline(alternatives)}.</p>'

    def _raised(self, rows: Sequence[Row]) -> Iterator[str]:
        groups = alike(self._questionnaire, (row for row in rows if row.reached), self._own_raises)
        if not any(own or shared for _, (own, shared) in groups):
            return
        yield "<h5>Raised by also answering</h5>"
        for alternatives, (own, shared) in groups:
            yield f'<div class="group">{_when(alternatives, groups)}'
            yield from self._moves(own)
            if shared:
                tier = escape(sentence(self._knowledge.tier(shared).label))
                several = f'<a href="#raises-{escape(shared)}">{_several(self._raises[shared])}</a>'
                yield f'<p class="also">{"And any" if own else "Any"} of the {several} that raise every “{tier}”.</p>'
            elif not own:
                yield '<p class="also">Nothing raises it.</p>'
            yield "</div>"

    def _own_raises(self, row: Row) -> tuple[tuple[Change, ...], str | None]:
        """Give what raises only rows like this one, and the tier whose rows the rest raise, if there is one."""
        assert row.reached is not None
        own = own_raises(row, self._raises[row.reached.id])
        return (row.raises, None) if own is None else (own, row.reached.id)

    def _lowered(self, rows: Sequence[Row]) -> Iterator[str]:
        groups = alike(self._questionnaire, (row for row in rows if row.falls), self._falls)
        if groups:
            yield "<h5>Lowered by leaving open</h5>"
        for alternatives, falls in groups:
            yield f'<div class="group">{_when(alternatives, groups)}'
            yield from self._told_moves(falls)
            yield "</div>"

    def _falls(self, row: Row) -> tuple[tuple[str, str], ...]:
        """Give what lowers a row: words and the tier that it falls to; shortly, when every single answer does so."""
        every = {(atom.question,) for atom in row.atoms}
        tier, *others = {change.tier for change in row.falls}
        if not others and {change.withdrawn for change in row.falls} == every:
            return (("any one of these answers" if len(every) > 1 else "this answer", tier),)
        return tuple((told_change(self._questionnaire, change), change.tier) for change in row.falls)

    def _moves(self, changes: Iterable[Change]) -> Iterator[str]:
        return self._told_moves([(told_change(self._questionnaire, change), change.tier) for change in changes])

    def _told_moves(self, moves: Sequence[tuple[str, str]]) -> Iterator[str]:
        """Write changes by the tier that they lead to, the highest first."""
        if moves:
            yield '<dl class="moves">'
            for tier in self._knowledge.tiers:
                told = "".join(f"<li>{escape(words)}</li>" for words, reached in moves if reached == tier.id)
                if told:
                    yield f"<div><dt>{self._badge(tier.id)}</dt><dd><ul>{told}</ul></dd></div>"
            yield "</dl>"

    def _refused(self) -> Iterator[str]:
        yield '<section class="tier refused" aria-labelledby="refused">\n<div class="tier-head">'
        yield '<h2 id="refused">Refused answers</h2>'
        if self._knowledge.contradictions:
            yield "<p>These answers contradict each other. They lead to no result until one of them is changed.</p>"
        else:
            yield "<p>No answers contradict each other.</p>"
        yield "</div>"
        for contradiction in self._knowledge.contradictions:
            yield from self._contradiction(contradiction)
        yield "</section>"

    def _contradiction(self, contradiction: Contradiction) -> Iterator[str]:
        yield f'<article>\n<p class="reason">{escape(contradiction.message)}</p>'
        yield '<div class="shown">\n<h3 class="label">Refused</h3>'
        yield from self._ways(needs(self._questionnaire, contradiction.conflicts))
        if not contradiction.conflicts:
            yield "<p>No answers to the questions make it; only data that come as RDF can.</p>"
        yield "</div>\n</article>"

    def _badge(self, tier_id: str) -> str:
        """Write a tier: its label, and as many bars as there are tiers up to it, beside its color."""
        tier = self._knowledge.tier(tier_id)
        ranks = sorted(each.rank for each in self._knowledge.tiers if each.rank > 0)
        bars = "".join(f"<i{' class=on' if rank <= tier.rank else ''}></i>" for rank in ranks)
        meter = f'<span class="meter" aria-hidden="true">{bars}</span>'
        return f'<span class="badge {self._level(tier)}">{meter}{escape(sentence(tier.label))}</span>'

    def _level(self, tier: CareTier) -> str:
        if tier.rank == 0:
            return "calm"
        return f"level-{min([each.id for each in self._knowledge.tiers].index(tier.id) + 1, _LEVELS)}"


def _cell(condition: Condition, section: Section) -> str:
    count = sum(len(entries) for each, entries in section.conditions if each == condition)
    if not count:
        return '<td><span class="none">–</span></td>'
    anchor = escape(_anchor(condition, section.tier))
    return f'<td><a href="#{anchor}" aria-label="{_counted(count, "red flag")}">{count}</a></td>'


def _anchor(condition: Condition, tier: CareTier) -> str:
    return f"{condition.id}-{tier.id}"


def _inline(alternatives: Iterable[Needs]) -> str:
    """Write what is needed within a sentence."""
    several = (' <b class="and">and</b> '.join(escape(str(need)) for need in each) for each in alternatives)
    return ' <b class="and">or</b> '.join(several)


def _when(alternatives: Sequence[Needs], groups: Sequence[object]) -> str:
    """Say of which answers a group tells, unless there is only one."""
    return f"<p>With {_inline(alternatives)}:</p>" if len(groups) > 1 else ""


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _several(changes: Sequence[Change]) -> str:
    single = all(len(change.answers) == 1 for change in changes)
    return _counted(len(changes), "answer") if single else f"{_counted(len(changes), 'combination')} of answers"
