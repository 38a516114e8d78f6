"""Vignettes: people described in words and answers, with what may be concluded of them, read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from caretier.documents import parse_json
from caretier.errors import InvalidAnswersError, UnreadableInputError
from caretier.knowledge import CareTier, Knowledge
from caretier.questionnaire import Answers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Standing = Literal["clear", "arguable", "beyond the source"]

_BEYOND = "seed_limit"
"""The tag of a vignette whose truth the source of the knowledge does not cover."""

_KNOWN = frozenset({
    "id", "source", "composite", "narrative", "answers", "expected", "clarity", "true_diagnosis", "tags", "notes",
    "ratings",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Vignette:
    """One person, and the readings of the source that can be defended.

    The tier has to lie between two. All of `conditions` have to be suggested, those of `may_also` may be, and no
    others. `ratings` are the ids of the tiers that other readers gave, by their names.
    """

    id: str
    answers: Answers
    lowest: CareTier
    highest: CareTier
    conditions: frozenset[str]
    may_also: frozenset[str]
    standing: Standing
    ratings: Mapping[str, str] = field(default_factory=dict)


def read_vignettes(content: bytes, knowledge: Knowledge) -> tuple[Vignette, ...]:
    """Read vignettes, a JSON object a line; UnreadableInputError names the line, and what is wrong with it."""
    vignettes: list[Vignette] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            try:
                vignettes.append(_vignette(parse_json(line), knowledge))
            except (UnreadableInputError, InvalidAnswersError) as error:
                raise UnreadableInputError(f"line {number}: {error}") from None
    ids = [vignette.id for vignette in vignettes]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise UnreadableInputError(f'the id "{twice[0]}" is given to two vignettes.')
    if not vignettes:
        raise UnreadableInputError("there is no vignette in it.")
    return tuple(vignettes)


def _vignette(data: object, knowledge: Knowledge) -> Vignette:
    if not isinstance(data, dict) or not isinstance(data.get("id"), str) or not isinstance(data.get("expected"), dict):
        raise UnreadableInputError('a vignette is an object with "id", "answers", "expected" and "clarity".')
    if unknown := sorted(data.keys() - _KNOWN):
        raise UnreadableInputError(
            f'"{unknown[0]}" is not part of a vignette; its parts are {", ".join(sorted(_KNOWN))}.'
        )
    if data.get("clarity") not in ("clear", "arguable"):
        raise UnreadableInputError('"clarity" has to be "clear" or "arguable".')
    expected, ratings = data["expected"], data.get("ratings", {})
    lowest, highest = (_tier(expected.get(bound), bound, knowledge) for bound in ("tier_at_least", "tier_at_most"))
    if lowest.rank > highest.rank:
        raise UnreadableInputError(f'"tier_at_least" ({lowest.id}) is above "tier_at_most" ({highest.id}).')
    if not isinstance(ratings, dict):
        raise UnreadableInputError('"ratings" is an object of names of readers and ids of care tiers.')
    if not isinstance(data.get("tags", []), list):
        raise UnreadableInputError('"tags" is a list of texts.')
    return Vignette(
        id=data["id"],
        answers=knowledge.questionnaire.read({"answers": data.get("answers"), "id": data["id"]}),
        lowest=lowest,
        highest=highest,
        conditions=_conditions(expected.get("conditions", []), knowledge),
        may_also=_conditions(expected.get("may_also", []), knowledge),
        standing="beyond the source" if _BEYOND in data.get("tags", ()) else data["clarity"],
        ratings={str(name): _tier(tier, f"ratings of {name}", knowledge).id for name, tier in ratings.items()},
    )


def _tier(named: object, where: str, knowledge: Knowledge) -> CareTier:
    for tier in knowledge.tiers:
        if tier.id == named:
            return tier
    allowed = ", ".join(tier.id for tier in knowledge.tiers)
    raise UnreadableInputError(f'"{where}" is {named!r}; the care tiers are {allowed}.')


def _conditions(named: object, knowledge: Knowledge) -> frozenset[str]:
    if not isinstance(named, list) or not set(map(str, named)) <= knowledge.conditions.keys():
        wrong = sorted(set(map(str, named)) - knowledge.conditions.keys()) if isinstance(named, list) else [str(named)]
        raise UnreadableInputError(
            f"{wrong[0]!r} is no condition; there are {', '.join(sorted(knowledge.conditions))}."
        )
    return frozenset(map(str, named))
