"""The pages of the service, as any client sees them that can send a form."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from rdflib import RDF, RDFS, Graph, URIRef
from rdflib.compare import isomorphic

import caretier
from caretier.questionnaire import Answer
from caretier_api.app import create_app
from caretier_api.conversation import Conversation, Filled, read_conversation, read_fields, screen_of
from caretier_api.settings import Settings

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
Answers = Mapping[str, Answer]
EMERGENCY: Answers = {"pain-lower-back": True, "saddle-numbness": True}
APPOINTMENT: Answers = {"fever": True, "age": 63, "cancer": "past", "weight-loss": None}


class Page(HTMLParser):
    """What a page says, and the fields of its forms."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response
        self.status = response.status_code
        self.html = response.text
        self.hidden: list[tuple[str, str]] = []
        self.inputs: list[dict[str, str | None]] = []
        self.buttons: list[dict[str, str | None]] = []
        self.forms: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self._said: list[str] = []
        self._is_first_form = True
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append(attributes)
        elif tag == "input" and attributes.get("type") == "hidden" and len(self.forms) == 1:
            self.hidden.append((str(attributes["name"]), str(attributes["value"])))
        elif tag == "input" and attributes.get("type") != "hidden":
            self.inputs.append(attributes)
        elif tag == "button":
            self.buttons.append(attributes)
        elif tag in ("a", "link") and attributes.get("href"):
            self.links.append(str(attributes["href"]))

    def handle_data(self, data: str) -> None:
        self._said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._said).split())

    @property
    def asked(self) -> list[str]:
        return [value for name, value in self.hidden if name == "asked"]

    @property
    def checked(self) -> list[str]:
        return [f"{each['name']}={each['value']}" for each in self.inputs if "checked" in each]

    @property
    def is_result(self) -> bool:
        return "Summary for the doctor" in self.text

    @property
    def progress(self) -> tuple[int, int]:
        found = re.search(r"Question (\d+) of at most (\d+)", self.text)
        assert found, self.text
        return int(found[1]), int(found[2])


class Visitor:
    """Somebody who reads pages and presses buttons."""

    def __init__(self, client: TestClient) -> None:
        self._client = client

    def get(self, path: str, **headers: str) -> Page:
        return Page(self._client.get(path, headers=HTML | headers))

    def post(self, *given: tuple[str, str]) -> Page:
        response = self._client.post("/interview", data=_grouped(given), headers=HTML)
        page = Page(response)
        if response.headers["content-type"].startswith("text/html"):
            assert response.headers["cache-control"] == "no-store"
        return page

    def start(self, whom: str = "me") -> Page:
        return self.post(("for", whom))

    def press(self, page: Page, button: str, *inputs: tuple[str, str]) -> Page:
        return self.post(*page.hidden, *inputs, ("do", button))

    def change(self, page: Page, questions: str) -> Page:
        assert any(button.get("value") == questions for button in page.buttons), page.buttons
        return self.post(*page.hidden, ("change", questions))

    def answer(self, page: Page, answers: Answers) -> Page:
        """Answer one screen; what is not said is denied, and the first option is chosen."""
        asked = page.asked
        if len(asked) > 1:
            yes = [("yes", each) for each in asked if answers.get(each) is True]
            unknown = [("unknown", each) for each in asked if answers.get(each, False) is None]
            return self.press(page, "continue" if yes or unknown else "none", *yes, *unknown)
        offered = [str(each["value"]) for each in page.inputs if each.get("type") == "radio"]
        if not offered:
            return self.press(page, "continue", ("answer", str(answers.get(asked[0], 0))))
        said = answers.get(asked[0], "no" if "no" in offered else offered[0])
        word = "?" if said is None else {True: "yes", False: "no"}.get(said, said) if said in (True, False) else said
        return self.press(page, "continue", ("answer", str(word)))

    def walk(self, answers: Answers, whom: str = "me") -> list[Page]:
        """Answer everything that is asked; the last page is the result."""
        pages = [self.start(whom)]
        while pages[-1].asked and len(pages) < 40:
            pages.append(self.answer(pages[-1], answers))
        return pages


