"""An ontology that is edited at the wrong moment, or wrongly, is refused by name and never answers too low."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from caretier import compilation
from caretier.compilation import Interrogation, proposal_of
from caretier.errors import KnowledgeError
from caretier.knowledge_base import load
from caretier.lockfile import NAME, read_file
from caretier.model import DecisionModel
from caretier.ontology import digest, load_ontology
from caretier.reference import Reference

pytestmark = pytest.mark.slow


@pytest.fixture
def root(tmp_path: Path, checkout: Path) -> Path:
    """Return the root of a copy of the ontology with its shapes."""
    for folder in ("ontology", "shapes"):
        shutil.copytree(checkout / folder, tmp_path / folder)
    return tmp_path / "ontology" / "back-pain.ttl"


def test_a_file_saved_while_it_is_compiled_makes_no_model(
    root: Path, model: DecisionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compilation, "_told", lambda reference, _flags, _justifications: reference.knowledge)
    interrogation = Interrogation(Reference(load_ontology(root)))
    proposal = proposal_of(model, interrogation.lattice)
    assert compilation._certified(interrogation, proposal).files == model.files
    edited = root.with_name("red-flags.ttl")
    edited.write_text(edited.read_text(encoding="utf-8").replace("ct:ContactDoctor ]", "ct:EmergencyCare ]"), "utf-8")
    with pytest.raises(KnowledgeError, match="changed while it was compiled"):
        compilation._certified(interrogation, proposal)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("ct:UrgentAppointment", "ct:UrgentAppointmnt"), ("bp:CaudaEquinaSyndrome ]", "bp:CaudaEquinaSyndrom ]")],
)
def test_a_mistyped_tier_or_condition_is_named(root: Path, right: str, wrong: str) -> None:
    edited = root.with_name("red-flags.ttl")
    edited.write_text(edited.read_text(encoding="utf-8").replace(right, wrong), "utf-8")
    with pytest.raises(KnowledgeError, match=wrong.split(":")[1].split()[0]):
        Reference(load_ontology(root))


def test_a_folder_in_place_of_the_model_is_named(root: Path) -> None:
    path = root.with_name(NAME)
    path.unlink()
    path.mkdir()
    with pytest.raises(KnowledgeError, match="cannot be read"):
        read_file(str(path))


def test_shapes_whose_sparql_is_broken_are_named(root: Path) -> None:
    """Whatever is done with them, it is an error that says what cannot be used, and no traceback."""
    shapes = root.parent.parent / "shapes" / "answers.ttl"
    text = shapes.read_text(encoding="utf-8")
    assert "SELECT $this" in text
    shapes.write_text(text.replace("SELECT $this", "SELEC $this"), encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"The shapes <https:.*answers> cannot be used"):
        load(root).assess({})


def test_the_hash_does_not_depend_on_where_files_lie(root: Path, tmp_path: Path) -> None:
    """Neither on the place of all nor on that of one beside another; but on each byte and each name."""
    ontology = load_ontology(root)
    moved = tmp_path / "elsewhere" / "deeper"
    moved.mkdir(parents=True)
    files = tuple(
        Path(shutil.copy(file, moved if number % 2 else tmp_path)) for number, file in enumerate(ontology.files)
    )
    assert digest(files) == ontology.sha256
    files[0].write_bytes(files[0].read_bytes() + b"\n")
    assert digest(files) != ontology.sha256
    assert digest(ontology.files[1:]) != ontology.sha256
