"""Decision models of domains that nobody has: small enough to try every answer, and odd in every way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Literal

from hypothesis import strategies as st

from caretier.errors import ContradictionError
from caretier.knowledge import Atom, AtomSet, Contradiction, minimal
from caretier.model import DecisionModel
from caretier.questionnaire import Answer, Option, Question

Kind = Literal["boolean", "choice", "integer"]

_OPTIONS = ("first", "second", "third")
_LEAST, _LIMIT, _MOST = 0, 2, 4
"""One limit only, so that a set of answers is within another when it says less, as in a model that was compiled."""


def _question(number: int, kind: Kind) -> Question:
    name = f"question-{number}"
    return Question(
        id=name, iri=f"urn:{name}", type=kind, group="all", text=f"{name}?", help=None, answer_text=name,
        options=tuple(Option(each, each, each) for each in _OPTIONS) if kind == "choice" else (),
        minimum=_LEAST if kind == "integer" else None, maximum=_MOST if kind == "integer" else None,
    )  # fmt: skip


def _atoms(question: Question) -> st.SearchStrategy[Atom]:
    if question.type == "boolean":
        return st.builds(Atom, st.just(question.id), st.just(True))
    if question.type == "choice":
        return st.builds(Atom, st.just(question.id), st.sampled_from(_OPTIONS))
    return st.builds(Atom, st.just(question.id), st.just(_LIMIT), st.sampled_from(["at least", "below"]))


@st.composite
def _sets(draw: st.DrawFn, questions: list[Question], least: int) -> AtomSet:
    chosen = draw(st.lists(st.sampled_from(questions), min_size=least, max_size=3, unique_by=lambda each: each.id))
    return frozenset(draw(_atoms(question)) for question in chosen)


@st.composite
def generated_models(draw: st.DrawFn, like: DecisionModel) -> DecisionModel:
    """Draw a model of a few questions, with any red flags and contradictions; the tiers are those of `like`."""
    kinds: list[Kind] = ["boolean", "choice", "integer"]
    drawn = draw(st.lists(st.sampled_from(kinds), min_size=2, max_size=5))
    questions = [_question(number, kind) for number, kind in enumerate(drawn)]
    patterns = draw(st.lists(st.lists(_sets(questions, 1), min_size=1, max_size=3), min_size=1, max_size=5))
    known = like.knowledge
    flags = tuple(
        replace(
            draw(st.sampled_from(known.red_flags)),
            id=f"flag-{number}",
            iri=f"urn:flag-{number}",
            tier=draw(st.sampled_from([tier.id for tier in known.tiers if tier.rank])),
            patterns=minimal(several),
            proofs=(),
        )
        for number, several in enumerate(patterns)
    )
    others = [each for each in questions if each.type != "integer"]  # an ontology has no contradiction of numbers
    conflicts = draw(st.lists(_sets(others, 2), max_size=2)) if len(others) > 1 else []
    contradictions = (Contradiction("urn:contradiction", "", minimal(conflicts)),) if conflicts else ()
    knowledge = replace(
        known,
        questionnaire=replace(known.questionnaire, questions=tuple(questions)),
        red_flags=flags,
        recommendations={},
        contradictions=contradictions,
        tensions=(),
        scope=None,
    )
    return replace(like, knowledge=knowledge, files={}, translations={})


def some_answers(model: DecisionModel) -> st.SearchStrategy[dict[str, Answer]]:
    """Draw answers to some of the questions of a model, "don't know" among them; they may contradict each other."""
    questions = model.knowledge.questionnaire.questions
    return st.fixed_dictionaries({}, optional={each.id: st.sampled_from([None, *_every(each)]) for each in questions})


def completions(model: DecisionModel, answers: Mapping[str, Answer]) -> Iterator[tuple[dict[str, Answer], int]]:
    """Go through every valid way to answer more, answers themselves included, with the rank of its tier."""
    unsettled = [each for each in model.knowledge.questionnaire.questions if answers.get(each.id) is None]
    for further in product(*([None, *_every(each)] for each in unsettled)):
        more = {**answers, **{each.id: answer for each, answer in zip(unsettled, further, strict=True)}}
        rank = rank_of(model, more)
        if rank is not None:
            yield more, rank


def rank_of(model: DecisionModel, answers: Mapping[str, Answer]) -> int | None:
    """Return the rank of the tier that answers come to; None when they contradict each other."""
    try:
        return model.knowledge.tier(model.triage(answers).tier).rank
    except ContradictionError:
        return None


def _every(question: Question) -> list[Answer]:
    if question.type == "boolean":
        return [True, False]
    if question.type == "choice":
        return list(_OPTIONS)
    return list(range(_LEAST, _MOST + 1))