def _grouped(pairs: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


@pytest.fixture(scope="module")
def client(kb: caretier.KnowledgeBase) -> Iterator[TestClient]:
    with TestClient(create_app(kb, Settings())) as made:
        yield made


@pytest.fixture(scope="module")
def visitor(client: TestClient) -> Visitor:
    return Visitor(client)


# the interview


def test_the_start_says_what_this_is_and_for_whom(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    page = visitor.get("/")
    assert kb.questionnaire.disclaimer in page.text
    assert kb.questionnaire.safety_net in page.text
    assert "call 911" in page.text
    assert "At most 20 short pages" in page.text
    assert [button["value"] for button in page.buttons] == ["me", "other"]


def test_nobody_without_trouble_sees_more_than_twenty_screens(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    *screens, result = visitor.walk({"age": 40})
    assert len(screens) <= 20
    assert result.is_result
    tier = kb.knowledge.tiers[-1]
    assert tier.advice in result.text
    assert "Not settled yet" not in result.text
    numbers = [page.progress for page in screens]
    assert [number for number, _ in numbers] == list(range(1, len(screens) + 1))
    most = [each for _, each in numbers]
    assert most == sorted(most, reverse=True)
    assert all(number <= each for number, each in numbers)


def test_an_emergency_stops_the_interview_at_once_and_stands_first(
    visitor: Visitor, kb: caretier.KnowledgeBase
) -> None:
    *screens, result = visitor.walk(EMERGENCY)
    assert len(screens) == 1
    body = result.html.partition('<main id="main"')[2]
    hero = body.index('class="hero level-1"')
    assert hero < body.index('href="tel:911"') < body.index("Why we say this")
    assert body.index(kb.knowledge.tiers[0].advice) < body.index("Why we say this")
    assert "<h1" not in body[:hero]
    assert "Numbness where a saddle would touch" in result.text


def test_a_result_says_why_from_where_and_what_follows(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    result = visitor.walk(APPOINTMENT)[-1]
    expected = kb.assess({"pain-lower-back": True, "fever": True, "cancer": "past"})
    assert expected.conditions
    for condition in expected.conditions:
        assert condition.recommendation
        assert condition.recommendation.course in result.text
        assert condition.recommendation.advice in result.text
        for step in condition.recommendation.steps:
            assert step.label in result.text.lower() or step.label in result.text
        for found in condition.red_flags:
            assert found.red_flag.reason in result.text
            for source in found.red_flag.sources:
                assert source.text in result.text
            for axiom in found.proof:
                assert axiom.manchester in result.text
    summary = result.text.partition("Summary for the doctor")[2]
    reported, _, rest = summary.partition("Reported")[2].partition("Denied")
    denied, _, unknown = rest.partition("Asked, and not known")
    assert "fever" in reported
    assert "cancer in the past" in reported
    assert "headaches" in denied
    assert "weight loss without trying" in unknown
    assert "weight loss" not in denied
    assert kb.knowledge.version in summary


def test_unknown_never_reassures(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    result = visitor.walk({"saddle-numbness": None})[-1]
    tier = kb.knowledge.tiers[-1]
    assert "Not settled yet" in result.text
    assert tier.advice_while_open in result.text
    assert tier.advice not in result.text
    assert 'class="hero open"' in result.html
    assert "Numbness where a saddle would touch could lead to Emergency care" in result.text
    asked = visitor.change(result, "saddle-numbness")
    assert asked.checked == ["answer=?"]
    assert visitor.press(asked, "continue", ("answer", "no")).text.count("Not settled yet") == 0


def test_stopping_shows_a_result_that_is_not_final_and_one_can_go_on(visitor: Visitor) -> None:
    second = visitor.answer(visitor.start(), {})
    stopped = visitor.press(second, "stop")
    assert "Not settled yet" in stopped.text
    assert "This result is not final" in stopped.text
    again = visitor.post(*stopped.hidden)
    assert again.asked == second.asked


def test_what_is_proven_is_told_while_questions_go_on(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    page = visitor.answer(visitor.start(), {"bladder-problem": True})
    assert page.asked
    assert "Your answers already mean: Urgent appointment" in page.text
    assert kb.knowledge.tiers[1].advice_while_open in page.text


def test_back_brings_each_screen_back_as_it_was_filled_in(visitor: Visitor) -> None:
    first = visitor.start()
    answers: Answers = {"bladder-problem": True, "erectile-failure": None, "pain-severity": "moderate"}
    second = visitor.answer(first, answers)
    third = visitor.answer(second, answers)
    back = visitor.press(third, "back", ("yes", third.asked[0]))
    assert back.asked == second.asked
    assert back.checked == ["answer=moderate"]
    assert back.progress == second.progress
    again = visitor.press(back, "back")
    assert again.asked == first.asked
    assert again.checked == ["yes=bladder-problem", "unknown=erectile-failure"]
    # what was answered later is not lost: it fills in the screens as they come again
    forward = visitor.answer(again, answers)
    assert forward.asked == second.asked
    assert forward.checked == ["answer=moderate"]
    further = visitor.press(forward, "continue", ("answer", "moderate"))
    assert further.asked == third.asked
    assert further.checked == [f"yes={third.asked[0]}"]
    assert "Start for myself" in visitor.press(again, "back").text


def test_what_was_taken_back_counts_for_nothing(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    emergency = visitor.answer(visitor.start(), EMERGENCY)
    back = visitor.press(emergency, "back")
    assert back.checked == ["yes=saddle-numbness"]
    on = visitor.press(back, "none")
    assert on.asked
    assert "Emergency care" not in on.text


def test_an_answer_can_be_changed_from_the_result(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    result = visitor.walk({"age": 40})[-1]
    change = next(str(button["value"]) for button in result.buttons if "fever" in str(button.get("value")))
    asked = visitor.change(result, change)
    assert asked.asked == change.split()
    assert "Change your answer" in asked.text
    assert visitor.press(asked, "back").text == result.text
    changed = visitor.press(asked, "continue", ("yes", "fever"))
    assert changed.is_result
    assert "Spinal infection" in changed.text


def test_for_somebody_else_is_said_on_every_page(visitor: Visitor) -> None:
    *screens, result = visitor.walk({"age": 40}, "other")
    assert all("Answer for the person you are helping." in page.text for page in screens)
    assert "These are the answers for the person you are helping." in result.text
    assert "Answered by somebody else for the person." in result.text
    assert "the person you are helping" not in visitor.walk({"age": 40})[-1].text


@pytest.mark.parametrize(
    ("button", "inputs", "said"),
    [
        ("continue", [], "Please tick what applies. If nothing does, choose “None of these”."),
        (
            "none",
            [("yes", "bladder-problem")],
            "You ticked “trouble with the bladder”, and you also chose “None of these”",
        ),
        (
            "continue",
            [("yes", "bladder-problem"), ("unknown", "bladder-problem")],
            "You ticked “trouble with the bladder”, and you also said that you don't know about it",
        ),
    ],
)
def test_a_checklist_that_cannot_be_read_is_asked_again(
    visitor: Visitor, button: str, inputs: list[tuple[str, str]], said: str
) -> None:
    first = visitor.start()
    again = visitor.press(first, button, *inputs)
    assert again.status == 422
    assert said in again.text
    assert again.asked == first.asked
    assert set(again.checked) == {f"{name}={value}" for name, value in inputs}
    assert "Please check" in again.html.partition("</title>")[0]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Please type a number, or choose “I don't know”."),
        ("forty", "Please type a whole number, with digits only."),
        ("4.5", "Please type a whole number, with digits only."),
        ("-1", "Please type a whole number, with digits only."),
        ("٤٢", "Please type a whole number, with digits only."),
        ("121", "Please type a number from 0 to 120."),
        ('"><script>alert(1)</script>', "Please type a whole number, with digits only."),
    ],
)
def test_a_number_that_cannot_be_read_is_asked_again(visitor: Visitor, typed: str, said: str) -> None:
    page = visitor.post(("asked", "age"), ("answer", typed), ("do", "continue"))
    assert page.status == 422
    assert said in page.text
    assert page.inputs[0]["value"] == typed
    assert "<script>alert" not in page.html


def test_a_number_may_be_unknown(visitor: Visitor) -> None:
    page = visitor.post(("asked", "age"), ("answer", ""), ("do", "unknown"))
    assert page.hidden[0] == ("given", '{"age":null}')


def test_a_single_question_needs_an_answer(visitor: Visitor) -> None:
    page = visitor.post(("asked", "pain-severity"), ("do", "continue"))
    assert page.status == 422
    assert "Please choose one answer." in page.text


# contradictions

FEMALE, CONTRADICTING = ("given", '{"sex":"female"}'), ("given", '{"erectile-failure":true}')


def test_a_contradiction_is_told_in_words_and_can_be_mended(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    page = visitor.post(FEMALE, CONTRADICTING)
    assert page.status == 409
    assert kb.knowledge.contradictions
    assert any(each.message in page.text for each in kb.knowledge.contradictions)
    assert '"sex"' not in page.text
    assert "Which of these answers is not right?" in page.text
    assert [button["value"] for button in page.buttons] == ["sex", "erectile-failure", "back"]
    asked = visitor.change(page, "sex")
    assert asked.checked == ["answer=female"]
    mended = visitor.press(asked, "continue", ("answer", "?"))
    assert mended.status == 200
    assert mended.asked


def test_a_contradiction_hides_no_emergency(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    page = visitor.post(FEMALE, CONTRADICTING, ("given", json.dumps(dict(EMERGENCY))))
    body = page.html.partition('<main id="main"')[2]
    assert kb.knowledge.tiers[0].advice in page.text
    assert body.index('class="hero level-1"') < body.index('href="tel:911"') < body.index("do not fit together")
    assert "Emergency care" in page.html.partition("</title>")[0]
    mended = visitor.press(visitor.change(page, "sex"), "continue", ("answer", "male"))
    assert mended.is_result
    assert "Emergency care" in mended.text


# what comes back changed


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ([("given", '{"no-such-question":true}')], 422),
        ([("given", '{"pain-severity":"dreadful"}')], 422),
        ([("given", '{"age":"forty"}')], 422),
        ([("given", '{"age":true}')], 422),
        ([("given", '{"<script>alert(1)</script>":"<script>alert(2)</script>"}')], 422),
        ([("given", "[]")], 422),
        ([("given", "{}")], 400),
        ([("given", "")], 400),
        ([("given", "{")], 400),
        ([("given", "[" * 5000)], 400),
        ([("given", '{"age":NaN}')], 400),
        ([("given", '{"age":1,"age":2}')], 400),
        ([("draft", '{"no-such-question":true}')], 422),
        ([("asked", "no-such-question"), ("do", "continue")], 400),
        ([("asked", "age"), ("asked", "fever"), ("do", "continue")], 400),
        ([("asked", "pain-severity"), ("answer", "dreadful"), ("do", "continue")], 400),
        ([("change", "<script>alert(1)</script>")], 400),
        ([("change", " ")], 400),
        ([("x", "y")] * 1001, 400),
    ],
)
def test_a_page_that_was_changed_is_answered_with_a_clear_page(
    visitor: Visitor, sent: list[tuple[str, str]], status: int
) -> None:
    page = visitor.post(*sent)
    assert page.status == status
    assert "<script>alert" not in page.html
    assert f"Error {status}" in page.text
    assert "Go to the start" in page.text
    assert "call 911" in page.text


def test_what_is_ticked_but_was_not_asked_is_not_taken(visitor: Visitor) -> None:
    page = visitor.post(
        ("asked", "fever"), ("asked", "headache"), ("yes", "fever"), ("yes", "cancer"), ("do", "continue")
    )
    assert [value for name, value in page.hidden if name == "given"] == ['{"headache":false,"fever":true}']


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"for=me", "application/json", 415),
        (b"for=me", "multipart/form-data; boundary=x", 415),
        (b"given=%ff", "application/x-www-form-urlencoded", 400),
        ("given=é".encode(), "application/x-www-form-urlencoded", 400),
    ],
)
def test_a_body_that_is_no_form_is_refused(client: TestClient, body: bytes, media_type: str, status: int) -> None:
    response = client.post("/interview", content=body, headers=HTML | {"Content-Type": media_type})
    assert response.status_code == status
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_an_empty_form_begins_the_interview(visitor: Visitor) -> None:
    assert visitor.post(("unheard-of", "")).asked == visitor.start().asked


def test_programs_get_problem_documents_and_browsers_get_pages(client: TestClient) -> None:
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


# what holds for all pages

PAGES = (
    "/", "/interview", "/conditions", "/conditions/Cancer", "/findings", "/terms", "/terms/bp/Cancer", "/decision-table",
    "/query", "/query?example=thresholds", "/no-such-page",
)  # fmt: skip


def test_every_page_is_sealed(client: TestClient) -> None:
    responses = [client.get(path, headers=HTML) for path in PAGES]
    responses.append(client.post("/interview", data={"for": "me"}, headers=HTML))
    for response in responses:
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy
        assert "form-action 'self'" in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in response.headers
        assert not re.search(r"<script(?! src=\"/static/)|<style|\sstyle=|\son\w+=", response.text)


def test_nothing_of_the_interview_is_kept_or_stands_in_an_address(client: TestClient, visitor: Visitor) -> None:
    for page in [visitor.get("/"), *visitor.walk(APPOINTMENT)]:
        assert page.response.headers["cache-control"] == "no-store"
        assert not page.response.cookies
        assert all(form["method"] == "post" and form["action"] == "/interview" for form in page.forms)
        assert not any("?" in link for link in page.links)


def test_static_files_may_be_kept_for_ever(client: TestClient, visitor: Visitor) -> None:
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


def test_the_emergency_number_is_a_setting(kb: caretier.KnowledgeBase) -> None:
    visitor = Visitor(TestClient(create_app(kb, Settings(emergency_number="112 or 999"))))
    page = visitor.get("/")
    assert "In an emergency call 112 or 999" in page.text
    result = Visitor(TestClient(create_app(kb, Settings(emergency_number="+44 999")))).walk(EMERGENCY)[-1]
    assert 'href="tel:+44999"' in result.html


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
    assert "call 911" in page.text


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


# hostile knowledge

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


# the knowledge


@pytest.mark.slow
def test_all_links_lead_somewhere(client: TestClient) -> None:
    waiting, seen = ["/"], set[str]()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        response = client.get(path, headers=HTML)
        assert response.status_code == 200, path
        if not response.headers["content-type"].startswith("text/html"):
            continue
        page = Page(response)
        for link in page.links:
            target = urlsplit(urljoin(f"http://testserver{path}", link))
            address = target.path + (f"?{target.query}" if target.query else "")
            is_sample = not target.query.startswith("format=") or "/Cancer" in target.path
            if target.netloc == "testserver" and address not in seen and address not in waiting and is_sample:
                waiting.append(address)
            if target.fragment and target.netloc == "testserver" and target.path == urlsplit(path).path:
                assert f'id="{target.fragment}"' in page.html
    assert len(seen) > 600


def test_a_condition_is_shown_with_all_that_leads_to_it(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    index = visitor.get("/conditions")
    for condition in kb.knowledge.conditions.values():
        assert condition.definition in index.text
        page = visitor.get(f"/conditions/{condition.id}")
        assert condition.iri in page.text
        for flag in kb.knowledge.red_flags:
            assert (flag.reason in page.text) == (flag.condition == condition.id)
            if flag.condition == condition.id:
                assert f"/terms/bp/{flag.id}" in page.links
        for (its, _), found in kb.knowledge.recommendations.items():
            if its == condition.id:
                assert found.advice in page.text
                assert found.course in page.text


def test_the_decision_table_has_every_red_flag_and_its_standing(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    page = visitor.get("/decision-table")
    assert kb.model
    assert kb.model.certificate.summary in page.text
    for flag in kb.knowledge.red_flags:
        assert f"/terms/bp/{flag.id}" in page.links
        assert flag.reason in page.text
    for contradiction in kb.knowledge.contradictions:
        assert contradiction.message in page.text


def test_a_table_that_is_not_proven_says_so(checkout: Path, tmp_path: Path, kb: caretier.KnowledgeBase) -> None:
    assert kb.model
    unproven = caretier.KnowledgeBase(kb.root, kb.model)
    app = create_app(unproven, Settings())
    unproven.model = None
    unproven.__dict__["reference"] = type("Reference", (), {"knowledge": kb.knowledge})()
    assert "Proposed, not proven" in Visitor(TestClient(app)).get("/decision-table").text


def test_findings_are_shown_by_kind_with_what_asks_and_what_they_point_to(visitor: Visitor) -> None:
    page = visitor.get("/findings")
    assert "/terms/bp/SaddleNumbness" in page.links
    assert "sufficient symptom of cauda equina syndrome" in page.text
    assert "Saddle numbness saddle-numbness" in page.text


def test_a_term_is_told_with_all_that_is_known_of_it(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    page = visitor.get("/terms/bp/LegWeakness")
    for told in (
        "Leg weakness",
        "Weakness of a leg or foot.",
        "https://w3id.org/caretier/back-pain#LegWeakness",
        "'leg weakness' EquivalentTo: weakness and ('has site' value leg)",
        "'sudden leg weakness' SubClassOf: 'leg weakness'",
        "Goodpath: section 3",
        "Severe or worsening pain with a sign of cancer",
        "Is a leg or foot weaker than usual?",
        "HP:",
    ):
        assert told in page.text
    for link in ("/terms/bp/LegDeficit", "/terms/bp/SuddenLegWeakness", "/terms/bp/GoodpathSection3"):
        assert link in page.links
    flag = visitor.get("/terms/bp/FeverRedFlag")
    assert "'fever with back pain' EquivalentTo: assessment and (reports some fever)" in flag.text
    note = visitor.get("/terms/bp/ArmColorChangeOnRaising")
    assert "Specific enough to be taken as a sign of thoracic outlet syndrome on its own." in note.text


@pytest.mark.parametrize(
    ("media_type", "syntax"),
    [
        ("text/turtle", "turtle"),
        ("application/ld+json", "json-ld"),
        ("application/n-triples", "nt"),
        ("application/rdf+xml", "xml"),
    ],
)
def test_a_term_answers_in_rdf(client: TestClient, kb: caretier.KnowledgeBase, media_type: str, syntax: str) -> None:
    response = client.get("/terms/bp/LegWeakness", headers={"Accept": f"{media_type}, text/html;q=0.5"})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(media_type)
    assert response.headers["vary"] == "Accept"
    graph = Graph().parse(data=response.text, format=syntax)
    term = URIRef("https://w3id.org/caretier/back-pain#LegWeakness")
    assert isomorphic(graph, kb.ontology.graph.cbd(term))
    assert client.get("/terms/bp/LegWeakness", headers=HTML | {"Accept": "image/png"}).status_code == 406


@pytest.mark.slow
def test_every_term_of_the_ontology_has_a_page_in_the_index(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    index = set(visitor.get("/terms").links)
    own = {
        str(term)
        for term in kb.ontology.graph.subjects(RDFS.label)
        if (term, RDF.type, None) in kb.ontology.graph and "#" in str(term)
    }
    assert len(own) > 500
    for iri in own:
        prefix = "ct" if "/core#" in iri else "bp"
        assert f"/terms/{prefix}/{iri.partition('#')[2]}" in index


# queries


def run(client: TestClient, query: str, wanted: str = "table") -> Response:
    return client.post("/query", data={"query": query, "as": wanted}, headers=HTML)


def test_every_example_runs_and_its_csv_has_the_same_rows(client: TestClient, visitor: Visitor) -> None:
    links = [link for link in visitor.get("/query").links if "?example=" in link]
    assert len(links) > 20
    for link in links:
        page = visitor.get(link)
        found = re.search(r"<textarea[^>]*>\n(.*)</textarea>", page.html, re.DOTALL)
        assert found
        query = found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"').replace("&#39;", "'")
        query = query.replace("&amp;", "&")
        shown = run(client, query)
        assert shown.status_code == 200, link
        table = list(csv.reader(io.StringIO(run(client, query, "csv").text)))
        assert shown.text.count("<tr>") == len(table) > 1, link


def test_results_link_to_the_pages_of_terms(client: TestClient) -> None:
    page = Page(run(client, "SELECT ?c ?l { ?c a ct:Condition ; rdfs:label ?l } ORDER BY ?c"))
    assert "/terms/bp/Cancer" in page.links
    assert "bp:Cancer" in page.text
    assert "10 rows" in page.text


def test_other_results_are_shown_as_what_they_are(client: TestClient) -> None:
    assert 'class="yes-or-no">Yes' in run(client, "ASK { bp:Cancer a ct:Condition }").text
    graph = run(client, "CONSTRUCT { bp:Cancer a ?k } WHERE { bp:Cancer a ?k }")
    assert "bp:Cancer a" in graph.text
    assert "An empty graph." in run(client, "CONSTRUCT { ?s a ?k } WHERE { ?s a ?k FILTER(false) }").text
    download = run(client, "CONSTRUCT { bp:Cancer a ?k } WHERE { bp:Cancer a ?k }", "csv")
    assert download.headers["content-type"].startswith("text/turtle")
    assert "0 rows" in run(client, "SELECT ?s { ?s a ?k FILTER(false) }").text
    csv_of = run(client, "SELECT (1 AS ?one) {}", "csv")
    assert csv_of.headers["content-disposition"] == 'attachment; filename="result.csv"'
    assert csv_of.text.split() == ["one", "1"]


def test_of_many_rows_a_page_shows_a_thousand(client: TestClient) -> None:
    page = Page(run(client, "SELECT * { ?s ?p ?o }"))
    assert "the first 1000 shown" in page.text
    assert page.html.count("<tr>") == 1001


@pytest.mark.parametrize(
    "query",
    [
        "",
        "nonsense <script>alert(1)</script>",
        "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <http://example.org/> { ?s ?p ?o } }",
        "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
        "DELETE WHERE { ?s ?p ?o }",
    ],
)
def test_a_query_that_cannot_be_run_is_refused_on_the_page(client: TestClient, query: str) -> None:
    for wanted in ("table", "csv"):
        response = run(client, query, wanted)
        assert response.status_code == 400
        assert "The query gave no result" in response.text
        assert "<script>alert" not in response.text


def test_a_query_that_takes_too_long_is_stopped(kb: caretier.KnowledgeBase) -> None:
    client = TestClient(create_app(kb, Settings(sparql_seconds=0.5)))
    response = run(client, "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    assert response.status_code == 504
    assert "0.5 seconds" in response.text


# the words


def test_no_clinical_word_stands_in_templates_or_code(checkout: Path, kb: caretier.KnowledgeBase) -> None:
    folder = checkout / "api" / "caretier_api"
    files = [*folder.glob("*.py"), *(folder / "templates").iterdir(), *(folder / "static").iterdir()]
    names = {question.id for question in kb.questions if "-" in question.id}
    names |= {each.id for each in (*kb.knowledge.tiers, *kb.knowledge.red_flags)} | set(kb.knowledge.conditions)
    labels = {each.label for each in (*kb.knowledge.tiers, *kb.knowledge.red_flags, *kb.knowledge.conditions.values())}
    labels |= {question.answer_text for question in kb.questions if question.type == "boolean"}
    assert len(names | labels) > 150
    for path in files:
        text = path.read_text(encoding="utf-8").lower()
        found = [word for word in names | labels if re.search(rf"\b{re.escape(word.lower())}\b", text)]
        assert not found, path.name
        assert not re.search(r"\b(pain|spine|cancer|weakness|numb|numbness|symptom)\b", text), path.name


# the conversation by itself


def test_a_conversation_goes_into_a_page_and_comes_back(kb: caretier.KnowledgeBase) -> None:
    conversation = (
        Conversation(for_other=True)
        .answered({"fever": True, "headache": None})
        .answered({"age": 40})
        .kept({"sex": "male"})
    )
    grouped = _grouped(tuple(conversation.fields()))
    assert read_conversation(grouped, kb.questionnaire) == conversation
    assert read_fields(b"a=1&b=%C3%A9&a=") == {"a": ["1", ""], "b": ["é"]}


def test_an_answer_given_again_takes_the_place_of_the_former_one() -> None:
    conversation = Conversation().answered({"a": True, "b": False}).answered({"c": 1}).answered({"a": None})
    assert conversation.given == ({"a": None, "b": False}, {"c": 1})
    before, questions = conversation.taken_back()
    assert questions == ("c",)
    assert before.draft == {"c": 1}
    assert before.answered({"c": 2}).draft == {}


def test_every_answer_fills_in_its_own_screen(kb: caretier.KnowledgeBase) -> None:
    for question in kb.questions:
        screen = screen_of([question.id], kb.questionnaire)
        for answer in {"boolean": (True, False), "integer": (question.minimum, question.maximum)}.get(
            question.type, tuple(option.id for option in question.options)
        ) + (None,):
            filled = Conversation().answered({question.id: answer}).filled(screen)
            assert filled.answers(screen) == {question.id: answer}
    assert Filled(yes=frozenset({"fever"})).answers(screen_of(["fever", "headache"], kb.questionnaire)) == {
        "fever": True,
        "headache": False,
    }
