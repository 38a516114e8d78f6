"""What holds for all pages: sealed, titled apart, without words of their own or markup from the knowledge."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

import caretier
from caretier_api.app import create_app
from caretier_api.settings import Settings
from tests.api.visitor import HTML, Answers, Page, Visitor

EMERGENCY: Answers = {"pain-lower-back": True, "saddle-numbness": True}
APPOINTMENT: Answers = {"fever": True, "age": 63, "cancer": "past", "weight-loss": None}
FEMALE, CONTRADICTING = ("given", '{"sex":"female"}'), ("given", '{"erectile-failure":true}')


def test_programs_get_problem_documents_and_browsers_get_pages(client: httpx.Client) -> None:
    for accept, media_type in (("*/*", "application/problem+json"), (HTML["Accept"], "text/html; charset=utf-8")):
        for path in (
            "/no-such-page",
            "/conditions/NoSuchCondition",
            "/terms/bp/NoSuchTerm",
            "/terms/xx/Y",
            "/static/0/x",
        ):
            response = client.get(path, headers={"Accept": accept})
            assert (response.status_code, response.headers["content-type"]) == (404, media_type)
        assert client.post("/", headers={"Accept": accept}).status_code == 405


PAGES = (
    "/", "/interview", "/conditions", "/conditions/Cancer", "/findings", "/terms", "/terms/bp/Cancer",
    "/decision-table", "/query", "/query?example=thresholds", "/no-such-page",
)  # fmt: skip


def test_every_page_is_sealed(client: httpx.Client) -> None:
    responses = [client.get(path, headers=HTML) for path in PAGES]
    responses.append(client.post("/interview", data={"for": "me"}, headers=HTML))
    for response in responses:
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
        assert "unsafe" not in policy
        assert "form-action 'self'" in policy
        assert not re.search(r"<script(?! src=\"/static/)|<style|\sstyle=|\son\w+=", response.text)


def test_every_page_tells_whom_to_call_in_an_emergency(visitor: Visitor) -> None:
    for page in [*map(visitor.get, PAGES), *visitor.walk({"age": 40})]:
        assert "In an emergency call 911" in page.text


def test_nothing_of_the_interview_is_kept_or_stands_in_an_address(visitor: Visitor) -> None:
    for page in [visitor.get("/"), *visitor.walk(APPOINTMENT)]:
        assert page.response.headers["cache-control"] == "no-store"
        assert not page.response.cookies
        assert all(form["method"] == "post" and form["action"] == "/interview" for form in page.forms)
        assert {link.partition("?")[2] for link in page.links} <= {"", "lang=en", "lang=es"}


def test_static_files_may_be_kept_for_ever(client: httpx.Client, visitor: Visitor) -> None:
    links = [link for link in visitor.get("/").links if link.startswith("/static/")]
    assert len(links) == 2
    for link in [*links, links[0].replace("style.css", "interview.js")]:
        response = client.get(link)
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["content-type"].startswith(("text/css", "text/javascript", "image/svg+xml"))
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", response.text)


def test_titles_tell_pages_apart(visitor: Visitor) -> None:
    *screens, result = visitor.walk({"age": 40})
    pages = [visitor.get(path) for path in PAGES if path != "/interview" and "?" not in path] + screens + [result]
    titles = [re.findall("<title>(.*)</title>", page.html) for page in pages]
    assert len({title for [title] in titles}) == len(pages)


def test_behind_a_reverse_proxy_all_links_keep_to_its_path(kb: caretier.KnowledgeBase) -> None:
    client = TestClient(create_app(kb, Settings(root_path="/triage")), root_path="/triage")
    for path in ("/triage/", "/triage/conditions", "/triage/terms/bp/Cancer", "/triage/query"):
        page = Page(client.get(path, headers=HTML))
        assert page.status == 200
        own = [link for link in page.links if link.startswith("/")]
        assert own
        assert all(link.startswith("/triage/") for link in own)
        assert all(str(form["action"]).startswith("/triage/") for form in page.forms)


def test_before_it_is_ready_the_service_says_so_on_a_page(checkout: Path, tmp_path: Path) -> None:
    app = create_app(_uncompiled(checkout, tmp_path), Settings())
    page = Visitor(TestClient(app)).get("/")  # without its lifespan it never gets ready
    assert page.status == 503
    assert page.response.headers["retry-after"]
    assert "If you are worried, do not wait for this page: ask a doctor, or call 911" in page.text


@pytest.mark.slow
def test_without_a_decision_model_the_reference_leads_the_interview(checkout: Path, tmp_path: Path) -> None:
    with TestClient(create_app(_uncompiled(checkout, tmp_path), Settings())) as client:
        visitor = Visitor(client)
        while client.get("/health/ready").status_code == 503:
            pass
        first = visitor.start()
        assert first.asked
        result = visitor.post(("given", json.dumps(dict(EMERGENCY))))
        assert 'class="hero level-1"' in result.html
        page = visitor.post(FEMALE, CONTRADICTING, ("given", json.dumps(dict(EMERGENCY))))
        assert page.status == 409
        assert 'class="hero level-1"' in page.html
        assert "Proposed, not proven." in visitor.get("/decision-table").text


def _uncompiled(checkout: Path, folder: Path) -> caretier.KnowledgeBase:
    for name in ("ontology", "shapes"):
        for path in (checkout / name).rglob("*"):
            if path.is_file() and path.name != "decision-model.json":
                copy = folder / path.relative_to(checkout)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
    return caretier.load(folder / "ontology" / "back-pain.ttl")


def test_the_interview_loads_no_rdf() -> None:
    code = """
