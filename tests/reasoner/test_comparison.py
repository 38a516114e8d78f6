"""Two versions of the shipped ontology compared: ten edits as an editor makes them, by their files alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from caretier.compilation import compile_model
from caretier.lockfile import NAME, render
from caretier.ontology import load_ontology
from caretier.reference import Reference

pytestmark = pytest.mark.slow

Edit = tuple[str, str, str, str]
"""A file, a term, and in what is said of it a text and what takes its place."""

STRONGER: Sequence[Edit] = (
    ("red-flags.ttl", "bp:ThreeMonthsOfTreatment", "ct:atLeast 3", "ct:atLeast 2"),
    ("red-flags.ttl", "bp:WeightLossRedFlag", "ct:ContactDoctor", "ct:UrgentAppointment"),
    (
        "red-flags.ttl",
        "bp:HeadacheWithEyesightTroubleRedFlag",
        "[ a owl:Restriction ; owl:onProperty ct:reports ; owl:someValuesFrom bp:EyesightTrouble ]",
        "",
    ),
)
WEAKER: Sequence[Edit] = (
    ("red-flags.ttl", "bp:AgeFiftyOrOver", "ct:atLeast 50", "ct:atLeast 60"),
    ("red-flags.ttl", "bp:NeckBendShockRedFlag", "ct:UrgentAppointment", "ct:ContactDoctor"),
    ("red-flags.ttl", "bp:TwoInflammatorySymptoms", "ct:atLeast 2", "ct:atLeast 3"),
)
NEUTRAL: Sequence[Edit] = (
    ("findings.ttl", "bp:SaddleNumbness", '"saddle numbness"@en', '"numb saddle area"@en'),
    ("findings.ttl", "bp:SaddleNumbness", "bp:Numbness ,", "bp:Numbness , bp:ChangeOfSensation ,"),
    (
        "findings.ttl",
        "bp:PostMenopause",
        "rdfs:subClassOf",
        "rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ct:sufficientRiskFactorFor ; owl:hasValue bp:Cancer ] ,",
    ),
    ("findings.ttl", "bp:LongTermSteroidUse", "rdfs:isDefinedBy", "owl:deprecated true ; rdfs:isDefinedBy"),
)


def edited(checkout: Path, folder: Path, edits: Sequence[Edit]) -> Path:
    """Copy the shipped knowledge, edit it, and compile it."""
    for name in ("ontology", "shapes"):
        shutil.copytree(checkout / name, folder / name)
    for file, term, text, instead in edits:
        path = folder / "ontology" / file
        before, named, rest = path.read_text(encoding="utf-8").partition(f"\n{term} a ")
        block, end, after = rest.partition("\n\n")
        assert block.count(text) == 1, (term, block)
        path.write_text(f"{before}{named}{block.replace(text, instead)}{end}{after}", encoding="utf-8")
    reference = Reference(load_ontology(folder / "ontology" / "back-pain.ttl"))
    (folder / "ontology" / NAME).write_text(render(compile_model(reference)), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def stronger(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return edited(checkout, tmp_path_factory.mktemp("stronger"), STRONGER)


@pytest.fixture(scope="module")
def weaker(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return edited(checkout, tmp_path_factory.mktemp("weaker"), WEAKER)


@pytest.fixture(scope="module")
def neutral(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return edited(checkout, tmp_path_factory.mktemp("neutral"), NEUTRAL)


def diff(*arguments: object, code: int = 0, folder: Path | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "caretier.cli", "diff", *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code < 2 else done.stderr


def changes(*arguments: object, code: int = 0) -> tuple[set[tuple[Any, ...]], dict[str, Any]]:
    """Return each clinical change in short, and all that was told."""
    told = json.loads(diff(*arguments, "--format", "json", code=code))
    short = {
        (
            change["direction"],
            *((each["tier"], *each["conditions"]) for each in (change["before"], change["after"])),
            frozenset(frozenset(map(written, each)) for each in change["minimal_sets"]),
        )
        for change in told["clinical"]
    }
    assert len(short) == len(told["clinical"])
    return short, told


def written(atom: dict[str, Any]) -> str:
    return f"{atom['question']} {atom['relation']} {atom['value']}"


def sets(*choices: str) -> frozenset[frozenset[str]]:
    """Write the sets that take one answer of each choice; answers are divided by `|`."""
    found: list[frozenset[str]] = [frozenset()]
    for choice in choices:
        found = [each | {answer.strip()} for each in found for answer in choice.split("|")]
    return frozenset(found)


SEVERE = "pain-severity is severe | pain-severity is very-severe"
JOINTS, HEADACHE, TIRED = "other-joint-pain is True", "headache is True", "tiredness is True"
EYES, WEIGHT, FEVER = "eyesight-trouble is True", "weight-loss is True", "fever is True"
INFLAMED, INFECTED = "InflammatoryRheumatologicCondition", "SpinalInfection"
SOON, DEFICIT = "ContactDoctorAsSoonAsPossible", "SevereOrProgressiveNeurologicDeficit"
NOTHING = ("ContinueProgram",)


def test_stronger_edits(checkout: Path, stronger: Path) -> None:
    found, told = changes(checkout, stronger)
    months = {"treatment-months at least 2", "treatment-months below 3"}
    responses = ("treatment-response is none", "treatment-response is worse")
    unimproved = frozenset(frozenset({*months, response}) for response in responses)
    assert found == {
        ("higher", NOTHING, ("ContactDoctor", "BackPainWithoutImprovement"), unimproved),
        ("higher", ("ContactDoctor", "Cancer"), ("UrgentAppointment", "Cancer"), sets(WEIGHT)),
        ("higher", NOTHING, (SOON, INFLAMED), sets(HEADACHE)),
    }
    because = {(cause["is_new"], cause["text"]) for change in told["clinical"] for cause in change["because"]}
    assert because == {
        (False, "three months of treatment: ct:atLeast 3"),
        (True, "three months of treatment: ct:atLeast 2"),
        (False, "'weight loss with back pain' SubClassOf: 'indicates tier' value 'contact doctor'"),
        (True, "'weight loss with back pain' SubClassOf: 'indicates tier' value 'urgent appointment'"),
        (True, "'headache with trouble with eyesight' EquivalentTo: assessment and (reports some headache)"),
    }
    assert told["lowered_without_leave"] == []
    assert told["cases"]["compared"] == 0


def test_weaker_edits(checkout: Path, weaker: Path) -> None:
    found, told = changes(checkout, weaker, code=1)
    others = ("pain-course is worsening", "pain-severity is severe", "pain-severity is very-severe")
    older = frozenset(frozenset({"age at least 50", "age below 60", other}) for other in others)
    pairs = sets(SEVERE, JOINTS, f"{HEADACHE}|{EYES}|{TIRED}") | sets(SEVERE, TIRED, f"{HEADACHE}|{EYES}")
    anything = f"{JOINTS}|{HEADACHE}|{EYES}|{TIRED}"
    assert found == {
        ("lower", ("UrgentAppointment", DEFICIT), ("ContactDoctor", DEFICIT), sets("neck-bend-shock is True")),
        ("lower", (SOON, INFLAMED), NOTHING, pairs),
        ("lower", (SOON, INFLAMED, "Cancer"), ("ContactDoctor", "Cancer"), sets(SEVERE, WEIGHT, anything)),
        ("lower", ("ContactDoctor", "Cancer"), NOTHING, older),
        ("conditions", (SOON, INFLAMED, INFECTED), (SOON, INFECTED), sets(SEVERE, FEVER, anything)),
        ("conditions", (SOON, INFLAMED, INFECTED, "Cancer"), (SOON, INFECTED, "Cancer"), sets(SEVERE, FEVER, WEIGHT)),
    }
    lowered = {
        "NeckBendShockRedFlag",
        "SeverePainWithTwoInflammatorySymptomsRedFlag",
        "SevereOrWorseningPainWithCancerRiskRedFlag",
    }
    assert set(told["lowered_without_leave"]) == lowered
    leave = [part for flag in sorted(lowered) for part in ("--allow-lower", flag)]
    assert "LOWER WITHOUT LEAVE" not in diff(checkout, weaker, *leave)
    assert "--allow-lower" in diff(checkout, weaker, *leave[:-2], code=1)


def test_backwards_all_is_the_other_way_round(checkout: Path, weaker: Path) -> None:
    there, _ = changes(checkout, weaker, code=1)
    back, _ = changes(weaker, checkout)
    turned = {"lower": "higher", "conditions": "conditions"}
    assert back == {(turned[kind], after, before, answers) for kind, before, after, answers in there}


def test_neutral_edits(checkout: Path, neutral: Path) -> None:
    found, told = changes(checkout, neutral)
    assert found == set()
    assert {(term["label"], term["kind"]) for term in told["terms"]} == {
        ("long-term or frequent steroid use", "deprecated"),
        ("numb saddle area", "changed"),
        ("post-menopause", "changed"),
    }
    saddle = next(term for term in told["terms"] if term["label"] == "numb saddle area")
    assert saddle["removed"] == ['rdfs:label "saddle numbness"@en']
    assert saddle["added"] == ['rdfs:label "numb saddle area"@en', "rdfs:subClassOf bp:ChangeOfSensation"]
    assert "SubClassOf: 'sufficient risk factor for' value cancer" in diff(checkout, neutral)


def test_cases_with_another_result_are_named(checkout: Path, weaker: Path, tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text(
        '{"id": "shock", "answers": {"neck-bend-shock": true}}\n{"id": "fever", "answers": {"fever": true}}\n',
        encoding="utf-8",
    )
    _, told = changes(checkout, weaker, "--cases", cases, code=1)
    (changed,) = told["cases"]["changed"]
    assert (told["cases"]["compared"], changed["id"]) == (2, "shock")
    assert (changed["before"]["tier"], changed["after"]["tier"]) == ("UrgentAppointment", "ContactDoctor")
    assert "48 compared" in diff(weaker, checkout)


def test_text_and_markdown(checkout: Path, weaker: Path) -> None:
    text, markdown = diff(checkout, weaker, code=1), diff(checkout, weaker, "--format", "markdown", code=1)
    assert "age: 50 to 59, and any of (pain-course: worsening" in text
    assert max(map(len, text.splitlines())) <= 80
    assert markdown.startswith("### WHO GETS ANOTHER RESULT\n")
    assert "- LOWER: urgent appointment (severe or progressive neurologic deficit) -\\> contact doctor" in markdown


def test_revisions_of_git(checkout: Path, tmp_path: Path) -> None:
    for name in ("ontology", "shapes"):
        shutil.copytree(checkout / name, tmp_path / name)
    git = ["git", "-c", "user.name=Editor", "-c", "user.email=editor@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "First"], ["tag", "first"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    (tmp_path / "ontology" / "README.md").write_text("Another text.", encoding="utf-8")
    assert "Nobody" in diff("first", ".", folder=tmp_path)
    assert "Nobody" in diff("first", "HEAD", folder=tmp_path / "ontology")
    assert "nowhere is no folder" in diff("nowhere", ".", code=2, folder=tmp_path)
    assert "--output=evil is no folder" in diff("--", "--output=evil", ".", code=2, folder=tmp_path)


def test_what_cannot_be_compared(checkout: Path, tmp_path: Path) -> None:
    assert "one root" in diff(checkout, tmp_path, code=2)
    assert "has no file nowhere.ttl" in diff(checkout, checkout, "--ontology", "nowhere.ttl", code=2)
    assert 'Did you mean "FeverRedFlag"?' in diff(checkout, checkout, "--allow-lower", "FeverRedFlags", code=2)
    broken = tmp_path / "cases.jsonl"
    broken.write_text('{"id": "a"}\n', encoding="utf-8")
    assert "line 1" in diff(checkout, checkout, "--cases", broken, code=2)
