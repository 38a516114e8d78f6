"""The decision model says what the reference reasoner says, on 2,000 documents of answers made at random."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

import caretier
from caretier.assessment import Assessment
from caretier.changes import answered
from caretier.errors import ContradictionError, InputError
from caretier.knowledge import Atom
from caretier.model import DecisionModel
from caretier.questionnaire import Answer
from caretier.result import Result

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Twice:
    """Answers, with what the model and what the reference reasoner make of them."""

    answers: Mapping[str, Answer]
    model: Result | InputError
    reference: Result | InputError


@pytest.fixture(scope="module")
def asked_twice(
    kb: caretier.KnowledgeBase, model: DecisionModel, random_answers: Callable[[random.Random], dict[str, Answer]]
) -> list[Twice]:
    """Ask both about 2,000 documents, in some of which an answer that shows a red flag contradicts another."""
    generator = random.Random(20_26)
    documents = [random_answers(generator) for _ in range(2_000)]
    conflicts = [conflict for each in model.knowledge.contradictions for conflict in each.conflicts]
    patterns = [pattern for flag in model.knowledge.red_flags for pattern in flag.patterns]
    contradicting = [conflict | pattern for conflict in conflicts for pattern in patterns if conflict & pattern]
    for document in documents[::20]:
        document |= {atom.question: atom.value for atom in generator.choice(contradicting)}
    assessments = [Assessment(kb.questionnaire.read({"answers": each})) for each in documents]
    by_model = kb.assess_many(assessments, engine="model")
    by_reference = kb.assess_many(assessments, engine="reference")
    return [Twice(*each) for each in zip(documents, by_model, by_reference, strict=True)]


@pytest.fixture(scope="module")
def concluded(asked_twice: list[Twice]) -> list[tuple[Mapping[str, Answer], Result, Result]]:
    """Return the documents of which both conclude something."""
    return [
        (each.answers, each.model, each.reference)
        for each in asked_twice
        if isinstance(each.model, Result) and isinstance(each.reference, Result)
    ]


def _refusal(outcome: Result | InputError) -> object:
    """Reduce an outcome to what is refused: kind, questions named, messages, and the tier proven all the same."""
    if isinstance(outcome, Result):
        return None
    assert isinstance(outcome, ContradictionError)
    return type(outcome), frozenset(outcome.problems), outcome.proven


def _conclusions(result: Result) -> object:
    """Reduce a result to what is concluded of a person; only a compiled model names proofs."""
    return (
        result.tier,
        [
            (condition.id, condition.tier, condition.recommendation,
             [(found.red_flag.id, found.red_flag.tier, found.because) for found in condition.red_flags])
            for condition in result.conditions
        ],
        result.notes,
    )  # fmt: skip


def _set_aside(model: DecisionModel, each: Twice) -> bool:
    """Say whether the answers that contradict would show a higher tier than what the others prove."""
    if not isinstance(each.model, ContradictionError):
        return False
    tier = model.evaluator.tier(model.evaluator.red_flags(model.evaluator.given(each.answers)))
    return each.model.proven != (tier if tier.rank else None)


def test_the_documents_are_of_every_kind(
    model: DecisionModel, asked_twice: list[Twice], concluded: list[tuple[Mapping[str, Answer], Result, Result]]
) -> None:
    refused = [each for each in asked_twice if isinstance(each.model, InputError)]
    proven = {each.model.proven for each in refused if isinstance(each.model, ContradictionError)}
    assert 200 < len(refused) < 800
    assert len(proven) == 5
    assert sum(_set_aside(model, each) for each in asked_twice) > 20
    assert min(Counter(result.tier.id for _, result, _ in concluded).values()) > 30
    assert len({result.tier.id for _, result, _ in concluded}) == 5
    assert sum(result.final and result.tier.rank == 0 for _, result, _ in concluded) > 5
    assert sum(bool(result.notes) for _, result, _ in concluded) > 30
    assert sum(None in answers.values() for answers, _, _ in concluded) > 300
    found = {found.red_flag.id for _, result, _ in concluded for each in result.conditions for found in each.red_flags}
    assert found == {flag.id for flag in concluded[0][1].knowledge.red_flags}


def test_both_refuse_the_same_answers_for_the_same_reasons(asked_twice: list[Twice]) -> None:
    for each in asked_twice:
        assert _refusal(each.model) == _refusal(each.reference), each.answers


def test_both_conclude_the_same(concluded: list[tuple[Mapping[str, Answer], Result, Result]]) -> None:
    for answers, by_model, by_reference in concluded:
        assert _conclusions(by_model) == _conclusions(by_reference), answers
        assert (by_model.engine, by_reference.engine) == ("model", "reference")


def test_both_ask_the_same_next(concluded: list[tuple[Mapping[str, Answer], Result, Result]]) -> None:
    for answers, by_model, by_reference in concluded:
        assert by_model.next_questions == by_reference.next_questions, answers


def test_the_ceiling_is_the_highest_tier_that_valid_further_answers_reach(
    model: DecisionModel, concluded: list[tuple[Mapping[str, Answer], Result, Result]]
) -> None:
    """Answers that reach the ceiling show that it is not too high, the bound of the reference that it is not too low.

    The bound may be higher than what one valid document reaches, since it takes open answers together.
    """
    higher = 0
    for answers, by_model, by_reference in concluded:
        assert _reaches(model, answers, by_model.ceiling.id), answers
        assert by_reference.ceiling.rank >= by_model.ceiling.rank, answers
        assert by_model.final == (by_model.ceiling == by_model.tier)
        if by_reference.ceiling == by_model.ceiling:
            assert by_reference.final == by_model.final
            assert by_reference.advice == by_model.advice
        else:
            higher += 1
    assert higher <= len(concluded) // 100


def _reaches(model: DecisionModel, answers: Mapping[str, Answer], tier: str) -> bool:
    """Say whether answers, or valid further ones with all of them, come to a tier."""
    given = {question: answer for question, answer in answers.items() if answer is not None}
    patterns = [pattern for flag in model.knowledge.red_flags if flag.tier == tier for pattern in flag.patterns]
    for pattern in [frozenset[Atom](), *patterns]:
        further = answered(given, pattern)
        try:
            if further.items() >= given.items() and model.triage(further).tier == tier:
                return True
        except ContradictionError:
            continue
    return False
