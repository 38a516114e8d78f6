"""The service speaks CDS Hooks 2.0: what it offers, the cards it gives, and what it makes of feedback."""

from __future__ import annotations

import html
import json
import random
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

import caretier
from caretier.decisions import Desk
from caretier.fhir_response import response_resource
from caretier.knowledge import CareTier, Knowledge
from caretier.knowledge_base import KnowledgeBase
from caretier.questionnaire import Answer
from caretier_api import cds_calls
from caretier_api.cards import indicator, interview_card, result_cards
from caretier_api.settings import Settings
from tests.api.serving import serving

Resource = dict[str, Any]
TRIAGE, INTERVIEW = "/cds-services/back-pain-triage", "/cds-services/back-pain-interview"
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
EMERGENCY: dict[str, Answer] = {"pain-lower-back": True, "saddle-numbness": True}
ELSEWHERE = {"questionnaire": "http://example.org/phq-9"}

TEXT = {"type": "string", "minLength": 1}
LINK = {
    "type": "object",
    "required": ["label", "url", "type"],
    "properties": {"label": TEXT, "url": {"type": "string", "pattern": "^https?://"}, "type": {"const": "absolute"}},
    "additionalProperties": False,
}


def coding(*required: str) -> Resource:
    properties = {"system": {"type": "string", "pattern": "^https?://"}, "code": TEXT, "display": TEXT}
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


ACTION = {
    "type": "object",
    "required": ["type", "description", "resource"],
    "properties": {"type": {"const": "create"}, "description": TEXT, "resource": {"type": "object"}},
    "additionalProperties": False,
}
SUGGESTION = {
    "type": "object",
    "required": ["label", "uuid"],
    "properties": {"label": TEXT, "uuid": TEXT, "actions": {"type": "array", "items": ACTION}},
    "additionalProperties": False,
}
CARD = {
    "type": "object",
    "required": ["uuid", "summary", "indicator", "source"],
    "properties": {
        "uuid": TEXT,
        "summary": {"type": "string", "minLength": 1, "maxLength": 139},
        "detail": TEXT,
        "indicator": {"enum": ["info", "warning", "critical"]},
        "source": {
            "type": "object",
            "required": ["label"],
            "properties": {
                "label": TEXT,
                "url": {"type": "string", "pattern": "^https?://"},
                "topic": coding("system", "code"),
            },
            "additionalProperties": False,
        },
        "suggestions": {"type": "array", "items": SUGGESTION, "minItems": 1},
        "selectionBehavior": {"enum": ["at-most-one", "any"]},
        "overrideReasons": {"type": "array", "items": coding("system", "code", "display")},
        "links": {"type": "array", "items": LINK},
    },
    "dependentRequired": {"suggestions": ["selectionBehavior"]},
    "additionalProperties": False,
}
CARDS = {
    "type": "object",
    "required": ["cards"],
    "properties": {"cards": {"type": "array", "items": CARD}},
    "additionalProperties": False,
}
"""A response of CDS Hooks 2.0, read off the tables of its specification."""

