"""The interval against brute force: every way to answer, or to leave open, a few questions is tried.

Nothing here uses how the interval is found: the extensions are triaged one by one, those that contradict are left out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import pytest

import caretier
from caretier.errors import ContradictionError
from caretier.model import DecisionModel
from caretier.questionnaire import Answer, Question
from caretier.result import Result

pytestmark = pytest.mark.slow

RandomAnswers = Callable[[random.Random], dict[str, Answer]]
AssessMany = Callable[[Sequence[Mapping[str, Answer]]], list[Result | caretier.InputError]]
Further = tuple[tuple[str, Answer], ...]

CONTRADICTING = [
    ("sex", "erectile-failure", "post-menopause", "pain-severity"),
    ("pain-neck", "pain-upper-back", "pain-lower-back", "fever"),
    ("sex", "post-menopause", "erectile-failure", "pain-lower-back", "pain-severity", "fever"),
    ("erectile-failure", "post-menopause", "pain-severity"),
]
"""Questions whose answers can contradict each other or others given, beside those with which they matter."""


@dataclass(frozen=True)
class Small:
    """A document in which all but a few questions are answered: the answers, and the questions still open."""

    model: DecisionModel
    answers: Mapping[str, Answer]
    still_open: tuple[str, ...]

    def extensions(self) -> Iterator[Further]:
        """Go through every way to answer the open questions, or to leave them open."""
        for said in product(*(_ways(self.model, question) for question in self.still_open)):
            yield tuple((name, answer) for name, answer in zip(self.still_open, said, strict=True) if answer != "")

    @cached_property
    def ranks(self) -> dict[Further, int]:
        """The rank of the tier of every valid extension, by the further answers that make it."""
        ranks = {}
        for further in self.extensions():
            try:
                tier = self.model.triage({**self.answers, **dict(further)}).tier
            except ContradictionError:
                continue
            ranks[further] = self.model.knowledge.tier(tier).rank
        return ranks

    @property
    def highest(self) -> int:
        """The highest rank of any valid extension."""
        return max(self.ranks.values())

    def raising(self) -> dict[str, int]:
        """For each question whose answer raises the tier, alone or beside others: the highest rank it raises it to."""
        raised: dict[str, int] = {}
        for further, rank in self.ranks.items():
            for name, _ in further:
                without = tuple(each for each in further if each[0] != name)
                if self.ranks[without] < rank:
                    raised[name] = max(raised.get(name, 0), rank)
        return raised

    def result(self) -> Result:
        """Assess the answers by the model."""
        return self.model.assess(self.model.knowledge.questionnaire.read({"answers": self.answers}))


def _ways(model: DecisionModel, name: str) -> list[Answer]:
    """List the answers to a question, with "" for leaving it open; numbers at and around every limit of a band."""
    question = model.knowledge.questionnaire.by_id[name]
    if question.type == "boolean":
        return ["", True, False]
    if question.type == "choice":
        return ["", *(option.id for option in question.options)]
    return ["", *_telling_numbers(model, question)]


def _telling_numbers(model: DecisionModel, question: Question) -> list[int]:
    limits = {
        int(atom.value)
        for flag in model.knowledge.red_flags
        for pattern in flag.patterns
        for atom in pattern
        if atom.question == question.id
    }
    assert question.minimum is not None
    assert question.maximum is not None
    return sorted({question.minimum, question.maximum} | limits | {limit - 1 for limit in limits})


def _small(
    model: DecisionModel, answers: Mapping[str, Answer], still_open: Sequence[str], generator: random.Random
) -> Small | None:
    """Answer all other questions in a way that says little, so that the open ones matter; None when contradictory."""
    questions = model.knowledge.questionnaire.questions
    calm: dict[str, Answer] = {each.id: False for each in questions if each.type == "boolean"}
    calm |= {each.id: each.options[0].id for each in questions if each.type == "choice"}
    calm |= {each.id: each.minimum for each in questions if each.type == "integer"}
    calm["sex"] = generator.choice([None, "female", "male"])
    kept = {name: answer for name, answer in answers.items() if answer is not None and generator.random() < 0.15}
    given = {name: answer for name, answer in {**calm, "pain-neck": True, **kept}.items() if name not in still_open}
    try:
        model.triage(given)
    except ContradictionError:
        return None
    return Small(model, given, tuple(still_open))


def _chosen(model: DecisionModel, generator: random.Random) -> list[str]:
    """Choose questions to leave open: those of two minimal sets, which matter together, or any."""
    names = [question.id for question in model.knowledge.questionnaire.questions]
    if generator.random() < 0.2:
        return generator.sample(names, 4)
    patterns = [pattern for flag in model.knowledge.red_flags for pattern in flag.patterns]
    together = {atom.question for pattern in generator.sample(patterns, 2) for atom in pattern}
    return sorted({*together, generator.choice(names)})


def _smalls(
    model: DecisionModel, random_answers: RandomAnswers, seed: int, wanted: int, number: int
) -> Iterator[Small]:
    generator = random.Random(seed)
    while wanted:
        listed = wanted % 4 == 0
        names = list(generator.choice(CONTRADICTING)) if listed else _chosen(model, generator)
        found = _small(model, random_answers(generator), names[:number], generator)
        if found is not None:
            wanted -= 1
            yield found


@pytest.fixture(scope="module")
def smalls(model: DecisionModel, random_answers: RandomAnswers) -> list[Small]:
    """Return 300 documents with up to six open questions each."""
    return list(_smalls(model, random_answers, 31, 300, 6))


def test_the_small_documents_tell(smalls: list[Small]) -> None:
    pairs = {(each.result().tier.rank, each.highest) for each in smalls}
    assert {low for low, _ in pairs} == {high for _, high in pairs} == {0, 1, 2, 3, 4}
    assert len(pairs) >= 12
    full = [each for each in smalls if len(each.ranks) < _possible(each)]
    assert len(full) > 40, "contradictions cut extensions off"


def _possible(small: Small) -> int:
    ways = 1
    for name in small.still_open:
        ways *= len(_ways(small.model, name))
    return ways


def test_the_ceiling_is_the_highest_tier_of_any_valid_extension(smalls: list[Small]) -> None:
    for small in smalls:
        result = small.result()
        assert result.ceiling.rank == small.highest, small
        assert result.final == (small.highest == result.tier.rank), small


def test_the_next_questions_are_those_that_can_raise_the_tier(smalls: list[Small]) -> None:
    """None that could raise the tier is left out, none is asked in vain, and each leads to where it is said to lead."""
    asked = 0
    for small in smalls:
        result = small.result()
        could_raise_to = {
            each.id: small.model.knowledge.tier(each.could_raise_to).rank for each in result.next_questions
        }
        assert could_raise_to == small.raising(), small
        assert bool(could_raise_to) == (not result.final), small
        asked += len(could_raise_to)
    assert asked > 300


def test_the_best_questions_come_first(smalls: list[Small]) -> None:
    """The highest tier first; of equals, those that lead there alone."""
    for small in smalls:
        places = []
        for each in small.result().next_questions:
            rank = small.model.knowledge.tier(each.could_raise_to).rank
            alone = any(small.ranks.get(((each.id, way),), 0) >= rank for way in _ways(small.model, each.id))
            places.append((-rank, not alone))
        assert places == sorted(places), small


def test_a_question_answered_with_not_known_counts_as_open_and_is_not_asked(smalls: list[Small]) -> None:
    """The ceiling is that of the same answers without it; what can raise the tier beside it is still asked."""
    generator = random.Random(5)
    for small in smalls:
        unknown = set(generator.sample(small.still_open, generator.randint(1, len(small.still_open))))
        before = small.result()
        with_unknown = Small(small.model, {**small.answers, **dict.fromkeys(unknown)}, ()).result()
        assert (with_unknown.tier, with_unknown.ceiling) == (before.tier, before.ceiling)
        expected = [each for each in before.next_questions if each.id not in unknown]
        assert list(with_unknown.next_questions) == expected, small


def test_the_reference_reasoner_agrees_with_brute_force(
    model: DecisionModel, random_answers: RandomAnswers, assess_many: AssessMany
) -> None:
    """Ask the reasoner itself about every extension of a few small documents, those that contradict included."""
    sample = list(_smalls(model, random_answers, 32, 12, 3))
    outcomes = iter(assess_many([{**small.answers, **dict(each)} for small in sample for each in small.extensions()]))
    refused = 0
    for small in sample:
        reached = {}
        for further in small.extensions():
            outcome = next(outcomes)
            if isinstance(outcome, Result):
                reached[further] = outcome.tier.rank
                if not further:
                    assert outcome.ceiling.rank >= small.highest
            else:
                assert isinstance(outcome, ContradictionError)
                refused += 1
        assert reached == small.ranks, small
        assert small.result().ceiling.rank == max(reached.values())
    assert refused > 10
