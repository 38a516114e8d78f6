"""The service speaks FHIR: in, out, and when something is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class

import caretier
from caretier.fhir_response import response_resource
from caretier.questionnaire import Answer
from caretier_api.settings import Settings
from tests.api.serving import serving

Resource = dict[str, Any]
FHIR = "application/fhir+json"
PROBLEM = "application/problem+json"
ASSESS = ("/v1/assessments", "/fhir/Questionnaire/back-pain/$assess")
EMERGENCY: dict[str, Answer] = {"pain-lower-back": True, "saddle-numbness": True}


@pytest.fixture(scope="module")
def client(kb: caretier.KnowledgeBase) -> Iterator[httpx.Client]:
    with serving(kb, Settings()) as served, httpx.Client(base_url=served.url, timeout=60) as made:
        yield made


def valid(resource: Resource) -> Resource:
    get_fhir_model_class(resource["resourceType"]).model_validate_json(json.dumps(resource))
    return resource


def response_of(kb: caretier.KnowledgeBase, answers: dict[str, Answer], **more: Any) -> Resource:
    return response_resource(kb.questionnaire.read({"answers": answers}), kb.knowledge) | more


def test_the_questionnaire_is_given_as_fhir(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    given = client.get("/v1/questionnaire", headers={"Accept": FHIR})
    assert given.headers["content-type"] == FHIR
    assert given.headers["vary"] == "Accept, Accept-Language"
    resource = valid(given.json())
    assert resource["url"] == "https://w3id.org/caretier/back-pain/Questionnaire"
    assert resource["version"] == kb.knowledge.version
    assert client.get("/fhir/Questionnaire/back-pain").json() == resource
    again = client.get("/v1/questionnaire", headers={"Accept": FHIR, "If-None-Match": given.headers["etag"]})
    assert again.status_code == 304
    assert client.get("/v1/questionnaire").headers["content-type"] == "application/json"


def test_a_fhir_client_learns_what_there_is(client: httpx.Client) -> None:
    given = client.get("/fhir/metadata")
    assert given.headers["content-type"] == FHIR
    statement = valid(given.json())
    assert statement["fhirVersion"] == "4.0.1"
    [offered] = statement["rest"][0]["resource"]
    assert client.get(f"/fhir/{offered['type']}/back-pain").status_code == 200
    assert offered["conditionalRead"] == "not-match"


def test_the_operation_is_defined_where_it_is_named(client: httpx.Client) -> None:
    statement = client.get("/fhir/metadata").json()
    [operation] = statement["rest"][0]["resource"][0]["operation"]
    [definition] = statement["contained"]
    assert operation == {"name": definition["code"], "definition": f"#{definition['id']}"}
    valid(definition)
    assert [(each["use"], each["name"], each["type"]) for each in definition["parameter"]] == [
        ("in", "response", "QuestionnaireResponse"),
        ("out", "return", "Bundle"),
    ]


def test_the_questionnaire_has_an_entity_tag(client: httpx.Client) -> None:
    path = "/fhir/Questionnaire/back-pain"
    given = client.get(path)
    tag = given.headers["etag"]
    for told in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(path, headers={"If-None-Match": told})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).json() == given.json()


@pytest.mark.parametrize("path", ["/fhir/metadata", "/fhir/Questionnaire/back-pain", ASSESS[1]])
@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ("json", 200),
        ("application/json", 200),
        ("application/fhir%2Bjson", 200),
        ("application/fhir+json", 200),
        ("application/fhir%2Bjson;fhirVersion=4.0", 200),
        ("xml", 406),
    ],
)
def test_the_format_in_the_address_goes_before_accept(
    client: httpx.Client, kb: caretier.KnowledgeBase, path: str, wanted: str, status: int
) -> None:
    accept = "application/fhir+xml" if status == 200 else FHIR
    body = json.dumps(response_of(kb, EMERGENCY)) if path == ASSESS[1] else None
    headers = {"Accept": accept, "Content-Type": FHIR}
    given = client.request("POST" if body else "GET", f"{path}?_format={wanted}", content=body, headers=headers)
    assert (given.status_code, given.headers["content-type"]) == (status, FHIR)


def test_the_operation_takes_parameters(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    wrapped = {
        "resourceType": "Parameters",
        "parameter": [{"name": "response", "resource": response_of(kb, EMERGENCY)}],
    }
    given = client.post(ASSESS[1], json=wrapped, headers={"Content-Type": FHIR})
    assert given.status_code == 200
    risk = given.json()["entry"][0]["resource"]
    assert risk["prediction"][0]["outcome"]["coding"][0]["code"] == "CaudaEquinaSyndrome"


@pytest.mark.parametrize("path", ASSESS)
def test_a_subject_that_is_no_patient_is_refused(client: httpx.Client, kb: caretier.KnowledgeBase, path: str) -> None:
    response = response_of(kb, EMERGENCY, subject={"reference": "Device/7"})
    given = client.post(path, json=response, headers={"Content-Type": FHIR, "Accept": FHIR})
    assert given.status_code == 422
    proven, issue = valid(given.json())["issue"]
    assert proven["details"]["text"].startswith("The other answers alone already mean: emergency care.")
    assert issue["details"]["text"].startswith('The "subject" of the response has to be of the type Patient')


@pytest.mark.parametrize("path", ASSESS)
def test_a_response_comes_in_and_a_bundle_goes_out(client: httpx.Client, kb: caretier.KnowledgeBase, path: str) -> None:
    response = response_of(kb, EMERGENCY, subject={"reference": "Patient/7"}, identifier={"value": "visit 3"})
    given = client.post(path, json=response, headers={"Content-Type": FHIR, "Accept": FHIR})
    assert (given.status_code, given.headers["content-type"]) == (200, FHIR)
    risk, guidance, basis = [entry["resource"] for entry in valid(given.json())["entry"]]
    assert risk["subject"] == {"reference": "Patient/7"}
    assert "identifier" not in risk
    assert risk["prediction"][0]["outcome"]["coding"][0]["code"] == "CaudaEquinaSyndrome"
    assert guidance["status"] == "success"
    assert basis["item"] == response["item"]


def test_formats_may_differ_in_and_out(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    expected = kb.assess(EMERGENCY).to_dict()
    to_json = client.post(ASSESS[0], json=response_of(kb, EMERGENCY), headers={"Content-Type": FHIR})
    assert to_json.headers["content-type"] == "application/json"
    assert to_json.json() == expected
    to_fhir = client.post(ASSESS[0], json={"answers": EMERGENCY, "id": "7"}, headers={"Accept": FHIR})
    risk, _, basis = [entry["resource"] for entry in valid(to_fhir.json())["entry"]]
    assert "identifier" not in risk
    assert basis["identifier"] == {"value": "7"}
    assert risk["subject"] == {"display": "the person who answered"}


def test_plain_json_is_taken_where_fhir_is_spoken(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    given = client.post(ASSESS[1], json=response_of(kb, EMERGENCY), headers={"Accept": "*/*"})
    assert (given.status_code, given.headers["content-type"]) == (200, FHIR)


@pytest.mark.slow
def test_rdf_comes_in_and_a_bundle_goes_out(client: httpx.Client) -> None:
    turtle = """@prefix ct: <https://w3id.org/caretier/core#> . @prefix bp: <https://w3id.org/caretier/back-pain#> .
    <urn:a> a ct:Assessment ; ct:reports [ a bp:LowerBackPain ] , [ a bp:SaddleNumbness ] .
    <urn:b> a ct:Assessment ; ct:reports [ a bp:LowerBackPain ] ; ct:denies bp:Fever ."""
    given = client.post(ASSESS[0], content=turtle, headers={"Content-Type": "text/turtle", "Accept": FHIR})
    assert given.status_code == 200
    resources = [entry["resource"] for entry in valid(given.json())["entry"]]
    assert [each["status"] for each in resources if each["resourceType"] == "RiskAssessment"] == [
        "final",
        "preliminary",
    ]
    assert [each["identifier"] for each in resources if each["resourceType"] == "QuestionnaireResponse"] == [
        {"value": "urn:a"},
        {"value": "urn:b"},
    ]


WRONG: list[tuple[str, Any, dict[str, str], int, str]] = [
    ("POST /v1/assessments", {"resourceType": "Patient"}, {}, 400, "structure"),
    ("POST /v1/assessments", "{", {}, 400, "structure"),
    ("POST /v1/assessments", {"feverr": True}, {}, 422, "value"),
    ("POST /v1/assessments", {"sex": "male", "post-menopause": True}, {}, 409, "business-rule"),
    ("POST /v1/assessments", "x", {"Content-Type": "text/plain"}, 415, "not-supported"),
    ("GET /v1/assessments", None, {}, 405, "not-supported"),
    ("GET /v1/nothing", None, {}, 404, "not-found"),
    ("GET /fhir/Questionnaire/phq-9", None, {"Accept": "*/*"}, 404, "not-found"),
    ("GET /fhir/Patient/1", None, {"Accept": "*/*"}, 404, "not-found"),
    ("POST /fhir/Questionnaire/phq-9/$assess", {}, {}, 404, "not-found"),
    ("POST /fhir/Questionnaire/back-pain/$assess", "x", {"Content-Type": "text/plain"}, 415, "not-supported"),
    ("GET /fhir/metadata", None, {"Accept": "text/csv"}, 406, "not-supported"),
]


@pytest.mark.parametrize(("address", "content", "headers", "status", "code"), WRONG)
def test_what_is_wrong_is_an_operation_outcome(
    client: httpx.Client,
    kb: caretier.KnowledgeBase,
    address: str,
    content: Any,
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    method, path = address.split()
    body = content
    if isinstance(content, dict):
        body = json.dumps(content if "resourceType" in content else _of_items(kb, content))
    given = client.request(method, path, content=body, headers={"Accept": FHIR, "Content-Type": FHIR} | headers)
    assert (given.status_code, given.headers["content-type"]) == (status, FHIR)
    outcome = valid(given.json())
    assert {issue["code"] for issue in outcome["issue"]} == {code}
    assert all(issue["details"]["text"] for issue in outcome["issue"])


def _of_items(kb: caretier.KnowledgeBase, answers: dict[str, Answer]) -> Resource:
    known = {question: answer for question, answer in answers.items() if question in kb.questionnaire.by_id}
    response = response_of(kb, known)
    unknown = [{"linkId": link, "answer": [{"valueBoolean": True}]} for link in answers.keys() - known.keys()]
    return response | {"item": response.get("item", []) + unknown}


def test_an_emergency_is_told_before_a_contradiction(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    response = response_of(kb, {**EMERGENCY, "sex": "male", "post-menopause": True})
    given = client.post(ASSESS[0], json=response, headers={"Content-Type": FHIR, "Accept": FHIR})
    first, second = given.json()["issue"]
    assert given.status_code == 409
    assert first["details"]["text"].startswith("The other answers alone already mean: emergency care. Get emergency")
    assert [each["severity"] for each in valid(given.json())["issue"]] == ["error", "error"]
    assert '"sex" and "post-menopause" contradict each other' in second["details"]["text"]


@pytest.mark.parametrize(
    ("accept", "told"),
    [
        (FHIR, FHIR),
        (f"{FHIR};fhirVersion=4.0", FHIR),
        (f"{FHIR.upper()}", FHIR),
        (f"{FHIR}, application/json;q=0.9", FHIR),
        (f"text/turtle, {FHIR};q=0.1", FHIR),
        (f"application/json, {FHIR};q=0", PROBLEM),
        (f"application/json, {FHIR};q=0.5", PROBLEM),
        (f"{PROBLEM}, {FHIR};q=0.5", PROBLEM),
        ("*/*", PROBLEM),
    ],
)
def test_what_is_wrong_is_told_in_the_format_liked_best(client: httpx.Client, accept: str, told: str) -> None:
    given = client.post(ASSESS[0], content=b"{}", headers={"Content-Type": FHIR, "Accept": accept})
    assert (given.status_code, given.headers["content-type"]) == (400, told)
    if told == FHIR:
        valid(given.json())


def test_who_does_not_ask_for_fhir_gets_a_problem(client: httpx.Client) -> None:
    given = client.post("/v1/assessments", content=b"{}", headers={"Content-Type": FHIR})
    assert (given.status_code, given.headers["content-type"]) == (400, PROBLEM)


def test_nothing_that_was_answered_gets_into_a_log(kb: caretier.KnowledgeBase) -> None:
    response = response_of(kb, {**EMERGENCY, "age": 93}, subject={"reference": "Patient/secret"}, id="secret")
    with serving(kb, Settings()) as served, httpx.Client(base_url=served.url) as client:
        for path in ASSESS:
            for status, expected in (("completed", 200), ("secret", 422)):
                body = response | {"status": status}
                assert client.post(path, json=body, headers={"Content-Type": FHIR}).status_code == expected
        assert client.get("/fhir/Patient/secret").status_code == 404
    lines = [json.loads(line) for line in served.log.getvalue().splitlines()]
    assert len(lines) == 5
    assert {name for line in lines for name in line} == {
        "time",
        "event",
        "method",
        "route",
        "status",
        "ms",
        "request_id",
    }
    assert "secret" not in served.log.getvalue()
    assert "saddle" not in served.log.getvalue()
