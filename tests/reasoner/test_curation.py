"""Every fault that an editor can make is found, and named at the term where it was made.

`bad/ontology.yaml` and `bad/rules.yaml` are the tables of faults. Those of the first are made all at once in one copy
of the ontology, and looked for one by one: no fault may hide another.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from rdflib import SH, Graph, URIRef

from caretier.curation import (
    Complaint,
    Draft,
    check,
    coverage_complaints,
    draft_of,
    module_complaints,
    profile_complaints,
    rule_complaints,
    shape_complaints,
)
from caretier.errors import JavaError, ReasonerTimeoutError
from caretier.hermit import Entailments, logical_part, realise
from caretier.monotonicity import violations
from caretier.ontology import load_ontology
from caretier.profile import jvm_library, owl2dl_violations
from caretier.vocabulary import local_name

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BAD = Path(__file__).parent / "bad"
NAMESPACES = {
    "bp": "https://w3id.org/caretier/back-pain#",
    "ct": "https://w3id.org/caretier/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "swrl": "http://www.w3.org/2003/11/swrl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
FAULTS: list[dict[str, Any]] = yaml.safe_load((BAD / "ontology.yaml").read_text(encoding="utf-8"))
RULES: list[dict[str, str]] = yaml.safe_load((BAD / "rules.yaml").read_text(encoding="utf-8"))
COUNTED = """{ SELECT ?assessment ?b (COUNT(DISTINCT ?kind) AS ?number)
WHERE { ?assessment ct:reports ?kind . ?b a ct:Count } GROUP BY ?assessment ?b }"""


def iri(name: str) -> str:
    """Write a prefixed name out."""
    prefix, _, local = name.partition(":")
    return name.strip("<>") if name.startswith("<") else NAMESPACES[prefix] + local


def edited(graph: Graph, *updates: str) -> Graph:
    """Return a copy of a graph with changes made to it."""
    copy = Graph() + graph
    for update in updates:
        copy.update(update, initNs=NAMESPACES)
    return copy


def change(draft: Draft, *updates: str) -> Draft:
    """Return a copy of an ontology under edit with changes made to it."""
    ontology = replace(draft.ontology, graph=edited(draft.ontology.graph, *updates))
    return replace(draft, ontology=ontology, graph=edited(draft.graph, *updates))


def told(complaints: list[Complaint] | tuple[Complaint, ...]) -> set[tuple[str, str | None]]:
    """Reduce complaints to the rule and the term."""
    return {(complaint.rule, complaint.term) for complaint in complaints}


@pytest.fixture(scope="module")
def good() -> Draft:
    """Return the shipped ontology."""
    return draft_of(load_ontology(ROOT / "ontology" / "back-pain.ttl"))


@pytest.fixture(scope="module")
def entailments(good: Draft) -> Entailments:
    """Return what HermiT concludes from the shipped ontology."""
    return realise(logical_part(good.ontology.graph))


@pytest.fixture(scope="module")
def complaints(good: Draft, entailments: Entailments) -> Mapping[tuple[str, str | None], Complaint]:
    """Return what is complained of when every fault of the table is made."""
    faulty = change(good, *(fault["edit"] for fault in FAULTS))
    return {(each.rule, each.term): each for each in shape_complaints(faulty, entailments)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a copy of the shipped ontology, with its shapes beside it."""
    for name in ("ontology", "shapes"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path / "ontology"


def test_the_shipped_ontology_is_sound() -> None:
    steps: list[str] = []
    found = check(ROOT / "ontology" / "back-pain.ttl", progress=steps.append)
    errors = [f"{each.label}: {each.message} {each.remedy}" for each in found if each.severity == "error"]
    assert not errors, "\n".join(errors)
    assert steps == [
        "files and imports", "rules", "OWL 2 DL", "consistency and classification", "house rules", "coverage",
    ]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['rule']}-{fault['term']}")
def test_a_fault_is_named_at_its_term(
    fault: Mapping[str, Any], complaints: Mapping[tuple[str, str | None], Complaint]
) -> None:
    found = complaints.get((fault["rule"], iri(fault["term"])))
    assert found, sorted(map(str, complaints))
    assert found.severity == fault.get("severity", "error")
    assert found.message.endswith(".")
    assert found.remedy.endswith(".")


def test_every_curation_shape_is_tried(good: Draft) -> None:
    """No rule is without a fault that breaks it, and no two rules share a message, by which they are told apart."""
    constraints = list(good.ontology.shapes["curation"].subject_objects(SH.message))
    names = [local_name(shape) for shape, _ in constraints]
    rules = {"".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)[1:] for name in names}
    assert {fault["rule"] for fault in FAULTS} == rules
    assert len({message for _, message in constraints}) == len(constraints)


def test_curation_shapes_are_domain_neutral(good: Draft) -> None:
    assert "back-pain#" not in good.ontology.shapes["curation"].serialize(format="nt")


