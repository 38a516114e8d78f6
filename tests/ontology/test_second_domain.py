"""A second domain works by its ontology alone: headache is assessed, asked and shown, and nothing speaks of backs.

What is expected of the cases was derived by hand from the sources that `examples/headache` names.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import caretier
from caretier import ContradictionError, KnowledgeBase
from caretier.assessment import Assessment
from caretier.cohort import assess_table
from caretier.cohort_report import Report
from caretier.fhir_questionnaire import questionnaire_resource
from caretier.fhir_response import response_resource
from caretier.interview import Step
from caretier.questionnaire import Answer
from caretier.result import Result
from caretier_api.app import create_app
from caretier_api.settings import Settings

Answers = Mapping[str, Answer]

ROOT = Path(__file__).parents[2] / "examples" / "headache" / "headache.ttl"

EMERGENCY, URGENT, SOON, APPOINTMENT, NOTHING = (
    "EmergencyCare",
    "UrgentAppointment",
    "ContactDoctorAsSoonAsPossible",
    "ContactDoctor",
    "ContinueProgram",
)

CASES: Mapping[str, tuple[Answers, str, set[str]]] = {
    "sudden and severe": (
        {"headache-onset": "sudden", "headache-severity": "severe"},
        EMERGENCY,
        {"SubarachnoidHemorrhage"},
    ),
    "sudden and moderate": (
        {"headache-onset": "sudden", "headache-severity": "moderate"},
        URGENT,
        {"SubarachnoidHemorrhage"},
    ),
    "very severe but slow": ({"headache-onset": "gradual", "headache-severity": "very-severe"}, NOTHING, set()),
    "severe with trouble speaking": (
        {"headache-severity": "severe", "speech-or-memory-trouble": True},
        EMERGENCY,
        {"AcuteBrainDisorder"},
    ),
    "moderate with trouble speaking": (
        {"headache-severity": "moderate", "speech-or-memory-trouble": True},
        URGENT,
        {"AcuteBrainDisorder"},
    ),
    "severe with a weak arm": (
        {"headache-severity": "very-severe", "weakness-or-numbness": True},
        URGENT,
        {"AcuteBrainDisorder"},
    ),
    "severe with loss of vision": (
        {"headache-severity": "severe", "vision": "loss"},
        EMERGENCY,
        {"AcuteBrainDisorder", "GiantCellArteritis"},
    ),
    "severe with blurred vision": (
        {"headache-severity": "severe", "vision": "blurred-or-double"},
        URGENT,
        {"GiantCellArteritis"},
    ),
    "blurred vision alone": ({"headache-severity": "mild", "vision": "blurred-or-double"}, NOTHING, set()),
    "fever and stiff neck": ({"fever": True, "stiff-neck": True}, EMERGENCY, {"MeningitisOrEncephalitis"}),
    "stiff neck and rash without fever": ({"fever": False, "stiff-neck": True, "rash": True}, NOTHING, set()),
    "fever alone": ({"fever": True, "headache-course": "stable"}, NOTHING, set()),
    "fever and worsening": (
        {"fever": True, "headache-course": "worsening"},
        URGENT,
        {"MeningitisOrEncephalitis", "BrainTumor"},
    ),
    "jaw pain at fifty": ({"age": 50, "jaw-pain": True}, URGENT, {"GiantCellArteritis"}),
    "jaw pain at forty-nine": ({"age": 49, "jaw-pain": True}, NOTHING, set()),
    "severe with sore scalp at thirty": (
        {"age": 30, "tender-scalp": True, "headache-severity": "severe"},
        URGENT,
        {"GiantCellArteritis"},
    ),
    "new at sixty-five": ({"age": 65, "new-headache": True}, SOON, {"GiantCellArteritis"}),
    "new at sixty-four": ({"age": 64, "new-headache": True}, NOTHING, set()),
    "severe with red eye": (
        {"headache-severity": "severe", "painful-red-eye": True},
        EMERGENCY,
        {"AcuteAngleClosureGlaucoma"},
    ),
    "mild with red eye": (
        {"headache-severity": "mild", "painful-red-eye": True},
        URGENT,
        {"AcuteAngleClosureGlaucoma"},
    ),
    "bad head injury": ({"head-injury": "bad"}, EMERGENCY, {"BleedingAfterHeadInjury"}),
    "lighter head injury": ({"head-injury": "lighter"}, SOON, {"BleedingAfterHeadInjury"}),
    "new with cancer": ({"cancer": True, "new-headache": True}, SOON, {"BrainTumor"}),
    "known kind with cancer": ({"cancer": True, "new-headache": False}, NOTHING, set()),
    "worsening": ({"headache-course": "worsening"}, APPOINTMENT, {"BrainTumor"}),
    "changed": ({"headache-course": "changed"}, APPOINTMENT, {"BrainTumor"}),
    "worse upright": ({"headache-position": "worse-upright"}, SOON, {"AbnormalPressureInHead"}),
    "the same in every position": ({"headache-position": "same"}, NOTHING, set()),
    "set off by coughing": ({"strain-headache": True}, SOON, {"PosteriorFossaMalformation"}),
    "new with weak immune system": (
        {"new-headache": True, "weak-immune-system": True},
        SOON,
        {"OpportunisticInfection"},
    ),
    "pregnant": ({"sex": "female", "pregnancy": "now"}, SOON, {"HeadacheDisorderOfPregnancy"}),
    "pregnant with blurred vision": (
        {"pregnancy": "now", "vision": "blurred-or-double"},
        URGENT,
        {"HeadacheDisorderOfPregnancy"},
    ),
    "severe after birth": (
        {"pregnancy": "recent-birth", "headache-severity": "severe"},
        URGENT,
        {"HeadacheDisorderOfPregnancy"},
    ),
    "medicine on fifteen days": ({"painkiller-days": 15}, APPOINTMENT, {"MedicationOveruseHeadache"}),
    "medicine on fourteen days": ({"painkiller-days": 14}, NOTHING, set()),
    "strong medicine on ten days": (
        {"painkiller-days": 10, "strong-headache-medicine": True},
        APPOINTMENT,
        {"MedicationOveruseHeadache"},
    ),
    "strong medicine on nine days": ({"painkiller-days": 9, "strong-headache-medicine": True}, NOTHING, set()),
    "better outside": ({"better-away-from-building": True}, URGENT, {"CarbonMonoxidePoisoning"}),
    "better outside and drowsy": (
        {"better-away-from-building": True, "drowsy-or-confused": True},
        EMERGENCY,
        {"AcuteBrainDisorder", "CarbonMonoxidePoisoning"},
    ),
}
HARMLESS: Answers = {
    "age": 30,
    "sex": "female",
    "headache-onset": "gradual",
    "headache-severity": "mild",
    "headache-course": "improving",
    "headache-position": "same",
    "vision": "none",
    "head-injury": "none",
    "painkiller-days": 2,
    "pregnancy": "neither",
}
OF_BACKS = re.compile(r"\bbacks?\b|back[-_ ]?pain|goodpath|\bbp:|saddle", re.IGNORECASE)
GOING_BACK = re.compile(r"\b(?:b|comes|go) back\b")

ANY, FHIR, HTML = "*/*", "application/fhir+json", "text/html"
SHOWN = (
    ("/", HTML),
    ("/conditions", HTML),
    ("/findings", HTML),
    ("/decision-table", HTML),
    ("/terms", HTML),
    ("/v1/questionnaire", ANY),
    ("/v1/questionnaire", FHIR),
    ("/v1/conditions", ANY),
    ("/v1/decision-table", ANY),
    ("/v1/decision-table", "text/csv"),
    ("/v1/decision-table", HTML),
    ("/v1/schemas/answers", ANY),
    ("/fhir/metadata", ANY),
    ("/cds-services", ANY),
    ("/openapi.json", ANY),
)


@pytest.fixture(scope="module")
def headache() -> KnowledgeBase:
    return caretier.load(ROOT)


@pytest.fixture(scope="module")
def by_reference(headache: KnowledgeBase) -> Mapping[str, Result]:
    """Assess all cases in one run of the reference reasoner."""
    read = headache.questionnaire.read
    assessments = [Assessment(read({"answers": dict(answers)})) for answers, _, _ in CASES.values()]
    outcomes = dict(zip(CASES, headache.assess_many(assessments, engine="reference"), strict=True))
    return {name: one for name, one in outcomes.items() if isinstance(one, Result)}


@pytest.fixture(scope="module")
def client(headache: KnowledgeBase) -> Iterator[TestClient]:
    with TestClient(create_app(headache, Settings())) as made:
        yield made


@pytest.fixture(scope="module")
def client_of_backs(kb: KnowledgeBase) -> Iterator[TestClient]:
    with TestClient(create_app(kb, Settings())) as made:
        yield made


def command(*words: str, typed: str = "") -> str:
    """Return what a command says about headache; it must not fail."""
    done = subprocess.run(
        [sys.executable, "-m", "caretier.cli", *words, "--ontology", str(ROOT)],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def shown(client: TestClient, path: str, accept: str) -> str:
    """Return what the service shows, with the keys of JSON and the source of a page."""
    given = client.get(path, headers={"Accept": accept})
    assert given.status_code == 200, given.text
    return str(given.text)


def of_backs(text: str) -> list[str]:
    """Find every mention of backs; going back to an earlier page is something else."""
    return OF_BACKS.findall(GOING_BACK.sub("", text))


def concluded(one: Result) -> tuple[str, set[str]]:
    return one.tier.id, {condition.id for condition in one.conditions}


def fired(one: Result) -> set[str]:
    return {found.red_flag.id for condition in one.conditions for found in condition.red_flags}


def test_the_committed_model_fits_the_files(headache: KnowledgeBase) -> None:
    """Whoever edits the example, the core vocabulary or the shapes compiles it again."""
    assert headache.model is not None
    assert headache.engine == "model"
    assert headache.knowledge.iri.startswith("https://w3id.org/caretier/headache/")


@pytest.mark.parametrize("name", CASES)
def test_case_by_the_model(name: str, headache: KnowledgeBase) -> None:
    answers, tier, conditions = CASES[name]
    assert concluded(headache.assess(answers, engine="model")) == (tier, conditions)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_case_by_the_reference(name: str, by_reference: Mapping[str, Result], headache: KnowledgeBase) -> None:
    answers, tier, conditions = CASES[name]
    one, other = by_reference[name], headache.assess(answers, engine="model")
    assert one.engine != other.engine
    assert concluded(one) == (tier, conditions)
    assert (fired(one), one.ceiling.id) == (fired(other), other.ceiling.id)


def test_every_red_flag_has_a_case(headache: KnowledgeBase) -> None:
    shown_by_cases = {flag for answers, _, _ in CASES.values() for flag in fired(headache.assess(answers))}
    assert {flag.id for flag in headache.knowledge.red_flags} == shown_by_cases


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["model", "reference"])
def test_answers_that_exclude_each_other_are_refused(engine: Any, headache: KnowledgeBase) -> None:
    with pytest.raises(ContradictionError) as caught:
        headache.assess({"sex": "male", "pregnancy": "now", "head-injury": "bad"}, engine=engine)
    assert caught.value.proven == headache.knowledge.tier("EmergencyCare")
    assert {subject for problem in caught.value.problems for subject in problem.subjects} == {"sex", "pregnancy"}


@pytest.mark.slow
def test_the_example_keeps_the_house_rules() -> None:
    assert "0 errors, 0 warnings" in command("check")
    formatting = [sys.executable, "-m", "caretier.cli", "format", "--check", str(ROOT.parent)]
    assert subprocess.run(formatting, check=False).returncode == 0


def answered_harmlessly(headache: KnowledgeBase) -> tuple[list[str], Step]:
    """Hold an interview in which nothing is wrong; return the ids of what was asked, and the last step."""
    answers: dict[str, Answer] = {}
    interview = headache.interview()
    while (step := interview.next(answers)).screen is not None:
        for question in step.screen.questions:
            assert question.id not in answers, "asked twice"
            answers[question.id] = HARMLESS.get(question.id, False)
    return list(answers), step


def test_the_interview_asks_its_own_questions_and_settles_them(headache: KnowledgeBase, kb: KnowledgeBase) -> None:
    asked, last = answered_harmlessly(headache)
    own = {question.id for question in headache.questions}
    assert set(asked) <= own
    assert len(own - {question.id for question in kb.questions}) > 20
    assert (last.stop, last.result.tier.id) == ("final", NOTHING)
    assert of_backs(json.dumps(last.to_dict())) == []


def test_a_table_of_people_is_assessed(headache: KnowledgeBase, tmp_path: Path) -> None:
    people, results = tmp_path / "people.ndjson", tmp_path / "results.csv"
    people.write_text("".join(json.dumps({"id": name, **answers}) + "\n" for name, (answers, _, _) in CASES.items()))
    report = Report(tmp_path / "report.html")
    assess_table(headache, str(people), results, report=report)
    with results.open(encoding="utf-8", newline="") as file:
        found = {
            row["id"]: (row["tier"], set(filter(None, row["conditions"].split(";")))) for row in csv.DictReader(file)
        }
    assert found == {name: (tier, conditions) for name, (_, tier, conditions) in CASES.items()}
    assert not re.search(r"\b(back|spine|spinal)\b", report.target.read_text(encoding="utf-8"), re.IGNORECASE)


@pytest.mark.parametrize("name", [name for name, (_, tier, _) in CASES.items() if tier == EMERGENCY])
def test_the_interview_stops_at_an_emergency(name: str, headache: KnowledgeBase) -> None:
    answers, _, _ = CASES[name]
    step = headache.interview().next(answers)
    assert step.screen is None
    assert step.stop == "emergency"


def test_commands_speak_of_headache_and_not_of_backs() -> None:
    spoken = {
        "questions": command("questions"),
        "questions as JSON": command("questions", "--format", "json"),
        "table": command("table"),
        "schema": command("schema", "answers"),
        "interview": command("interview", typed="1\n"),
        "query": command("query", "red-flags-by-tier"),
    }
    assert {name: of_backs(text) for name, text in spoken.items() if of_backs(text)} == {}
    assert [name for name, text in spoken.items() if "headache" not in text.lower()] == []
    assert "bleeding inside the head after an injury" in " ".join(spoken["interview"].lower().split())


def test_the_questionnaire_as_fhir(headache: KnowledgeBase) -> None:
    resource = questionnaire_resource(headache.knowledge, headache.codes)
    assert resource["url"] == "https://w3id.org/caretier/headache/Questionnaire"
    assert (resource["id"], resource["name"], resource["title"]) == ("headache", "Headache", "Headache")
    links = [item["linkId"] for group in resource["item"] for item in group["item"]]
    assert links == [question.id for question in headache.questions]
    assert [group["linkId"] for group in resource["item"]][:2] == ["group.person", "group.headache"]


def test_a_response_in_fhir_is_assessed_and_carded(headache: KnowledgeBase, client: TestClient) -> None:
    answers: Answers = {"fever": True, "rash": True}
    response = response_resource(headache.questionnaire.read({"answers": dict(answers)}), headache.knowledge)
    given = client.post(
        "/fhir/Questionnaire/headache/$assess", json=response, headers={"Content-Type": FHIR, "Accept": FHIR}
    )
    assert given.status_code == 200, given.text
    risk = given.json()["entry"][0]["resource"]
    assert risk["prediction"][0]["outcome"]["coding"][0]["code"] == "MeningitisOrEncephalitis"
    call = {
        "hook": "questionnaire-completed",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "1"},
        "prefetch": {"questionnaireResponse": response},
    }
    told = client.post("/cds-services/headache-triage", json=call)
    assert told.status_code == 200, told.text
    assert told.json()["cards"][0]["summary"] == "Emergency care: the answers suggest meningitis or encephalitis."
    assert of_backs(given.text + told.text) == []


def test_discovery_names_the_domain(client: TestClient) -> None:
    services = client.get("/cds-services").json()["services"]
    assert [each["id"] for each in services] == ["headache-triage", "headache-interview"]
    assert [each["title"].split(":")[0] for each in services] == ["Headache", "Headache"]


@pytest.mark.parametrize(("path", "accept"), SHOWN)
def test_the_service_speaks_of_headache_and_not_of_backs(path: str, accept: str, client: TestClient) -> None:
    text = shown(client, path, accept)
    assert "headache" in text.lower()
    assert of_backs(text) == []


@pytest.mark.parametrize(("path", "accept"), SHOWN)
def test_the_search_for_backs_finds_them(path: str, accept: str, client_of_backs: TestClient) -> None:
    """Where backs are the domain, each of these speaks of them; so a search that finds none means something."""
    assert of_backs(shown(client_of_backs, path, accept)) != []
