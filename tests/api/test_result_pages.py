"""What the page of a result says, and to whom."""

from __future__ import annotations

import json
import re

import pytest
from fastapi.testclient import TestClient

import caretier
from caretier.presentation import sentence
from caretier_api.app import create_app
from caretier_api.settings import Settings
from tests.api.visitor import Answers, Visitor

EMERGENCY: Answers = {"pain-lower-back": True, "saddle-numbness": True}
APPOINTMENT: Answers = {"fever": True, "age": 63, "cancer": "past", "weight-loss": None}
FEMALE, CONTRADICTING = ("given", '{"sex":"female"}'), ("given", '{"erectile-failure":true}')


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


def test_the_summary_does_not_report_what_an_option_denies(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    options = [(question, option) for question in kb.questions for option in question.options]
    assert any(option.denies for _, option in options)
    for question, option in options:
        result = visitor.post(("given", json.dumps({question.id: option.id})), ("do", "stop"))
        reported, denied, _ = result.summary
        if option.denies:
            assert reported == "nothing", option
            assert f"{question.answer_text} (“{option.label}”)" in denied
        else:
            assert option.text in reported
            assert denied == "nothing", option


def test_the_summary_leaves_room_for_who_it_is_about(visitor: Visitor) -> None:
    summary = visitor.walk(EMERGENCY)[-1].html.partition('id="sheet"')[2]
    for name in ("Name", "Date of birth", "Date"):
        assert f"<dt>{name}</dt><dd></dd>" in summary


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


def test_a_child_is_never_told_that_all_is_well(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    adult, child, unknown = (visitor.walk({"age": age})[-1] for age in (40, 10, None))
    assert kb.knowledge.scope is not None
    for page, settled in ((adult, True), (child, False), (unknown, False)):
        assert ('<h1 id="tier" tabindex="-1" autofocus>Not settled yet' in page.html) is not settled
        assert (kb.knowledge.scope.message in page.text) is not settled
        assert ("no further answer can raise" in page.text) is settled
    assert f"meant for this person: {kb.questionnaire.by_id['age'].text}" in unknown.text


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
