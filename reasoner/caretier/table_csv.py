"""The decision table as CSV for a spreadsheet or a program: one row for each minimal set of answers.

A row of the kind "red flag" says which answers show a red flag; one of the kind "refused" which answers contradict each
other; the last, "otherwise", what follows when nothing was found. Answers are joined by "; ", changes by " | ".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from caretier.changes import Change
from caretier.decision_table import Row, in_order, in_words, sections, standing, told_change
from caretier.knowledge import Atom, CareTier, Condition, Knowledge, RedFlag, atom_text
from caretier.spreadsheet import inert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from caretier.model import Certificate

COLUMNS = (
    "kind", "tier", "tier_label", "condition", "condition_label", "red_flag", "red_flag_label",
    "answers", "answers_in_words", "reason", "definition", "sources",
    "reaches", "raised_by", "raised_by_in_words", "lowered_by", "lowered_by_in_words",
    "standing", "knowledge_version", "knowledge_sha256",
)  # fmt: skip
"""The columns: `answers` is the minimal set, `reaches` the tier that they alone lead to, a number at its limit.

`raised_by` and `lowered_by` are the smallest changes that move that tier; `standing` says whether it is proven.
"""


def table_csv(knowledge: Knowledge, certificate: Certificate | None) -> str:
    """Write the whole decision table as CSV (RFC 4180); without a certificate it is only proposed."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    common = {
        "standing": standing(certificate)[0].lower(),
        "knowledge_version": knowledge.version,
        "knowledge_sha256": knowledge.sha256,
    }
    for row in _rows(knowledge):
        writer.writerow({column: inert(cell) for column, cell in (row | common).items()})
    return text.getvalue()


def _rows(knowledge: Knowledge) -> Iterator[dict[str, str]]:
    table = sections(knowledge)
    for section in table:
        for condition, entries in section.conditions:
            for entry in entries:
                told = _told(section.tier, condition, entry.red_flag)
                for row in entry.rows:
                    yield told | _minimal_set(knowledge, row)
                if not entry.rows:
                    yield told
    for contradiction in knowledge.contradictions:
        refused = {"kind": "refused", "reason": contradiction.message}
        for conflict in contradiction.conflicts:
            yield refused | _answers(knowledge, in_order(knowledge.questionnaire, conflict))
        if not contradiction.conflicts:
            yield refused
    for section in table:
        if not section.conditions:
            tier = section.tier
            kind = "otherwise" if tier.rank == 0 else "no red flag"
            yield {"kind": kind, "tier": tier.id, "tier_label": tier.label, "reason": tier.advice}


def _told(tier: CareTier, condition: Condition, flag: RedFlag) -> dict[str, str]:
    return {
        "kind": "red flag",
        "tier": tier.id,
        "tier_label": tier.label,
        "condition": condition.id,
        "condition_label": condition.label,
        "red_flag": flag.id,
        "red_flag_label": flag.label,
        "reason": flag.reason,
        "definition": flag.definition,
        "sources": "; ".join(source.text for source in flag.sources),
    }


def _minimal_set(knowledge: Knowledge, row: Row) -> dict[str, str]:
    return {
        **_answers(knowledge, row.atoms),
        "reaches": row.reached.id if row.reached else "refused",
        "raised_by": " | ".join(map(_in_ids, row.raises)),
        "raised_by_in_words": " | ".join(_in_words(knowledge, change) for change in row.raises),
        "lowered_by": " | ".join(map(_in_ids, row.falls)),
        "lowered_by_in_words": " | ".join(_in_words(knowledge, change) for change in row.falls),
    }


def _answers(knowledge: Knowledge, atoms: Iterable[Atom]) -> dict[str, str]:
    return {
        "answers": "; ".join(map(atom_text, atoms)),
        "answers_in_words": "; ".join(in_words(knowledge.questionnaire, atom) for atom in atoms),
    }


def _in_ids(change: Change) -> str:
    withdrawn = [f"without {question}" for question in change.withdrawn]
    return f"{'; '.join([*map(atom_text, change.answers), *withdrawn])} -> {change.tier}"


def _in_words(knowledge: Knowledge, change: Change) -> str:
    told = told_change(knowledge.questionnaire, change)
    return f"{'without ' if change.withdrawn else ''}{told} -> {knowledge.tier(change.tier).label}"
