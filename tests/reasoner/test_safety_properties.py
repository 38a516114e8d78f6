"""What must hold of any answers in any domain: of the shipped one, of a second one, and of thousands made up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import caretier
from caretier.changes import answered
from caretier.explanation import explain
from caretier.model import DecisionModel
from caretier.questionnaire import Answer
from caretier.reasons import Reason
from caretier.result import Result
from tests.reasoner.generated_models import completions, generated_models, rank_of, some_answers

SHIPPED = caretier.load().model
SECOND = caretier.load(Path(__file__).parents[2] / "examples" / "headache" / "headache.ttl").model
assert SHIPPED is not None
assert SECOND is not None
REAL = (SHIPPED, SECOND)

MADE_UP = generated_models(SHIPPED)


@st.composite
def telling_answers(draw: st.DrawFn, model: DecisionModel) -> dict[str, Answer]:
    """Draw answers that show some red flags of a real domain, with some answers taken back or not known."""
    patterns = [pattern for flag in model.knowledge.red_flags for pattern in flag.patterns]
    atoms = [atom for pattern in draw(st.lists(st.sampled_from(patterns), max_size=4)) for atom in pattern]
    answers = answered({}, frozenset(atoms))
    for name in draw(st.lists(st.sampled_from(sorted(answers)), max_size=2)) if answers else []:
        answers[name] = None
    return dict(answers)


ANY = MADE_UP.flatmap(lambda model: st.tuples(st.just(model), some_answers(model))) | st.sampled_from(REAL).flatmap(
    lambda model: st.tuples(st.just(model), telling_answers(model))
)


def _assessed(model: DecisionModel, answers: Mapping[str, Answer]) -> Result:
    return model.assess(model.knowledge.questionnaire.read({"answers": answers}))


def _answers_of(reasons: Iterable[Reason]) -> dict[str, Answer]:
    return {reason.question: reason.answer for reason in reasons if reason.question is not None}


@given(st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_the_interval_holds_every_completion_and_no_more(data: st.DataObject) -> None:
    model = data.draw(MADE_UP)
    answers = data.draw(some_answers(model))
    assume(rank_of(model, answers) is not None)
    result = _assessed(model, answers)
    ranks = [rank for _, rank in completions(model, answers)]
    assert (result.tier.rank, result.ceiling.rank) == (min(ranks), max(ranks))
    assert result.final == (len(set(ranks)) == 1)


@given(st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_asked_is_what_can_raise_the_tier_and_nothing_else(data: st.DataObject) -> None:
    """An open question is asked when, in some valid completion, taking its answer back lowers the tier."""
    model = data.draw(MADE_UP)
    answers = data.draw(some_answers(model))
    assume(rank_of(model, answers) is not None)
    result = _assessed(model, answers)
    raised: dict[str, int] = {}
    for more, rank in completions(model, answers):
        for name in more:
            if name not in answers and more[name] is not None:
                without = rank_of(model, {key: value for key, value in more.items() if key != name})
                if without is not None and without < rank:
                    raised[name] = max(rank, raised.get(name, 0))
    asked = {each.id: model.knowledge.tier(each.could_raise_to).rank for each in result.next_questions}
    assert asked == raised


@given(st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_a_red_flag_reported_in_addition_never_lowers_the_tier(data: st.DataObject) -> None:
    model = data.draw(MADE_UP)
    answers = data.draw(some_answers(model))
    before = rank_of(model, answers)
    assume(before is not None)
    flag = data.draw(st.sampled_from(model.knowledge.red_flags))
    pattern = data.draw(st.sampled_from(flag.patterns))
    assume(all(answers.get(atom.question) is None or atom.holds(answers[atom.question]) for atom in pattern))
    more = answered({key: value for key, value in answers.items() if value is not None}, pattern)
    after = rank_of(model, more)
    assume(after is not None)
    assert after is not None
    assert before is not None
    assert after >= max(before, model.knowledge.ranks[flag.tier])


@given(st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_not_known_leaves_open_what_any_answer_could_lead_to(data: st.DataObject) -> None:
    model = data.draw(MADE_UP)
    answers = data.draw(some_answers(model))
    assume(rank_of(model, answers) is not None)
    name = data.draw(st.sampled_from([each.id for each in model.knowledge.questionnaire.questions]))
    left_out = {key: value for key, value in answers.items() if key != name}
    whole, unknown, missing = (_assessed(model, each) for each in (answers, left_out | {name: None}, left_out))
    assert unknown.ceiling == missing.ceiling
    assert unknown.ceiling.rank >= whole.ceiling.rank
    assert unknown.tier == missing.tier
    assert unknown.tier.rank <= whole.tier.rank


@given(st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_every_explanation_entails_its_result(data: st.DataObject) -> None:
    """The answers that are given as the reason, and no others, lead to the same red flag; and all to the same tier."""
    model, answers = data.draw(ANY)
    assume(rank_of(model, answers) is not None)
    result = _assessed(model, answers)
    evaluator, every = model.evaluator, dict[str, Answer]()
    numbers = {flag.id: number for number, flag in enumerate(model.knowledge.red_flags)}
    for condition in result.conditions:
        for found in condition.red_flags:
            because = _answers_of(found.because)
            every |= because
            assert because.items() <= answers.items()
            assert numbers[found.red_flag.id] in evaluator.red_flags(evaluator.given(because))
    again = _assessed(model, every)
    assert (again.tier, [each.id for each in again.conditions]) == (
        result.tier,
        [each.id for each in result.conditions],
    )
    told = explain(evaluator, answers)
    for flag, ways in told.shown_by.items():
        for reasons in ways:
            shown = evaluator.red_flags(evaluator.given(_answers_of(reasons)))
            assert numbers[flag] in shown


@given(st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_the_smallest_changes_do_what_they_say(data: st.DataObject) -> None:
    model, answers = data.draw(ANY)
    assume(rank_of(model, answers) is not None)
    told = explain(model.evaluator, answers)
    for change in told.raises:
        assert model.triage(answered(answers, frozenset(change.answers))).tier == change.tier
    for change in told.falls:
        kept = {name: answer for name, answer in answers.items() if name not in change.withdrawn}
        assert model.triage(kept).tier == change.tier


@given(st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_assessing_a_second_time_changes_nothing(data: st.DataObject) -> None:
    model, answers = data.draw(ANY)
    assume(rank_of(model, answers) is not None)
    kept = dict(answers)
    first = json.dumps(_assessed(model, answers).to_dict())
    assert answers == kept
    assert json.dumps(_assessed(model, answers).to_dict()) == first
    through_json = json.loads(json.dumps(answers))
    assert json.dumps(_assessed(model, through_json).to_dict()) == first


@pytest.mark.parametrize("model", REAL, ids=["shipped", "second"])
@given(data=st.data())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_tier_is_without_a_source(model: DecisionModel, data: st.DataObject) -> None:
    """What is above the lowest tier names a red flag of that tier, with what it was read in and how it was proven."""
    answers = data.draw(telling_answers(model))
    assume(rank_of(model, answers) is not None)
    result = _assessed(model, answers)
    found = [flag for condition in result.conditions for flag in condition.red_flags]
    assert result.tier.rank == 0 or result.tier.id in {each.red_flag.tier for each in found}
    for each in found:
        assert each.red_flag.sources
        assert all(source.title for source in each.red_flag.sources)
        assert each.proof
        assert each.because
