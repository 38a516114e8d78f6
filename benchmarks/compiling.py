"""Compiling the knowledge and certifying it: as if for the first time, and after an edit."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.command_line import command, run
from benchmarks.table import Row, Target
from benchmarks.timing import Timed, medians
from caretier import KnowledgeBase
from caretier.lockfile import NAME


def measure(kb: KnowledgeBase) -> Iterator[Row]:
    """Measure `caretier compile` as a whole process, on a copy of the knowledge."""
    with tempfile.TemporaryDirectory(prefix="caretier-") as folder:
        root = _copied(kb, Path(folder))
        root.with_name(NAME).unlink()
        compiling = {"compile": Timed(run, [[command(), "compile", "--ontology", str(root)]])}
        first = medians(compiling)["compile"]
        _edit(root.parent)
        edited = medians(compiling)["compile"]
    yield Row("caretier compile, no earlier model", first, target=Target(seconds=60))
    yield Row("caretier compile, after an edit", edited, "no earlier model", first, Target(seconds=30))


def _copied(kb: KnowledgeBase, folder: Path) -> Path:
    """Copy the folder of the ontology and those of its shapes; return the path of the copied root."""
    root = Path(kb.root)
    for source in {file.parent for file in kb.ontology.files}:
        shutil.copytree(source, folder / source.relative_to(root.parents[1]))
    return folder / root.relative_to(root.parents[1])


def _edit(folder: Path) -> None:
    """Move a threshold by one, as an editor would."""
    for file in sorted(folder.glob("*.ttl")):
        text = file.read_text(encoding="utf-8")
        moved = re.sub(r"(?<=ct:atLeast )\d+", lambda limit: str(int(limit[0]) + 1), text, count=1)
        if moved != text:
            file.write_text(moved, encoding="utf-8")
            return
    raise LookupError(f"no threshold found in {folder}")
