"""Compiling by interrogation: what the reading of axioms gets wrong is put right, what cannot be proven is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from caretier.assessment import Assessment
from caretier.compilation import Interrogation, compile_model
from caretier.errors import KnowledgeError
from caretier.knowledge import AtomSet, atom_text
from caretier.lattice import Point, can_be_given, element_text
from caretier.model import DecisionModel
from caretier.ontology import load_ontology
from caretier.reference import Reference
from caretier.result import Result

pytestmark = pytest.mark.slow

EditedCopy = Callable[[Mapping[str, str]], Path]

NEW_TERMS = """
bp:arisesIn a owl:ObjectProperty . bp:Nerves a owl:Class . bp:Joints a owl:Class .
bp:HeadNerves a bp:Nerves , owl:NamedIndividual .
bp:Headache rdfs:subClassOf [ a owl:Restriction ; owl:onProperty bp:arisesIn ; owl:hasValue bp:HeadNerves ] .
bp:OtherJointPain rdfs:subClassOf [ a owl:Restriction ; owl:onProperty bp:arisesIn ; owl:someValuesFrom bp:Joints ] .
bp:feltNear a owl:ObjectProperty ; owl:propertyChainAxiom ( ct:hasSite bp:nextTo ) .
bp:nextTo a owl:ObjectProperty . bp:SaddleArea bp:nextTo bp:Seat . bp:Seat a owl:NamedIndividual , ct:Site .
bp:Quick a owl:Class . bp:Slow a owl:Class .
bp:Tiredness rdfs:subClassOf [ a owl:Class ; owl:unionOf ( bp:Quick bp:Slow ) ] .
bp:UnderEighteen a ct:Band , owl:NamedIndividual ; ct:ofQuantity ct:ageInYears ; ct:below 18 .
bp:UnderSixtyFive a ct:Band , owl:NamedIndividual ; ct:ofQuantity ct:ageInYears ; ct:below 65 .
"""


def _reports(filler: str) -> str:
    return f"[ a owl:Restriction ; owl:onProperty ct:reports ; owl:someValuesFrom {filler} ]"


def _has(prop: str, value: str) -> str:
    return f"[ a owl:Restriction ; owl:onProperty {prop} ; owl:hasValue {value} ]"


NESTED = """[ a owl:Restriction ; owl:onProperty bp:arisesIn ;
  owl:someValuesFrom [ a owl:Class ; owl:unionOf ( bp:Nerves bp:Joints ) ] ]"""
DEFINITIONS = {
    "Nested": f"ct:Assessment {_reports(NESTED)} {_reports('bp:Fever')}",
    "Chained": f"ct:Assessment {_reports(_has('bp:feltNear', 'bp:Seat'))}",
    "Either": f"ct:Assessment [ a owl:Class ; owl:unionOf ( {_reports('bp:Quick')} {_reports('bp:Slow')} ) ] "
    + _has("ct:meets", "bp:AgeFiftyOrOver"),
    "Between": f"ct:Assessment {_reports('bp:Fever')} "
    + _has("ct:meets", "bp:AgeFiftyOrOver") + _has("ct:meets", "bp:UnderSixtyFive"),
    "Young": f"ct:Assessment {_reports('bp:Fever')} " + _has("ct:meets", "bp:UnderEighteen"),
    "Beyond": f"ct:Assessment {_reports('bp:CurrentTobaccoUse')} {_reports('bp:FormerTobaccoUse')}",
    "Never": f"ct:Assessment {_reports('bp:Joints')}",
}  # fmt: skip
"""Red flags added to a copy of the ontology; their minimal sets were found by hand."""

BY_HAND = {
    "Nested": {("fever: yes", "headache: yes"), ("fever: yes", "other-joint-pain: yes")},
    "Chained": {("saddle-numbness: yes",)},
    "Either": {("age: at least 50", "tiredness: yes")},
    "Between": {("age: at least 50", "age: below 65", "fever: yes")},
    "Young": {("age: below 18", "fever: yes")},
    "Beyond": set(),
    "Never": set(),
}


def _flag(name: str, definition: str) -> str:
    texts = " ; ".join(f'{prop} "{name}"@en' for prop in ("rdfs:label", "skos:definition", "ct:plainReason"))
    leads = f"{_has('ct:suggests', 'bp:Cancer')} , {_has('ct:indicatesTier', 'ct:UrgentAppointment')}"
    return (
        f"bp:{name} a owl:Class ; {texts} ; rdfs:subClassOf ct:RedFlag , {leads} ; "
        f"owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( {definition} ) ] .\n"
    )


def _texts(patterns: tuple[AtomSet, ...]) -> set[tuple[str, ...]]:
    return {tuple(sorted(map(atom_text, pattern))) for pattern in patterns}


def test_what_the_reading_of_axioms_misses_the_reasoner_finds(edited_copy: EditedCopy, model: DecisionModel) -> None:
    """Nested classes, a chain, a disjunction, several bands, and a flag that needs two options of one question."""
    flags = "".join(_flag(name, definition) for name, definition in DEFINITIONS.items())
    reference = Reference(load_ontology(edited_copy({"ontology/red-flags.ttl": NEW_TERMS + flags})))
    read = {flag.id: _texts(flag.patterns) for flag in reference.knowledge.red_flags}
    assert {name for name in BY_HAND if read[name] != BY_HAND[name]} >= {"Nested", "Chained", "Either"}
    points, patterns = _proven(reference)
    found = {flag: _texts(several) for flag, several in patterns.items()}
    assert {name: found[name] for name in BY_HAND} == BY_HAND
    assert {flag.id: _texts(flag.patterns) for flag in model.knowledge.red_flags}.items() <= found.items()
    beyond = {
        tuple(sorted(element_text(element, "both") for element in point))
        for several in points.values()
        for point in several
        if not can_be_given(point)
    }
    assert beyond == {("tobacco: current", "tobacco: former")} | {
        (f"age: {young}", "age: 65 to 120", "fever: yes") for young in ("0 to 17", "18 to 39", "40 to 49")
    }
    red_flags = tuple(replace(flag, patterns=patterns[flag.id]) for flag in reference.knowledge.red_flags)
    _agree(reference, replace(model, knowledge=replace(reference.knowledge, red_flags=red_flags)))


def _proven(reference: Reference) -> tuple[Mapping[str, Sequence[Point]], dict[str, tuple[AtomSet, ...]]]:
    """Let what is read off the axioms be put right; return the minimal points, and as sets those that can be given."""
    interrogation = Interrogation(reference)
    points = interrogation.proven(
        {
            flag.id: [point for pattern in flag.patterns for point in interrogation.lattice.points(pattern)]
            for flag in reference.knowledge.red_flags
        }
    )
    return points, {
        flag: interrogation.lattice.atom_sets(point for point in several if can_be_given(point))
        for flag, several in points.items()
    }


def _agree(reference: Reference, compiled: DecisionModel) -> None:
    """Compare the two at and around every limit, and on what shows the new red flags."""
    documents = [{"fever": True, "age": age} for age in (0, 17, 18, 49, 50, 64, 65, 120)]
    documents += [{"fever": True, "headache": True}, {"other-joint-pain": True}, {"saddle-numbness": True}]
    documents += [{"tiredness": True, "age": age} for age in (49, 50)]
    read = [Assessment(compiled.knowledge.questionnaire.read({"answers": each})) for each in documents]
    for assessment, outcome in zip(read, reference.assess(read), strict=True):
        assert isinstance(outcome, Result)
        told = compiled.assess(assessment.answers)
        assert (told.tier, told.ceiling) == (outcome.tier, outcome.ceiling)
        assert _found(told) == _found(outcome), assessment.answers.values


def _found(result: Result) -> set[str]:
    return {found.red_flag.id for condition in result.conditions for found in condition.red_flags}


def test_what_the_reading_of_axioms_claims_wrongly_is_dropped(edited_copy: EditedCopy, model: DecisionModel) -> None:
    """Without the rule by which numbers meet limits, no set with a number shows anything, whatever the axioms say."""
    root = edited_copy({})
    rules = root.parents[1] / "shapes" / "derivation.ttl"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("cs:BandFromAboveRule , cs:BandFromBelowRule ,", ""), encoding="utf-8")
    _, found = _proven(Reference(load_ontology(root)))
    flags = model.knowledge.red_flags
    left = {
        flag.id: tuple(each for each in flag.patterns if all(atom.relation == "is" for atom in each)) for flag in flags
    }
    assert found == left
    assert {flag.id for flag in flags if not left[flag.id]} == {"PersistentPainDespiteTreatmentRedFlag"}


def test_answers_that_contradict_the_ontology_are_refused(edited_copy: EditedCopy) -> None:
    """No point below an inconsistent one could be told from one where a red flag holds."""
    both = f"[ a owl:Class ; owl:intersectionOf ( {_reports('bp:Fever')} {_reports('bp:Tiredness')} ) ]"
    root = edited_copy({"ontology/red-flags.ttl": f"{both} rdfs:subClassOf owl:Nothing ."})
    with pytest.raises(KnowledgeError, match=r"answers that contradict the ontology, .* have to be a ct:Contradiction"):
        compile_model(Reference(load_ontology(root)))


def test_a_number_that_counts_otherwise_within_a_band_is_refused(edited_copy: EditedCopy) -> None:
    """Above a limit, but not at it: the limit is known, yet within the band that it begins not all numbers count."""
    root = edited_copy({})
    rules = root.parents[1] / "shapes" / "derivation.ttl"
    rules.write_text(rules.read_text(encoding="utf-8").replace("?value >= ?limit", "?value > ?limit"), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="within one band every number has to count the same"):
        compile_model(Reference(load_ontology(root)))
