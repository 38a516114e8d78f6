"""Measures and prints the table; see `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator

import caretier
from benchmarks import cohort, command_line, compiling, http, one_assessment
from benchmarks.table import Row, as_text, machine
from caretier import KnowledgeBase
from caretier.progress import progress

Measurement = Callable[[KnowledgeBase], Iterator[Row]]

QUICK: dict[str, Measurement] = {
    "one assessment": one_assessment.measure,
    "the command line": command_line.measure,
    "the service": http.measure,
    "a cohort": cohort.measure,
}
"""What is measured, by the name that the progress shows; a further row is a further function here."""

SLOW: dict[str, Measurement] = {"compiling": compiling.measure}

_DESCRIPTION = """Measure how fast caretier is, and print the table of what was to be reached.
Every time is the median of many calls (the reasoners: of five people; compiling: of one run;
cohorts: the best of three), after calls that only
warm up. What is compared takes turns on the same machine in the same run, with the same answers: 200 random documents
each with a quarter, a half and nine tenths of the questions answered, the vignettes and the clinical cases.
Times of one machine mean nothing on another, above all on a shared one; the ratios do."""


def main() -> int:
    """Measure, print, and return the exit code: 0 whenever it could be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=_DESCRIPTION)
    parser.add_argument("--quick", action="store_true", help="leave out compiling, which takes minutes")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    options = parser.parse_args()
    kb = caretier.load()
    if kb.model is None:
        print("The decision model does not fit the ontology; run `caretier compile` first.", file=sys.stderr)
        return 2
    rows: list[Row] = []
    described = machine(kb)
    with progress("measuring") as say:
        for name, measure in (QUICK if options.quick else QUICK | SLOW).items():
            say(name)
            rows += measure(kb)
    if options.format == "json":
        print(json.dumps({"machine": described, "rows": [row.to_dict() for row in rows]}, indent=2, ensure_ascii=False))
    else:
        print(", ".join(f"{what}: {value}" for what, value in described.items()), end="\n\n")
        print(as_text(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
