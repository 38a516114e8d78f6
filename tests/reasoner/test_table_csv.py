"""The decision table as CSV: each row is true, tried out on the decision model, and no spreadsheet can misread it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

import pytest

import caretier
from caretier.knowledge import holding
from caretier.model import DecisionModel
from caretier.questionnaire import Answer, Questionnaire
from caretier.table_csv import table_csv


@pytest.fixture(scope="module")
def minimal_sets(model: DecisionModel) -> list[dict[str, str]]:
    """Return the rows that tell of a red flag."""
    table = table_csv(model.knowledge, model.certificate)
    return [row for row in csv.DictReader(io.StringIO(table, newline="")) if row["kind"] == "red flag"]


def _answers(questionnaire: Questionnaire, told: str) -> dict[str, Answer]:
    """Read answers as the table writes them, a number at its limit."""
    answers: dict[str, Answer] = {}
    for each in filter(None, told.split("; ")):
        question, _, answer = each.partition(": ")
        match questionnaire.by_id[question].type:
            case "boolean":
                answers[question] = {"yes": True, "no": False}[answer]
            case "choice":
                answers[question] = answer
            case "integer":
                relation, number = answer.rsplit(" ", 1)
                answers[question] = int(number) - (relation == "below")
    return answers


def _changes(cell: str) -> Iterator[tuple[str, str]]:
    for change in filter(None, cell.split(" | ")):
        told, _, tier = change.partition(" -> ")
        yield told, tier


def test_the_rows_are_the_minimal_sets(model: DecisionModel, minimal_sets: list[dict[str, str]]) -> None:
    questionnaire = model.knowledge.questionnaire
    expected = Counter((flag.id, len(pattern)) for flag in model.knowledge.red_flags for pattern in flag.patterns)
    assert Counter((row["red_flag"], row["answers"].count("; ") + 1) for row in minimal_sets) == expected
    assert len({(row["red_flag"], row["answers"]) for row in minimal_sets}) == len(minimal_sets)
    patterns = {flag.id: flag.patterns for flag in model.knowledge.red_flags}
    for row in minimal_sets:
        answers = _answers(questionnaire, row["answers"])
        assert any(holding(pattern, answers) for pattern in patterns[row["red_flag"]])


def test_a_row_leads_to_what_it_says(kb: caretier.KnowledgeBase, minimal_sets: list[dict[str, str]]) -> None:
    ranks = kb.knowledge.ranks
    for row in minimal_sets:
        triage = kb.triage(_answers(kb.questionnaire, row["answers"]))
        assert triage.tier == row["reaches"]
        assert ranks[triage.tier] >= ranks[row["tier"]]
        assert row["condition"] in triage.conditions
    assert any(row["tier"] != row["reaches"] for row in minimal_sets)


def test_a_row_needs_each_of_its_answers(kb: caretier.KnowledgeBase, minimal_sets: list[dict[str, str]]) -> None:
    for row in minimal_sets:
        answers = _answers(kb.questionnaire, row["answers"])
        assert row["red_flag"] in _red_flags(kb, answers)
        for left_out in answers:
            rest = {question: answer for question, answer in answers.items() if question != left_out}
            assert row["red_flag"] not in _red_flags(kb, rest)


def _red_flags(kb: caretier.KnowledgeBase, answers: Mapping[str, Answer]) -> set[str]:
    return {found.red_flag.id for each in kb.assess(answers).conditions for found in each.red_flags}


def test_what_raises_a_row_raises_it_and_nothing_smaller_does(
    kb: caretier.KnowledgeBase, minimal_sets: list[dict[str, str]]
) -> None:
    ranks = kb.knowledge.ranks
    single = {
        question.id: [True, False] if question.type == "boolean" else [option.id for option in question.options]
        for question in kb.questions
        if question.type != "integer"
    }
    told = 0
    for row in minimal_sets:
        answers = _answers(kb.questionnaire, row["answers"])
        stated = set()
        for change, tier in _changes(row["raised_by"]):
            given_too = _answers(kb.questionnaire, change)
            assert kb.triage(answers | given_too).tier == tier
            assert ranks[tier] > ranks[row["reaches"]]
            assert len(given_too) == 1
            stated |= set(given_too.items())
        told += len(stated)
        raising = {
            (question, answer)
            for question, allowed in single.items()
            for answer in allowed
            if ranks[_tier(kb, {**answers, question: answer})] > ranks[row["reaches"]]
        }
        assert stated == raising
    assert told > 1000


def _tier(kb: caretier.KnowledgeBase, answers: Mapping[str, Answer]) -> str:
    try:
        return kb.triage(answers).tier
    except caretier.ContradictionError:
        return kb.knowledge.tiers[-1].id


def test_what_lowers_a_row_lowers_it_and_nothing_smaller_does(
    kb: caretier.KnowledgeBase, minimal_sets: list[dict[str, str]]
) -> None:
    ranks = kb.knowledge.ranks
    for row in minimal_sets:
        answers = _answers(kb.questionnaire, row["answers"])
        stated = {}
        for change, tier in _changes(row["lowered_by"]):
            withdrawn = [each.removeprefix("without ") for each in change.split("; ")]
            stated[frozenset(withdrawn)] = tier
        fewest = next(
            lowering
            for size in range(1, len(answers) + 1)
            if (
                lowering := {
                    frozenset(chosen): tier
                    for chosen in combinations(answers, size)
                    if ranks[tier := kb.triage({q: a for q, a in answers.items() if q not in chosen}).tier]
                    < ranks[row["reaches"]]
                }
            )
        )
        assert stated == fewest


def test_changes_are_told_in_words_too(model: DecisionModel, minimal_sets: list[dict[str, str]]) -> None:
    labels = {tier.id: tier.label for tier in model.knowledge.tiers}
    questions = model.knowledge.questionnaire.by_id
    for row in minimal_sets:
        for ids, words in (("raised_by", "raised_by_in_words"), ("lowered_by", "lowered_by_in_words")):
            for (told, tier), (said_there, label) in zip(_changes(row[ids]), _changes(row[words]), strict=True):
                assert label == labels[tier]
                if ids == "raised_by":
                    question, answer = next(iter(_answers(model.knowledge.questionnaire, told).items()))
                    assert said_there == model.knowledge.questionnaire.phrase(questions[question], answer)
                else:
                    left_open = [questions[each.removeprefix("without ")].answer_text for each in told.split("; ")]
                    assert said_there == f"without {' and '.join(left_open)}"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_text_becomes_a_formula(model: DecisionModel, start: str) -> None:
    label = f"{start}cmd|'/c calc'!A1"
    flags = tuple(replace(flag, label=label) for flag in model.knowledge.red_flags)
    table = table_csv(replace(model.knowledge, red_flags=flags), None)
    labels = {row["red_flag_label"] for row in csv.DictReader(io.StringIO(table, newline="")) if row["red_flag"]}
    assert labels == {f"'{label}"}


def test_quotes_commas_and_lines_survive(model: DecisionModel) -> None:
    reason = 'one, "two"\nthree\r\nfour; five | six'
    flags = tuple(replace(flag, reason=reason) for flag in model.knowledge.red_flags)
    table = table_csv(replace(model.knowledge, red_flags=flags), None)
    rows = list(csv.DictReader(io.StringIO(table, newline=""), strict=True))
    assert {row["reason"] for row in rows if row["kind"] == "red flag"} == {reason}
    assert table.count("\r\n") == 1 + len(rows) + sum(row["reason"] == reason for row in rows)
    assert not any(None in row or None in row.values() for row in rows)
