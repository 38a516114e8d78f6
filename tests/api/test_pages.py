"""The pages of the service, as any client sees them that can send a form."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import caretier
from caretier.presentation import sentence
from caretier_api.app import create_app
from caretier_api.settings import Settings
from tests.api.visitor import HTML, Answers, Page, Visitor

EMERGENCY: Answers = {"pain-lower-back": True, "saddle-numbness": True}
APPOINTMENT: Answers = {"fever": True, "age": 63, "cancer": "past", "weight-loss": None}


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
    assert "If you are in another country, call the number there." in page.text
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


@pytest.mark.parametrize("answers", [EMERGENCY, APPOINTMENT, {"age": 40}, {"age": 10}])
def test_every_result_says_what_to_do_if_it_gets_worse_and_that_it_is_no_doctor(
    visitor: Visitor, kb: caretier.KnowledgeBase, answers: Answers
) -> None:
    result = visitor.walk(answers)[-1]
    net = result.text.partition("Whatever the result")[2]
    assert net.startswith(f" {kb.questionnaire.safety_net} This result is about how you are now. Do not rely on it if")
    assert result.text.count(kb.questionnaire.disclaimer) == 2, "in the summary for the doctor and below the page"


def test_unknown_never_reassures(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    result = visitor.walk({"saddle-numbness": None, "age": 40})[-1]
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


def test_stopping_takes_what_is_ticked_and_denies_nothing(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    screen = next(page for page in visitor.walk({"age": 40}) if "fever" in page.asked and len(page.asked) > 1)
    stopped = visitor.press(screen, "stop", ("yes", "fever"), ("unknown", "tiredness"))
    reported, denied, unknown = sheet(stopped)
    assert "fever" in reported
    assert kb.questionnaire.by_id["tiredness"].answer_text in unknown
    left_open = [kb.questionnaire.by_id[each] for each in screen.asked if each not in ("fever", "tiredness")]
    assert left_open
    for question in left_open:
        assert question.answer_text not in reported + denied + unknown
    again = visitor.post(*stopped.hidden)
    assert not {"fever", "tiredness"} & set(again.asked)
    further = {each for page in visitor.walk_on(again, {}) for each in page.asked}
    assert further & {question.id for question in left_open}


@pytest.mark.parametrize(
    "sent",
    [
        [("asked", "saddle-numbness"), ("yes", "saddle-numbness")],
        [("asked", "saddle-numbness"), ("asked", "bladder-problem"), ("yes", "saddle-numbness")],
        [("asked", "saddle-numbness"), ("answer", "yes")],
    ],
)
def test_stopping_hides_no_emergency(visitor: Visitor, sent: list[tuple[str, str]]) -> None:
    page = visitor.post(("given", '{"morning-stiffness":false}'), *sent, ("do", "stop"))
    assert 'class="hero level-1"' in page.html
    assert "numbness where a saddle would touch" in sheet(page)[0]


def test_stopping_takes_the_option_chosen_and_the_number_typed(visitor: Visitor) -> None:
    given = ("given", '{"morning-stiffness":false}')
    chosen = visitor.post(given, ("asked", "pain-severity"), ("answer", "severe"), ("do", "stop"))
    assert "severe back or neck pain" in sheet(chosen)[0]
    denied = visitor.post(given, ("asked", "fever"), ("answer", "no"), ("do", "stop"))
    assert "fever" in sheet(denied)[1]
    typed = visitor.post(given, ("asked", "age"), ("answer", "73"), ("do", "stop"))
    assert "age in years: 73" in sheet(typed)[0]
    nothing = visitor.post(given, ("asked", "age"), ("answer", ""), ("do", "stop"))
    assert nothing.is_result
    assert "age in years" not in "".join(sheet(nothing))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ([("asked", "age"), ("answer", "forty")], "Please type a whole number, with digits only."),
        ([("asked", "age"), ("answer", "400")], "Please type a number from 0 to 120."),
        (
            [("asked", "fever"), ("asked", "headache"), ("yes", "fever"), ("unknown", "fever")],
            "You ticked “fever”, and you also said that you don't know about it",
        ),
    ],
)
def test_stopping_drops_nothing_that_cannot_be_read(visitor: Visitor, sent: list[tuple[str, str]], said: str) -> None:
    page = visitor.post(("given", '{"morning-stiffness":false}'), *sent, ("do", "stop"))
    assert page.status == 422
    assert said in page.text


def test_a_tick_taken_away_before_stopping_does_not_come_back(visitor: Visitor) -> None:
    second = visitor.answer(visitor.start(), {})
    screen = visitor.answer(second, {})
    back = visitor.press(screen, "back", ("yes", screen.asked[0]))
    forward = visitor.answer(back, {})
    assert forward.checked == [f"yes={screen.asked[0]}"]
    stopped = visitor.press(forward, "stop")
    again = visitor.post(*stopped.hidden)
    assert again.asked == screen.asked
    assert again.checked == []


def test_the_summary_does_not_report_what_an_option_denies(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    options = [(question, option) for question in kb.questions for option in question.options]
    assert any(option.denies for _, option in options)
    for question, option in options:
        result = visitor.post(("given", json.dumps({question.id: option.id})), ("do", "stop"))
        reported, denied, _ = sheet(result)
        if option.denies:
            assert reported == "nothing", option
            assert f"{question.answer_text} (“{option.label}”)" in denied
        else:
            assert option.text in reported
            assert denied == "nothing", option


def sheet(result: Page) -> tuple[str, str, str]:
    """Read what the summary for the doctor says is reported, denied and not known."""
    summary = result.text.partition("One page.")[2].partition("What is in none of these lists")[0]
    reported, _, rest = summary.partition(" Reported ")[2].partition(" Denied ")
    denied, _, unknown = rest.partition(" Asked, and not known ")
    assert reported
    assert denied
    assert unknown
    return reported, denied, unknown


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


def test_what_was_taken_back_counts_for_nothing(visitor: Visitor) -> None:
    emergency = visitor.answer(visitor.start(), EMERGENCY)
    back = visitor.press(emergency, "back")
    assert back.checked == ["yes=saddle-numbness"]
    on = visitor.press(back, "none")
    assert on.asked
    assert "Emergency care" not in on.text


def test_an_answer_can_be_changed_from_the_result(visitor: Visitor) -> None:
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
    assert [button["value"] for button in page.buttons] == ["sex", "erectile-failure", "back", "es"]
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
    "/", "/interview", "/conditions", "/conditions/Cancer", "/findings", "/terms", "/terms/bp/Cancer",
    "/decision-table", "/query", "/query?example=thresholds", "/no-such-page",
)  # fmt: skip


def test_every_page_is_sealed(client: TestClient) -> None:
    responses = [client.get(path, headers=HTML) for path in PAGES]
    responses.append(client.post("/interview", data={"for": "me"}, headers=HTML))
    for response in responses:
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
        assert "unsafe" not in policy
        assert "form-action 'self'" in policy
        assert not re.search(r"<script(?! src=\"/static/)|<style|\sstyle=|\son\w+=", response.text)


def test_nothing_of_the_interview_is_kept_or_stands_in_an_address(visitor: Visitor) -> None:
    for page in [visitor.get("/"), *visitor.walk(APPOINTMENT)]:
        assert page.response.headers["cache-control"] == "no-store"
        assert not page.response.cookies
        assert all(form["method"] == "post" and form["action"] == "/interview" for form in page.forms)
        assert {link.partition("?")[2] for link in page.links} <= {"", "lang=en", "lang=es"}


def test_static_files_may_be_kept_for_ever(client: TestClient, visitor: Visitor) -> None:
    links = [link for link in visitor.get("/").links if link.startswith("/static/")]
    assert len(links) == 2
    for link in [*links, links[0].replace("style.css", "interview.js")]:
        response = client.get(link)
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["content-type"].startswith(("text/css", "text/javascript", "image/svg+xml"))
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", response.text)


def test_a_child_is_never_told_that_all_is_well(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    adult, child = (visitor.walk({"age": age})[-1] for age in (40, 10))
    assert kb.knowledge.scope is not None
    for page, settled in ((adult, True), (child, False)):
        assert ('<h1 id="tier" tabindex="-1" autofocus>Not settled yet' in page.html) is not settled
        assert (kb.knowledge.scope.message in page.text) is not settled


def test_titles_tell_pages_apart(visitor: Visitor) -> None:
    *screens, result = visitor.walk({"age": 40})
    pages = [visitor.get(path) for path in PAGES if path != "/interview" and "?" not in path] + screens + [result]
    titles = [re.findall("<title>(.*)</title>", page.html) for page in pages]
    assert len({title for [title] in titles}) == len(pages)


def test_the_emergency_number_is_a_setting(kb: caretier.KnowledgeBase) -> None:
    visitor = Visitor(TestClient(create_app(kb, Settings(emergency_number="112 or 999"))))
    page = visitor.get("/")
    assert "In an emergency call 112 or 999" in page.text
    assert 'href="tel:112"' in page.html
    result = Visitor(TestClient(create_app(kb, Settings(emergency_number="+44 999")))).walk(EMERGENCY)[-1]
    assert 'href="tel:+44999"' in result.html


def test_the_number_to_call_stands_before_any_other_and_says_for_whom_it_is(kb: caretier.KnowledgeBase) -> None:
    visitor = Visitor(TestClient(create_app(kb, Settings(emergency_number="112"))))
    contradicting = visitor.post(FEMALE, CONTRADICTING, ("given", json.dumps(dict(EMERGENCY))))
    for page in (visitor.walk(EMERGENCY)[-1], contradicting):
        hero = page.text.partition("In an emergency call 112")[2]
        assert "Here, the emergency number is 112. If you are in another country" in hero
        numbers = re.findall(r"\b\d{3}\b", hero)
        assert numbers[:2] == ["112", "112"]
        assert hero.index("Call 112") < hero.index(kb.knowledge.tiers[0].advice)


def test_when_nothing_was_found_the_heading_says_so_in_words(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    tier = kb.knowledge.tiers[-1]
    result = visitor.walk({"age": 40})[-1]
    heading = re.findall(r"<h1[^>]*>(.*)</h1>", result.html)
    assert heading == [tier.advice]
    assert f"Result: {sentence(tier.label)}" in result.text


def test_the_summary_for_the_doctor_is_one_step_from_the_top(visitor: Visitor) -> None:
    result = visitor.walk(APPOINTMENT)[-1]
    assert result.links.count("#sheet") == 1
    assert 'id="sheet"' in result.html
    assert result.html.index('href="#sheet"') < result.html.index("Why we say this")


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


# the words


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


def test_a_page_that_is_far_too_large_is_not_read(client: TestClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/interview", content=b"given=" + b"a" * 100_000, headers=form).status_code == 413
    assert client.post("/interview", content=b"&".join([b"a="] * 1_001), headers=form).status_code == 400
    assert client.post("/interview", content=b"&".join([b"a="] * 1_000), headers=form).status_code == 200
