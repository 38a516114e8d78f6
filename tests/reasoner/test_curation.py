"""Every fault that an editor can make is found, and named at the term where it was made.

The files in `bad/` are the tables of faults. Those of `ontology.yaml` and those of each kind in `meaning.yaml` are made
all at once in one copy of the ontology, and looked for one by one: no fault may hide another.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from rdflib import RDF, SH, Graph, URIRef

from caretier import cli, upkeep
from caretier.complaints import Complaint, as_data, as_text, in_order
from caretier.coverage import coverage_complaints
from caretier.curation import check, module_complaints, profile_complaints, rule_complaints
from caretier.draft import Draft, draft_of
from caretier.errors import JavaError, ReasonerTimeoutError
from caretier.extraction import told_superclasses
from caretier.hermit import Entailments, logical_part, realise
from caretier.house_rules import shape_complaints
from caretier.inconsistency import fewest_axioms, reasoner_complaints
from caretier.monotonicity import violations
from caretier.ontology import load_ontology
from caretier.profile import jvm_library, owl2dl_violations
from caretier.translations import translation_complaints
from caretier.vocabulary import local_name

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BAD = Path(__file__).parent / "bad"
NAMESPACES = {
    "bp": "https://w3id.org/caretier/back-pain#",
    "ct": "https://w3id.org/caretier/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "swrl": "http://www.w3.org/2003/11/swrl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
FAULTS: list[dict[str, Any]] = yaml.safe_load((BAD / "ontology.yaml").read_text(encoding="utf-8"))
UNCOVERED: list[dict[str, Any]] = yaml.safe_load((BAD / "coverage.yaml").read_text(encoding="utf-8"))
MEANING: dict[str, list[dict[str, Any]]] = yaml.safe_load((BAD / "meaning.yaml").read_text(encoding="utf-8"))
RULES: list[dict[str, str]] = yaml.safe_load((BAD / "rules.yaml").read_text(encoding="utf-8"))
RED_FLAG = """bp:ZzRedFlag a owl:Class ; rdfs:label "new flag"@en ; skos:definition "A new flag."@en ;
    ct:plainReason "It can mean something."@en ; dcterms:source bp:GoodpathSection10 ; rdfs:subClassOf ct:RedFlag ,
    [ owl:onProperty ct:suggests ; owl:hasValue bp:Cancer ] ,
    [ owl:onProperty ct:indicatesTier ; owl:hasValue ct:ContactDoctor ] ;"""
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
    """No errors and no warnings; and the two notes are true: these answers are taken for the record."""
    steps: list[str] = []
    found = check(ROOT / "ontology" / "back-pain.ttl", progress=steps.append)
    assert [str(each) for each in found if each.severity != "note"] == []
    assert told(found) == {
        ("needed-question", iri("bp:FollowUpBookedQuestion")),
        ("needed-question", iri("bp:PainLimitsDailyActivitiesQuestion")),
    }
    assert steps == [
        "files and imports", "rules", "OWL 2 DL", "consistency and classification", "house rules", "coverage",
    ]  # fmt: skip


def require_words(found: Complaint, fault: Mapping[str, Any]) -> None:
    """Assert that a complaint is as severe as it should be, and tells what is wrong, why, and what to do."""
    assert found.severity == fault.get("severity", "error")
    assert found.message.endswith(".")
    assert found.why.endswith(".")
    assert found.remedy.endswith(".")
    assert fault["says"] in found.remedy
    assert found.label in str(found)
    assert found.term is None or found.term in str(found)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['rule']}-{fault['term']}")
def test_a_fault_is_named_at_its_term(
    fault: Mapping[str, Any], complaints: Mapping[tuple[str, str | None], Complaint]
) -> None:
    found = complaints.get((fault["rule"], iri(fault["term"])))
    assert found, sorted(map(str, complaints))
    require_words(found, fault)


@pytest.mark.parametrize("fault", UNCOVERED, ids=lambda fault: f"{fault['rule']}-{fault['told']}")
def test_questions_and_red_flags_that_do_not_fit_are_named(
    fault: Mapping[str, Any], good: Draft, entailments: Entailments
) -> None:
    draft = change(good, fault["edit"].replace("{red flag}", RED_FLAG))
    classified = replace(
        entailments, superclasses={**told_superclasses(draft.ontology.graph), **entailments.superclasses}
    )
    term = iri(fault["term"]) if fault["term"] else None
    (complaint,) = [
        each for each in coverage_complaints(draft, classified) if (each.rule, each.term) == (fault["rule"], term)
    ]
    assert fault["told"] in complaint.message
    require_words(complaint, fault)


def test_every_curation_shape_is_tried(good: Draft) -> None:
    """No rule is without a fault that breaks it, and no two rules share a message, by which they are told apart."""
    constraints = list(good.ontology.shapes["curation"].subject_objects(SH.message))
    names = [local_name(shape) for shape, _ in constraints]
    rules = {"".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)[1:] for name in names}
    assert {fault["rule"] for fault in FAULTS} == rules
    assert len({message for _, message in constraints}) == len(constraints)


def test_every_curation_shape_says_why_and_how(good: Draft) -> None:
    curation = good.ontology.shapes["curation"]
    for shape in curation.subjects(SH.message):
        for predicate in ("whyItMatters", "howToFix"):
            (text,) = curation.objects(shape, URIRef(f"https://w3id.org/caretier/shapes#{predicate}"))
            assert str(text).endswith("."), shape


def test_the_guide_to_the_shapes_lists_every_rule() -> None:
    """Each of the rules that are tried here, and the ones that a program looks at."""
    guide = (ROOT / "shapes" / "README.md").read_text(encoding="utf-8")
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "reasoner" / "caretier").glob("*.py"))
    rules = {fault["rule"] for fault in (*FAULTS, *UNCOVERED)} | {*MEANING, "translated"}
    rules |= set(re.findall(r'complaint\(\s*"([a-z-]+)"', code))
    assert len(rules) > 125
    assert not [rule for rule in sorted(rules) if f"`{rule}`" not in guide]


def test_curation_shapes_are_domain_neutral(good: Draft) -> None:
    assert "back-pain#" not in good.ontology.shapes["curation"].serialize(format="nt")


def test_the_file_of_a_term_is_told(complaints: Mapping[tuple[str, str | None], Complaint]) -> None:
    assert complaints["red-flag-source", iri("bp:FeverRedFlag")].file == ROOT / "ontology" / "red-flags.ttl"
    assert complaints["functional-property", iri("ct:hasSeverity")].file == ROOT / "ontology" / "core.ttl"
    found = complaints["kinds-apart", iri("bp:TwoInflammatorySymptoms")].to_dict()
    assert str(found["file"]).endswith("red-flags.ttl")
    assert found["label"] == "two inflammatory symptoms"
    assert "headache" in str(found["message"])


def test_the_place_in_protege_is_told(complaints: Mapping[tuple[str, str | None], Complaint]) -> None:
    places = {
        ("red-flag-source", "bp:FeverRedFlag"): "Classes > fever with back pain > Annotations: add",
        ("question-text", "bp:FeverQuestion"): "Individuals > fever question > Annotations: add",
        ("functional-property", "ct:hasSeverity"): "Object properties > has severity > Characteristics: untick",
        ("denial-stands-alone", "ct:denies"): "Annotation properties > denies > Description: remove",
        ("known-datatype", "ct:dated"): "Data properties > dated: choose",
    }
    for (rule, term), place in places.items():
        assert complaints[rule, iri(term)].remedy.startswith(f"In Protégé: Entities > {place}")
    module = complaints["versions-agree", iri("<https://w3id.org/caretier/care>")].remedy
    assert module.startswith("In Protégé: Active ontology (care.ttl) > Ontology header: change")
    assert complaints["mapped-term", iri("bp:Gone")].remedy.startswith("In the file of the mappings")


def test_what_uses_a_deprecated_term_is_told(complaints: Mapping[tuple[str, str | None], Complaint]) -> None:
    assert complaints["deprecated-in-use", iri("bp:Hemodialysis")].message.endswith(": hemodialysis question.")
    assert complaints["deprecated-in-use", iri("bp:OldFever")].message.endswith(": new flag.")


def test_nothing_needs_a_translation_before_one_is_there(good: Draft) -> None:
    """And once there is one, every term of its kind needs one, in that language and for that text only."""
    assert not translation_complaints(good)
    foreign = "isLiteral(?text) && LANG(?text) NOT IN ('', 'en')"
    english = change(good, f"DELETE {{ ?a ?b ?text }} WHERE {{ ?a ?b ?text FILTER ({foreign}) }}")
    assert not translation_complaints(english)
    begun = change(english, 'INSERT DATA { bp:SpinalInfection rdfs:label "infección de la columna"@es }')
    found = translation_complaints(begun)
    conditions = {str(term) for term in english.graph.subjects(RDF.type, URIRef(iri("ct:Condition")))}
    assert len(conditions) > 5
    assert {each.term for each in found} == conditions - {iri("bp:SpinalInfection")}
    assert {each.message.rsplit(": ")[-1] for each in found} == {"label (es)."}
    assert all(each.remedy.startswith("In Protégé: Entities > ") for each in found)
    whole = change(begun, 'INSERT { ?each rdfs:label "algo"@es } WHERE { ?each a ct:Condition }')
    assert not translation_complaints(whole)


@pytest.mark.parametrize(
    ("translated", "term", "missing"),
    [
        ('bp:OsteoporosisQuestion ct:questionText "Et les os ?"@fr', "bp:FeverQuestion", "question text (fr)"),
        ('bp:LegWeakness rdfs:label "faiblesse de la jambe"@fr', "bp:SaddleNumbness", "label (fr)"),
        ('bp:FeverRedFlag ct:plainReason "Peut-être."@fr', "bp:WeightLossRedFlag", "plain reason (fr)"),
        (
            'bp:Fever rdfs:label "fièvre"@fr . ct:EmergencyCare ct:advice "Appelez."@fr',
            "ct:ContactDoctor",
            "advice (fr)",
        ),
    ],
)
def test_a_text_that_others_of_its_kind_have_in_a_language_is_missed(
    translated: str, term: str, missing: str, good: Draft
) -> None:
    draft = change(good, f"INSERT DATA {{ {translated} }}")
    (found,) = [each for each in translation_complaints(draft) if each.term == iri(term)]
    assert found.rule == "translated"
    assert missing in found.message
    require_words(found, {"severity": "warning", "says": "add each of these texts once more"})


def test_the_vocabulary_may_speak_more_languages_than_a_domain(good: Draft) -> None:
    draft = change(good, 'INSERT DATA { ct:EmergencyCare rdfs:label "urgences"@fr }')
    assert not translation_complaints(draft)


def test_a_deprecated_term_needs_no_translation(good: Draft) -> None:
    draft = change(
        good,
        'INSERT DATA { bp:SpinalInfection rdfs:label "infection"@fr }',
        "INSERT DATA { bp:Cancer owl:deprecated true }",
    )
    assert iri("bp:Cancer") not in {each.term for each in translation_complaints(draft)}


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


@pytest.fixture(scope="module")
def empty(good: Draft) -> list[Complaint]:
    """Return what is complained of when nothing can be in several classes."""
    return reasoner_complaints(change(good, *(fault["edit"] for fault in MEANING["satisfiable"])))[1]


@pytest.fixture(scope="module")
def contradicting(good: Draft) -> list[Complaint]:
    """Return what is complained of when the ontology contradicts itself in several places."""
    classified, found = reasoner_complaints(change(good, *(fault["edit"] for fault in MEANING["consistent"])))
    assert classified is None
    return found


@pytest.mark.parametrize("fault", MEANING["satisfiable"], ids=lambda fault: fault["term"])
def test_a_class_that_nothing_can_be_in_is_named_with_the_fewest_axioms(
    fault: Mapping[str, Any], empty: list[Complaint]
) -> None:
    (found,) = [each for each in empty if each.term == iri(fault["term"])]
    assert sorted(found.axioms) == fault.get("axioms", [])
    says = "first correct the other class" if "because" in fault else "take back the one of these axioms"
    require_words(found, {"says": says})
    assert ("in another: fever." in found.message) == ("because" in fault)


@pytest.mark.parametrize("fault", MEANING["consistent"], ids=lambda fault: fault["term"])
def test_a_contradiction_is_named_with_the_fewest_axioms(
    fault: Mapping[str, Any], contradicting: list[Complaint]
) -> None:
    (found,) = [each for each in contradicting if each.term == iri(fault["term"])]
    assert sorted(found.axioms) == fault["axioms"]
    require_words(found, {"says": "take back the one of these axioms"})


def test_each_of_the_fewest_axioms_is_needed(good: Draft) -> None:
    """HermiT in its usual process agrees: nothing can be in the class by all of them, something can without any one."""
    draft = change(good, "INSERT DATA { bp:Fever rdfs:subClassOf ct:Qualifier }")
    (axioms,) = fewest_axioms(logical_part(draft.ontology.graph), [iri("bp:Fever")])

    def is_empty(number: int | None) -> bool:
        graph = Graph()
        for axiom in (axiom for place, axiom in enumerate(axioms) if place != number):
            for triple in axiom.triples:
                graph.add(triple)
        for name in ("bp:Fever", "ct:Qualifier", "ct:Finding", "ct:Symptom"):
            graph.update(f"INSERT DATA {{ {name} a owl:Class }}", initNs=NAMESPACES)
        return iri("bp:Fever") in realise(graph).unsatisfiable

    assert is_empty(None)
    assert [is_empty(number) for number in range(len(axioms))] == [False] * 4


def test_faults_of_meaning_and_of_form_do_not_hide_each_other(folder: Path) -> None:
    rewrite(folder / "findings.ttl", "INSERT DATA { bp:Fever rdfs:subClassOf ct:Qualifier }")
    rewrite(folder / "red-flags.ttl", "DELETE WHERE { bp:WeightLossRedFlag dcterms:source ?source }")
    found = told(check(folder / "back-pain.ttl"))
    assert ("satisfiable", iri("bp:Fever")) in found
    assert ("red-flag-source", iri("bp:WeightLossRedFlag")) in found


def test_a_contradiction_does_not_hide_faults_of_form(folder: Path) -> None:
    rewrite(folder / "conditions.ttl", "INSERT DATA { bp:SpinalInfection a ct:CareTier }")
    rewrite(folder / "red-flags.ttl", "DELETE WHERE { bp:WeightLossRedFlag dcterms:source ?source }")
    found = told(check(folder / "back-pain.ttl"))
    assert [term for rule, term in found if rule == "consistent"] == [iri("bp:SpinalInfection")]
    assert ("red-flag-source", iri("bp:WeightLossRedFlag")) in found


def test_a_contradiction_that_is_not_explained_in_time_is_still_an_error(
    good: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*_: object) -> None:
        raise ReasonerTimeoutError("too late")

    monkeypatch.setattr("caretier.inconsistency.run_alone", too_late)
    draft = change(good, "INSERT DATA { bp:SpinalInfection a ct:CareTier }")
    (found,) = reasoner_complaints(draft)[1]
    assert (found.rule, found.severity, found.axioms) == ("consistent", "error", ())


def test_a_reasoner_that_gives_no_answer_is_an_error(good: Draft) -> None:
    classified, (found,) = reasoner_complaints(good, 0.05)
    assert classified is None
    assert (found.rule, found.severity, found.term) == ("reasoner", "error", None)
    assert "stopped after 0.05 seconds" in found.message
    (unchecked,) = profile_complaints(good, 0.05)
    assert (unchecked.rule, unchecked.severity) == ("owl-dl", "error")


@pytest.mark.parametrize(
    "fault", ["sh:property <urn:none>", "sh:sparql [ a sh:SPARQLConstraint ; sh:select 'SELECT nothing' ]"]
)
def test_shapes_that_cannot_be_used_are_an_error(fault: str, good: Draft, entailments: Entailments) -> None:
    shapes = good.ontology.shapes
    broken = edited(shapes["curation"], f"INSERT DATA {{ <urn:shape> sh:targetClass ct:CareTier ; {fault} }}")
    ontology = replace(good.ontology, shapes={**shapes, "curation": broken})
    (found,) = shape_complaints(replace(good, ontology=ontology), entailments)
    assert (found.rule, found.severity, found.remedy) == (
        "curation-shapes", "error", "Correct the shapes of the role curation.",
    )  # fmt: skip


def test_a_question_that_says_for_whom_it_is_all_meant_is_needed(good: Draft, entailments: Entailments) -> None:
    """Without it, what only tells whether the questions are for this person would be called asked in vain."""
    band = "?part owl:onProperty ct:meets ; owl:hasValue ?band . ?band ct:ofQuantity ct:ageInYears"
    no_age = f"DELETE {{ ?part owl:hasValue ?band }} WHERE {{ {band} }}"
    rule = ("needed-question", iri("bp:AgeQuestion"))
    assert rule not in told(coverage_complaints(change(good, no_age), entailments))
    for_all = "DELETE WHERE { ?questionnaire ct:meantFor ?band }"
    assert rule in told(coverage_complaints(change(good, no_age, for_all), entailments))


COMPLAINTS = (
    Complaint(Path("b.ttl"), "urn:b", "b", "some-rule", "note", "It is so.", "It matters.", "Look."),
    Complaint(Path("b.ttl"), None, "a", "some-rule", "warning", "It is odd.", "It matters.", "Mend it."),
    Complaint(
        Path("a.ttl"), "urn:a", "a", "other-rule", "error", "It is wrong.", "It hurts.", "Mend it.", ("x.", "y.")
    ),
)


def test_complaints_are_told_under_their_files_with_a_summary() -> None:
    assert as_text(Path("root.ttl"), in_order([*COMPLAINTS, COMPLAINTS[0]])).splitlines() == [
        "a.ttl",
        "  error: a <urn:a>",
        "    It is wrong. It hurts. [other-rule]",
        "      1. x.",
        "      2. y.",
        "    Mend it.",
        "",
        "b.ttl",
        "  warning: a",
        "    It is odd. It matters. [some-rule]",
        "    Mend it.",
        "  note: b <urn:b>",
        "    It is so. It matters. [some-rule]",
        "    Look.",
        "",
        "root.ttl: 1 error, 1 warning, 1 note",
    ]
    assert as_text(Path("root.ttl"), ()) == "root.ttl: 0 errors, 0 warnings, 0 notes"


def test_complaints_are_the_same_as_data() -> None:
    data = as_data(Path("root.ttl"), in_order(COMPLAINTS))
    assert data["complaints"] == [each.to_dict() for each in in_order(COMPLAINTS)]
    assert {key: data[key] for key in ("ontology", "errors", "warnings", "notes")} == {
        "ontology": "root.ttl", "errors": 1, "warnings": 1, "notes": 1,
    }  # fmt: skip
    assert in_order(COMPLAINTS)[0].to_dict() == {
        "file": "a.ttl", "term": "urn:a", "label": "a", "rule": "other-rule", "severity": "error",
        "message": "It is wrong.", "why": "It hurts.", "remedy": "Mend it.", "axioms": ["x.", "y."],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("severities", "options", "code"),
    [
        (["error"], [], 1), (["warning", "note"], [], 0), ([], [], 0), (["warning"], ["--strict"], 1),
        (["note"], ["--strict"], 0),
    ],
)  # fmt: skip
def test_only_errors_fail_unless_it_is_strict(
    severities: list[str], options: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = tuple(each for each in COMPLAINTS if each.severity in severities)
    monkeypatch.setattr(upkeep, "check", lambda *_: found)
    assert cli.main(["check", *options]) == code


def test_the_command_gives_data_for_other_programs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file is named from where the command is run, as other programs need it."""
    monkeypatch.chdir(folder.parent)
    (folder / "care.ttl").write_text("this is no Turtle", encoding="utf-8")
    assert cli.main(["check", "--ontology", "ontology/back-pain.ttl", "--format", "json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["ontology"], data["errors"], data["warnings"]) == ("ontology/back-pain.ttl", 1, 0)
    assert [(each["file"], each["rule"]) for each in data["complaints"]] == [("ontology/care.ttl", "well-formed")]


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
