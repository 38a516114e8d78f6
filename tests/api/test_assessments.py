"""Answers come in and results go out, in every format, and what is wrong is told as a problem."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from rdflib import RDF, Graph, URIRef

import caretier
from caretier.assessments import answers_graph
from caretier.documents import format_named, parse
from caretier.rdf_documents import render_rdf
from caretier.schemas import result_schema
from caretier.vocabulary import CT
from caretier_api.exchange import READERS, WRITERS

EMERGENCY = {"pain-lower-back": True, "saddle-numbness": True}
CONTRADICTION = {"sex": "female", "erectile-failure": True}
RDF_TYPES = {
    "application/ld+json": "jsonld",
    "text/turtle": "turtle",
    "application/n-triples": "ntriples",
    "application/rdf+xml": "rdfxml",
    "application/trig": "trig",
    "application/n-quads": "nquads",
}
PREFIXES = "@prefix ct: <https://w3id.org/caretier/core#> . @prefix bp: <https://w3id.org/caretier/back-pain#> .\n"
TURTLE = {"Content-Type": "text/turtle"}


def assess(client: httpx.Client, answers: object, **headers: str) -> httpx.Response:
    return client.post("/v1/assessments", json={"answers": answers}, headers=headers)


def assert_problem(response: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["type"] == f"https://w3id.org/caretier/problems/{kind}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"] == f"urn:uuid:{response.headers['x-request-id']}"
    return problem


def test_the_result_is_that_of_the_library(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    documents: list[dict[str, Any]] = [{}, EMERGENCY, {"fever": True, "age": 63, "pain-course": "worsening"}]
    for answers in documents:
        response = client.post("/v1/assessments", json={"answers": answers, "id": "a", "date": "2026-05-31"})
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert response.json() == kb.assess(answers, id="a").to_dict()
        Draft202012Validator(result_schema(kb.knowledge)).validate(response.json())


@pytest.mark.parametrize("given", sorted(RDF_TYPES))
def test_answers_come_in_every_format_of_rdf(client: httpx.Client, kb: caretier.KnowledgeBase, given: str) -> None:
    read = kb.questionnaire.read({"answers": EMERGENCY | {"age": 47, "fever": False}, "id": "http://example.org/a"})
    text = render_rdf(answers_graph(read, kb.knowledge)[0], RDF_TYPES[given])
    response = client.post("/v1/assessments", content=text, headers={"Content-Type": f"{given}; charset=UTF-8"})
    assert response.status_code == 200, response.text
    assert response.json() == kb.assess(read.values, id="http://example.org/a").to_dict()


@pytest.mark.parametrize("wanted", sorted(RDF_TYPES))
def test_results_go_out_in_every_format_of_rdf(client: httpx.Client, kb: caretier.KnowledgeBase, wanted: str) -> None:
    document = {"answers": EMERGENCY, "id": "http://example.org/a"}
    response = client.post("/v1/assessments", json=document, headers={"Accept": wanted})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].partition(";")[0] == wanted
    graph = parse(response.content, format_named(RDF_TYPES[wanted]))
    assert isinstance(graph, Graph)
    assert (URIRef("http://example.org/a"), CT.careTier, CT.EmergencyCare) in graph
    assert len(graph) == len(kb.assess(EMERGENCY, id="http://example.org/a").to_graph())


def test_json_ld_may_call_itself_json(client: httpx.Client) -> None:
    document = {"@context": {"ct": str(CT)}, "@type": "ct:Assessment", "@id": "http://example.org/a"}
    response = client.post("/v1/assessments", json=document)
    assert response.status_code == 200, response.text
    assert response.json()["id"] == "http://example.org/a"
    escaped = json.dumps(document).replace("@", "\\u0040")
    again = client.post("/v1/assessments", content=escaped, headers={"Content-Type": "application/json"})
    assert again.json() == response.json()


def test_several_assessments_in_one_document(client: httpx.Client) -> None:
    text = PREFIXES + "<urn:a> a ct:Assessment ; ct:reports [ a bp:SaddleNumbness ] . <urn:b> a ct:Assessment ."
    array = client.post("/v1/assessments", content=text, headers=TURTLE).json()
    assert [(each["id"], each["tier"]) for each in array] == [("urn:a", "EmergencyCare"), ("urn:b", "ContinueProgram")]
    one = client.post("/v1/assessments", content=text, headers=TURTLE | {"Accept": "text/turtle"})
    assert set(Graph().parse(data=one.text).subjects(RDF.type, CT.Assessment)) == {URIRef("urn:a"), URIRef("urn:b")}


def test_one_unusable_assessment_of_several_refuses_the_document(client: httpx.Client) -> None:
    text = PREFIXES + (
        "<urn:a> a ct:Assessment ; ct:ageInYears 30 . <urn:b> a ct:Assessment ; ct:hasSex ct:Female ; "
        "ct:reports [ a bp:ErectileFailure ] , [ a bp:SaddleNumbness ] ."
    )
    problem = assert_problem(client.post("/v1/assessments", content=text, headers=TURTLE), 409, "contradictory-answers")
    assert problem["proven"]["tier"] == "EmergencyCare"


@pytest.mark.slow
def test_what_no_answer_can_say_goes_to_the_reference_reasoner(client: httpx.Client) -> None:
    text = PREFIXES + "<urn:own> <http://www.w3.org/2000/01/rdf-schema#subClassOf> bp:SaddleNumbness . "
    text += "<urn:a> a ct:Assessment ; ct:reports [ a <urn:own> ] ."
    result = client.post("/v1/assessments", content=text, headers=TURTLE).json()
    assert (result["tier"], result["engine"]) == ("EmergencyCare", "reference")
    assert assess(client, EMERGENCY).json()["engine"] == "model"


def test_a_contradiction_never_hides_an_emergency(client: httpx.Client) -> None:
    problem = assert_problem(assess(client, CONTRADICTION | EMERGENCY), 409, "contradictory-answers")
    assert problem["proven"]["tier"] == "EmergencyCare"
    assert "911" in problem["proven"]["advice"]
    assert problem["detail"].startswith("The other answers alone already mean: emergency care.")
    assert sorted(problem["errors"][0]["questions"]) == sorted(CONTRADICTION)
    assert "proven" not in assert_problem(assess(client, CONTRADICTION), 409, "contradictory-answers")


@pytest.mark.parametrize(
    ("answers", "question", "told"),
    [
        ({"saddle-numness": True}, "saddle-numness", 'Did you mean "saddle-numbness"'),
        ({"pain-severity": "sever"}, "pain-severity", 'Did you mean "severe"'),
        ({"fever": "yes"}, "fever", "allowed are true, false and null"),
        ({"age": 121}, "age", "from 0 to 120"),
        ({"age": 47.0}, "age", "47.0"),
        ({"age": True}, "age", "true"),
    ],
)
def test_a_wrong_answer_is_named(client: httpx.Client, answers: object, question: str, told: str) -> None:
    problem = assert_problem(assess(client, answers), 422, "invalid-answers")
    (error,) = problem["errors"]
    assert error["questions"] == [question]
    assert told in error["message"]
    assert error["message"] == problem["detail"]


@pytest.mark.parametrize("slip", [{"age": 400}, {"temperature": 39}, {"pain-severity": "strong"}])
def test_a_slip_never_hides_an_emergency(client: httpx.Client, slip: dict[str, object]) -> None:
    document = {"answers": {"saddle-numbness": True} | slip}
    refused = client.post("/v1/assessments", json=document)
    assert refused.status_code == 422
    told = refused.json()
    assert (told["proven"]["tier"], told["proven"]["label"]) == ("EmergencyCare", "emergency care")
    assert told["detail"].startswith("The other answers alone already mean: emergency care.")
    assert len(told["errors"]) == 1
    for path in ("/v1/next-question", "/v1/explanations"):
        assert client.post(path, json=document).json()["proven"]["tier"] == "EmergencyCare"
    as_line = {"Content-Type": "application/x-ndjson"}
    line = client.post("/v1/assessments", content=json.dumps(document), headers=as_line)
    assert line.json()["error"]["proven"]["tier"] == "EmergencyCare"
    assert "proven" not in client.post("/v1/assessments", json={"answers": slip}).json()


def test_every_wrong_answer_is_told_at_once(client: httpx.Client) -> None:
    problem = assert_problem(assess(client, {"age": -1, "feverr": True, "sex": "x"}), 422, "invalid-answers")
    assert [error["questions"] for error in problem["errors"]] == [["age"], ["feverr"], ["sex"]]


@pytest.mark.parametrize("document", ["[]", "1", '{"answers": 3}', "{}", '{"answers": {}, "x": 1}', '{"answers": []}'])
def test_what_is_no_answers_document(client: httpx.Client, document: str) -> None:
    response = client.post("/v1/assessments", content=document, headers={"Content-Type": "application/json"})
    assert_problem(response, 422, "invalid-answers")


@pytest.mark.parametrize(
    "document",
    [
        b"{",
        b"",
        b"  ",
        b'{"answers": {"fever": true, "fever": false}}',
        b'{"answers": {}, "answers": {}}',
        b'{"answers": {"age": NaN}}',
        b'{"answers": {}, "id": "\\ud800"}',
        b'{"answers": {}, "id": "\xff"}',
        b"[" * 100_000,
        b'{"answers":' * 50_000,
    ],
)
def test_what_cannot_be_read(client: httpx.Client, document: bytes) -> None:
    response = client.post("/v1/assessments", content=document, headers={"Content-Type": "application/json"})
    assert_problem(response, 400, "unreadable-input")


@pytest.mark.parametrize("given", sorted(RDF_TYPES))
def test_rdf_that_cannot_be_read(client: httpx.Client, given: str) -> None:
    response = client.post("/v1/assessments", content="<urn:a", headers={"Content-Type": given})
    assert_problem(response, 400, "unreadable-input")


def test_formats_that_are_not_read(client: httpx.Client) -> None:
    for given in ("text/plain", "application/x-www-form-urlencoded", "application/yaml", "nonsense", ""):
        response = client.post("/v1/assessments", content="{}", headers={"Content-Type": given})
        assert "application/json" in assert_problem(response, 415, "unsupported-media-type")["detail"]
        assert "text/turtle" in response.headers["accept"]
    for headers in (
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ):
        response = client.post("/v1/assessments", content='{"answers": {}}', headers=headers)
        assert_problem(response, 415, "unsupported-media-type")


def test_formats_that_are_not_given(client: httpx.Client) -> None:
    problem = assert_problem(assess(client, {}, Accept="image/png, text/turtle;q=0"), 406, "not-acceptable")
    assert "application/json" in problem["detail"]
    assert assess(client, {}, Accept="image/png, */*;q=0.1").headers["content-type"] == "application/json"
    assert assess(client, {}, Accept="").status_code == 200


def test_addresses_and_methods_that_are_not_there(client: httpx.Client) -> None:
    assert_problem(client.get("/v1/nothing"), 404, "not-found")
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        response = client.request(method, "/v1/assessments")
        assert_problem(response, 405, "method-not-allowed")
        assert response.headers["allow"] == "POST"
    response = client.post("/v1/questionnaire")
    assert_problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "GET, HEAD"


def test_the_headers_of_every_response(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    for response in (assess(client, {}), assess(client, {"x": 1}), client.get("/nothing"), client.get("/metrics")):
        assert response.headers["caretier-knowledge-version"] == kb.knowledge.version
        assert response.headers["caretier-knowledge-sha256"] == kb.knowledge.sha256
        assert response.headers["caretier-software"] == caretier.__version__
        uuid.UUID(response.headers["x-request-id"])


def test_a_request_id_is_taken_over_when_it_can_say_nothing_about_anybody(client: httpx.Client) -> None:
    given = str(uuid.uuid4())
    for form in (given, given.upper(), given.replace("-", "")):
        assert assess(client, {}, **{"X-Request-Id": form}).headers["x-request-id"] == given
    for other in ("jane-doe", given + "-jane", "1234567890"):
        assert assess(client, {}, **{"X-Request-Id": other}).headers["x-request-id"] != other


def test_the_next_question(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    answers: dict[str, Any] = {}
    for _ in range(3):
        step = client.post("/v1/next-question", json={"answers": answers}).json()
        assert step == kb.interview().next(answers).to_dict()
        answers |= {question["id"]: None for question in step["screen"]["questions"]}
    done = client.post("/v1/next-question", json={"answers": EMERGENCY}).json()
    assert (done["screen"], done["stop"]) == (None, "emergency")


def test_the_explanation(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    told = client.post("/v1/explanations", json={"answers": EMERGENCY, "id": "a"}).json()
    assert told.pop("explanation") == kb.explain(EMERGENCY).to_dict()
    assert told == kb.assess(EMERGENCY, id="a").to_dict()


@pytest.mark.parametrize("path", ["/v1/next-question", "/v1/explanations"])
def test_what_these_refuse(client: httpx.Client, path: str) -> None:
    assert_problem(client.post(path, json={"answers": {"x": 1}}), 422, "invalid-answers")
    assert_problem(client.post(path, json={"answers": CONTRADICTION}), 409, "contradictory-answers")
    document = {"@context": {"ct": str(CT)}, "@type": "ct:Assessment"}
    assert_problem(client.post(path, json=document), 400, "unreadable-input")
    assert_problem(client.post(path, content="", headers=TURTLE), 415, "unsupported-media-type")
    assert_problem(client.post(path, json={"answers": {}}, headers={"Accept": "text/turtle"}), 406, "not-acceptable")


def test_every_format_of_the_library_is_read_and_written() -> None:
    named = {"application/json", "application/fhir+json", *RDF_TYPES}
    assert set(READERS) == set(WRITERS) == named
    assert next(iter(WRITERS)) == "application/json"


def test_a_document_of_ten_megabytes_is_answered(client: httpx.Client) -> None:
    document = b'{"answers": {"saddle-numbness": true}' + b" " * 9_900_000 + b', "id": "mine"}'
    response = client.post("/v1/assessments", content=document, headers={"Content-Type": "application/json"})
    assert response.status_code == 200
    assert response.json()["id"] == "mine"
    named = {"answers": {"saddle-numbness": True}, "id": "x" * 9_900_000}
    problem = assert_problem(client.post("/v1/assessments", json=named), 422, "invalid-answers")
    assert '"id" has 9,900,000 characters' in problem["detail"]
    assert problem["proven"]["tier"] == "EmergencyCare"
    many = {"answers": {f"q{number}": True for number in range(300_000)}}
    problem = assert_problem(client.post("/v1/assessments", json=many), 422, "invalid-answers")
    assert len(problem["errors"]) == 100
    assert problem["detail"].endswith("And 299,900 more.")
