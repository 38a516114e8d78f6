"""What the service shows of its knowledge: the same as the library, made once, and only sent when it has changed."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import httpx
import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

import caretier
from caretier.decision_table import sections
from caretier.schemas import answers_schema, result_schema
from caretier.table_csv import table_csv
from caretier.table_html import table_html
from caretier_api.app import create_app
from caretier_api.settings import Settings

SHOWN = (
    ("/v1/questionnaire", "application/json"),
    ("/v1/questionnaire", "application/fhir+json"),
    ("/v1/conditions", "application/json"),
    ("/v1/conditions/CaudaEquinaSyndrome", "application/json"),
    ("/v1/decision-table", "application/json"),
    ("/v1/decision-table", "text/csv"),
    ("/v1/decision-table", "text/html"),
    ("/v1/schemas/answers", "application/schema+json"),
    ("/v1/schemas/result", "application/schema+json"),
)


def test_the_questionnaire(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    told = client.get("/v1/questionnaire").json()
    assert told["questions"] == [question.to_dict() for question in kb.questions]
    assert [group["id"] for group in told["groups"]] == [group.id for group in kb.questionnaire.groups]
    assert told["safety_net"] == kb.questionnaire.safety_net
    assert told["disclaimer"] == kb.questionnaire.disclaimer
    assert told["knowledge"] == {"version": kb.knowledge.version, "sha256": kb.knowledge.sha256}


def test_the_conditions(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    told = client.get("/v1/conditions").json()["conditions"]
    assert [each["id"] for each in told] == list(kb.knowledge.conditions)
    for each in told:
        assert each["red_flags"]
        assert each["recommendations"]
        assert client.get(f"/v1/conditions/{each['id']}").json() == each
    assert sum(len(each["red_flags"]) for each in told) == len(kb.knowledge.red_flags)


@pytest.mark.parametrize("path", ["/v1/conditions/Canser", "/v1/conditions/%F0%9F%98%80", "/v1/schemas/x"])
def test_what_is_not_there(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_the_decision_table(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    assert kb.model is not None
    certificate = kb.model.certificate
    told = client.get("/v1/decision-table").json()
    assert told["standing"]["proven"] is True
    flags = {
        flag["id"]: len(flag["minimal_sets"])
        for tier in told["tiers"]
        for condition in tier["conditions"]
        for flag in condition["red_flags"]
    }
    entries = [entry for section in sections(kb.knowledge) for entry in section.entries]
    assert flags == {entry.red_flag.id: len(entry.rows) for entry in entries}
    assert len(told["refused"]) == len(kb.knowledge.contradictions)
    as_csv = client.get("/v1/decision-table", headers={"Accept": "text/csv"})
    assert as_csv.content == table_csv(kb.knowledge, certificate).encode()
    assert sum(row["kind"] == "red flag" for row in csv.DictReader(io.StringIO(as_csv.text))) == sum(flags.values())
    as_html = client.get("/v1/decision-table", headers={"Accept": "text/html"})
    assert as_html.text == table_html(kb.knowledge, certificate)
    policy = as_html.headers["content-security-policy"]
    assert "script-src" not in policy
    assert re.findall(r"style-src '[^']+'", policy) == re.findall(r"style-src '[^']+'", as_html.text)


def test_the_schemas(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    answers, result = (client.get(f"/v1/schemas/{name}").json() for name in ("answers", "result"))
    assert answers == answers_schema(kb.questionnaire)
    assert result == result_schema(kb.knowledge)
    for schema in (answers, result):
        Draft202012Validator.check_schema(schema)
    assert answers["properties"]["answers"]["properties"].keys() == {question.id for question in kb.questions}


@pytest.mark.parametrize(("path", "media_type"), SHOWN)
def test_it_is_only_sent_when_it_has_changed(client: httpx.Client, path: str, media_type: str) -> None:
    first = client.get(path, headers={"Accept": media_type})
    assert first.status_code == 200
    assert first.headers["content-type"].partition(";")[0] == media_type
    assert first.headers["cache-control"] == "no-cache"
    is_spoken = not path.startswith(("/v1/decision-table", "/v1/schemas"))  # which are in English only
    assert first.headers["vary"] == ("Accept, Accept-Language" if is_spoken else "Accept")
    tag = first.headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        again = client.get(path, headers={"Accept": media_type, "If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = client.get(path, headers={"Accept": media_type, "If-None-Match": '"other"'})
    assert other.content == first.content
    assert client.get(path, headers={"Accept": "image/png"}).status_code == 406


def test_each_form_has_a_tag_of_its_own(client: httpx.Client) -> None:
    tags = [
        client.get("/v1/decision-table", headers={"Accept": media_type}).headers["etag"]
        for media_type in ("application/json", "text/csv", "text/html")
    ]
    assert len(set(tags)) == 3


def test_a_tag_changes_with_the_knowledge(client: httpx.Client, kb: caretier.KnowledgeBase) -> None:
    assert kb.model is not None
    edited = replace(kb.model, knowledge=replace(kb.knowledge, sha256="0" * 64))
    with TestClient(create_app(caretier.KnowledgeBase(kb.root, edited), Settings())) as other:
        tag = client.get("/v1/questionnaire").headers["etag"]
        answer = other.get("/v1/questionnaire", headers={"If-None-Match": tag})
        assert answer.status_code == 200
        assert answer.headers["etag"] != tag
        assert answer.headers["caretier-knowledge-sha256"] == "0" * 64


@pytest.mark.parametrize("path", [path for path, _ in SHOWN] + ["/health/live", "/metrics"])
def test_head_is_get_without_a_body(client: httpx.Client, path: str) -> None:
    response = client.head(path)
    assert (response.status_code, response.content) == (200, b"")
    if path != "/metrics":
        assert response.headers["content-length"] == str(len(client.get(path).content))
