"""An ontology that is edited at the wrong moment, or wrongly, is refused by name and never answers too low."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from caretier import compilation
from caretier.compilation import Interrogation, proposal_of
from caretier.errors import KnowledgeError
from caretier.lockfile import NAME, read_file
from caretier.model import DecisionModel
from caretier.ontology import load_ontology
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