SERVICES = {
    "type": "object",
    "required": ["services"],
    "properties": {
        "services": {
            "type": "array",
            "minItems": 2,
            "items": {
                "type": "object",
                "required": ["hook", "description", "id", "title"],
                "properties": {
                    **dict.fromkeys(("hook", "title", "description", "usageRequirements"), TEXT),
                    "id": {"type": "string", "pattern": "^[A-Za-z0-9-]+$"},
                    "prefetch": {"type": "object", "additionalProperties": TEXT},
                },
                "additionalProperties": False,
            },
        }
    },
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def client(kb: KnowledgeBase) -> Iterator[httpx.Client]:
    settings = Settings(public_url="https://triage.example.org/back", cors_origins=("https://ehr.example.org",))
    with serving(kb, settings) as served, httpx.Client(base_url=served.url, timeout=60) as made:
        yield made


def response_of(kb: KnowledgeBase, answers: dict[str, Answer], **more: Any) -> Resource:
    return response_resource(kb.questionnaire.read({"answers": answers}), kb.knowledge) | more


def call_of(response: Resource | None, **more: Any) -> Resource:
    prefetch = {} if response is None else {"questionnaireResponse": response}
    context = {"userId": "Practitioner/1", "patientId": "1"}
    return {
        "hook": "questionnaire-completed",
        "hookInstance": INSTANCE,
        "context": context,
        "prefetch": prefetch,
        **more,
    }


def require_valid(told: Resource) -> list[Resource]:
    """Hold cards to the specification, and what they would create to FHIR; return them."""
    Draft202012Validator(CARDS).validate(told)
    cards: list[Resource] = told["cards"]
    suggestions = [suggestion for card in cards for suggestion in card.get("suggestions", ())]
    ids = [each["uuid"] for each in [*cards, *suggestions]]
    assert len({UUID(each) for each in ids}) == len(ids)
    for suggestion in suggestions:
        for action in suggestion["actions"]:
            resource = action["resource"]
            get_fhir_model_class(resource["resourceType"]).model_validate_json(json.dumps(resource))
    return cards


def cards_for(client: httpx.Client, response: Resource | None, **more: Any) -> list[Resource]:
    given = client.post(TRIAGE, json=call_of(response, **more))
    assert given.status_code == 200, given.text
    return require_valid(given.json())


def shown(markdown: str) -> str:
    """Return the text that a reader of Markdown sees; only paragraphs, lists and strong words may be marked."""
    rendered = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
    assert set(re.findall(r"</?([^>\s]+)", rendered)) <= {"p", "strong", "ul", "li"}
    return html.unescape(re.sub(r"<[^>]+>", "", rendered))


def test_discovery_lists_the_services(client: httpx.Client) -> None:
    told = client.get("/cds-services").json()
    Draft202012Validator(SERVICES).validate(told)
    assert [(each["id"], each["hook"]) for each in told["services"]] == [
        ("back-pain-triage", "questionnaire-completed"),
        ("back-pain-interview", "patient-view"),
    ]
    assert list(told["services"][0]["prefetch"]) == ["questionnaireResponse"]


def test_a_browser_of_an_allowed_origin_may_call(client: httpx.Client) -> None:
    asking = {"Origin": "https://ehr.example.org", "Access-Control-Request-Method": "POST"}
    asking["Access-Control-Request-Headers"] = "authorization, content-type"
    preflight = client.options(TRIAGE, headers=asking)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://ehr.example.org"
    assert client.options(TRIAGE, headers=asking | {"Origin": "https://evil.example"}).status_code == 400
    given = client.get("/cds-services", headers={"Origin": "https://ehr.example.org"})
    assert given.headers["access-control-allow-origin"] == "https://ehr.example.org"


def test_an_emergency_is_critical_with_its_source(client: httpx.Client, kb: KnowledgeBase) -> None:
    response = response_of(kb, EMERGENCY, id="r-1", subject={"reference": "Patient/1"})
    [card] = cards_for(client, response)
    assert card["indicator"] == "critical"
    assert card["summary"] == "Emergency care: the answers suggest cauda equina syndrome."
    assert card["source"]["label"] == "Back Pain: When To Contact Your Doctor, 9. Cauda Equina Syndrome"
    assert card["source"]["url"] == "https://w3id.org/caretier/back-pain#GoodpathSection9"
    assert card["source"]["topic"]["code"] == "CaudaEquinaSyndrome"
    assert card["links"] == [
        {"label": "Open the questions", "url": "https://triage.example.org/back/", "type": "absolute"}
    ]
    assert [reason["code"] for reason in card["overrideReasons"]] == ["known", "answer-not-right", "does-not-apply"]
    [suggestion] = card["suggestions"]
    risk = suggestion["actions"][0]["resource"]
    assert risk["subject"] == {"reference": "Patient/1"}
    assert risk["basis"] == [{"reference": "QuestionnaireResponse/r-1"}]
    unnamed = cards_for(client, {key: response[key] for key in response if key != "id"})
    assert "basis" not in unnamed[0]["suggestions"][0]["actions"][0]["resource"]
    detail = shown(card["detail"])
    assert "Answered: numbness where a saddle would touch." in detail
    assert kb.questionnaire.safety_net in detail
    assert kb.questionnaire.disclaimer in detail


def test_the_response_may_come_as_context(client: httpx.Client, kb: KnowledgeBase) -> None:
    [card] = cards_for(client, None, context={"questionnaireResponse": response_of(kb, EMERGENCY)})
    assert card["indicator"] == "critical"
    assert "suggestions" not in card


def test_a_response_that_cannot_be_used_never_hides_an_emergency(client: httpx.Client, kb: KnowledgeBase) -> None:
    response = response_of(kb, EMERGENCY)
    del response["questionnaire"]
    response["item"].append({"linkId": "another-question", "answer": [{"valueBoolean": True}]})
    first, second = cards_for(client, response)
    assert first["indicator"] == "critical"
    assert first["summary"] == "Emergency care: some answers cannot be used, but the others alone show this."
    assert (second["indicator"], "another-question" in shown(second["detail"])) == ("warning", True)
    calm = response_of(kb, {"pain-lower-back": True}) | {"questionnaire": None}
    calm["item"].append({"linkId": "another-question", "answer": [{"valueBoolean": True}]})
    assert client.post(TRIAGE, json=call_of({k: v for k, v in calm.items() if v is not None})).status_code == 422


def test_what_is_not_meant_for_a_person_does_not_reassure(client: httpx.Client, kb: KnowledgeBase) -> None:
    answers: dict[str, Answer] = {each.id: False for each in kb.questions if each.type == "boolean"}
    answers |= {each.id: each.options[0].id for each in kb.questions if each.type == "choice"}
    assert kb.knowledge.scope is not None
    for age, why in ((10, "the questions are not meant"), (None, "it is not known whether the questions are meant")):
        given = answers | {"pain-lower-back": True, "treatment-months": 0, "age": age}
        [card] = cards_for(client, response_of(kb, given))
        assert (card["indicator"], card["summary"]) == ("warning", f"Not settled: {why} for this person.")
        assert kb.knowledge.scope.message in shown(card["detail"])


def test_what_is_open_is_a_warning_with_the_questions_to_ask(client: httpx.Client, kb: KnowledgeBase) -> None:
    answers: dict[str, Answer] = {"pain-lower-back": True}
    [card] = cards_for(client, response_of(kb, answers))
    result = kb.assess(answers)
    asked = [kb.questionnaire.by_id[each.id].text for each in result.next_questions[:5]]
    assert card["indicator"] == "warning"
    assert card["summary"] == "Not settled: questions still open could raise this to emergency care."
    assert [each["actions"][0]["resource"]["description"] for each in card["suggestions"]] == asked
    assert all(question in shown(card["detail"]) for question in asked)
    assert result.tier.advice_while_open in shown(card["detail"])


def test_what_nobody_knows_is_not_settled(client: httpx.Client, kb: KnowledgeBase) -> None:
    [card] = cards_for(client, response_of(kb, {question.id: None for question in kb.questions}))
    assert card["indicator"] == "warning"
    assert card["summary"] == "Not settled: what the person did not know could raise this to emergency care."


def test_nothing_found_is_information(client: httpx.Client, kb: KnowledgeBase) -> None:
    answers: dict[str, Answer] = {each.id: False for each in kb.questions if each.type == "boolean"}
    answers |= {"pain-lower-back": True, "age": 30, "pain-severity": "mild", "pain-course": "improving"}
    answers |= {"treatment-months": 0, "tobacco": "never", "iv-drug-use": "never", "cancer": "never"}
    [card] = cards_for(client, response_of(kb, answers))
    assert (card["indicator"], kb.assess(answers).final) == ("info", True)
    assert (
        card["summary"] == "Continue program: the answers suggest none of the conditions known here, and rule none out."
    )


@pytest.mark.slow
def test_cards_of_anybody_keep_to_the_specification(kb: KnowledgeBase) -> None:
    """On 300 people: the most urgent card first, one for each condition, never fewer than one."""
    chance, urgency = random.Random(7), ["critical", "warning", "info"]
    seen = set()
    for _ in range(300):
        answers: dict[str, Answer] = {}
        for question in chance.sample(kb.questions, chance.choice([3, 10, 30])):
            if question.type == "boolean":
                answers[question.id] = chance.choice([True, False, None])
            elif question.type == "choice":
                answers[question.id] = chance.choice(question.options).id
            else:
                answers[question.id] = chance.choice([2, 3, 49, 50])
        call = call_of(response_of(kb, answers, subject={"reference": "Patient/1"}))
        cards = require_valid(json.loads(cds_calls.completed(Desk(kb), json.dumps(call).encode(), "", "")))
        urgencies = [urgency.index(card["indicator"]) for card in cards]
        assert urgencies == sorted(urgencies)
        for card in cards:
            seen.add(card["indicator"])
            shown(card["detail"])
        try:
            result = kb.assess(answers)
        except caretier.ContradictionError:
            assert cards[-1]["summary"].startswith("Some answers contradict each other.")
            continue
        assert len(cards) == len(result.conditions) + (not result.final)
    assert seen == {"critical", "warning"}


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ([1, 0], ["critical", "info"]),
        ([2, 1, 0], ["critical", "warning", "info"]),
        ([3, 2, 1, 0], ["critical", "critical", "warning", "info"]),
        ([4, 3, 2, 1, 0], ["critical", "critical", "warning", "warning", "info"]),
    ],
)
def test_urgency_follows_the_order_of_the_tiers(ranks: list[int], expected: list[str]) -> None:
    tiers = [CareTier(f"tier-{rank}", f"urn:{rank}", f"tier {rank}", rank, "", "") for rank in ranks]
    assert [indicator(tier, tiers) for tier in tiers] == expected


