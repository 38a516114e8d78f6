"""What the service decides is kept when that is asked for: each decision once, whatever asks for it, and no more."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

import caretier
from caretier.fhir_response import response_resource
from caretier.questionnaire import Answer
from caretier.records import Record, log_files, read_records
from caretier.replay import replay
from caretier_api.app import create_app
from caretier_api.settings import Settings
from tests.api.serving import Served, serving
from tests.api.visitor import Visitor
from tests.full_disk import files_of_at_most

MARKER = "jane-dough-1961"
EMERGENCY: Mapping[str, Answer] = {"pain-lower-back": True, "saddle-numbness": True}
CONTRADICTION: Mapping[str, Answer] = {"sex": "male", "post-menopause": True, "saddle-numbness": True}
UNUSABLE: Mapping[str, object] = {"saddle-numbness": True, "sex": "mael"}
TURTLE = """@prefix ct: <https://w3id.org/caretier/core#> . @prefix bp: <https://w3id.org/caretier/back-pain#> .
<http://example.org/a> a ct:Assessment ; ct:reports [ a bp:SaddleNumbness ] ."""
FHIR = "application/fhir+json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "decisions"


@pytest.fixture
def served(kb: caretier.KnowledgeBase, folder: Path) -> Iterator[Served]:
    with serving(kb, Settings(decision_log=str(folder))) as made:
        yield made


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=60) as made:
        yield made


def kept(folder: Path) -> list[Any]:
    return [json.loads(line) for path in log_files([str(folder)]) for line in path.read_bytes().splitlines()]


def told(folder: Path) -> list[tuple[str, str | None]]:
    """Say of each record what came of it, and the tier."""
    return [
        ("result", each["result"]["tier"]) if each["result"] else (each["error"]["kind"], each["error"]["proven"])
        for each in kept(folder)
    ]