import sys
import caretier
from fastapi.testclient import TestClient
from caretier_api.app import create_app
from caretier_api.settings import Settings
kb = caretier.load()
client = TestClient(create_app(kb, Settings()))
before = set(sys.modules)
assert client.get("/", headers={"Accept": "text/html"}).status_code == 200
for given in ('{"fever":false}', '{"pain-lower-back":true,"saddle-numbness":true}'):
    assert client.post("/interview", data={"given": given}).status_code == 200
assert client.get("/conditions/Cancer").status_code == client.get("/decision-table").status_code == 200
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print("ontology" in vars(kb), new & {"rdflib", "pyshacl", "owlready2", "pyoxigraph"})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False set()"


SPOIL = "<script>alert(1)<script>\"'&"
KEPT = {"type", "kind", "relation", "iri", "version", "sha256", "prefixes", "language"}


def _spoiled(value: Any) -> Any:
    """Put markup into every text of the knowledge, ids included."""
    if isinstance(value, str):
        return value + SPOIL
    if isinstance(value, tuple | frozenset):
        return type(value)(_spoiled(each) for each in value)
    if isinstance(value, Mapping):
        return {_spoiled(key): _spoiled(each) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        given = {each.name: getattr(value, each.name) for each in fields(value) if each.init}
        return type(value)(**{name: each if name in KEPT else _spoiled(each) for name, each in given.items()})
    return value


def test_no_text_of_the_knowledge_becomes_markup(kb: caretier.KnowledgeBase) -> None:
    assert kb.model
    spoiled = caretier.KnowledgeBase(kb.root, replace(kb.model, knowledge=_spoiled(kb.knowledge)))
    visitor = Visitor(TestClient(create_app(spoiled, Settings())))
    answers = {question + SPOIL: True for question in ("pain-lower-back", "saddle-numbness")}
    pages = [*visitor.walk(answers), *visitor.walk({}), visitor.get("/"), visitor.get("/conditions")]
    pages += [visitor.get("/decision-table"), visitor.get(next(x for x in pages[-1].links if "/conditions/" in x))]
    assert any("fever" in page.text for page in pages)
    for page in pages:
        assert page.status in (200, 422)
        assert "<script>alert" not in page.html
        assert "&lt;script&gt;alert" in page.html


def test_no_clinical_word_stands_in_templates_or_code(checkout: Path, kb: caretier.KnowledgeBase) -> None:
    folder = checkout / "api" / "caretier_api"
    files = [*folder.glob("*.py"), *(folder / "templates").iterdir(), *(folder / "static").iterdir()]
    knowledge = kb.knowledge
    names = {question.id for question in kb.questions if "-" in question.id} | set(knowledge.conditions)
    names |= {tier.id for tier in knowledge.tiers} | {flag.id for flag in knowledge.red_flags}
    labels = {tier.label for tier in knowledge.tiers} | {flag.label for flag in knowledge.red_flags}
    labels |= {condition.label for condition in knowledge.conditions.values()}
    labels |= {question.answer_text for question in kb.questions if question.type == "boolean"}
    assert len(names | labels) > 150
    for path in files:
        text = path.read_text(encoding="utf-8").lower()
        found = [word for word in names | labels if re.search(rf"\b{re.escape(word.lower())}\b", text)]
        assert not found, path.name
        assert not re.search(r"\b(pain|spine|cancer|weakness|numb|numbness|symptom)\b", text), path.name


def test_every_word_of_the_templates_can_be_translated(checkout: Path) -> None:
    for path in (checkout / "api" / "caretier_api" / "templates").iterdir():
        text = re.sub(
            r"{% block look %}\w*{% endblock %}|{% trans .*?{% endtrans %}|{%.*?%}|{{.*?}}",
            "",
            path.read_text(encoding="utf-8"),
            flags=re.DOTALL,
        )
        assert set(re.findall(r"[A-Za-z]+", re.sub(r"<[^>]*>", "", text))) <= {"caretier"}, path.name
        assert not re.search(r'(aria-label|title|alt|placeholder)="[A-Za-z]', text), path.name


def test_a_page_that_is_far_too_large_is_not_read(client: httpx.Client) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/interview", content=b"given=" + b"a" * 100_000, headers=form).status_code == 413
    assert client.post("/interview", content=b"&".join([b"a="] * 1_001), headers=form).status_code == 400
    assert client.post("/interview", content=b"&".join([b"a="] * 1_000), headers=form).status_code == 200