def test_an_emergency_beside_a_contradiction_comes_first(client: httpx.Client, kb: KnowledgeBase) -> None:
    slip: dict[str, Answer] = {"sex": "male", "post-menopause": True}
    first, second = cards_for(client, response_of(kb, {**EMERGENCY, **slip}))
    assert first["indicator"] == "critical"
    assert first["summary"].startswith("Emergency care: ")
    assert "Get emergency care now." in shown(first["detail"])
    assert second["indicator"] == "warning"
    assert '"sex" and "post-menopause" contradict each other' in shown(second["detail"])
    [alone] = cards_for(client, response_of(kb, slip))
    assert alone["summary"] == second["summary"]
    for card in (first, second, alone):
        assert kb.questionnaire.safety_net in shown(card["detail"])
        assert kb.questionnaire.disclaimer in shown(card["detail"])


SERVER = "https://example.org/fhir"
ANOTHER = [
    ("Patient/2", None),
    ("Patient/2/_history/1", SERVER),
    (f"{SERVER}/Patient/2", SERVER),
    (f"{SERVER}/Patient/2", f"{SERVER}/"),
    (f"{SERVER}/Patient/2", None),
]
SAME = [
    ("Patient/1", None),
    ("Patient/1/_history/1", SERVER),
    (f"{SERVER}/Patient/1", f"{SERVER}/"),
    ("https://elsewhere.example/Patient/2", SERVER),
    ("urn:uuid:d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", SERVER),
    ("#p1", SERVER),
    ("", SERVER),
]


