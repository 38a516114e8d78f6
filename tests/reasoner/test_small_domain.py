"""Every result of a small domain, worked out by hand from its red flags and written down here.

The other tests hold the evaluator to what must be true of any domain; these say what comes out, to the letter.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from caretier.errors import ContradictionError, Problem
from caretier.evaluation import Evaluator, NextQuestion, Pattern, Position
from caretier.knowledge import Atom
from caretier.questionnaire import Answer, Answers
from caretier.result import Result
from tests.reasoner.small_domain import (
    ALARM,
    ALARM_KEY,
    BURNT,
    CALL,
    COLD,
    DOOR,
    DUST,
    FLAGS,
    GAS,
    HOT,
    KEY,
    KNOWLEDGE,
    LAMP,
    LEAVE,
    NO_SMELL,
    OPEN,
    QUESTIONS,
    RECOMMENDATION,
    SMOKE,
    WAIT,
    WINDOW,
    small_model,
)

Given = Mapping[str, Answer]

CALM: Given = {"smell": "none", "smoke": False}
"""Nothing of the highest tier can come of more answers but for a draught."""


@pytest.fixture
def evaluator() -> Evaluator:
    """Return a new evaluator of the small domain."""
    return small_model().evaluator


def _assess(answers: Given) -> Result:
    return small_model().assess(Answers(answers))


@pytest.mark.parametrize(
    ("answers", "tier", "conditions"),
    [
        ({}, WAIT, ()),
        ({"smoke": True}, WAIT, ()),
        ({"smoke": False, "alarm": True, "door": True, "key": None}, WAIT, ()),
        ({"smell": "gas"}, LEAVE, ("Leak",)),
        ({"smoke": True, "smell": "burnt"}, LEAVE, ("Fire",)),
        ({"smoke": True, "alarm": True}, LEAVE, ("Fire",)),
        ({"smoke": True, "degrees": 50}, LEAVE, ("Fire",)),
        ({"smoke": True, "degrees": 49}, WAIT, ()),
        ({"degrees": 50}, CALL, ("Fire",)),
        ({"degrees": 49}, WAIT, ()),
        ({"degrees": 4, "window": "open"}, CALL, ("Frost",)),
        ({"degrees": 5, "window": "open"}, WAIT, ()),
        ({"degrees": 4, "window": "shut"}, WAIT, ()),
        ({"degrees": 4, "window": "open", "door": True}, LEAVE, ("Leak", "Frost")),
        ({"smoke": True, "lamp": True, "dust": True}, CALL, ("Dirt",)),
        ({"smoke": True, "smell": "gas", "degrees": 100, "lamp": True, "dust": True}, LEAVE, ("Fire", "Leak", "Dirt")),
    ],
)
def test_tier_and_conditions(answers: Given, tier: object, conditions: tuple[str, ...]) -> None:
    """The highest tier first, then by condition; a condition once, where its highest red flag stands."""
    assert small_model().triage(answers).to_dict() == {"tier": _assess(answers).tier.id, "conditions": list(conditions)}
    assert _assess(answers).tier is tier
    assert tuple(each.id for each in _assess(answers).conditions) == conditions


@pytest.mark.parametrize(
    ("answers", "ceiling", "asked"),
    [
        ({}, LEAVE, "smell:Leave smoke:Leave degrees:Leave alarm:Leave window:Leave door:Leave lamp:Call dust:Call"),
        ({"smoke": True}, LEAVE, "smell:Leave degrees:Leave alarm:Leave window:Leave door:Leave lamp:Call dust:Call"),
        ({"smell": None}, LEAVE, "smoke:Leave degrees:Leave alarm:Leave window:Leave door:Leave lamp:Call dust:Call"),
        ({"smell": "gas"}, LEAVE, ""),
        ({"smoke": True, "window": "open"}, LEAVE, "smell:Leave degrees:Leave door:Leave lamp:Call dust:Call"),
        ({"smoke": True, "window": "open", "degrees": 20}, LEAVE, "smell:Leave lamp:Call dust:Call"),
        ({"degrees": 4, "window": "open"}, LEAVE, "smell:Leave door:Leave smoke:Leave"),
        ({"smell": "none", "door": False}, LEAVE, "smoke:Leave degrees:Leave window:Call lamp:Call dust:Call"),
        ({"window": "shut"}, LEAVE, "smell:Leave smoke:Leave degrees:Leave alarm:Leave lamp:Call dust:Call"),
        ({"lamp": False}, LEAVE, "smell:Leave smoke:Leave degrees:Leave alarm:Leave window:Leave door:Leave"),
        ({"window": "shut", "lamp": False}, LEAVE, "smell:Leave smoke:Leave degrees:Leave alarm:Leave"),
        ({"window": "shut", "smoke": None}, LEAVE, "smell:Leave degrees:Leave alarm:Leave lamp:Call dust:Call"),
        (
            {"key": True, "smell": "none"},
            LEAVE,
            "smoke:Leave degrees:Leave window:Leave door:Leave lamp:Call dust:Call",
        ),
        ({"key": True, "smell": "burnt", "window": "shut"}, LEAVE, "smoke:Leave degrees:Call"),
        (CALM, LEAVE, "degrees:Leave window:Leave door:Leave"),
        ({**CALM, "door": False}, CALL, "degrees:Call window:Call"),
        ({**CALM, "door": None}, LEAVE, "degrees:Leave window:Leave"),
        ({**CALM, "degrees": 20}, WAIT, ""),
        ({**CALM, "degrees": 4}, LEAVE, "window:Leave door:Leave"),
        ({**CALM, "degrees": 4, "window": "open"}, LEAVE, "door:Leave"),
        ({**CALM, "degrees": 4, "window": "open", "door": False}, CALL, ""),
        ({**CALM, "degrees": 50}, CALL, ""),
    ],
)
def test_ceiling_and_next_questions(answers: Given, ceiling: object, asked: str) -> None:
    """The highest tier first, then the fewest further answers, then the order of the questions."""
    result = _assess(answers)
    assert result.ceiling is ceiling
    assert " ".join(f"{each.id}:{each.could_raise_to}" for each in result.next_questions) == asked


def test_what_a_result_says() -> None:
    answers = Answers({"smoke": True, "smell": "gas", "degrees": 60}, "room 5")
    result = small_model().assess(answers)
    fire, leak = result.conditions
    assert (result.id, result.answers, result.engine) == ("room 5", answers, "model")
    assert result.knowledge is KNOWLEDGE
    assert (fire.id, fire.label, fire.tier, fire.recommendation) == ("Fire", "a fire", "Leave", RECOMMENDATION)
    assert (leak.id, leak.label, leak.tier, leak.recommendation) == ("Leak", "a leak", "Leave", None)
    assert [found.red_flag.id for found in fire.red_flags] == ["burning", "heat"]
    assert [found.shared for found in (*fire.red_flags, *leak.red_flags)] == [False, False, True]
    told = [
        [(reason.question, reason.answer, reason.text) for reason in found.because]
        for each in result.conditions
        for found in each.red_flags
    ]
    assert told == [
        [("smoke", True, "smoke"), ("degrees", 60, "degrees: 60")],
        [("degrees", 60, "degrees: 60")],
        [("smell", "gas", "smell gas")],
    ]


def test_a_red_flag_rests_on_the_first_of_its_sets_that_holds() -> None:
    (fire, _) = _assess({"smoke": True, "smell": "burnt", "degrees": 70, "dust": True}).conditions
    assert [reason.question for reason in fire.red_flags[0].because] == ["smoke", "smell"]


def test_notes_tell_of_the_scope_first_and_then_of_tensions() -> None:
    assert _assess({"degrees": 0}).notes == ()
    assert _assess({"degrees": -1}).notes == ("Not meant for rooms below zero.",)
    scope, tension = _assess({"degrees": -1, "smoke": False, "smell": "burnt"}).notes
    assert scope == "Not meant for rooms below zero."
    assert '"fumes"' in tension
    assert '"smell burnt"' in tension


def test_a_question_is_given_as_plain_data() -> None:
    assert NextQuestion("door", "Leave").to_dict() == {"id": "door", "could_raise_to": "Leave"}


@pytest.mark.parametrize(
    ("rest", "proven"),
    [({}, None), ({"degrees": 4}, None), ({"degrees": 60}, CALL), ({"degrees": 60, "smoke": True}, LEAVE)],
)
def test_a_contradiction_tells_of_each_once_and_what_the_other_answers_prove(rest: Given, proven: object) -> None:
    answers = {"alarm": True, "window": "open", "smell": "none", "key": True, **rest}
    for refused in (small_model().triage, _assess):
        with pytest.raises(ContradictionError) as caught:
            refused(answers)
        assert caught.value.problems == (
            Problem(
                ("window", "alarm"),
                'The answers to "window" and "alarm" contradict each other. The alarm is silent then.',
            ),
            Problem(
                ("alarm", "key"), 'The answers to "alarm" and "key" contradict each other. The key turns the alarm off.'
            ),
        )
        assert caught.value.proven is proven


def test_what_contradicts_is_set_aside_whole() -> None:
    """Smoke and alarm mean the highest tier, but no alarm counts that contradicts something else."""
    with pytest.raises(ContradictionError) as caught:
        small_model().triage({"alarm": True, "key": True, "smoke": True})
    assert caught.value.proven is None


def test_contradictions_come_with_the_answers_that_make_them(evaluator: Evaluator) -> None:
    given = evaluator.given({"alarm": True, "smell": "none", "key": True, "window": "shut"})
    assert list(evaluator.contradictions(given)) == [
        (WINDOW, frozenset({ALARM, NO_SMELL})),
        (ALARM_KEY, frozenset({ALARM, KEY})),
    ]
    assert evaluator.is_contradictory(given)
    assert not evaluator.is_contradictory(evaluator.given({"alarm": True, "smell": "gas", "window": "shut"}))


def test_every_answer_that_is_spoken_of_has_a_bit_in_the_order_of_the_questions(evaluator: Evaluator) -> None:
    in_order = [SMOKE, BURNT, GAS, NO_SMELL, HOT, COLD, OPEN, ALARM, LAMP, DOOR, KEY, DUST]
    assert [evaluator.bits_of([atom]) for atom in in_order] == [1 << number for number in range(len(in_order))]
    assert evaluator.bits_of(in_order) == 2 ** len(in_order) - 1
    assert evaluator.question_ids == tuple(question.id for question in QUESTIONS)
    assert evaluator.question_bits == {question.id: 1 << number for number, question in enumerate(QUESTIONS)}


def test_a_position_is_what_is_given_what_is_open_and_what_is_not_known(evaluator: Evaluator) -> None:
    every = evaluator.bits_of([SMOKE, BURNT, GAS, NO_SMELL, HOT, COLD, OPEN, ALARM, LAMP, DOOR, KEY, DUST])
    answers: Given = {"smoke": True, "smell": None, "degrees": 20, "door": False, "lamp": None}
    given = evaluator.given(answers)
    settled, unknown = evaluator.bits_of([HOT, COLD, DOOR]), evaluator.bits_of([BURNT, GAS, NO_SMELL, LAMP])
    assert given == evaluator.bits_of([SMOKE])
    assert evaluator.position(answers, given) == Position(given, every & ~settled, unknown)
    assert evaluator.position({}, 0) == Position(0, every, 0)


def test_patterns_are_listed_by_tier_and_then_in_the_order_of_the_red_flags(evaluator: Evaluator) -> None:
    numbers = {"smoke": 1, "smell": 2, "degrees": 4, "window": 8, "alarm": 16, "lamp": 32, "door": 64, "dust": 256}

    def pattern(red_flag: int, rank: int, *atoms: Atom) -> Pattern:
        questions = sum(numbers[atom.question] for atom in atoms)
        return Pattern(red_flag, rank, frozenset(atoms), evaluator.bits_of(atoms), questions)

    assert evaluator.patterns == (
        pattern(2, 2, GAS),
        pattern(3, 2, SMOKE, BURNT),
        pattern(3, 2, SMOKE, HOT),
        pattern(3, 2, SMOKE, ALARM),
        pattern(5, 2, COLD, OPEN, DOOR),
        pattern(0, 1, COLD, OPEN),
        pattern(1, 1, HOT),
        pattern(6, 1, SMOKE, BURNT, DUST),
        pattern(6, 1, SMOKE, LAMP, DUST),
    )


def test_what_is_within_reach_is_listed_as_products(evaluator: Evaluator) -> None:
    """What has a part of a contradiction is a product of its own, its answers in their own order."""

    def reachable(answers: Given, above: int) -> list[tuple[int, list[int]]]:
        return list(evaluator.reachable(evaluator.position(answers, evaluator.given(answers)), above))

    def product(rank: int, *choices: set[Atom]) -> tuple[int, list[int]]:
        return rank, [evaluator.bits_of(choice) for choice in choices]

    highest = [
        product(2, {GAS}),
        product(2, {ALARM}, {SMOKE}),
        product(2, {SMOKE}, {BURNT, HOT}),
        product(2, {COLD}, {DOOR}, {OPEN}),
    ]
    lower = [product(1, {COLD}, {OPEN}), product(1, {HOT}), product(1, {DUST}, {SMOKE}, {BURNT, LAMP})]
    assert reachable({}, 0) == highest + lower
    assert reachable({}, 1) == highest
    assert reachable({}, 2) == []
    assert reachable({"smoke": True, "smell": "none", "degrees": 20, "dust": None}, 0) == [product(1, {DUST}, {LAMP})]


def test_red_flags_come_by_tier_condition_and_id(evaluator: Evaluator) -> None:
    given = evaluator.bits_of([SMOKE, BURNT, GAS, HOT, COLD, OPEN, DOOR, DUST])
    found = evaluator.red_flags(given)
    assert [FLAGS[number].id for number in found] == ["burning", "draught", "gas", "soot", "heat", "frozen-pipes"]
    assert list(evaluator.shown_by(3, given)) == [0, 1]
    assert list(evaluator.shown_by(4, given)) == []
    assert evaluator.conditions(found) == ("Fire", "Leak", "Dirt", "Frost")


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"boiler": True}, KeyError),
        ({"boiler": None}, KeyError),
        ({"smell": "roses"}, KeyError),
        ({"smoke": 1}, ValueError),
        ({"smoke": "yes"}, ValueError),
        ({"degrees": True}, ValueError),
        ({"degrees": 20.0}, ValueError),
        ({"degrees": -21}, ValueError),
        ({"degrees": 101}, ValueError),
    ],
)
def test_what_the_questionnaire_does_not_allow_has_no_bits(
    evaluator: Evaluator, answers: Given, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        evaluator.given(answers)
    if error is ValueError:
        assert caught.value.args == tuple(answers)


def test_the_least_and_the_most_that_is_allowed_have_bits(evaluator: Evaluator) -> None:
    assert evaluator.given({"degrees": -20}) == evaluator.bits_of([COLD])
    assert evaluator.given({"degrees": 100}) == evaluator.bits_of([HOT])
    assert evaluator.given({"degrees": 20, "window": "shut", "smoke": False}) == 0
