"""The command that compares two versions of an ontology."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from difflib import get_close_matches
from pathlib import Path

from caretier.comparison import Version, compare
from caretier.comparison_text import as_data, as_markdown, as_text
from caretier.compilation import compile_model
from caretier.documents import parse_json, read_file
from caretier.errors import UnreadableInputError
from caretier.lockfile import read_model
from caretier.ontology import load_ontology
from caretier.progress import counted_progress
from caretier.questionnaire import Answer
from caretier.reference import Reference
from caretier.revisions import root_of
from caretier.terminal import page

_CASES = Path("tests", "ontology", "vignettes.jsonl")


def compare_versions(options: argparse.Namespace) -> int:
    """Compare two versions of an ontology; 1 when somebody comes to a lower tier and nobody allowed that."""
    with ExitStack() as stack:
        say = stack.enter_context(counted_progress("comparing"))
        old, new = (
            _version(name, stack.enter_context(root_of(name, options.ontology)), options.time_limit, say)
            for name in (options.old, options.new)
        )
        cases = _cases(Path(options.cases) if options.cases else new.ontology.root.parents[1] / _CASES, options.cases)
        allowed = set(options.allow_lower)
        _require_known(allowed, old)
        difference = compare(old, new, cases)
    lowered = difference.lowered_by(allowed)
    if options.format == "json":
        print(json.dumps(as_data(difference, lowered), indent=2, ensure_ascii=False))
    elif options.format == "markdown":
        print(as_markdown(difference, lowered), end="")
    else:
        print(as_text(difference, lowered, page()[0]), end="")
    return 1 if lowered else 0


def _version(name: str, root: Path, time_limit: float, say: Callable[[str, int, int], None]) -> Version:
    """Read one version; where its decision model does not fit, it is compiled, and written nowhere."""
    ontology = load_ontology(root)
    model = read_model(str(ontology.root))
    if model is None:
        say(f"classifying {name}", 0, 0)
        reference = Reference(ontology, time_limit)
        model = compile_model(reference, lambda step, done, whole: say(f"{name}: {step}", done, whole))
    return Version(name, ontology, model)


def _cases(path: Path, named: str | None) -> Mapping[str, Mapping[str, Answer]]:
    """Read cases, a line of JSON each with id and answers; none when nobody named a file and none is there."""
    if named is None and not path.is_file():
        return {}
    cases: dict[str, Mapping[str, Answer]] = {}
    for number, line in enumerate(read_file(path).split(b"\n"), start=1):
        if line.strip():
            case = parse_json(line)
            if not isinstance(case, dict) or not isinstance(case.get("answers"), dict):
                raise UnreadableInputError(f'{path}, line {number}: a case is an object with "id" and "answers".')
            cases[str(case.get("id", number))] = case["answers"]
    return cases


def _require_known(red_flags: set[str], old: Version) -> None:
    known = [flag.id for flag in old.model.knowledge.red_flags]
    for flag in sorted(red_flags.difference(known)):
        near = get_close_matches(flag, known, 1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise UnreadableInputError(f'{old.name} has no red flag "{flag}" that could be lowered.{hint}')