@pytest.mark.parametrize(("reference", "server"), ANOTHER)
def test_a_response_about_another_person_is_refused(
    client: httpx.Client, kb: KnowledgeBase, reference: str, server: str | None
) -> None:
    response = response_of(kb, EMERGENCY, subject={"reference": reference})
    given = client.post(TRIAGE, json=call_of(response, fhirServer=server))
    assert given.status_code == 400
    assert 'about another person than "patientId" in "context"' in given.json()["detail"]


@pytest.mark.parametrize(("reference", "server"), SAME)
def test_a_response_about_the_same_person_or_nobody_named_gets_cards(
    client: httpx.Client, kb: KnowledgeBase, reference: str, server: str | None
) -> None:
    response = response_of(kb, EMERGENCY, subject={"reference": reference})
    assert cards_for(client, response, fhirServer=server)[0]["indicator"] == "critical"
    context = {"userId": "Practitioner/1", "patientId": "Patient/1"}
    assert cards_for(client, response, fhirServer=server, context=context)
    assert cards_for(client, response, fhirServer=server, context={})


def test_a_person_named_by_no_text_is_refused(client: httpx.Client, kb: KnowledgeBase) -> None:
    response = response_of(kb, EMERGENCY, subject={"reference": "Patient/1"})
    given = client.post(TRIAGE, json=call_of(response, context={"patientId": 2}))
    assert (given.status_code, given.json()["detail"]) == (400, '"patientId" in "context" has to be a text.')


def test_a_wrapped_response_is_named_by_its_own_id(client: httpx.Client, kb: KnowledgeBase) -> None:
    response = response_of(kb, EMERGENCY, id="r-1", subject={"reference": "Patient/1"})
    wrapped = {"resourceType": "Parameters", "id": "in", "parameter": [{"name": "response", "resource": response}]}
    [card] = cards_for(client, wrapped)
    assert card["suggestions"][0]["actions"][0]["resource"]["basis"] == [{"reference": "QuestionnaireResponse/r-1"}]
    assert cards_for(client, wrapped | {"parameter": [{"name": "response", "resource": response | ELSEWHERE}]}) == []


def test_a_response_to_another_questionnaire_gets_no_card(client: httpx.Client) -> None:
    other = {"resourceType": "QuestionnaireResponse", "status": "completed", **ELSEWHERE}
    assert cards_for(client, other | {"item": [{"linkId": "1", "answer": [{"valueInteger": 3}]}]}) == []