@pytest.mark.parametrize("settings", [Settings(), Settings(decision_log="")], ids=["default", "empty"])
def test_it_is_off_by_default_and_the_service_says_so(
    settings: Settings, kb: caretier.KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with TestClient(create_app(kb, settings)) as client:
        assert client.post("/v1/assessments", json={"answers": EMERGENCY}).status_code == 200
        assert "We do not keep your answers" in Visitor(client).get("/").text
        assert "Nothing is stored." in client.get("/openapi.json").json()["info"]["description"]
        assert "Nothing is stored." in client.get("/fhir/metadata").text
        assert client.get("/health/ready").json() == {"status": "ready", "engine": "model"}
        assert "caretier_decisions" not in client.get("/metrics").text
    assert list(tmp_path.rglob("*")) == []


def test_when_it_is_on_nobody_is_told_that_nothing_is_kept(kb: caretier.KnowledgeBase, folder: Path) -> None:
    with TestClient(create_app(kb, Settings(decision_log=str(folder)))) as client:
        for language, says, otherwise in (
            ("en", "We keep your answers", "do not keep your answers"),
            ("es", "Guardamos sus respuestas", "No guardamos sus respuestas"),
        ):
            page = Visitor(client).get(f"/?lang={language}")
            assert says in page.text
            assert otherwise not in page.text
        for path in ("/openapi.json", "/fhir/metadata"):
            assert "Nothing is stored" not in client.get(path).text
            assert "Answers and results are stored" in client.get(path).text
        assert client.get("/health/ready").json()["decision_log"] == "recording"
    assert kept(folder) == [], "neither pages nor what the service tries at its start are decisions"


def test_each_way_to_ask_leaves_one_record(client: httpx.Client, kb: caretier.KnowledgeBase, folder: Path) -> None:
    response = response_resource(kb.questionnaire.read({"answers": dict(EMERGENCY)}), kb.knowledge)
    call = {
        "hook": "questionnaire-completed",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": MARKER},
        "prefetch": {"questionnaireResponse": response},
    }
    document = {"answers": EMERGENCY}
    asked: list[tuple[str, object, str]] = [
        ("/v1/assessments", document, "application/json"),
        ("/v1/explanations", document, "application/json"),
        ("/v1/next-question", document, "application/json"),
        ("/v1/assessments", response, FHIR),
        ("/fhir/Questionnaire/back-pain/$assess", response, FHIR),
        ("/cds-services/back-pain-triage", call, "application/json"),
        ("/v1/assessments", document, "application/x-ndjson"),
    ]
    for number, (path, body, media_type) in enumerate(asked, 1):
        answered = client.post(path, content=json.dumps(body), headers={"Content-Type": media_type})
        assert answered.status_code == 200, answered.text
        assert told(folder) == [("result", "EmergencyCare")] * number, path
        assert kept(folder)[-1]["answers"]["answers"] == EMERGENCY, path


def test_each_line_of_a_stream_has_a_record(client: httpx.Client, folder: Path) -> None:
    people: list[Mapping[str, object]] = [EMERGENCY, UNUSABLE, CONTRADICTION, {}]
    content = "\n".join(json.dumps({"answers": each}) for each in people) + "\nnonsense"
    answered = client.post("/v1/assessments", content=content, headers={"Content-Type": "application/x-ndjson"})
    assert len(answered.text.splitlines()) == 5
    assert sorted(told(folder)) == [
        ("contradiction", "EmergencyCare"),
        ("invalid", "EmergencyCare"),
        ("result", "ContinueProgram"),
        ("result", "EmergencyCare"),
    ]


@pytest.mark.parametrize(
    ("answers", "kind"), [(UNUSABLE, "invalid"), (CONTRADICTION, "contradiction")], ids=["unusable", "contradictory"]
)
@pytest.mark.parametrize("path", ["/v1/assessments", "/v1/explanations", "/v1/next-question"])
def test_each_refusal_leaves_one_record(
    path: str, answers: Mapping[str, object], kind: str, client: httpx.Client, folder: Path
) -> None:
    assert client.post(path, json={"answers": answers}).status_code in (409, 422)
    assert told(folder) == [(kind, "EmergencyCare")]


def test_what_is_no_assessment_leaves_none(client: httpx.Client, folder: Path) -> None:
    client.post("/v1/assessments", content="nonsense", headers={"Content-Type": "application/json"})
    client.post("/v1/next-question", json={"answers": {}})
    client.get("/v1/questionnaire")
    client.get("/openapi.json")
    assert kept(folder) == []


def test_an_interview_leaves_what_the_person_was_told(kb: caretier.KnowledgeBase, folder: Path) -> None:
    """Every page that shows a result or a tier above the lowest, and none that only asks."""
    with TestClient(create_app(kb, Settings(decision_log=str(folder)))) as client:
        visitor = Visitor(client)
        pages = visitor.walk({"fever": True, "age": 63, "cancer": "past"})
        shown = [page for page in pages if page.is_result or "Your answers already mean:" in page.text]
        assert 1 < len(shown) < len(pages)
        assert [bool(each["result"]) for each in kept(folder)] == [True] * len(shown)
        before = len(shown)
        quiet = visitor.walk({"age": 40})
        assert len(kept(folder)) == before + 1, "the lowest tier is told at the end alone"
        stopped = visitor.press(visitor.answer(visitor.start(), {}), "stop")
        assert stopped.is_result
        assert len(kept(folder)) == before + 2
        assert kept(folder)[-1]["result"]["final"] is False
        assert quiet[-1].is_result


def test_a_record_is_in_the_language_that_was_spoken(client: httpx.Client, folder: Path) -> None:
    client.post("/v1/assessments", json={"answers": EMERGENCY}, headers={"Accept-Language": "es"})
    (record,) = kept(folder)
    assert record["language"] == "es"
    assert "emergencia" in record["result"]["advice"].lower()


def test_nothing_about_the_person_is_kept_but_answers_id_and_date(
    client: httpx.Client, kb: caretier.KnowledgeBase, folder: Path
) -> None:
    headers = {"User-Agent": MARKER, "X-Forwarded-For": MARKER, "Authorization": MARKER, "Cookie": MARKER}
    response = response_resource(kb.questionnaire.read({"answers": dict(EMERGENCY)}), kb.knowledge) | {
        "subject": {"reference": f"Patient/{MARKER}", "display": MARKER},
        "author": {"reference": f"Practitioner/{MARKER}"},
    }
    client.post(f"/v1/assessments?name={MARKER}", json={"answers": EMERGENCY}, headers=headers)
    client.post("/v1/assessments", json={"answers": EMERGENCY, "name": MARKER}, headers=headers)
    client.post("/v1/assessments", content=json.dumps(response), headers=headers | {"Content-Type": FHIR})
    assert len(kept(folder)) == 3
    text = (folder / next(folder.iterdir())).read_text(encoding="utf-8")
    assert "dough" not in text.lower()
    assert "127.0.0.1" not in text


@pytest.mark.slow
def test_decisions_of_other_processes_are_kept_as_well(
    client: httpx.Client, folder: Path, kb: caretier.KnowledgeBase
) -> None:
    """RDF is read in another process, and what it decides or refuses there comes back with the answer."""
    contradictory = f"{TURTLE.removesuffix('.')}; ct:denies bp:SaddleNumbness ."
    endless = TURTLE.removesuffix(".") + f"; ct:ageInYears {10**30} ."  # more than some writers of JSON can write
    both = f"{TURTLE} {contradictory.partition('> .')[2].replace('example.org/a', 'example.org/b')}"
    more = f"{TURTLE} <urn:own> <http://www.w3.org/2000/01/rdf-schema#subClassOf> bp:SaddleNumbness ."
    for text, status in ((TURTLE, 200), (contradictory, 409), (both, 409), (more, 200), (endless, 422)):
        answered = client.post("/v1/assessments", content=text, headers={"Content-Type": "text/turtle"})
        assert answered.status_code == status, answered.text
    assert told(folder)[0] == ("result", "EmergencyCare")
    kinds = [kind for kind, _ in told(folder)]
    assert kinds == ["result", "contradiction", "contradiction", "result", "invalid"], "all or none is told"
    assert [each["engine"] for each in kept(folder)] == ["model", None, None, "reference", None]
    assert [each["complete"] for each in kept(folder)] == [True, *[False] * 4], "RDF may say more than answers"
    assert replay(kb, read_records(log_files([str(folder)]))).kinds == {"reproduced": 1}


def test_many_requests_at_once_to_two_services_are_all_kept(
    served: Served, kb: caretier.KnowledgeBase, folder: Path
) -> None:
    with (
        serving(kb, Settings(decision_log=str(folder))) as other,
        httpx.Client(base_url=served.url) as one,
        httpx.Client(base_url=other.url) as another,
        ThreadPoolExecutor(8) as elsewhere,
    ):

        def ask(number: int) -> int:
            document = {"answers": EMERGENCY, "id": str(number)}
            return (one, another)[number % 2].post("/v1/assessments", json=document).status_code

        assert set(elsewhere.map(ask, range(200))) == {200}
    read = list(read_records(log_files([str(folder)])))
    assert all(isinstance(each, Record) for each in read)
    assert sorted(int(each.place.assessment or -1) for each in read) == list(range(200))
    assert replay(kb, read).kinds == {"reproduced": 200}


def _is_full(_folder: Path) -> Any:
    return files_of_at_most(0)


@contextmanager
def _is_gone(folder: Path) -> Iterator[None]:
    shutil.rmtree(folder)
    yield
    folder.mkdir()


@pytest.mark.parametrize("spoiled", [_is_full, _is_gone])
def test_where_nothing_can_be_kept_the_person_gets_the_result_and_it_is_loud(
    spoiled: Callable[[Path], Any], client: httpx.Client, served: Served, folder: Path
) -> None:
    def ask() -> str:
        return str(client.post("/v1/assessments", json={"answers": EMERGENCY, "id": MARKER}).json()["tier"])

    assert ask() == "EmergencyCare"
    with spoiled(folder):
        assert ask() == "EmergencyCare"
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["decision_log"]) == (200, "failing")
    assert 'caretier_decisions_total{recorded="no"} 1.0' in client.get("/metrics").text
    (event,) = [json.loads(line) for line in served.log.getvalue().splitlines() if "not recorded" in line]
    assert event["reason"] in ("File too large", "No such file or directory")
    assert MARKER not in served.log.getvalue()
    assert ask() == "EmergencyCare"
    assert client.get("/health/ready").json()["decision_log"] == "recording"
    assert len(kept(folder)) == (2 if spoiled is _is_full else 1)
