"""The JSON Schemas say of answers what the questionnaire says of them, and of results what they are."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import caretier
from benchmarks.documents import fair_mix, random_documents
from caretier.cli import main
from caretier.schemas import answers_schema, result_schema


@pytest.fixture(scope="module")
def answers(kb: caretier.KnowledgeBase) -> Draft202012Validator:
    """Return what checks answers documents."""
    return Draft202012Validator(answers_schema(kb.questionnaire), format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.fixture(scope="module")
def results(kb: caretier.KnowledgeBase) -> Draft202012Validator:
    """Return what checks results."""
    return Draft202012Validator(result_schema(kb.knowledge))


def test_they_are_schemas(answers: Draft202012Validator, results: Draft202012Validator) -> None:
    for each in (answers, results):
        Draft202012Validator.check_schema(each.schema)
        assert isinstance(each.schema, dict)
        assert each.schema["$id"].startswith("https://w3id.org/caretier/schemas/")


def test_what_is_read_is_valid(kb: caretier.KnowledgeBase, answers: Draft202012Validator) -> None:
    for document in islice(random_documents(kb.questionnaire, 0.5), 50):
        answers.validate({"answers": document, "id": "a", "date": "2026-05-31"})
    answers.validate({"answers": {}, "id": None, "date": None})
    longest = "x" * 1_000
    answers.validate({"answers": {}, "id": longest})
    assert kb.questionnaire.read({"answers": {}, "id": longest}).id == longest


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"answers": []},
        {"answers": {"nothing": True}},
        {"answers": {"fever": "yes"}},
        {"answers": {"fever": 1}},
        {"answers": {"sex": "other"}},
        {"answers": {"age": 121}},
        {"answers": {"age": -1}},
        {"answers": {"age": 47.5}},
        {"answers": {"age": True}},
        {"answers": {}, "id": 1},
        {"answers": {}, "id": "x" * 1_001},
        {"answers": {}, "date": "yesterday"},
        {"answers": {}, "more": 1},
    ],
)
def test_what_is_refused_is_not_valid(kb: caretier.KnowledgeBase, answers: Draft202012Validator, document: Any) -> None:
    assert not answers.is_valid(document)
    with pytest.raises(caretier.InvalidAnswersError):
        kb.questionnaire.read(document)


def test_results_are_valid(kb: caretier.KnowledgeBase, results: Draft202012Validator) -> None:
    for document in fair_mix(kb)[::20]:
        results.validate(kb.assess(document, id="a").to_dict())


def test_a_result_that_lacks_something_is_not(kb: caretier.KnowledgeBase, results: Draft202012Validator) -> None:
    result = kb.assess({"saddle-numbness": True}).to_dict()
    for key in result:
        assert not results.is_valid({name: value for name, value in result.items() if name != key}), key
    assert not results.is_valid(result | {"tier": "Emergency"})


@pytest.mark.parametrize("of", ["answers", "result"])
def test_the_command_prints_them(kb: caretier.KnowledgeBase, capsys: pytest.CaptureFixture[str], of: str) -> None:
    assert main(["schema", of]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == (answers_schema(kb.questionnaire) if of == "answers" else result_schema(kb.knowledge))
