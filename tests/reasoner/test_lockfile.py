"""The decision model as a file: what fits is used, what does not fit is never used silently."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import caretier
from caretier.errors import KnowledgeError
from caretier.knowledge import Atom, minimal
from caretier.lockfile import NAME, parse, read_file, read_model, render
from caretier.model import DecisionModel

SADDLE = '{"answers": {"pain-lower-back": true, "saddle-numbness": true}}'
ZEROS = "0" * 64


@pytest.fixture
def root(tmp_path: Path, checkout: Path) -> Path:
    """Return the root of a copy of the ontology, with its shapes and decision model."""
    for folder in ("ontology", "shapes"):
        shutil.copytree(checkout / folder, tmp_path / "copy" / folder)
    return tmp_path / "copy" / "ontology" / "back-pain.ttl"


@pytest.fixture(scope="module")
def text(checkout: Path) -> str:
    """Return the text of the shipped decision model."""
    return (checkout / "ontology" / NAME).read_bytes().decode()


def _signed(text: str) -> str:
    """Put the right digest of its own into a model that was edited."""
    start = text.index('"digest": "') + len('"digest": "')
    blank = text[:start] + ZEROS + text[start + 64 :]
    return blank.replace(ZEROS, hashlib.sha256(blank.encode()).hexdigest(), 1)


def _edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    before = path.read_bytes()
    path.write_bytes(change(before))
    assert path.read_bytes() != before


def test_a_model_written_and_read_again_is_the_same(text: str, model: DecisionModel) -> None:
    assert render(parse(text)) == text
    assert parse(render(model)) == model


def test_bands_and_what_nobody_can_give_are_written_and_read_too(model: DecisionModel) -> None:
    first, *others = model.knowledge.red_flags
    patterns = minimal(
        [
            frozenset({Atom("age", 50, "at least"), Atom("age", 65, "below"), Atom("fever", False)}),
            frozenset({Atom("treatment-months", 3, "below"), Atom("sex", "female")}),
        ]
    )
    flags = (replace(first, patterns=patterns, proofs=()), *others)
    certificate = replace(model.certificate, beyond={first.id: (("sex: female", "sex: male"),)})
    changed = replace(model, knowledge=replace(model.knowledge, red_flags=flags), certificate=certificate)
    assert parse(render(changed)) == changed


def test_the_shipped_model_fits_and_so_does_a_copy_elsewhere(root: Path, checkout: Path) -> None:
    shipped = read_model(str(checkout / "ontology" / "back-pain.ttl"))
    assert shipped is not None
    assert read_model(str(root)) == shipped
    root.parent.parent.rename(root.parents[2] / "moved")
    moved = root.parents[2] / "moved" / "ontology" / root.name
    assert caretier.load(moved).engine == "model"


def test_a_model_of_another_root_does_not_fit(root: Path) -> None:
    shutil.copy(root, root.with_name("neck-pain.ttl"))
    assert read_model(str(root.with_name("neck-pain.ttl"))) is None


@pytest.mark.parametrize(
    "name", sorted(["../shapes/answers.ttl", "red-flags.ttl", "catalog-v001.xml", "back-pain.ttl"])
)
def test_an_edit_of_any_file_that_it_was_compiled_from_makes_it_unfit(root: Path, name: str) -> None:
    _edit(root.parent / name, lambda content: content + b"\n")
    assert read_model(str(root)) is None


def test_an_import_that_was_added_makes_it_unfit(root: Path) -> None:
    _edit(root, lambda content: content + b"<https://w3id.org/caretier/back-pain> owl:imports <urn:more> .\n")
    assert read_model(str(root)) is None
    with pytest.raises(KnowledgeError, match="urn:more"):
        caretier.load(root)


def test_every_file_that_the_ontology_reads_is_watched(root: Path, model: DecisionModel) -> None:
    files = caretier.load(root).ontology.files
    assert {(root.parent / name).resolve() for name in model.files} == {file.resolve() for file in files}


@pytest.mark.parametrize(
    "change",
    [
        lambda _content: b"",
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content + b"\n",
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"fever: yes", b"fever: no", 1),
        lambda content: content.replace(b"at least 50", b"at least 60", 1),
        lambda content: content[:900] + b"\xff" + content[901:],
        lambda _content: b"[]",
        lambda _content: b'{"digest": "' + ZEROS.encode() + b'"}',
    ],
    ids=["empty", "short", "half", "long", "crlf", "bom", "answer", "limit", "no-text", "list", "unsigned"],
)  # fmt: skip
def test_a_damaged_model_is_not_used(root: Path, change: Callable[[bytes], bytes]) -> None:
    """What `read_model` would not use, `caretier compile --verify` does not find good either."""
    _edit(root.with_name(NAME), change)
    assert read_model(str(root)) is None
    with pytest.raises(KnowledgeError, match="caretier compile"):
        read_file(str(root.with_name(NAME)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: {**data, "format": 99}, "another version"),
        (lambda data: {key: value for key, value in data.items() if key != "format"}, "cannot be read"),
        (lambda data: {key: value for key, value in data.items() if key != "tiers"}, "cannot be read"),
        (lambda data: {**data, "red_flags": [{**data["red_flags"][0], "patterns": [[["chills: yes"]]]}]}, "cannot be"),
        (lambda data: {**data, "red_flags": [{**data["red_flags"][0], "patterns": [[["fever: maybe"]]]}]}, "cannot be"),
        (lambda data: {**data, "questionnaire": []}, "cannot be read"),
        (lambda data: {**data, "sources": []}, "cannot be read"),
    ],
)
def test_a_model_of_another_form_is_not_used(
    text: str, tmp_path: Path, change: Callable[[dict[str, object]], dict[str, object]], told: str
) -> None:
    """Not even when its own digest is right."""
    edited = _signed(json.dumps(change(json.loads(text))))
    with pytest.raises(KnowledgeError, match=told):
        parse(edited)
    (tmp_path / NAME).write_text(edited, encoding="utf-8")
    assert read_model(str(tmp_path / "back-pain.ttl")) is None
    assert parse(_signed(json.dumps(json.loads(text)))).knowledge.red_flags, "the digest is not what was refused"


def test_a_model_of_files_that_cannot_be_is_not_used(root: Path, text: str) -> None:
    data = json.loads(text)
    data["ontology"]["files"]["\0"] = ZEROS
    root.with_name(NAME).write_text(_signed(json.dumps(data)), encoding="utf-8")
    assert read_model(str(root)) is None
    root.with_name(NAME).write_text(_signed(f'{{"digest": "{ZEROS}", "x": {"[" * 100_000}'), encoding="utf-8")
    assert read_model(str(root)) is None


def test_a_missing_model_is_named_with_what_to_do(root: Path) -> None:
    root.with_name(NAME).unlink()
    kb = caretier.load(root)
    assert kb.engine == "reference"
    with pytest.raises(KnowledgeError, match=f"{NAME} is missing or was compiled from other files.*caretier compile"):
        kb.assess({}, engine="model")
    with pytest.raises(KnowledgeError, match=f"{NAME} does not exist; run `caretier compile`"):
        read_file(str(root.with_name(NAME)))


@pytest.mark.slow
def test_the_reference_answers_in_place_of_an_unfit_model_and_says_so(root: Path) -> None:
    def assess(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "caretier.cli", "assess", "-", "--format", "json", "--ontology", str(root)]
        return subprocess.run([*command, *options], input=SADDLE, capture_output=True, text=True, check=False)

    fitting = assess()
    assert (fitting.stderr, json.loads(fitting.stdout)["engine"]) == ("", "model")
    _edit(root.with_name("red-flags.ttl"), lambda content: content.replace(b"\n", b"\r\n"))
    unfit = assess()
    assert unfit.returncode == 0
    assert "no decision model fits these files, so the reference reasoner answers" in unfit.stderr
    assert "`caretier compile`" in unfit.stderr
    result = json.loads(unfit.stdout)
    assert (result["engine"], result["tier"]) == ("reference", "EmergencyCare")
    demanded = assess("--engine", "model")
    assert (demanded.returncode, demanded.stdout) == (2, "")
    assert "caretier compile" in demanded.stderr
