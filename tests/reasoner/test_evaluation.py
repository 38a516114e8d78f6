"""What the evaluator makes of any answers: more reports never lower a tier, and triage and assess agree."""

from __future__ import annotations

import enum
import random
from collections.abc import Mapping
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, URIRef

import caretier
from caretier import shapes
from caretier.errors import ContradictionError, InvalidAnswersError
from caretier.knowledge import holding
from caretier.model import DecisionModel
from caretier.questionnaire import Answer, Question
from caretier.vocabulary import CT, RUN

KB = caretier.load()
QUESTIONS = KB.questionnaire.by_id


def _answer(question: Question) -> st.SearchStrategy[Answer]:
    if question.type == "boolean":
        return st.none() | st.booleans()
    if question.type == "choice":
        return st.none() | st.sampled_from([option.id for option in question.options])
    return st.none() | st.integers(question.minimum, question.maximum) | st.sampled_from([3, 2, 49, 50, 51])


MANY = st.fixed_dictionaries({}, optional={question.id: _answer(question) for question in KB.questions})
FEW = st.lists(st.sampled_from(sorted(QUESTIONS)), max_size=12, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: _answer(QUESTIONS[name]) for name in names})
)
DOCUMENTS = MANY | FEW


@pytest.fixture(scope="module", autouse=True)
def _by_the_model(model: DecisionModel) -> None:
    assert model is not None


def _rank(answers: Mapping[str, Answer]) -> int | None:
    """Return the rank of the tier that answers come to; None when they contradict each other."""
    try:
        return KB.knowledge.tier(KB.triage(answers).tier).rank
    except ContradictionError:
        return None


def _ceiling(answers: Mapping[str, Answer]) -> int:
    return KB.assess(answers).ceiling.rank


@given(DOCUMENTS, st.sampled_from(KB.questions), st.data())
@settings(max_examples=400, deadline=None)
def test_a_further_answer_never_lowers_the_tier_nor_raises_the_ceiling(
    answers: dict[str, Answer], question: Question, data: st.DataObject
) -> None:
    answers.pop(question.id, None)
    further = {**answers, question.id: data.draw(_answer(question))}
    before, after = _rank(answers), _rank(further)
    if before is None:
        assert after is None, "a contradiction stays one"
    elif after is not None:
        assert after >= before
        assert _ceiling(further) <= _ceiling(answers)


@given(DOCUMENTS)
@settings(max_examples=200, deadline=None)
def test_not_known_is_never_taken_for_no(answers: dict[str, Answer]) -> None:
    """The tier of "don't know" is that of leaving a question out, and its ceiling is not lower than that of no."""
    unknown = {name: None if answer is False else answer for name, answer in answers.items()}
    left_out = {name: answer for name, answer in answers.items() if answer is not False and answer is not None}
    assert _rank(unknown) == _rank(left_out)
    if _rank(answers) is not None:
        assert _ceiling(unknown) == _ceiling(left_out) >= _ceiling(answers)
        assert _rank(unknown) == _rank(answers), "no tier rests on a denial"


