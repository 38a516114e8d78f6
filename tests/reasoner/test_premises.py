"""What asking the reasoner cannot settle is refused by name: a model of it could say less than the reasoner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from rdflib import Graph

import caretier
from caretier import cli
from caretier.errors import KnowledgeError
from caretier.lockfile import NAME
from caretier.ontology import load_ontology
from caretier.premises import require_premises

pytestmark = pytest.mark.slow

EditedCopy = Callable[[Mapping[str, str]], Path]

PREFIXES = """
PREFIX ct: <https://w3id.org/caretier/core#> PREFIX bp: <https://w3id.org/caretier/back-pain#>
PREFIX owl: <http://www.w3.org/2002/07/owl#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX swrl: <http://www.w3.org/2003/11/swrl#>
"""
RULE = '''cs:{role} sh:rule cs:{name} . cs:{name} a sh:SPARQLRule ;
  sh:prefixes <https://w3id.org/caretier/shapes/{file}> ; sh:order 9 ;
  sh:construct """CONSTRUCT {{ ?a {says} ?b }} WHERE {{ ?a a ct:Assessment . {where} }}""" .
'''
DERIVED = {"role": "Derivation", "file": "derivation", "says": "ct:meets"}
DECIDED = {"role": "Disposition", "file": "disposition", "says": "ct:careTier"}
UNPROVABLE = {
    "shapes/derivation.ttl": RULE.format(
        **DERIVED, name="Negating", where="?b a ct:Band FILTER NOT EXISTS { ?a ct:reports ?f }"
    ) + RULE.format(
        **DERIVED, name="Exact", where="?b a ct:Band ; ct:ofQuantity ?q ; ct:exactly ?n . ?a ?q ?v . FILTER (?v = ?n)"
    ),
    "shapes/disposition.ttl": RULE.format(
        **DECIDED, name="OfWomen", where="?a ct:indicatesTier ct:ContactDoctor ; ct:hasSex ct:Female . ?b ct:rank 2"
    ) + RULE.format(
        **DECIDED, name="OfTwo", where="?a ct:indicatesTier ct:ContactDoctor , ct:UrgentAppointment . ?b ct:rank 4"
    ),
    "ontology/red-flags.ttl": """
bp:FeverRedFlag owl:equivalentClass [ a owl:Restriction ; owl:onProperty ct:ageInYears ; owl:hasValue 37 ] .
bp:Group a owl:Class ; rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ct:suggests ; owl:hasValue bp:Cancer ] .
[ a owl:Restriction ; owl:onProperty ct:reports ; owl:someValuesFrom bp:DifficultyWithDailyActivities ] rdfs:subClassOf
  [ a owl:Restriction ; owl:onProperty ct:indicatesTier ; owl:hasValue ct:EmergencyCare ] .
