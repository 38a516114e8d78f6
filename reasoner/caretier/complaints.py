"""What is wrong with an ontology, told so that its editor can put it right: as text to read, or as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning", "note"]

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong with an ontology, or that its editor should know.

    `file` is the module in which to look, `term` the IRI it is about where there is one, `label` what people call that,
    `rule` a short name of what is asked for, `message` what is wrong, `why` why that matters for people or for the
    reasoner, and `remedy` what to do. `axioms` are, in words, the fewest that contradict each other, if that is wrong.
    """

    file: Path | None
    term: str | None
    label: str
    rule: str
    severity: Severity
    message: str
    why: str
    remedy: str
    axioms: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Give the complaint as text: the term, what is wrong and why that matters, the axioms, and what to do."""
        term = f" <{self.term}>" if self.term else ""
        lines = [f"{self.severity}: {self.label}{term}", f"  {self.message} {self.why} [{self.rule}]"]
        lines += [f"    {number}. {axiom}" for number, axiom in enumerate(self.axioms, start=1)]
        return "\n".join([*lines, f"  {self.remedy}"])

    def to_dict(self) -> dict[str, object]:
        """Give the complaint as plain data."""
        return {
            "file": _shown(self.file),
            "term": self.term,
            "label": self.label,
            "rule": self.rule,
            "severity": self.severity,
            "message": self.message,
            "why": self.why,
            "remedy": self.remedy,
            "axioms": list(self.axioms),
        }


def in_order(complaints: Sequence[Complaint]) -> tuple[Complaint, ...]:
    """Sort complaints by file, what is worst first, then by term and rule; what is said twice is left out."""
    return tuple(
        sorted(
            set(complaints),
            key=lambda each: (
                str(each.file or ""),
                _SEVERITIES.index(each.severity),
                each.label,
                each.term or "",
                each.rule,
                each.message,
                each.axioms,
            ),
        )
    )


def as_text(root: Path, complaints: Sequence[Complaint]) -> str:
    """Write complaints for people to read: under the name of each file what it is about, and a summary at the end."""
    blocks = []
    for file, several in groupby(complaints, key=lambda each: each.file):
        told = "\n".join(str(each) for each in several)
        blocks.append(f"{_shown(file)}\n" + "\n".join(f"  {line}" for line in told.splitlines()))
    counted = [_number(severity, count) for severity, count in _counts(complaints).items()]
    return "\n\n".join([*blocks, f"{_shown(root)}: {', '.join(counted)}"])


def as_data(root: Path, complaints: Sequence[Complaint]) -> dict[str, object]:
    """Give complaints as plain data for other programs, with how many there are of each severity."""
    return {
        "ontology": _shown(root),
        **{f"{severity}s": count for severity, count in _counts(complaints).items()},
        "complaints": [each.to_dict() for each in complaints],
    }


def _counts(complaints: Sequence[Complaint]) -> dict[Severity, int]:
    found = Counter(each.severity for each in complaints)
    return {severity: found[severity] for severity in _SEVERITIES}


def _number(what: str, count: int) -> str:
    """Count things in words.

    >>> _number("note", 1), _number("error", 2)
    ('1 note', '2 errors')
    """
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _shown(file: Path | None) -> str | None:
    """Name a file from where the person is, if it lies below."""
    if file is None:
        return None
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)
