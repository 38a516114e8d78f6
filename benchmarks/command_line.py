"""The command line as a whole process, start of Python included."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.documents import fair_mix
from benchmarks.table import Row, Target
from benchmarks.timing import Timed, medians
from caretier import KnowledgeBase

_PAIRS = 25


def measure(kb: KnowledgeBase) -> Iterator[Row]:
    """Measure `caretier assess FILE` in turns with a Python that does nothing."""
    documents = sorted(fair_mix(kb), key=len)
    with tempfile.TemporaryDirectory(prefix="caretier-") as folder:
        file = Path(folder, "answers.json")
        file.write_text(json.dumps({"answers": documents[len(documents) // 2]}), encoding="utf-8")
        taken = medians(
            {
                "nothing": Timed(run, [[sys.executable, "-c", "pass"]]),
                "assess": Timed(run, [[command(), "assess", str(file)]]),
            },
            rounds=_PAIRS,
            warm_up=3,
        )
    yield Row("caretier assess FILE", taken["assess"], "python -c pass", taken["nothing"], Target(longer=8))


def command() -> str:
    """Return the path of the command `caretier` of this Python."""
    return str(Path(sysconfig.get_path("scripts"), "caretier"))


def run(arguments: Sequence[str]) -> None:
    """Run a command to its end; CalledProcessError when it fails."""
    subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, check=True)  # noqa: S603 -- our own
