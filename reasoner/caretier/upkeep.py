"""The commands by which an editor keeps the knowledge in order: check, compile, format."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import monotonic

from caretier.bundled import bundled_root
from caretier.compilation import compile_model, verify_model
from caretier.complaints import as_data, as_text
from caretier.curation import check
from caretier.errors import UnreadableInputError
from caretier.files import check_new_folder, replace_text, write_folder
from caretier.formatting import bring_to_form
from caretier.knowledge_base import load
from caretier.lockfile import NAME, read_file, render
from caretier.ontology import load_ontology
from caretier.progress import counted_progress, progress
from caretier.reference import Reference


def check_ontology(options: argparse.Namespace) -> int:
    """Check an ontology and its shapes."""
    root = Path(options.ontology or bundled_root())
    with progress("checking") as say:
        complaints = check(root, options.time_limit, say)
    if options.format == "json":
        print(json.dumps(as_data(root, complaints), indent=2, ensure_ascii=False))
    else:
        print(as_text(root, complaints))
    refused = ("error", "warning") if options.strict else ("error",)
    return 1 if any(complaint.severity in refused for complaint in complaints) else 0


def format_files(options: argparse.Namespace) -> int:
    """Rewrite files of an ontology in their one form, which is Turtle."""
    here = [path for path in (Path("ontology"), Path("shapes")) if path.is_dir()]
    named = [Path(path) for path in options.paths] or here
    if not named:
        raise UnreadableInputError("There is no folder ontology/ or shapes/ here; name the files to format.")
    paths = [file for path in named for file in (sorted(path.rglob("*.ttl")) if path.is_dir() else [path])]
    files = bring_to_form(dict.fromkeys(paths))
    if twice := [file for file in files if sum(file.target == other.target for other in files) > 1]:
        told = " and ".join(str(file.source) for file in twice)
        raise UnreadableInputError(f"{told} belong in the same file, {twice[0].target}; name only one of them.")
    wrong = 0
    for file in files:
        for line, comment in file.comments:
            told = comment if len(comment) <= 60 else f"{comment[:59]}…"
            print(f"{file.source}:{line}: a comment that gets lost; use skos:editorialNote: {told}", file=sys.stderr)
        stands = file.target.exists() and file.target.read_bytes() == file.text.encode("utf-8")
        moved = file.target != file.source
        if options.check and (moved or not stands):
            wrong += 1
            told = f"is {file.syntax} and belongs in {file.target}" if moved else "would be changed"
            print(f"{told}: {file.source}")
        elif not stands:
            replace_text(file.target.resolve(), file.text)
            print(f"written: {file.target}, from {file.source}" if moved else f"changed: {file.target}")
        elif moved:
            print(f"unchanged: {file.target}, which says the same as {file.source}")
    return 1 if wrong else 0


def release(options: argparse.Namespace) -> int:
    """Write all that is released of a domain into a new folder; nothing that `check` finds an error in is released."""
    from caretier.release import CHECKSUMS, release_files

    root, folder = Path(options.ontology or bundled_root()), Path(options.folder)
    check_new_folder(folder)
    with progress("checking") as say:
        complaints = [each for each in check(root, options.time_limit, say) if each.severity == "error"]
    if complaints:
        print(as_text(root, complaints))
        return 1
    with progress("writing"):
        kb = load(root, time_limit=options.time_limit)
        files = release_files(kb)
        write_folder(folder, files)
    for name, text in sorted(files.items()):
        print(f"{folder / name}  {len(text.encode()):,} bytes")
    print(f"Knowledge {kb.knowledge.version}; check it anywhere with: sha256sum --check {CHECKSUMS}")
    return 0


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