def test_the_file_of_a_term_is_told(complaints: Mapping[tuple[str, str | None], Complaint]) -> None:
    assert complaints["red-flag-source", iri("bp:FeverRedFlag")].file == ROOT / "ontology" / "red-flags.ttl"
    assert complaints["functional-property", iri("ct:hasSeverity")].file == ROOT / "ontology" / "core.ttl"
    found = complaints["kinds-apart", iri("bp:TwoInflammatorySymptoms")].to_dict()
    assert found["file"] == str(ROOT / "ontology" / "red-flags.ttl")
    assert found["label"] == "two inflammatory symptoms"
    assert "headache" in str(found["message"])
    assert str(complaints["red-flag-source", iri("bp:FeverRedFlag")]).startswith("error: red-flags.ttl: ")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule['named']}: {rule['where']}")
def test_a_rule_that_is_not_monotone_is_refused_by_name(rule: Mapping[str, str], good: Draft) -> None:
    rules = rule_of(rule["where"], rule.get("template", "?assessment ct:meets ?b"))
    found = {fault.what for fault in violations(rules, good.ontology.graph)}
    assert any(what == rule["named"] or what.startswith(f"{rule['named']} (") for what in found), found


@pytest.mark.parametrize(
    "where",
    [
        "?b ct:ofQuantity ?q ; ct:atLeast ?y . ?assessment ?q ?x FILTER (?x >= ?y)",
        "?b ct:atLeast ?y . %counted FILTER (?number >= ?y)",
        "?b ct:atLeast ?y . %counted FILTER (?y < ?number && ?b != ct:Mild || ?y <= ?number)",
        "{ ?assessment ct:reports/ct:hasSite/ct:partOf* ?b } UNION { ?b ^ct:meets ?assessment } VALUES ?b { ct:Mild }",
        "{ SELECT DISTINCT ?assessment { ?assessment ct:reports [ a ct:Symptom ] } } ?b a ct:Band",
    ],
)
def test_a_monotone_rule_is_let_through(where: str, good: Draft) -> None:
    assert violations(rule_of(where), good.ontology.graph) == ()


@pytest.mark.parametrize(
    ("update", "named"),
    [
        ("INSERT DATA { <urn:rule> sh:condition ct:Assessment }", "sh:condition"),
        ("INSERT DATA { <urn:shape> sh:rule [ a sh:TripleRule ; sh:subject sh:this ] }", "sh:TripleRule"),
        ("INSERT DATA { <urn:shape> sh:target [ sh:select 'SELECT ?this { ?this a ct:Band }' ] }", "sh:target"),
        ("INSERT DATA { <urn:shape> sh:rule <urn:empty> }", "0 values of sh:construct"),
        ("INSERT DATA { <urn:rule> sh:construct 'SELECT ?x { ?x a ct:Band }' }", "2 values of sh:construct"),
    ],
)
def test_rules_of_other_kinds_are_refused(update: str, named: str, good: Draft) -> None:
    rules = edited(rule_of("?assessment a ct:Assessment"), update)
    assert named in {fault.what for fault in violations(rules, good.ontology.graph)}


def rule_of(where: str, template: str = "?assessment ct:meets ?b") -> Graph:
    """Make a graph with one rule."""
    query = f"CONSTRUCT {{ {template} }} WHERE {{ {where.replace('%counted', COUNTED)} }}"
    declared = " , ".join(f"[ sh:prefix '{name}' ; sh:namespace '{NAMESPACES[name]}' ]" for name in ("ct", "xsd"))
    rule = f"<urn:shape> sh:rule <urn:rule> . <urn:rule> a sh:SPARQLRule ; sh:construct '''{query}'''"
    return edited(Graph(), f"INSERT DATA {{ {rule} ; sh:prefixes <urn:rules> . <urn:rules> sh:declare {declared} }}")


def test_a_rule_is_named_by_its_label_and_file(good: Draft) -> None:
    shapes = good.ontology.shapes
    rules = edited(
        shapes["derivation"],
        """DELETE { ?rule sh:construct ?old } INSERT { ?rule sh:construct ?new }
        WHERE { ?rule rdfs:label "count rule"@en ; sh:construct ?old . BIND (REPLACE(?old, ">=", "<") AS ?new) }""",
    )
    ontology = replace(good.ontology, shapes={**shapes, "derivation": rules})
    (found,) = rule_complaints(replace(good, ontology=ontology))
    assert (found.rule, found.label) == ("monotone-rule", "count rule")
    assert found.file == ROOT / "shapes" / "derivation.ttl"
    assert "upper limit" in found.message


def test_a_red_flag_that_no_question_leads_to_is_named(good: Draft, entailments: Entailments) -> None:
    draft = change(good, "DELETE WHERE { bp:WeightLossQuestion ct:asksAbout ?finding }")
    found = coverage_complaints(draft, entailments)
    assert ("reachable-red-flag", iri("bp:WeightLossRedFlag")) in told(found)


def test_a_finding_that_is_asked_for_in_vain_is_named(good: Draft, entailments: Entailments) -> None:
    draft = change(good, "DELETE WHERE { bp:FollowUpBooked skos:editorialNote ?note }")
    found = [each for each in coverage_complaints(draft, entailments) if each.term == iri("bp:FollowUpBooked")]
    assert [(each.rule, each.severity) for each in found] == [("finding-in-use", "warning")]


