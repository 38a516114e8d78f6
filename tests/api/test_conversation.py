"""A conversation goes into a page, comes back, and can be taken back."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

import caretier
from caretier.errors import UnreadableInputError
from caretier.questionnaire import Answer, Question
from caretier_api.conversation import Conversation, Filled, NotAnsweredError, read_conversation, read_fields, screen_of


def test_a_conversation_goes_into_a_page_and_comes_back(kb: caretier.KnowledgeBase) -> None:
    conversation = (
        Conversation(for_other=True)
        .answered({"fever": True, "headache": None})
        .answered({"age": 40})
        .kept({"sex": "male"})
    )
    body = urlencode(list(conversation.fields())).encode()
    assert read_conversation(read_fields(body), kb.questionnaire) == conversation


def test_the_fields_of_a_form_are_read_in_their_order() -> None:
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
        for answer in _allowed(question):
            filled = Conversation().answered({question.id: answer}).filled(screen)
            assert filled.answers(screen) == {question.id: answer}


def test_a_checklist_denies_what_is_neither_ticked_nor_unknown(kb: caretier.KnowledgeBase) -> None:
    screen = screen_of(["fever", "headache", "tiredness"], kb.questionnaire)
    filled = Filled(yes=frozenset({"fever"}), unknown=frozenset({"headache"}))
    assert filled.answers(screen) == {"fever": True, "headache": None, "tiredness": False}
    assert Filled().answers(screen, none=True) == {"fever": False, "headache": False, "tiredness": False}
    with pytest.raises(NotAnsweredError):
        Filled().answers(screen)


def test_what_is_left_half_way_says_what_is_ticked_and_denies_nothing(kb: caretier.KnowledgeBase) -> None:
    checklist = screen_of(["fever", "headache", "tiredness"], kb.questionnaire)
    filled = Filled(yes=frozenset({"fever"}), unknown=frozenset({"headache"}))
    assert filled.said(checklist) == {"fever": True, "headache": None}
    assert Filled().said(checklist) == {}
    with pytest.raises(NotAnsweredError, match="both"):
        Filled(yes=frozenset({"fever"}), unknown=frozenset({"fever"})).said(checklist)
    for question in kb.questions:
        screen = screen_of([question.id], kb.questionnaire)
        assert Filled().said(screen) == {}
        for answer in _allowed(question):
            filled = Conversation().answered({question.id: answer}).filled(screen)
            assert filled.said(screen) == {question.id: answer}
    with pytest.raises(NotAnsweredError, match="not-a-number"):
        Filled(text="forty").said(screen_of(["age"], kb.questionnaire))


def test_what_is_left_open_is_not_filled_in_as_it_was_before() -> None:
    taken_back = Conversation().kept({"a": True, "b": True, "c": 1})
    assert taken_back.answered({"b": None}, asked=["a", "b"]) == Conversation(({"b": None},), {"c": 1})
    assert taken_back.answered({}, asked=["a", "b"]) == Conversation((), {"c": 1})


def _allowed(question: Question) -> tuple[Answer, ...]:
    if question.type == "boolean":
        return True, False, None
    return *(option.id for option in question.options), question.minimum, question.maximum, None


def test_two_answers_to_one_question_are_refused(kb: caretier.KnowledgeBase) -> None:
    fields = read_fields(urlencode([("given", '{"fever": true}'), ("given", '{"fever": false}')]).encode())
    with pytest.raises(UnreadableInputError, match="two answers to one question"):
        read_conversation(fields, kb.questionnaire)