@pytest.mark.parametrize(
    "prefetch", [{}, None, {"questionnaireResponse": None}, {"other": {"resourceType": "Patient"}}]
)
def test_a_missing_response_is_not_fetched(client: httpx.Client, prefetch: Resource | None) -> None:
    """The FHIR server that the call names is never asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        call = call_of(None, prefetch=prefetch, fhirServer=f"http://127.0.0.1:{server.getsockname()[1]}/fhir")
        call["fhirAuthorization"] = {"access_token": "secret", "token_type": "Bearer"}
        given = client.post(TRIAGE, json=call)
        with pytest.raises(TimeoutError):
            server.accept()
    assert given.status_code == 412
    assert given.headers["content-type"] == "application/problem+json"
    assert "prefetch.questionnaireResponse" in given.json()["detail"]


def test_a_failed_prefetch_is_a_missing_response(client: httpx.Client) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]}
    assert client.post(TRIAGE, json=call_of(outcome)).status_code == 412


BAD_CALLS: list[tuple[Any, str]] = [
    ([], "is an object"),
    ({"@context": {}}, "hook"),
    ({"hook": "patient-view"}, 'The "hook" of this service is "questionnaire-completed".'),
    ({"hookInstance": None}, '"hookInstance" has to be a UUID.'),
    ({"hookInstance": "1"}, '"hookInstance" has to be a UUID.'),
    ({"hookInstance": 12345678123456781234567812345678}, '"hookInstance" has to be a UUID.'),
    ({"context": []}, '"context" has to be an object.'),
    ({"prefetch": [1]}, '"prefetch" has to be an object.'),
    ({"prefetch": {"questionnaireResponse": {"resourceType": "Bundle"}}}, "this is a Bundle"),
]


@pytest.mark.parametrize(("change", "message"), BAD_CALLS)
def test_a_call_that_is_none_is_refused(client: httpx.Client, change: Any, message: str) -> None:
    call = change if isinstance(change, list) or "@context" in change else call_of(None) | change
    given = client.post(TRIAGE, json=call)
    assert given.status_code == 400
    assert message in given.json()["detail"]


def test_answers_that_cannot_be_used_are_named(client: httpx.Client, kb: KnowledgeBase) -> None:
    response = response_of(kb, {}, item=[{"linkId": "age", "answer": [{"valueInteger": 200}]}])
    given = client.post(TRIAGE, json=call_of(response))
    assert given.status_code == 422
    assert given.json()["errors"][0]["questions"] == ["age"]


def test_other_addresses_and_formats(client: httpx.Client) -> None:
    assert client.post("/cds-services/phq-9", json=call_of(None)).status_code == 404
    assert client.post("/cds-services/phq-triage", json=call_of(None)).status_code == 404
    assert client.post("/cds-services/phq-interview", json=call_of(None)).status_code == 404
    assert client.post("/cds-services/phq-9/feedback", json={"feedback": []}).status_code == 404
    assert client.post(TRIAGE, content="x", headers={"Content-Type": "text/plain"}).status_code == 415
    assert client.post(TRIAGE, content="{", headers={"Content-Type": "application/json"}).status_code == 400
    assert client.get("/cds-services", headers={"Accept": "text/html"}).status_code == 406
    assert client.get(TRIAGE).status_code == 405


def viewing(**context: Any) -> Resource:
    return {"hook": "patient-view", "hookInstance": INSTANCE, "context": {"userId": "Practitioner/1", **context}}


def test_a_viewed_record_is_offered_the_questions(client: httpx.Client, kb: KnowledgeBase) -> None:
    given = client.post(INTERVIEW, json=viewing(patientId="secret"))
    [card] = require_valid(given.json())
    assert card["indicator"] == "info"
    assert card["links"][0]["url"] == "https://triage.example.org/back/"
    assert "secret" not in given.text
    assert client.post(INTERVIEW, json=viewing()).status_code == 400
    assert client.post(INTERVIEW, json=viewing(patientId=1)).status_code == 400
    with serving(kb, Settings()) as served:
        card = httpx.post(served.url + INTERVIEW, json=viewing(patientId="1")).json()["cards"][0]
    assert card["links"][0]["url"] == f"{served.url}/"


ACCEPTED = {
    "card": INSTANCE,
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": INSTANCE}],
    "outcomeTimestamp": "2026-05-31T10:05:31Z",
}
OVERRIDDEN = {
    "card": INSTANCE,
    "outcome": "overridden",
    "overrideReason": {"reason": {"system": "https://w3id.org/x", "code": "known"}, "userComment": "secret comment"},
    "outcomeTimestamp": "2026-05-31T10:05:31.5+02:00",
}


@pytest.mark.parametrize(
    "entries",
    [
        [ACCEPTED, OVERRIDDEN],
        [{key: OVERRIDDEN[key] for key in ("card", "outcome", "outcomeTimestamp")}],
        [OVERRIDDEN | {"overrideReason": {"userComment": "secret comment"}}],
    ],
)
def test_feedback_is_taken_and_not_kept(kb: KnowledgeBase, entries: list[Resource]) -> None:
    with serving(kb, Settings()) as served:
        given = httpx.post(f"{served.url}{TRIAGE}/feedback", json={"feedback": entries})
    assert (given.status_code, given.json()) == (200, {})
    assert '"route":"/cds-services/{id}/feedback"' in served.log.getvalue()
    assert "secret" not in served.log.getvalue()
    assert INSTANCE not in served.log.getvalue()


@pytest.mark.parametrize(
    ("feedback", "message"),
    [
        ([], 'an object with "feedback"'),
        ({"feedback": {}}, 'an object with "feedback"'),
        ({"feedback": [1]}, "has to be an object"),
        ({"feedback": [ACCEPTED | {"card": "1"}]}, '"card"'),
        ({"feedback": [ACCEPTED | {"outcome": "ignored"}]}, '"outcome"'),
        ({"feedback": [ACCEPTED | {"outcomeTimestamp": "2026-05-31T10:05:31"}]}, '"outcomeTimestamp"'),
        ({"feedback": [ACCEPTED | {"outcomeTimestamp": None}]}, '"outcomeTimestamp"'),
        ({"feedback": [ACCEPTED | {"acceptedSuggestions": []}]}, 'needs "acceptedSuggestions"'),
        ({"feedback": [ACCEPTED | {"acceptedSuggestions": [{"id": "x"}]}]}, '"acceptedSuggestions"'),
        ({"feedback": [OVERRIDDEN | {"overrideReason": "no"}]}, '"overrideReason"'),
        ({"feedback": [OVERRIDDEN | {"overrideReason": {"reason": {"code": "x"}}}]}, '"overrideReason"'),
        ({"feedback": [OVERRIDDEN | {"overrideReason": {"userComment": 1}}]}, '"overrideReason"'),
    ],
)
def test_feedback_that_is_none_is_refused(client: httpx.Client, feedback: Any, message: str) -> None:
    given = client.post(f"{TRIAGE}/feedback", json=feedback)
    assert given.status_code == 400
    assert message in given.json()["detail"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script> *not strong* _nor_ `code` [link](http://x) ![i](y) | a | ~~b~~ &amp; \\*",
        "# no heading",
        "1. no list",
        "- no list",
        "+ no list",
        "=== no rule",
        "2) no\n\n    code",
        "<https://example.org>",
    ],
)
def test_texts_are_shown_as_they_stand(kb: KnowledgeBase, text: str) -> None:
    marked = replace(kb.knowledge, questionnaire=replace(kb.questionnaire, safety_net=text))
    assert shown(interview_card(marked)["detail"]).startswith(" ".join(text.split()))


def test_a_summary_is_never_too_long(kb: KnowledgeBase) -> None:
    def lengthened(knowledge: Knowledge) -> Knowledge:
        tiers = tuple(replace(tier, label=f"{tier.label} {'very ' * 60}soon") for tier in knowledge.tiers)
        return replace(knowledge, tiers=tiers)

    result = kb.assess(EMERGENCY)
    cards = result_cards(replace(result, knowledge=lengthened(result.knowledge)), kb.codes)
    assert require_valid({"cards": cards})[0]["summary"].endswith("very…")


@pytest.mark.slow
def test_cards_without_a_decision_model_are_the_same(kb: KnowledgeBase) -> None:
    """The reference reasoner answers where nothing was compiled."""
    call = json.dumps(call_of(response_of(kb, EMERGENCY))).encode()
    by_reference = json.loads(cds_calls.completed(Desk(KnowledgeBase(kb.root, None)), call, "", ""))
    by_model = json.loads(cds_calls.completed(Desk(kb), call, "", ""))
    assert [card | {"uuid": ""} for card in by_reference["cards"]] == [
        card | {"uuid": ""} for card in by_model["cards"]
    ]
