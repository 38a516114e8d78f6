"""The reasoner's process: its findings agree with another reasoner's, it can be stopped, and it leaves nothing."""

from __future__ import annotations

import stat
import tempfile
import time
from pathlib import Path

import pytest
from rdflib import OWL, RDF, Graph, URIRef

from caretier import InconsistencyError, JavaError, KnowledgeBase, ReasonerError, ReasonerTimeoutError
from caretier.hermit import logical_part, realise

pytestmark = pytest.mark.slow

ANIMALS = """
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<urn:Cat> a owl:Class ; rdfs:subClassOf <urn:Animal> . <urn:Animal> a owl:Class .
<urn:Tom> a owl:NamedIndividual , <urn:Cat> .
<urn:Beast> a owl:Class ; owl:equivalentClass <urn:Animal> .
<urn:Never> a owl:Class ; rdfs:subClassOf <urn:Cat> , [ a owl:Class ; owl:complementOf <urn:Animal> ] .
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the run a temporary folder of its own, so that what is left in it can be seen."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture
def animals() -> Graph:
    """Return a small ontology with an equivalence and an unsatisfiable class."""
    return Graph().parse(data=ANIMALS, format="turtle")


def test_types_and_hierarchy_are_followed_to_their_end(animals: Graph, temporary: Path) -> None:
    found = realise(animals)
    assert found.types["urn:Tom"] >= {"urn:Cat", "urn:Animal", "urn:Beast"}
    assert found.unsatisfiable == {"urn:Never"}
    assert list(temporary.iterdir()) == []


def test_hermit_and_pellet_classify_alike(kb: KnowledgeBase) -> None:
    axioms = logical_part(kb.ontology.graph)
    hermit, pellet = realise(axioms), realise(axioms, reasoner="pellet")
    assert hermit.superclasses == pellet.superclasses
    assert hermit.types == pellet.types
    assert not hermit.unsatisfiable
    assert len(hermit.superclasses) > 150


def test_an_inconsistency_is_an_error(animals: Graph, temporary: Path) -> None:
    animals.add((URIRef("urn:Tom"), RDF.type, OWL.Nothing))
    with pytest.raises(InconsistencyError):
        realise(animals)
    assert list(temporary.iterdir()) == []


def test_a_run_is_stopped_at_its_time_limit_with_all_that_it_started(
    animals: Graph, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = temporary.parent / "sleeping-java-pid"
    java = temporary.parent / "sleeping-java"
    java.write_text(f"#!/bin/sh\necho $$ > {pid}\nexec sleep 600\n")
    java.chmod(java.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("CARETIER_JAVA", str(java))
    started = time.monotonic()
    with pytest.raises(ReasonerTimeoutError, match="5 seconds"):
        realise(animals, time_limit=5)
    assert time.monotonic() - started < 15
    assert list(temporary.iterdir()) == []
    assert not _runs(int(pid.read_text()))


def _runs(pid: int) -> bool:
    """Say whether a process is there and has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_silence_is_never_taken_for_a_result(animals: Graph, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARETIER_JAVA", "true")
    with pytest.raises(ReasonerError, match="without an answer"):
        realise(animals)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("java", ["/nowhere/java", "no-such-program"])
def test_a_java_that_is_not_there_is_named(animals: Graph, java: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARETIER_JAVA", java)
    with pytest.raises(JavaError, match=java):
        realise(animals)


def test_a_java_that_does_not_work_is_said_so(animals: Graph, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARETIER_JAVA", "false")
    with pytest.raises(JavaError):
        realise(animals)
    assert list(temporary.iterdir()) == []


def test_no_java_on_the_path_is_needed(animals: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARETIER_JAVA", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    assert "urn:Animal" in realise(animals).types["urn:Tom"]
