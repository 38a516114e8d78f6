"""The editor's guide, walked through: each worked instruction done to the letter, on one copy, leads where it says.

Adding a condition has a test of its own, since it is looked at everywhere.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import caretier
from caretier.knowledge_base import KnowledgeBase

pytestmark = pytest.mark.slow

PREFIXES = """@prefix : <https://w3id.org/caretier/back-pain#> .
@prefix ct: <https://w3id.org/caretier/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
A_SYMPTOM = {
    "findings": """
:NightSweats a owl:Class ; rdfs:label "night sweats"@en , "sudores nocturnos"@es ;
  skos:definition "Heavy sweating at night."@en , "Sudor abundante por la noche."@es ;
  dcterms:source :GoodpathSection10 ; rdfs:isDefinedBy <https://w3id.org/caretier/findings> ;
  rdfs:subClassOf ct:Symptom ,
    [ a owl:Restriction ; owl:onProperty ct:supportingSymptomOf ; owl:hasValue :Cancer ] .""",
    "questionnaire": """
:NightSweatsQuestion a owl:NamedIndividual , ct:BooleanQuestion ; rdfs:label "night sweats question"@en ,
    "pregunta sobre los sudores nocturnos"@es ;
  skos:definition "This question asks about sweating at night."@en ; ct:inGroup :WholeBodyQuestions ;
  rdfs:isDefinedBy <https://w3id.org/caretier/questionnaire> ; ct:identifier "night-sweats" ; ct:order 20 ;
  ct:asksAbout :NightSweats ; ct:questionText "Do you sweat heavily at night?"@en , "¿Suda mucho por la noche?"@es ;
  ct:answerText "night sweats"@en , "sudores nocturnos"@es .""",
}
A_THRESHOLD = """
:AgeFiftyFiveOrOver a owl:NamedIndividual , ct:Band , ct:DesignConstant ; rdfs:label "age fifty-five or over"@en ,
    "edad de cincuenta y cinco años o más"@es ;
  skos:definition "An age of fifty-five years or more."@en , "Una edad de cincuenta y cinco años o más."@es ;
  ct:atLeast 55 ; ct:ofQuantity ct:ageInYears ; dcterms:source :GoodpathSection10 ;
  rdfs:isDefinedBy <https://w3id.org/caretier/red-flags> ;
  skos:editorialNote "The source gives no number for older; this one is an exercise."@en ."""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "caretier.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def without_age_fifty(text: str) -> str:
    """Name the new threshold wherever a red flag named the old one, and deprecate that as the guide says."""
    start = text.index("bp:AgeFiftyOrOver a ")
    end = text.index(" .\n", start) + len(" .\n")
    left = [line for line in text[start:end].splitlines() if "ct:" not in line and "dcterms:source" not in line]
    old = (
        "bp:AgeFiftyOrOver a owl:NamedIndividual ;\n" + "\n".join(left).rstrip(" .;") + " ;\n  owl:deprecated true ;\n"
    )
    old += "  dcterms:isReplacedBy bp:AgeFiftyFiveOrOver .\n"
    rest = (text[:start] + text[end:]).replace("bp:AgeFiftyOrOver", "bp:AgeFiftyFiveOrOver")
    rest = rest.replace("of fifty years or more", "of fifty-five years or more")
    return rest + old


@pytest.fixture(scope="module")
def root(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("guide")
    for name in ("ontology", "shapes"):
        shutil.copytree(checkout / name, made / name)
    red_flags = made / "ontology" / "red-flags.ttl"
    red_flags.write_text(without_age_fifty(red_flags.read_text(encoding="utf-8")), encoding="utf-8")
    with (made / "ontology" / "core.ttl").open("a", encoding="utf-8") as core:
        core.write("\n<http://purl.org/dc/terms/isReplacedBy> a <http://www.w3.org/2002/07/owl#AnnotationProperty> .\n")
    for name, text in {**A_SYMPTOM, "red-flags": A_THRESHOLD}.items():
        with (made / "ontology" / f"{name}.ttl").open("a", encoding="utf-8") as module:
            module.write(PREFIXES + text + "\n")
    return made / "ontology" / "back-pain.ttl"


@pytest.fixture(scope="module")
def edited(root: Path) -> KnowledgeBase:
    assert run("format", root.parent).returncode == 0
    return caretier.load(root)


def test_what_was_edited_by_the_guide_passes_the_check(edited: KnowledgeBase) -> None:
    done = run("check", "--ontology", edited.root)
    assert "0 errors, 0 warnings" in done.stdout, done.stdout


def test_the_symptom_is_asked_and_counts(edited: KnowledgeBase) -> None:
    assert edited.model is None
    assert edited.questionnaire.by_id["night-sweats"].text == "Do you sweat heavily at night?"
    result = edited.assess({"pain-severity": "severe", "night-sweats": True})
    assert [condition.id for condition in result.conditions] == ["Cancer"]
    assert result.engine == "reference"


@pytest.mark.parametrize(("age", "conditions"), [(54, []), (55, ["Cancer"])])
def test_the_threshold_is_the_new_one(age: int, conditions: list[str], edited: KnowledgeBase) -> None:
    result = edited.assess({"pain-severity": "severe", "age": age})
    assert [condition.id for condition in result.conditions] == conditions


def test_the_translation_is_shown(edited: KnowledgeBase) -> None:
    spanish = edited.in_language("es")
    assert spanish.questionnaire.by_id["night-sweats"].text == "¿Suda mucho por la noche?"
    told = spanish.assess({"pain-severity": "severe", "night-sweats": True}).conditions[0].red_flags[0].because
    assert [reason.text for reason in told][-1] == "sudores nocturnos"


def test_a_label_left_out_is_missed(root: Path, edited: KnowledgeBase) -> None:
    module = root.with_name("findings.ttl")
    text = module.read_text(encoding="utf-8")
    module.write_text(text.replace(' , "sudores nocturnos"@es', "", 1), encoding="utf-8")
    try:
        done = run("check", "--ontology", edited.root)
    finally:
        module.write_text(text, encoding="utf-8")
    assert "night sweats" in done.stdout
    assert "label (es)" in done.stdout


def test_what_is_not_compiled_is_not_released(root: Path, tmp_path: Path) -> None:
    done = run("release", tmp_path / "out", "--ontology", root)
    assert done.returncode == 2
    assert "run `caretier compile`" in done.stderr
