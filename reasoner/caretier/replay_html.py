"""A replay as one page of HTML that needs nothing else: who came to which tier then and now, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from caretier.errors import visible
from caretier.replay import KINDS, Outcome, Replay
from caretier.replay_text import ALARM, WORDS, alike, counted, differences, engine_named, made_by, named, told, why_not
from caretier.result import SOFTWARE
from caretier.table_page import head, page, row, section

_STYLE = "td .lower { color: var(--c1); font-weight: 600; } td .higher { color: var(--c4); font-weight: 600; }"


def replay_html(replay: Replay) -> str:
    """Write a replay as a page; every record that did not stay the same is there, without its answers."""
    knowledge = replay.knowledge
    lede = (
        f"{counted(replay.count)} run again by the {engine_named(replay.engine)}, software {SOFTWARE}, knowledge "
        f"{knowledge.version}, sha256 {knowledge.sha256}. {ALARM if replay.kinds['alarm'] else ''}"
    )
    kinds = [row(escape(WORDS[kind]), f"{replay.kinds[kind]:,}") for kind in KINDS if replay.kinds[kind]]
    makers = [row(_shown(made_by(each, knowledge)), f"{count:,}") for each, count in replay.makers.most_common()]
    left_out = [row(_shown(reason), _folded(map(str, places))) for reason, places in why_not(replay.left_out).items()]
    tables = [
        ("What became of them", ["What", "Records"], kinds),
        ("Tiers then and now", *_tiers(replay)),
        ("What changed", ["What", "Then", "Now", "Differences", "Records"], _changes(replay)),
        ("Not run again", ["Why", "Records"], left_out),
        ("Made by", ["What", "Records"], makers),
    ]
    sections = [
        section(title, iter([head(*names), *rows, "</tbody></table>"])) for title, names, rows in tables if rows
    ]
    title = f"Decisions run again: {knowledge.title}"
    return page(title, lede, sections, knowledge.questionnaire.disclaimer, style=_STYLE)


def _tiers(replay: Replay) -> tuple[Sequence[str], Sequence[str]]:
    """Count who came from which tier to which, the highest first; those that were refused stand by themselves."""
    ranks = replay.knowledge.ranks

    def cell(before: Outcome, after: Outcome) -> str:
        count, step = replay.tiers[before, after], ranks[after.tier] - ranks[before.tier]
        kind = "lower" if step < 0 else "higher"
        return f'<span class="{kind}">{count:,} {kind}</span>' if count and step else f"{count:,}"

    every = {each for pair in replay.tiers for each in pair}
    ordered = sorted(every, key=lambda each: (-ranks[each.tier], each.is_refused))
    names = [told(each, replay.knowledge) for each in ordered]
    rows = [
        row(escape(name), *(cell(before, after) for after in ordered))
        for name, before in zip(names, ordered, strict=True)
    ]
    return ["Then, and now:", *names], rows


def _changes(replay: Replay) -> Sequence[str]:
    rows = []
    for (kind, before, after, unknown), reruns in alike(replay.changed).items():
        outcomes = (_shown(told(each, replay.knowledge)) for each in (before, after))
        apart = "<br>".join(map(_shown, differences(before, after, unknown, replay.knowledge)))
        rows.append(row(escape(WORDS[kind]), *outcomes, apart, _folded(named(rerun.place) for rerun in reruns)))
    return rows


def _folded(places: Iterable[str]) -> str:
    several = [_shown(place) for place in places]
    return f"<details><summary>{len(several):,}</summary><p>{'<br>'.join(several)}</p></details>"


def _shown(text: str) -> str:
    return escape(visible(text))