def test_an_ontology_that_cannot_be_read_out_is_named(good: Draft, entailments: Entailments) -> None:
    draft = change(good, "INSERT DATA { bp:SecondQuestionnaire a ct:Questionnaire }")
    (found,) = coverage_complaints(draft, entailments)
    assert found.rule == "usable"
    assert "one questionnaire" in found.message


def test_what_is_not_owl_dl_is_named(good: Draft) -> None:
    draft = change(
        good,
        """INSERT DATA { bp:Fever rdfs:subClassOf
            [ a owl:Restriction ; owl:onProperty ct:caused ; owl:someValuesFrom bp:Pain ] }""",
        "INSERT DATA { ct:reports a owl:DatatypeProperty }",
        "INSERT DATA { bp:Headache rdfs:subClassOf bp:Misspelled }",
        'INSERT DATA { bp:AgeFiftyOrOver ct:rank "many"^^xsd:integer }',
    )
    found = profile_complaints(draft)
    assert {
        ("owl-dl", iri("ct:caused")), ("owl-dl", iri("ct:reports")), ("owl-dl", iri("bp:Misspelled")),
        ("owl-dl", iri("bp:AgeFiftyOrOver")),
    } <= told(found)  # fmt: skip
    assert any("fever" in each.message for each in found)
    assert found == profile_complaints(draft)


def test_a_term_in_another_module_than_it_says_is_named(good: Draft) -> None:
    assert not module_complaints(good)
    modules = dict(good.modules)
    home = URIRef("https://w3id.org/caretier/findings")
    modules[home] = (modules[home][0], edited(
        modules[home][1], "INSERT DATA { bp:Fever rdfs:isDefinedBy <https://w3id.org/caretier/core> }"
    ))  # fmt: skip
    assert told(module_complaints(replace(good, modules=modules))) == {("declared-elsewhere", iri("bp:Fever"))}


def test_files_that_are_not_well_formed_are_all_named(folder: Path) -> None:
    for name in ("findings.ttl", "care.ttl"):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write("bp:Broken a owl:Class ; ; bp: .. \n")
    found = check(folder / "back-pain.ttl")
    assert [(each.rule, each.file) for each in found] == [
        ("well-formed", folder / "care.ttl"), ("well-formed", folder / "findings.ttl"),
    ]  # fmt: skip
    assert all("line" in each.message for each in found)


def test_an_import_that_the_catalog_does_not_list_is_named(folder: Path) -> None:
    catalog = folder / "catalog-v001.xml"
    lines = catalog.read_text(encoding="utf-8").splitlines()
    catalog.write_text("\n".join(line for line in lines if '"care.ttl"' not in line), encoding="utf-8")
    (found,) = check(folder / "back-pain.ttl")
    assert (found.rule, found.file) == ("imports", folder / "back-pain.ttl")
    assert "https://w3id.org/caretier/care" in found.message


def test_a_root_that_is_not_there_is_named(tmp_path: Path) -> None:
    (found,) = check(tmp_path / "nowhere.ttl")
    assert "does not exist" in found.message


def rewrite(file: Path, update: str) -> None:
    """Change a file of an ontology."""
    edited(Graph().parse(file), update).serialize(file, format="turtle")


def test_a_class_that_nothing_can_be_in_is_named_beside_other_faults(folder: Path) -> None:
    """A fault of meaning does not hide one of form, and the other way round."""
    rewrite(folder / "findings.ttl", "INSERT DATA { bp:Fever rdfs:subClassOf ct:Qualifier }")
    rewrite(folder / "red-flags.ttl", "DELETE WHERE { bp:WeightLossRedFlag dcterms:source ?source }")
    found = told(check(folder / "back-pain.ttl"))
    assert ("satisfiable", iri("bp:Fever")) in found
    assert ("red-flag-source", iri("bp:WeightLossRedFlag")) in found


def test_individuals_that_contradict_the_ontology_are_named_beside_other_faults(folder: Path) -> None:
    """Of all that is drawn into a contradiction, only the individual in which it lies is named."""
    rewrite(folder / "conditions.ttl", "INSERT DATA { bp:SpinalInfection a ct:CareTier }")
    rewrite(folder / "red-flags.ttl", "DELETE WHERE { bp:WeightLossRedFlag dcterms:source ?source }")
    found = told(check(folder / "back-pain.ttl"))
    assert [term for rule, term in found if rule == "consistent"] == [iri("bp:SpinalInfection")]
    assert ("red-flag-source", iri("bp:WeightLossRedFlag")) in found


def test_the_look_at_owl_dl_stops_in_time_and_leaves_nothing(
    good: Draft, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ReasonerTimeoutError):
        owl2dl_violations(good.graph, 0.05)
    assert not list(tmp_path.iterdir())


def test_a_java_without_its_library_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    own = jvm_library()
    monkeypatch.setenv("CARETIER_JAVA", shutil.which("true") or "")
    assert jvm_library() == own
    monkeypatch.setenv("CARETIER_JAVA", "/nowhere/java")
    with pytest.raises(JavaError):
        jvm_library()
