"""The interview as pages, as any client walks through it that can send a form."""

from __future__ import annotations

import httpx
import pytest

import caretier
from tests.api.visitor import HTML, Answers, Visitor

EMERGENCY: Answers = {"pain-lower-back": True, "saddle-numbness": True}


def test_the_start_says_what_this_is_and_for_whom(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    page = visitor.get("/")
    assert kb.questionnaire.disclaimer in page.text
    assert kb.questionnaire.safety_net in page.text
    assert "Are you in danger, or not sure? Do not go on here. Get help now: call 911" in page.text
    assert "</a>. Here, the emergency number is 911. If you are in another country, call the number there." in page.html
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
    reported, denied, unknown = stopped.summary
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
    assert "numbness where a saddle would touch" in page.summary[0]


def test_stopping_takes_the_option_chosen_and_the_number_typed(visitor: Visitor) -> None:
    given = ("given", '{"morning-stiffness":false}')
    chosen = visitor.post(given, ("asked", "pain-severity"), ("answer", "severe"), ("do", "stop"))
    assert "severe back or neck pain" in chosen.summary[0]
    denied = visitor.post(given, ("asked", "fever"), ("answer", "no"), ("do", "stop"))
    assert "fever" in denied.summary[1]
    typed = visitor.post(given, ("asked", "age"), ("answer", "73"), ("do", "stop"))
    assert "age in years: 73" in typed.summary[0]
    nothing = visitor.post(given, ("asked", "age"), ("answer", ""), ("do", "stop"))
    assert nothing.is_result
    assert "age in years" not in "".join(nothing.summary)


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
    assert "If you are worried, do not wait for this page: ask a doctor, or call 911" in page.text


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
def test_a_body_that_is_no_form_is_refused(client: httpx.Client, body: bytes, media_type: str, status: int) -> None:
    response = client.post("/interview", content=body, headers=HTML | {"Content-Type": media_type})
    assert response.status_code == status
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_an_empty_form_begins_the_interview(visitor: Visitor) -> None:
    assert visitor.post(("unheard-of", "")).asked == visitor.start().asked
