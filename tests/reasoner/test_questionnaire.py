"""An answers document is read strictly, and what is wrong with it is said in full."""

from __future__ import annotations

import pytest

from caretier import InvalidAnswersError, KnowledgeBase
from caretier.errors import visible
from caretier.questionnaire import is_answer


def _messages(kb: KnowledgeBase, document: object) -> list[str]:
    with pytest.raises(InvalidAnswersError) as caught:
        kb.questionnaire.read(document)
    return [problem.message for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        ("sadle-numbness", True, 'no question "sadle-numbness". Did you mean "saddle-numbness"'),
        ("pain-severity", "sever", '"severe"'),
        ("pain-severity", True, "is true; allowed are"),
        ("fever", "yes", 'is "yes"; allowed are true, false and null'),
        ("fever", 1, "is 1; allowed are true, false and null"),
        ("age", 47.0, "is 47.0; allowed is a whole number from 0 to 120"),
        ("age", True, "is true; allowed is a whole number"),
        ("age", 121, "is 121"),
        ("age", -1, "is -1"),
        ("age", "47", 'is "47"'),
        ("treatment-months", 1201, "from 0 to 1200"),
        ("fever", ["x"] * 1000, "is a list"),
        ("fever", "x" * 1000, "..."),
        ("a\ncaretier: fine\x1b[2J", True, "\\n"),
    ],
)
def test_wrong_answer_is_named_with_what_is_allowed(
    kb: KnowledgeBase, question: str, answer: object, said: str
) -> None:
    messages = _messages(kb, {"answers": {question: answer}})
    assert len(messages) == 1
    assert visible(question) in messages[0]
    assert said in messages[0]
    assert "\n" not in messages[0]


@pytest.mark.parametrize(
    "document",
    [
        None,
        3,
        [],
        "text",
        {},
        {"answers": []},
        {"answers": {}, "extra": 1},
        {"answers": {}, "id": 3},
        {"answers": {}, "date": "yesterday"},
    ],
)
def test_what_is_no_answers_document_is_refused(kb: KnowledgeBase, document: object) -> None:
    assert _messages(kb, document)


def test_every_problem_is_told_at_once(kb: KnowledgeBase) -> None:
    messages = _messages(kb, {"answers": {"nothing": True, "age": 200, "fever": "no"}})
    assert len(messages) == 3


def test_null_and_limits_are_allowed(kb: KnowledgeBase) -> None:
    answers = kb.questionnaire.read({"answers": {"fever": None, "age": 0, "treatment-months": 1200}, "id": "a"})
    assert dict(answers.values) == {"fever": None, "age": 0, "treatment-months": 1200}
    assert answers.id == "a"


def test_a_question_gives_itself_as_plain_data(kb: KnowledgeBase) -> None:
    questions = {question.id: question.to_dict() for question in kb.questions}
    assert questions["age"]["type"] == "integer"
    assert questions["age"]["maximum"] == 120
    severities = questions["pain-severity"]["options"]
    assert isinstance(severities, list)
    assert [option["id"] for option in severities] == ["mild", "moderate", "severe", "very-severe"]


@pytest.mark.parametrize(
    ("question", "allowed", "refused"),
    [
        ("fever", [True, False], [1, 0, "yes", None]),
        ("pain-severity", ["mild", "severe"], ["sever", "", True, 1, None]),
        ("age", [0, 1, 119, 120], [-1, 121, True, 47.0, "47", None]),
    ],
)
def test_which_answers_a_question_allows(
    kb: KnowledgeBase, question: str, allowed: list[object], refused: list[object]
) -> None:
    asked = kb.questionnaire.by_id[question]
    assert [is_answer(asked, answer) for answer in allowed] == [True] * len(allowed)
    assert [is_answer(asked, answer) for answer in refused] == [False] * len(refused)
