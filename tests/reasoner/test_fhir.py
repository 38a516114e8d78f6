"""FHIR R4 says what answers and results say: every resource is valid, and nothing is lost or guessed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import caretier
from caretier import cli
from caretier.fhir_questionnaire import questionnaire_resource
from caretier.fhir_response import read_response, response_resource
from caretier.fhir_result import results_bundle
from caretier.questionnaire import Answer, Answers
from caretier.result import Result
from tests.fhir_resources import Resource, enabling, items_of, outcome, require_valid


@pytest.fixture(scope="module")
def questionnaire(kb: caretier.KnowledgeBase) -> Resource:
    return questionnaire_resource(kb.knowledge, kb.codes)


@pytest.fixture(scope="module")
def documents(
    kb: caretier.KnowledgeBase, random_answers: Callable[[random.Random], dict[str, Answer]]
) -> list[Answers]:
    """Make 300 answers documents, some with an id and a date."""
    generator = random.Random(4)
    made = []
    for number in range(300):
        document: dict[str, object] = {"answers": random_answers(generator)}
        if number % 3 == 0:
            document |= {"id": f"person {number}/ä", "date": "2026-05-31T10:30:00+02:00"}
        made.append(kb.questionnaire.read(document))
    return made


def test_leaving_out_what_is_hidden_changes_no_result(
    kb: caretier.KnowledgeBase, questionnaire: Resource, documents: list[Answers]
) -> None:
    left_out = 0
    for document in documents:
        values = dict(document.values)
        for link, item in items_of(questionnaire).items():
            if "enableWhen" in item and not any(values.get(other) == answer for other, answer in enabling(item)):
                left_out += values.pop(link, None) is not None
        whole, rest = outcome(kb, document), outcome(kb, Answers(values))
        if isinstance(whole, Result):
            assert isinstance(rest, Result)
            assert (whole.tier, whole.conditions) == (rest.tier, rest.conditions)
        else:
            assert str(whole) == str(rest)
    assert left_out > 50


@pytest.mark.slow
def test_fhir_and_json_give_the_same_result(kb: caretier.KnowledgeBase, documents: list[Answers]) -> None:
    """On 300 documents: there and back again, with the same result, and every resource is valid."""
    refused = 0
    for document in documents:
        response = json.loads(json.dumps(response_resource(document, kb.knowledge)))
        require_valid(response)
        read = read_response(response, kb.knowledge)
        assert (read.values, read.id, read.date) == (document.values, document.id, document.date)
        ours, theirs = outcome(kb, read), outcome(kb, document)
        if isinstance(ours, Result) and isinstance(theirs, Result):
            assert ours.to_dict() == theirs.to_dict()
            require_valid(results_bundle([ours], kb.codes))
        else:
            refused += 1
            assert str(ours) == str(theirs)
    assert 20 < refused < 200


def test_fhir_needs_no_rdf() -> None:
    """From the response to the bundle, codes included, on the quick path."""
    code = """if True:
        import sys, caretier
        from caretier.fhir_questionnaire import questionnaire_resource
        from caretier.fhir_response import read_response, response_resource
        from caretier.fhir_result import results_bundle
        kb = caretier.load()
        assert kb.engine == "model"
        answers = kb.questionnaire.read({"answers": {"saddle-numbness": True}})
        read = read_response(response_resource(answers, kb.knowledge), kb.knowledge)
        bundle = results_bundle([kb.assess(read.values)], kb.codes)
        assert len(bundle["entry"][0]["resource"]["prediction"][0]["outcome"]["coding"]) == 4
        assert questionnaire_resource(kb.knowledge, kb.codes)["item"]
        print([name for name in ("rdflib", "pyshacl", "owlready2") if name in sys.modules])
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_file_with_a_response_is_assessed_as_its_answers_are(
    kb: caretier.KnowledgeBase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"answers": {"saddle-numbness": True, "fever": None, "age": 50}, "id": "p1"}
    response = response_resource(kb.read(given), kb.knowledge)
    for name, data in (("answers", given), ("response", response), ("altered", {**response, "status": "amendedd"})):
        (tmp_path / f"{name}.json").write_text(json.dumps(data))
    said = []
    for name in ("answers", "response"):
        assert cli.main(["assess", str(tmp_path / f"{name}.json"), "--format", "json"]) == 0
        said.append(json.loads(capsys.readouterr().out))
    assert said[0] == said[1]
    assert said[0]["tier"] == "EmergencyCare"
    assert cli.main(["assess", str(tmp_path / "altered.json")]) == 2
    said = [capsys.readouterr().err]
    assert "status" in said[0]
