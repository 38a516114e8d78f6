"""The sets of answers that the model refuses are exactly those that the shapes refuse."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import pytest

import caretier
from caretier.assessment import Assessment
from caretier.batch import part_of
from caretier.knowledge import Atom
from caretier.model import DecisionModel
from caretier.questionnaire import Answer

pytestmark = pytest.mark.slow

Given = Mapping[str, Answer]


def _refused_by_shapes(kb: caretier.KnowledgeBase, documents: Sequence[Given]) -> list[bool]:
    reference = kb.reference
    assessments = [Assessment(kb.questionnaire.read({"answers": each})) for each in documents]
    parts = [part_of(each, number, reference.knowledge, share=True) for number, each in enumerate(assessments)]
    refused = reference._refused(assessments, parts)
    return [number in refused for number in range(len(documents))]


def _refused_by_model(model: DecisionModel, documents: Sequence[Given]) -> list[bool]:
    evaluator = model.evaluator
    return [evaluator.is_contradictory(evaluator.given(each)) for each in documents]


def _single_answers(model: DecisionModel) -> Iterator[Atom]:
    """Go through every answer to every question; numbers at the ends of their range and at the limits of bands."""
    flags = model.knowledge.red_flags
    numbers = {atom for flag in flags for pattern in flag.patterns for atom in pattern if atom.relation != "is"}
    for question in model.knowledge.questionnaire.questions:
        if question.type == "boolean":
            yield from (Atom(question.id, answer) for answer in (True, False))
        for option in question.options:
            yield Atom(question.id, option.id)
        if question.minimum is not None and question.maximum is not None:
            limits = {int(atom.value) for atom in numbers if atom.question == question.id}
            for number in sorted({question.minimum, question.maximum} | limits | {limit - 1 for limit in limits}):
                yield Atom(question.id, number)


def _documents(answers: Sequence[Atom], size: int) -> list[Given]:
    """Put every so many answers to different questions together."""
    return [
        {atom.question: atom.value for atom in chosen}
        for chosen in combinations(answers, size)
        if len({atom.question for atom in chosen}) == size
    ]


@pytest.fixture(scope="module")
def conflicts(model: DecisionModel) -> list[frozenset[Atom]]:
    """Return the sets of answers that the model refuses."""
    return [conflict for each in model.knowledge.contradictions for conflict in each.conflicts]


def test_each_stored_set_is_refused_and_nothing_smaller(
    kb: caretier.KnowledgeBase, model: DecisionModel, conflicts: list[frozenset[Atom]]
) -> None:
    whole = [{atom.question: atom.value for atom in conflict} for conflict in conflicts]
    smaller = [
        {atom.question: atom.value for atom in conflict - {left_out}} for conflict in conflicts for left_out in conflict
    ]
    assert len(whole) == 3
    for documents, refused in ((whole, True), (smaller, False)):
        assert _refused_by_shapes(kb, documents) == _refused_by_model(model, documents) == [refused] * len(documents)


def test_pairs_and_triples_of_answers_are_refused_by_both_or_by_neither(
    kb: caretier.KnowledgeBase, model: DecisionModel, conflicts: list[frozenset[Atom]]
) -> None:
    """All pairs and triples of the questions that conflict, all their pairs with others, and some of the others."""
    conflicting = {atom.question for conflict in conflicts for atom in conflict}
    answers = list(_single_answers(model))
    pairs = _documents(answers, 2)
    touching = [each for each in pairs if conflicting & each.keys()]
    others = random.Random(6).sample([each for each in pairs if not conflicting & each.keys()], 800)
    triples = _documents([atom for atom in answers if atom.question in conflicting], 3)
    documents = [*touching, *others, *triples]
    by_model = _refused_by_model(model, documents)
    assert len(touching) > 1_500
    assert sum(by_model) > 15
    assert _refused_by_shapes(kb, documents) == by_model


def test_all_other_answers_together_are_accepted_by_both(kb: caretier.KnowledgeBase, model: DecisionModel) -> None:
    """Documents with an answer to every question, none of which conflict, hold nearly every pair between them."""
    generator = random.Random(7)
    answers = list(_single_answers(model))
    documents: list[Given] = []
    while len(documents) < 100:
        mixed = {atom.question: atom.value for atom in generator.sample(answers, len(answers))}
        if not _refused_by_model(model, [mixed])[0]:
            documents.append(mixed)
    covered = {pair for each in documents for pair in combinations(sorted(each.items()), 2)}
    assert len(covered) > 0.99 * len(_documents(answers, 2))
    assert _refused_by_shapes(kb, documents) == [False] * len(documents)
