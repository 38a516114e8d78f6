"""The table of what was measured: rows with their targets, and the machine that they were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from caretier import KnowledgeBase, __version__

_HEADINGS = ("what", "measured", "compared with", "its time", "ratio", "target", "reached")
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_PARTS = ("owlready2", "pyshacl", "zen-engine")


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached, whichever is given: no more seconds, at least so much faster, at most so much longer."""

    seconds: float | None = None
    faster: float | None = None
    longer: float | None = None

    def __str__(self) -> str:
        """Write the target as the table shows it."""
        if self.seconds is not None:
            return f"≤ {shown(self.seconds)}"
        return f"≥ {self.faster:,.0f}× faster" if self.faster is not None else f"≤ {self.longer:g}× as long"

    def is_reached(self, seconds: float, against: float | None) -> bool:
        """Say whether a time reaches the target, compared with another time where the target compares."""
        if self.seconds is not None:
            return seconds <= self.seconds
        assert against is not None
        if self.faster is not None:
            return against >= self.faster * seconds
        assert self.longer is not None
        return seconds <= self.longer * against


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what took so many seconds, compared with something that took others."""

    what: str
    seconds: float
    against: str | None = None
    against_seconds: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> str:
        """Say how much faster it is than what it is compared with, or how much longer it takes."""
        if self.against_seconds is None:
            return ""
        faster = self.against_seconds / self.seconds
        return f"{_rounded(faster)}× faster" if faster >= 1 else f"{_rounded(1 / faster)}× as long"

    @property
    def reached(self) -> bool | None:
        """Say whether the target is reached; None when there is none."""
        return self.target.is_reached(self.seconds, self.against_seconds) if self.target else None

    def to_dict(self) -> dict[str, object]:
        """Give the row as plain data."""
        return {
            "what": self.what,
            "seconds": self.seconds,
            "compared_with": self.against,
            "its_seconds": self.against_seconds,
            "ratio": self.ratio or None,
            "target": str(self.target) if self.target else None,
            "reached": self.reached,
        }


def as_text(rows: Iterable[Row]) -> str:
    """Lay rows out as a table."""
    lines: list[Sequence[str]] = [_HEADINGS]
    for row in rows:
        lines.append(
            (
                row.what,
                shown(row.seconds),
                row.against or "",
                shown(row.against_seconds) if row.against_seconds is not None else "",
                row.ratio,
                str(row.target or ""),
                {None: "", True: "yes", False: "no"}[row.reached],
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def shown(seconds: float) -> str:
    """Write a time in the unit that suits it."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    return f"{_rounded(seconds / size)} {unit}"


def machine(kb: KnowledgeBase) -> dict[str, object]:
    """Say on what was measured: processor, system, Python and the versions of all that takes part."""
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "caretier": __version__,
        "knowledge": kb.knowledge.version,
        **{part: version(part) for part in _PARTS},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _rounded(number: float) -> str:
    return f"{number:,.0f}" if number >= 99.5 else f"{number:#.2g}" if number < 9.95 else f"{number:.0f}"
