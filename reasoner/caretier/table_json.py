"""The decision table as plain data, for applications: the same as its other forms show, by ids."""

from __future__ import annotations

from collections.abc import Iterable

from caretier.changes import Change
from caretier.decision_table import Entry, Row, in_order, sections, standing
from caretier.knowledge import Atom, Knowledge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from caretier.model import Certificate


def table_json(knowledge: Knowledge, certificate: Certificate | None) -> dict[str, object]:
    """Give the whole decision table as plain data; without a certificate it is only proposed."""
    word, explained = standing(certificate)
    return {
        "standing": {"proven": certificate is not None, "label": word, "text": explained},
        "tiers": [
            {
                "id": section.tier.id,
                "label": section.tier.label,
                "rank": section.tier.rank,
                "advice": section.tier.advice,
                "raised_by": _changes(section.raises),
                "conditions": [
                    {"id": condition.id, "label": condition.label, "red_flags": [_entry(entry) for entry in entries]}
                    for condition, entries in section.conditions
                ],
            }
            for section in sections(knowledge)
        ],
        "refused": [
            {
                "reason": contradiction.message,
                "minimal_sets": [
                    {"answers": _atoms(in_order(knowledge.questionnaire, conflict))}
                    for conflict in contradiction.conflicts
                ],
            }
            for contradiction in knowledge.contradictions
        ],
    }


def _entry(entry: Entry) -> dict[str, object]:
    flag = entry.red_flag
    return {
        "id": flag.id,
        "label": flag.label,
        "reason": flag.reason,
        "definition": flag.definition,
        "sources": [source.to_dict() for source in flag.sources],
        "minimal_sets": [_row(row) for row in entry.rows],
    }


def _row(row: Row) -> dict[str, object]:
    """Give one minimal set; `reaches` is null where its answers contradict each other and are refused."""
    return {
        "answers": _atoms(row.atoms),
        "reaches": row.reached.id if row.reached else None,
        "raised_by": _changes(row.raises),
        "lowered_by": _changes(row.falls),
    }


def _changes(changes: Iterable[Change]) -> list[dict[str, object]]:
    return [change.to_dict() for change in changes]


def _atoms(atoms: Iterable[Atom]) -> list[dict[str, object]]:
    return [atom.to_dict() for atom in atoms]
