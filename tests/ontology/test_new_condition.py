"""An eleventh condition, with two findings and two questions, is an edit of Turtle alone; then it is everywhere."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import caretier
from caretier.knowledge_base import KnowledgeBase
from caretier_api.settings import Settings
from tests.api.serving import serving

pytestmark = pytest.mark.slow

EDIT = Path(__file__).parent / "eleventh-condition"
"""What an editor adds to each module, as Protégé writes it."""


def run(*arguments: object) -> str:
    command = [sys.executable, "-m", "caretier.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Edit, format, check and compile as the editor's guide says."""
    made = tmp_path_factory.mktemp("edited")
    for name in ("ontology", "shapes"):
        shutil.copytree(checkout / name, made / name)
    for addition in EDIT.glob("*.ttl"):
        with (made / "ontology" / addition.name).open("a", encoding="utf-8") as module:
            module.write(addition.read_text(encoding="utf-8"))
    root = made / "ontology" / "back-pain.ttl"
    assert len(run("format", made / "ontology").splitlines()) == 5
    assert "0 errors, 0 warnings" in run("check", "--ontology", root)
    assert "28 red flags" in run("compile", "--ontology", root)
    return made


@pytest.fixture(scope="module")
def edited(folder: Path) -> KnowledgeBase:
    made = caretier.load(folder / "ontology" / "back-pain.ttl")
    assert made.model is not None
    return made


@pytest.fixture(scope="module")
def client(edited: KnowledgeBase) -> Iterator[httpx.Client]:
    with serving(edited, Settings()) as served, httpx.Client(base_url=served.url, timeout=60) as made:
        yield made


def test_it_is_assessed(edited: KnowledgeBase, client: httpx.Client) -> None:
    severe: dict[str, caretier.Answer] = {"tearing-pain": True, "pain-severity": "severe"}
    for answers in ({"pulsating-lump": True}, severe):
        result = edited.assess(answers)
        assert (result.tier.id, [each.id for each in result.conditions]) == ("EmergencyCare", ["AorticAneurysm"])
        assert result.advice == result.tier.advice
        served = client.post("/v1/assessments", json={"answers": answers}).json()
        assert served["conditions"][0]["label"] == "aortic aneurysm"
        assert served["conditions"][0]["course"]["tests"][0]["label"]
    assert edited.assess({"tearing-pain": True}).tier.rank == 0


def test_the_interview_asks_for_it(edited: KnowledgeBase) -> None:
    answers: dict[str, caretier.Answer] = {}
    interview, asked = edited.interview(), list[str]()
    while (screen := interview.next(answers).screen) is not None:
        asked += [question.id for question in screen.questions]
        answers |= {question.id: None for question in screen.questions}
    assert {"pulsating-lump", "tearing-pain"} <= set(asked)


def test_every_door_shows_it(client: httpx.Client, folder: Path) -> None:
    questionnaire = client.get("/fhir/Questionnaire/back-pain").text
    assert '"linkId":"pulsating-lump"' in questionnaire
    assert '"linkId":"tearing-pain"' in questionnaire
    assert "AorticAneurysm" in client.get("/v1/decision-table").text
    page = {"Accept": "text/html"}
    assert "ortic aneurysm" in client.get("/conditions", headers=page).text
    assert "lump in the belly that beats" in client.get("/conditions/AorticAneurysm", headers=page).text
    assert "ulsating lump in the belly" in client.get("/findings", headers=page).text
    assert "lump in the belly that beats" in client.get("/decision-table", headers=page).text
    table = run("table", "--ontology", folder / "ontology" / "back-pain.ttl")
    assert "a lump in the belly that beats" in " ".join(table.split())
    asked = "ASK { bp:TearingPain ct:symptomOf|rdfs:subClassOf ?x }"
    assert client.get("/sparql", params={"query": asked}).json()["boolean"] is True


def test_a_table_of_people_is_assessed_with_it(folder: Path, tmp_path: Path) -> None:
    people, results = tmp_path / "people.csv", tmp_path / "results.csv"
    people.write_text("id,pulsating-lump,tearing-pain,pain-severity\na,true,,\nb,,true,severe\nc,,true,mild\n")
    run("cohort", people, results, "--ontology", folder / "ontology" / "back-pain.ttl")
    with results.open(encoding="utf-8", newline="") as file:
        found = [(row["tier"], row["conditions"], row["error"]) for row in csv.DictReader(file)]
    assert found == [("EmergencyCare", "AorticAneurysm", "")] * 2 + [("ContinueProgram", "", "")]


def test_the_difference_tells_who_gets_another_result(checkout: Path, folder: Path) -> None:
    told = run("diff", checkout, folder)
    assert "whoever answers pulsating-lump: yes" in told
    assert "whoever answers tearing-pain: yes, and pain-severity: severe or very-severe" in told
    assert "LOWER" not in told