@given(DOCUMENTS, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_answers_changes_nothing(answers: dict[str, Answer], generator: random.Random) -> None:
    mixed = list(answers.items())
    generator.shuffle(mixed)
    if _rank(answers) is None:
        with pytest.raises(ContradictionError) as one:
            KB.triage(answers)
        with pytest.raises(ContradictionError) as other:
            KB.triage(dict(mixed))
        assert str(one.value) == str(other.value)
    else:
        assert KB.triage(dict(mixed)) == KB.triage(answers)
        assert KB.assess(dict(mixed)).to_dict() == KB.assess(answers).to_dict()


@given(DOCUMENTS)
@settings(max_examples=200, deadline=None)
def test_triage_says_what_assess_says(answers: dict[str, Answer]) -> None:
    if _rank(answers) is None:
        with pytest.raises(ContradictionError) as by_triage:
            KB.triage(answers)
        with pytest.raises(ContradictionError) as by_assess:
            KB.assess(answers)
        assert str(by_triage.value) == str(by_assess.value)
        assert by_triage.value.proven == by_assess.value.proven
    else:
        result = KB.assess(answers)
        conditions = [condition.id for condition in result.conditions]
        assert KB.triage(answers).to_dict() == {"tier": result.tier.id, "conditions": conditions}


@given(DOCUMENTS)
@settings(max_examples=200, deadline=None)
def test_bits_say_what_the_answers_say(answers: dict[str, Answer]) -> None:
    """Contradictions and red flags found by bits are those whose sets of answers hold, one by one."""
    assert KB.model is not None
    evaluator = KB.model.evaluator
    bits = evaluator.given(answers)
    conflicts = {conflict for each in KB.knowledge.contradictions for conflict in each.conflicts}
    held = {conflict for conflict in conflicts if holding(conflict, answers)}
    assert {conflict for _, conflict in evaluator.contradictions(bits)} == held
    assert evaluator.is_contradictory(bits) == bool(held)
    shown = [
        number
        for number, flag in enumerate(KB.knowledge.red_flags)
        if any(holding(pattern, answers) for pattern in flag.patterns)
    ]
    found = evaluator.red_flags(bits)
    assert sorted(found) == shown
    ranks = [KB.knowledge.ranks[KB.knowledge.red_flags[number].tier] for number in found]
    assert ranks == sorted(ranks, reverse=True)
    for number in shown:
        patterns = KB.knowledge.red_flags[number].patterns
        assert list(evaluator.shown_by(number, bits)) == [
            place for place, pattern in enumerate(patterns) if holding(pattern, answers)
        ]


@pytest.mark.parametrize(
    "answers",
    [
        {"age": 47.0}, {"age": True}, {"age": "47"}, {"age": -1}, {"age": 121}, {"age": 10**40}, {"age": float("nan")},
        {"fever": 1}, {"fever": 0}, {"fever": "yes"}, {"fever": []}, {"pain-severity": "sever"}, {"pain-severity": 1},
        {"pain-severity": True}, {"pain-severity": ["severe"]}, {"pain-severity": {}}, {"temperature": 39},
        {1: True}, {None: True}, {"age": 130, "fever": 2, "nonsense": None}, None, [], "fever", 5, {("fever",): True},
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_in_the_same_words(answers: dict[str, Answer]) -> None:
    with pytest.raises(InvalidAnswersError) as by_triage:
        KB.triage(answers)
    with pytest.raises(InvalidAnswersError) as by_assess:
        KB.assess(answers)
    assert by_triage.value.problems == by_assess.value.problems
    assert not isinstance(by_assess.value, ContradictionError)


class _Severity(enum.StrEnum):
    SEVERE = "severe"


class _Years(enum.IntEnum):
    OLDER = 51


@pytest.mark.parametrize(
    ("unusual", "plain"),
    [
        ({"pain-severity": _Severity.SEVERE, "fever": True}, {"pain-severity": "severe", "fever": True}),
        ({"pain-severity": "severe", "age": _Years.OLDER}, {"pain-severity": "severe", "age": 51}),
        (
            {"sex": "female", "erectile-failure": True, "age": _Years.OLDER},
            {"sex": "female", "erectile-failure": True, "age": 51},
        ),
    ],
)
def test_kinds_of_text_and_number_count_as_what_they_are_equal_to(
    unusual: dict[str, Answer], plain: dict[str, Answer]
) -> None:
    if _rank(plain) is None:
        assert _rank(unusual) is None
    else:
        assert KB.triage(unusual) == KB.triage(plain)
        assert KB.assess(unusual).to_dict() == KB.assess(plain).to_dict()


@pytest.mark.slow
def test_the_tier_is_the_one_that_the_disposition_rules_choose(model: DecisionModel) -> None:
    """Every set of tiers that red flags can indicate, decided natively and by pySHACL."""
    flags, tiers = model.knowledge.red_flags, model.knowledge.tiers
    of_tier = {tier.id: next(n for n, flag in enumerate(flags) if flag.tier == tier.id) for tier in tiers if tier.rank}
    chosen = [set(each) for size in range(len(of_tier) + 1) for each in combinations(of_tier.values(), size)]
    assert len(chosen) == 16
    store = shapes.store_of(shapes.ntriples([KB.ontology.graph]))
    shapes.add_pairs(store, RDF.type, [(RUN[str(number)], str(CT.Assessment)) for number in range(len(chosen))])
    shapes.add_pairs(
        store,
        CT.indicatesTier,
        [
            (RUN[str(number)], model.knowledge.tier(flags[flag].tier).iri)
            for number, several in enumerate(chosen)
            for flag in several
        ],
    )
    shapes.run_rules(store, KB.ontology.shapes["disposition"], to_fixpoint=False)
    decided = [(name, tier) for name, tier in shapes.pairs(store, CT.careTier) if URIRef(name) in RUN]
    natively = {(str(RUN[str(number)]), model.evaluator.tier(several).iri) for number, several in enumerate(chosen)}
    assert set(decided) == natively
    assert len(decided) == len(chosen)