""",
}  # fmt: skip
"""Edits with each of which a model was, or would be, proven that says less of somebody than the reasoner does."""


def test_what_cannot_be_proven_is_refused_by_name(edited_copy: EditedCopy, capsys: pytest.CaptureFixture[str]) -> None:
    root = edited_copy(UNPROVABLE)
    before = root.with_name(NAME).read_bytes()
    assert cli.main(["compile", "--ontology", str(root)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    told = [line.removeprefix("caretier: ") for line in err.splitlines() if line.startswith("caretier: ")]
    assert told[0] == "No model of this ontology can be proven."
    assert [line.split(". ")[0] for line in told[1:]] == [
        "Exact: the number ?v in the pattern",
        "Negating: NOT EXISTS in FILTER",
        "ageInYears: an axiom speaks of this number itself",
        "suggests: an axiom about Group uses it",
        "indicatesTier: an axiom about a class without a name uses it",
        "The rules of disposition do not choose the highest tier where urgent appointment and contact doctor is "
        "indicated.",
        "OfWomen: a rule of disposition speaks of Female",
        "OfWomen: a rule of disposition speaks of hasSex",
    ]
    assert root.with_name(NAME).read_bytes() == before


def _faults(kb: caretier.KnowledgeBase, graph: Graph, disposition: Graph) -> str:
    shapes = {**kb.ontology.shapes, "disposition": disposition}
    with pytest.raises(KnowledgeError) as refused:
        require_premises(replace(kb.ontology, graph=graph, shapes=shapes), kb.knowledge)
    return str(refused.value)


@pytest.mark.parametrize(
    ("update", "told"),
    [
        ("bp:p rdfs:subPropertyOf ct:suggests", "suggests: an axiom about p"),
        ("bp:p owl:inverseOf ct:indicatesTier", "indicatesTier: an axiom about p"),
        ("ct:suggests owl:propertyChainAxiom (ct:reports bp:p)", "suggests: an axiom about suggests"),
        ("ct:suggests owl:equivalentProperty bp:p", "suggests: an axiom about suggests"),
        ("ct:suggests a owl:TransitiveProperty", "suggests: an axiom about suggests"),
        ("[] a swrl:IndividualPropertyAtom ; swrl:propertyPredicate ct:suggests", "suggests: an axiom about"),
        (
            "bp:FeverRedFlag owl:equivalentClass [ owl:onProperty ct:suggests ; owl:hasValue bp:Cancer ]",
            "suggests: an axiom about FeverRedFlag",
        ),
        (
            "bp:FeverRedFlag rdfs:subClassOf [ owl:onProperty ct:indicatesTier ; owl:someValuesFrom ct:CareTier ]",
            "indicatesTier: an axiom about FeverRedFlag",
        ),
        (
            "ct:ageInYears rdfs:subPropertyOf bp:n . bp:n rdfs:subPropertyOf bp:m . "
            "bp:X owl:equivalentClass [ owl:onProperty bp:m ; owl:hasValue 37 ]",
            "ageInYears: an axiom speaks of this number",
        ),
        ("bp:n owl:equivalentProperty bp:treatmentMonths", "treatmentMonths: an axiom speaks of this number"),
        ("ct:ageInYears rdfs:range bp:PlausibleAge", "ageInYears: an axiom speaks of this number"),
        (
            "[] a swrl:DatavaluedPropertyAtom ; swrl:propertyPredicate ct:ageInYears ; swrl:argument2 37",
            "ageInYears: an axiom speaks of this number",
        ),
    ],
)
def test_no_detour_leads_around_bands_and_red_flags(kb: caretier.KnowledgeBase, update: str, told: str) -> None:
    graph = Graph() + kb.ontology.graph
    graph.update(f"{PREFIXES} INSERT DATA {{ {update} }}")
    assert told in _faults(kb, graph, kb.ontology.shapes["disposition"])


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("MAX(?rank)", "MIN(?rank)", "do not choose the highest tier where emergency care and urgent appointment is"),
        ("ct:rank 0", "ct:rank 1", "do not choose the highest tier where nothing is"),
        ("?tier a ct:CareTier ; ct:rank ?h", "?tier !ct:rank ?x ; ct:rank ?h", "speaks of any property"),
        ("?tier a ct:CareTier ; ct:rank 0", "?assessment ?p ?o . ?tier a ct:CareTier ; ct:rank 0", "speaks of any"),
        (
            "sh:targetNode ct:Assessment",
            "sh:targetSubjectsOf ct:hasSex",
            "Disposition: a rule of disposition speaks of",
        ),
    ],
)
def test_nothing_but_the_tiers_indicated_decides(
    kb: caretier.KnowledgeBase, checkout: Path, before: str, after: str, told: str
) -> None:
    text = (checkout / "shapes" / "disposition.ttl").read_text(encoding="utf-8")
    assert before in text
    edited = Graph().parse(data=text.replace(before, after, 1), format="turtle")
    assert told in _faults(kb, kb.ontology.graph, edited)


def test_the_shipped_ontology_keeps_the_premises_and_so_does_what_editors_add(
    kb: caretier.KnowledgeBase, edited_copy: EditedCopy
) -> None:
    """A subproperty of a number, an annotated axiom, a class for queries that no red flag rests on."""
    require_premises(kb.ontology, kb.knowledge)
    more = """
bp:ageAtOnset a owl:DatatypeProperty ; rdfs:subPropertyOf ct:ageInYears . ct:ageInYears rdfs:subPropertyOf bp:age .
bp:Elderly a owl:Class ; owl:equivalentClass
  [ a owl:Restriction ; owl:onProperty ct:meets ; owl:hasValue bp:AgeFiftyOrOver ] .
[ a owl:Axiom ; owl:annotatedSource bp:FeverRedFlag ; owl:annotatedProperty rdfs:subClassOf ; rdfs:comment "why" ;
  owl:annotatedTarget [ a owl:Restriction ; owl:onProperty ct:suggests ; owl:hasValue bp:SpinalInfection ] ] .
"""
    require_premises(load_ontology(edited_copy({"ontology/red-flags.ttl": more})), kb.knowledge)
