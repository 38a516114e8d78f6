"""A replay in words for the terminal, and as data."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from caretier.errors import visible
from caretier.knowledge import Knowledge
from caretier.records import LeftOut, Place
from caretier.replay import KINDS, Kind, Maker, Outcome, Replay, Rerun
from caretier.result import SOFTWARE

WORDS: Mapping[Kind, str] = {
    "alarm": "ALARM: another result by the same knowledge",
    "lower": "LOWER TIER",
    "refused": "refused now",
    "higher": "higher tier",
    "accepted": "accepted now",
    "conditions": "same tier, other conditions",
    "red flags": "same conditions, other red flags",
    "ceiling": "same tier, other ceiling",
    "words": "same decision in other words, by another engine or software",
    "same": "same decision by other knowledge",
    "reproduced": "reproduced exactly by the same knowledge",
}
"""What became of a record, in words."""

ALARM = (
    "The same files of knowledge now come to something else than the record says, so the record or the program is not "
    "what it claims to be. Find out which before you rely on either: compare the files of the log with a copy, run "
    "`caretier compile --verify`, and install caretier anew."
)
"""What an alarm means, and what to do."""

_NAMED = 3
"""Records named of those to which the same happened; as data all are."""


def as_text(replay: Replay, width: int = 80) -> str:
    """Write a replay for a terminal, wrapped to a width; nothing that stands in a record can steer the terminal."""
    lines = list[str]()
    for indent, text in _lines(replay):
        margin = "  " * indent
        lines += textwrap.wrap(
            visible(text), width, initial_indent=margin, subsequent_indent=margin + "  ", break_on_hyphens=False,
            break_long_words=False,
        ) or [""]  # fmt: skip
    return "\n".join(lines) + "\n"


def as_data(replay: Replay) -> dict[str, object]:
    """Give a replay as plain data; every record that did not stay the same is there, without its answers."""
    knowledge = replay.knowledge
    return {
        "knowledge": {"iri": knowledge.iri, "version": knowledge.version, "sha256": knowledge.sha256},
        "engine": replay.engine,
        "software": SOFTWARE,
        "records": replay.count,
        "made_by": [
            {
                "knowledge": {"version": maker.version, "sha256": maker.sha256},
                "same_knowledge": maker.sha256 == knowledge.sha256,
                "software": maker.software,
                "engine": maker.engine,
                "records": count,
            }
            for maker, count in replay.makers.most_common()
        ],
        "counts": {kind: replay.kinds[kind] for kind in KINDS},
        "tiers": [
            {"before": _standing(before), "after": _standing(after), "records": count}
            for (before, after), count in replay.tiers.most_common()
        ],
        "unknown_answers": dict(replay.unknown.most_common()),
        "changed": [
            {
                **_place(rerun.place),
                "kind": rerun.kind,
                "before": _outcome(rerun.before),
                "after": _outcome(rerun.after),
                "unknown_answers": list(rerun.unknown),
            }
            for rerun in replay.changed
        ],
        "left_out": [{**_place(each.place), "reason": each.reason} for each in replay.left_out],
    }


def _place(place: Place) -> dict[str, object]:
    names = {"id": place.id, "time": place.time, "assessment": place.assessment}
    return {"file": place.file, "line": place.line, **names}


def _outcome(outcome: Outcome) -> dict[str, object]:
    told = {"conditions": list(outcome.conditions), "red_flags": list(outcome.red_flags)}
    return {**_standing(outcome), "ceiling": outcome.ceiling, **told}


def _standing(outcome: Outcome) -> dict[str, object]:
    return {"tier": outcome.tier, "refused": outcome.is_refused}


def _lines(replay: Replay) -> Iterator[tuple[int, str]]:
    """Go through the lines, each with how deep it stands."""
    knowledge = replay.knowledge
    yield 0, f"{counted(replay.count)} run again by the {engine_named(replay.engine)}, software {SOFTWARE}"
    yield 0, f"knowledge {knowledge.version}, sha256 {knowledge.sha256}"
    yield 0, ""
    yield 0, "MADE BY"
    for maker, count in replay.makers.most_common():
        yield 1, f"{made_by(maker, knowledge)}: {count:,}"
    yield 0, ""
    yield 0, "WHAT BECAME OF THEM"
    for kind in KINDS:
        if replay.kinds[kind]:
            yield 1, f"{WORDS[kind]}: {replay.kinds[kind]:,}"
    if replay.unknown:
        yield 0, ""
        yield 0, "ANSWERS THAT THIS KNOWLEDGE DOES NOT KNOW, LEFT OUT"
        for question, count in replay.unknown.most_common():
            yield 1, f"{question}: in {counted(count)}"
    if replay.kinds["alarm"]:
        yield 0, ""
        yield 0, "ALARM"
        yield 1, ALARM
    if replay.changed:
        yield 0, ""
        yield 0, "WHAT CHANGED"
        yield from _changes(replay)
    if replay.left_out:
        yield 0, ""
        yield 0, f"NOT RUN AGAIN: {len(replay.left_out):,}"
        for reason, places in why_not(replay.left_out).items():
            yield 1, reason
            yield from _some([str(place) for place in places])


def alike(changed: Sequence[Rerun]) -> Mapping[tuple[Kind, Outcome, Outcome, tuple[str, ...]], Sequence[Rerun]]:
    """Put changes together that are the same: what became of it, before, after, and the answers that are not known."""
    together = dict[tuple[Kind, Outcome, Outcome, tuple[str, ...]], list[Rerun]]()
    for rerun in changed:
        together.setdefault((rerun.kind, rerun.before, rerun.after, rerun.unknown), []).append(rerun)
    return together


def why_not(left_out: Sequence[LeftOut]) -> Mapping[str, Sequence[Place]]:
    """Put lines together that were left out for the same reason."""
    together = dict[str, list[Place]]()
    for each in left_out:
        together.setdefault(each.reason, []).append(each.place)
    return together


def _changes(replay: Replay) -> Iterator[tuple[int, str]]:
    for (kind, before, after, unknown), reruns in alike(replay.changed).items():
        yield 1, f"{WORDS[kind]}: {told(before, replay.knowledge)} -> {told(after, replay.knowledge)}"
        yield from ((2, each) for each in differences(before, after, unknown, replay.knowledge))
        yield from _some([named(rerun.place) for rerun in reruns])


def differences(before: Outcome, after: Outcome, unknown: Sequence[str], knowledge: Knowledge) -> Iterator[str]:
    """Go through what went and what came, and the questions whose answers were left out."""
    for name, old, new in (
        ("condition", before.conditions, after.conditions),
        ("red flag", before.red_flags, after.red_flags),
    ):
        yield from (f"- {name} {each}" for each in old if each not in new)
        yield from (f"+ {name} {each}" for each in new if each not in old)
    if before.ceiling != after.ceiling and before.ceiling and after.ceiling:
        yield f"ceiling: {_tier(before.ceiling, knowledge)} -> {_tier(after.ceiling, knowledge)}"
    if unknown:
        yield f"without the answers to {', '.join(unknown)}"


def _some(places: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Name some places of many."""
    yield from ((2, place) for place in places[:_NAMED])
    if len(places) > _NAMED:
        yield 2, f"and {len(places) - _NAMED:,} more; --format json names all"


