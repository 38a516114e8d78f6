"""What explanations name is enough: the axioms of each minimal set, all alone, entail what follows from it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rdflib import RDFS, Graph

import caretier
from caretier.axioms import axioms_of, signature
from caretier.extraction import Reader
from caretier.hermit import logical_part
from caretier.justification import Justification, Justifier
from caretier.knowledge import AtomSet, RedFlag
from caretier.ontology import load_ontology
from caretier.reference import Reference

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shown(kb: caretier.KnowledgeBase) -> list[tuple[RedFlag, AtomSet]]:
    """List every red flag with each of its minimal sets."""
    return [(flag, pattern) for flag in kb.knowledge.red_flags for pattern in flag.patterns]


@pytest.fixture(scope="module")
def justifier(kb: caretier.KnowledgeBase) -> Justifier:
    """Take the ontology apart once."""
    return Justifier(kb.reference)


@pytest.fixture(scope="module")
def justified(justifier: Justifier, shown: Sequence[tuple[RedFlag, AtomSet]]) -> list[Justification]:
    """Justify everything; the reasoner confirms each justification on the way."""
    return justifier.justify(shown)


def test_the_axioms_that_the_model_names_entail_the_conclusion(
    justifier: Justifier, justified: Sequence[Justification], shown: Sequence[tuple[RedFlag, AtomSet]]
) -> None:
    told = [justifier.told(each) for each in justified]
    stored = [flag.proofs[flag.patterns.index(pattern)] for flag, pattern in shown]
    assert told == stored
    assert {flag.id for flag, _ in shown} == {flag.id for flag in justifier._reference.knowledge.red_flags}


def test_none_of_them_can_be_left_out(justifier: Justifier, justified: Sequence[Justification]) -> None:
    """Take the longest argument of every red flag, and leave out one axiom or derived fact after the other."""
    longest = {each.goals[0][2]: each for each in sorted(justified, key=lambda each: len(each.axioms))}
    poorer = [
        replace(each, axioms=tuple(axiom for axiom in each.axioms if axiom != left_out))
        for each in longest.values()
        for left_out in each.axioms
    ]
    poorer += [
        replace(each, facts=tuple(fact for fact in each.facts if fact[2] != threshold))
        for each in longest.values()
        for threshold in each.derived
    ]
    assert len(poorer) > 150
    assert justifier.unproven(poorer) == list(range(len(poorer)))


def test_every_axiom_has_words_of_its_own(
    kb: caretier.KnowledgeBase, justifier: Justifier, justified: Sequence[Justification]
) -> None:
    graph = kb.reference.ontology.graph
    axioms = {axiom for each in justified for axiom in each.axioms}
    told = {axiom: justifier._told(axiom) for axiom in axioms}
    assert len({each.manchester for each in told.values()}) == len(axioms)
    assert len({each.text for each in told.values()}) == len(axioms)
    for axiom, words in told.items():
        labels = {Reader(graph).text(term, RDFS.label) or "" for term in signature([axiom])}
        named = set(re.findall(r"'((?:[^'\\]|\\.)+)'", words.manchester))
        assert named == {label for label in labels if not label.isidentifier()}
        assert re.fullmatch(r'["A-Z].*\.', words.text)
        assert "SubClassOf" not in words.text, "no words were found for it"


def test_every_axiom_names_its_source(justifier: Justifier, justified: Sequence[Justification]) -> None:
    for each in justified:
        for axiom in each.axioms:
            assert justifier._told(axiom).sources, axiom


def test_a_construct_that_chaining_cannot_read_is_justified_by_asking(tmp_path: Path, checkout: Path) -> None:
    """State one red flag with a cardinality, and a property of one of its findings through an inverse."""
    for folder in ("ontology", "shapes"):
        shutil.copytree(checkout / folder, tmp_path / folder)
    path = tmp_path / "ontology" / "red-flags.ttl"
    text = path.read_text(encoding="utf-8")
    usual = "[ a owl:Restriction ; owl:onProperty ct:reports ; owl:someValuesFrom bp:ArmColorChangeOnRaising ]"
    unusual = (
        '[ a owl:Restriction ; owl:onProperty ct:reports ; owl:minQualifiedCardinality "1"^^xsd:nonNegativeInteger ; '
        "owl:onClass bp:ArmColorChangeOnRaising ]"
    )
    assert usual in text
    prefix = "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
    path.write_text(prefix + text.replace(usual, unusual), encoding="utf-8")
    reference = Reference(load_ontology(tmp_path / "ontology" / "back-pain.ttl"))
    (flag,) = (each for each in reference.knowledge.red_flags if each.id == "ArmColorChangeOnRaisingRedFlag")
    assert flag.patterns == ()  # it cannot be read off the axioms any more
    committed = {each.id: each for each in caretier.load().knowledge.red_flags}[flag.id]
    justifier = Justifier(reference)
    (found,) = justifier.justify([(flag, committed.patterns[0])])
    assert [axiom.manchester.split()[-1] for axiom in justifier.told(found)] != []
    assert len(found.axioms) == 3
    assert any("min 1" in axiom.manchester for axiom in justifier.told(found))


def test_taking_an_ontology_apart_loses_nothing(kb: caretier.KnowledgeBase) -> None:
    """All logical triples but declarations are in some axiom."""
    logical = logical_part(kb.reference.ontology.graph)
    together = Graph()
    for axiom in axioms_of(logical):
        for triple in axiom.triples:
            together.add(triple)
    left = {triple for triple in logical if triple not in together}
    kinds = {str(value).rpartition("#")[2] for _, _, value in left}
    assert kinds <= {"Class", "NamedIndividual", "ObjectProperty", "DatatypeProperty", "Datatype", "Ontology"}
