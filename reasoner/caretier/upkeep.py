"""The commands by which an editor keeps the knowledge in order: check, compile, format."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import monotonic

from caretier.bundled import bundled_root
from caretier.compilation import compile_model, verify_model
from caretier.curation import check
from caretier.errors import UnreadableInputError
from caretier.files import replace_text
from caretier.lockfile import NAME, read_file, render
from caretier.ontology import load_ontology
from caretier.progress import counted_progress, progress
from caretier.reference import Reference
from caretier.turtle import canonical


def check_ontology(options: argparse.Namespace) -> int:
    """Check an ontology and its shapes."""
    from pathlib import Path

    from caretier.bundled import bundled_root

    root = Path(options.ontology or bundled_root())
    with progress("checking") as say:
        complaints = check(root, options.time_limit, say)
    errors = [complaint for complaint in complaints if complaint.severity == "error"]
    if options.format == "json":
        print(json.dumps([complaint.to_dict() for complaint in complaints], indent=2, ensure_ascii=False))
    else:
        for complaint in complaints:
            print(complaint)
        print(f"{root}: {len(errors)} errors, {len(complaints) - len(errors)} warnings")
    return 1 if errors else 0


def format_files(options: argparse.Namespace) -> int:
    """Rewrite Turtle files in their one form."""
    here = [path for path in (Path("ontology"), Path("shapes")) if path.is_dir()]
    named = [Path(path) for path in options.paths] or here
    if not named:
        raise UnreadableInputError("There is no folder ontology/ or shapes/ here; name the files to format.")
    files = [file for path in named for file in (sorted(path.rglob("*.ttl")) if path.is_dir() else [path])]
    texts = {file: canonical(file) for file in files}
    changed = [file for file, text in texts.items() if file.read_bytes() != text.encode("utf-8")]
    for file in changed:
        if not options.check:
            replace_text(file.resolve(), texts[file])
        print(f"{'would be changed' if options.check else 'changed'}: {file}")
    return 1 if options.check and changed else 0


def compile_ontology(options: argparse.Namespace) -> int:
    """Compile the decision model of an ontology, or prove the one there is."""
    started = monotonic()
    ontology = load_ontology(Path(options.ontology or bundled_root()))
    path = ontology.root.parent / NAME
    with counted_progress("compiling") as say:
        say("classifying the ontology", 0, 0)
        reference = Reference(ontology, options.time_limit)
        if options.verify:
            model = read_file(str(path))
            wrong = verify_model(model, reference, say)
        else:
            model, wrong = compile_model(reference, say), []
            replace_text(path, render(model))
    for line in wrong:
        print(f"{path}: {line}")
    seconds = monotonic() - started
    if wrong:
        print(f"{path}: {len(wrong)} disagreements in {seconds:.0f} s; run `caretier compile`.")
        return 1
    print(f"{path}: {model.certificate.summary} in {seconds:.0f} s.")
    return 0