def named(place: Place) -> str:
    """Name a record by its place and its ids."""
    assessment = f', assessment "{place.assessment}"' if place.assessment is not None else ""
    return f"{place}: {place.id} of {place.time}{assessment}"


def told(outcome: Outcome, knowledge: Knowledge) -> str:
    """Name the tier and the conditions of an outcome."""
    if outcome.is_refused:
        return f"refused, the other answers prove {_tier(outcome.tier, knowledge)}"
    names = [knowledge.conditions[each].label if each in knowledge.conditions else each for each in outcome.conditions]
    return _tier(outcome.tier, knowledge) + (f" ({', '.join(names)})" if names else "")


def _tier(tier: str, knowledge: Knowledge) -> str:
    return knowledge.tier(tier).label if tier in knowledge.ranks else tier


def made_by(maker: Maker, knowledge: Knowledge) -> str:
    """Name by what decisions were made."""
    which = "the same" if maker.sha256 == knowledge.sha256 else f"sha256 {maker.sha256}"
    engine = engine_named(maker.engine) if maker.engine else "RDF"
    return f"knowledge {maker.version} ({which}), software {maker.software}, {engine}"


def engine_named(engine: str) -> str:
    """Name an engine in words."""
    return {"model": "decision model", "reference": "reference reasoner"}.get(engine, engine)


def counted(count: int) -> str:
    """Say how many records."""
    return f"{count:,} record{'' if count == 1 else 's'}"
