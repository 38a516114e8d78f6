"""Records of decisions run again: what the same answers come to by the knowledge of today, and what that changes.

The same knowledge has to come to the same decision. Where it does not, the record or the program is not what it claims
to be, which is an alarm and no change.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, get_args

from caretier.assessment import Assessment
from caretier.decisions import refused, stated
from caretier.errors import InputError
from caretier.fhir import domain_iri
from caretier.knowledge import Knowledge
from caretier.knowledge_base import KnowledgeBase
from caretier.language import ENGLISH
from caretier.model import ENGINE as MODEL
from caretier.questionnaire import Answer, Answers, Questionnaire, is_answer
from caretier.records import LeftOut, Place, Record
from caretier.result import SOFTWARE, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from caretier.knowledge_base import Engine

Kind = Literal[
    "alarm", "lower", "refused", "higher", "accepted", "conditions", "red flags", "ceiling", "words", "same",
    "reproduced",
]  # fmt: skip
"""What became of a record, the gravest first.

"words": the same knowledge decides the same, and another engine or another version of the software says it otherwise.
"same": other knowledge decides the same. "reproduced": the same knowledge states the very same.
"""

KINDS: Sequence[Kind] = get_args(Kind)
"""All kinds in that order."""

_AT_ONCE = 500
"""Records that are assessed together: the reference reasoner takes little longer for many than for one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What answers came to, by ids; of those that were refused, the tier is what the others prove all the same."""

    tier: str
    ceiling: str | None
    conditions: tuple[str, ...] = ()
    red_flags: tuple[str, ...] = ()
    is_refused: bool = False

    @property
    def standing(self) -> Outcome:
        """The tier, and whether it is all that was told."""
        return Outcome(self.tier, None, is_refused=self.is_refused)


@dataclass(frozen=True, slots=True)
class Rerun:
    """One record and what it came to now; `unknown` are the questions whose answers this knowledge does not know."""

    place: Place
    kind: Kind
    before: Outcome
    after: Outcome
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Maker:
    """By what decisions were made."""

    version: str
    sha256: str
    software: str
    engine: str | None


@dataclass(frozen=True, slots=True)
class Replay:
    """All that came of records that were run again by a knowledge and an engine.

    `makers`, `kinds`, pairs of `tiers` before and after, and the questions of `unknown` answers are counted; `changed`
    holds the records that did not stay the same, the gravest first.
    """

    knowledge: Knowledge
    engine: str
    makers: Counter[Maker]
    kinds: Counter[Kind]
    tiers: Counter[tuple[Outcome, Outcome]]
    unknown: Counter[str]
    changed: Sequence[Rerun]
    left_out: Sequence[LeftOut]

    @property
    def count(self) -> int:
        """The number of records that were run again."""
        return self.kinds.total()


def replay(
    kb: KnowledgeBase,
    records: Iterable[Record | LeftOut],
    engine: Engine | None = None,
    advance: Callable[[int], None] = lambda _count: None,
) -> Replay:
    """Run records again, each in the language in which it was made; `advance` is told how many are done."""
    makers, kinds, unknown = Counter[Maker](), Counter[Kind](), Counter[str]()
    tiers = Counter[tuple[Outcome, Outcome]]()
    changed, left_out = list[Rerun](), list[LeftOut]()
    waiting = iter(records)
    while several := list(islice(waiting, _AT_ONCE)):
        usable = dict[str, list[Record]]()
        for each in several:
            if isinstance(each, Record) and (reason := _why_not(each, kb.knowledge)):
                left_out.append(LeftOut(each.place, reason))
            elif isinstance(each, LeftOut):
                left_out.append(each)
            else:
                usable.setdefault(each.language if each.language in kb.languages else ENGLISH.tag, []).append(each)
        for language, together in usable.items():
            for record, rerun in _rerun(kb.in_language(language), together, engine):
                makers[Maker(record.version, record.sha256, record.software, record.engine)] += 1
                kinds[rerun.kind] += 1
                tiers[rerun.before.standing, rerun.after.standing] += 1
                unknown.update(rerun.unknown)
                if rerun.kind not in ("same", "reproduced") or rerun.unknown:
                    changed.append(rerun)
        advance(kinds.total())
    changed.sort(key=lambda rerun: KINDS.index(rerun.kind))
    return Replay(kb.knowledge, engine or kb.engine, makers, kinds, tiers, unknown, changed, left_out)


def _why_not(record: Record, knowledge: Knowledge) -> str | None:
    """Say why a record cannot be run again; None when it can."""
    if record.ontology != domain_iri(knowledge):
        return f"it is of another ontology, <{record.ontology}>; name that with --ontology."
    if not record.is_complete and not record.is_invalid:
        return "its answers came as RDF and may have said more than the record holds."
    tier = record.result["tier"] if record.result is not None else (record.error or {}).get("proven")
    if tier is not None and tier not in knowledge.ranks:
        return f'it has the care tier "{tier}", which this knowledge does not have.'
    return None


def _rerun(kb: KnowledgeBase, records: Sequence[Record], engine: Engine | None) -> Iterator[tuple[Record, Rerun]]:
    known = [_known(kb.questionnaire, record.answers) for record in records]
    outcomes = kb.assess_many([Assessment(Answers(answers)) for answers in known], engine=engine)
    for record, answers, outcome in zip(records, known, outcomes, strict=True):
        unknown = tuple(sorted(record.answers.keys() - answers.keys()))
        yield record, compared(record, outcome, unknown, kb.knowledge, engine or kb.engine)


def _known(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    return {
        name: answer
        for name, answer in answers.items()
        if (question := questionnaire.by_id.get(name)) and (answer is None or is_answer(question, answer))
    }


def compared(
    record: Record, outcome: Result | InputError, unknown: tuple[str, ...], knowledge: Knowledge, engine: str
) -> Rerun:
    """Say what became of a record whose known answers come to an outcome by an engine of some knowledge."""
    lowest = knowledge.tiers[-1].id
    result = stated(outcome) if isinstance(outcome, Result) else None
    error = refused(outcome) if isinstance(outcome, InputError) else None
    before, after = _outcome(record.result, record.error, lowest), _outcome(result, error, lowest)
    if record.is_invalid:  # what could not be used is not here: all that can be compared is what the others prove
        after, says_the_same = Outcome(after.tier, None, is_refused=True), before.tier == after.tier
    else:
        says_the_same = _spelt(record.result, record.error) == _spelt(result, error)
    kind = _changed(before, after, knowledge.ranks)
    if record.sha256 == knowledge.sha256:
        sees_more = engine != MODEL and record.engine == MODEL  # the reference leaves open what the model can rule out
        is_ceiling_alike = sees_more or not _is_below(before.ceiling, after.ceiling, knowledge.ranks)
        is_decided_alike = not unknown and (kind == "same" or (kind == "ceiling" and is_ceiling_alike))
        same_maker = record.software == SOFTWARE and record.engine == engine
        if not is_decided_alike or not (says_the_same or not same_maker):
            kind = "alarm"
        elif says_the_same:
            kind = "reproduced"
        elif kind == "same":
            kind = "words"
    return Rerun(record.place, kind, before, after, unknown)


def _is_below(ceiling: str | None, other: str | None, ranks: Mapping[str, int]) -> bool:
    """Say whether somebody was told that less is open than there is; a tier that there is not tells nothing."""
    return ranks.get(str(ceiling), -1) < ranks.get(str(other), -1)


def _spelt(*told: object) -> str:
    """Write data so that 1 is not true."""
    return json.dumps(told, sort_keys=True)


def _outcome(result: Mapping[str, Any] | None, error: Mapping[str, Any] | None, lowest: str) -> Outcome:
    if result is None:
        assert error is not None
        return Outcome(error["proven"] or lowest, None, is_refused=True)
    conditions = result["conditions"]
    return Outcome(
        result["tier"],
        result["ceiling"],
        tuple(sorted(condition["id"] for condition in conditions)),
        tuple(sorted(flag["id"] for condition in conditions for flag in condition["red_flags"])),
    )


def _changed(before: Outcome, after: Outcome, ranks: Mapping[str, int]) -> Kind:
    """Say what changed, by the gravest; the ranks are those of the knowledge of today."""
    if before.tier != after.tier:
        return "lower" if ranks[after.tier] < ranks[before.tier] else "higher"
    if before.is_refused != after.is_refused:
        return "refused" if after.is_refused else "accepted"
    if before.conditions != after.conditions:
        return "conditions"
    if before.red_flags != after.red_flags:
        return "red flags"
    return "same" if before.ceiling == after.ceiling else "ceiling"
