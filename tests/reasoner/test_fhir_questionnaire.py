"""The questionnaire in FHIR asks all that is asked, with its codes, and hides nothing that could matter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rdflib import SKOS, Graph

import caretier
from caretier.errors import KnowledgeError
from caretier.fhir_questionnaire import questionnaire_resource
from caretier.knowledge import Knowledge
from caretier.mappings import read_codes
from caretier.model import DecisionModel
from caretier.questionnaire import Group, Option, Question, Questionnaire
from tests.fhir_resources import URL, Resource, bundle_of, enabling, items_of, require_valid, values_of


@pytest.fixture(scope="module")
def knowledge(model: DecisionModel) -> Knowledge:
    return model.knowledge


@pytest.fixture(scope="module")
def questionnaire(kb: caretier.KnowledgeBase) -> Resource:
    return questionnaire_resource(kb.knowledge, kb.codes)


def test_the_questionnaire_asks_every_question(kb: caretier.KnowledgeBase, questionnaire: Resource) -> None:
    require_valid(questionnaire)
    assert (questionnaire["url"], questionnaire["version"]) == (URL, kb.knowledge.version)
    assert [group["text"] for group in questionnaire["item"]] == [group.label for group in kb.questionnaire.groups]
    assert list(items_of(questionnaire)) == [question.id for question in kb.questions]
    for question in kb.questions:
        item = items_of(questionnaire)[question.id]
        assert (item["type"], item["text"]) == (question.type, question.text)
        options = [option["valueCoding"] for option in item.get("answerOption", ())]
        assert [(coding["code"], coding["display"]) for coding in options] == [
            (option.id, option.label) for option in question.options
        ]
        assert all(coding["system"] == f"{URL}/{question.id}" for coding in options)
        assert [below["text"] for below in item.get("item", ())] == ([question.help] if question.help else [])
    links = [value["linkId"] for value in values_of(questionnaire) if isinstance(value, dict) and "linkId" in value]
    assert len(links) == len(set(links))


def test_numbers_have_their_limits(questionnaire: Resource) -> None:
    extensions = items_of(questionnaire)["age"]["extension"]
    told = {extension["url"].rpartition("/")[2]: extension for extension in extensions}
    assert told["minValue"]["valueInteger"] == 0
    assert told["maxValue"]["valueInteger"] == 120
    assert told["questionnaire-unit"]["valueCoding"] == {"display": "years"}


def test_codes_are_the_verified_matches_of_what_is_asked_about(
    kb: caretier.KnowledgeBase, questionnaire: Resource
) -> None:
    """Read once more by rdflib: exact matches, and none that is close, broader, narrower or only related."""
    mappings = Graph().parse(Path(kb.root).with_name("mappings.ttl"))
    coded = 0
    for question in kb.questions:
        codes = {coding["code"].replace(":", "_") for coding in items_of(questionnaire)[question.id].get("code", ())}
        matches = {
            str(code).rpartition("/")[2]
            for term, code in mappings.subject_objects(SKOS.exactMatch)
            if str(term) == question.asks_about
        }
        assert codes == matches
        coded += bool(codes)
    assert coded > 10
    assert items_of(questionnaire)["fever"]["code"] == [
        {"system": "http://human-phenotype-ontology.org", "code": "HP:0001945"},
        {"system": "http://snomed.info/sct", "code": "386661006"},
    ]
    close = {str(term) for term in mappings.subjects(SKOS.closeMatch)}
    assert str(kb.questionnaire.by_id["pain-disturbs-sleep"].asks_about) in close
    assert "code" not in items_of(questionnaire)["pain-disturbs-sleep"]


def test_a_condition_is_not_coded_by_what_nearly_means_it(kb: caretier.KnowledgeBase) -> None:
    """Cancer as a cause of back pain is close to the codes for any cancer, and none of them."""
    risk, *_ = bundle_of(kb, {"pain-lower-back": True, "cancer": "current"})
    [outcome] = [each["outcome"] for each in risk["prediction"] if each["outcome"]["text"] == "cancer"]
    assert [coding["code"] for coding in outcome["coding"]] == ["Cancer"]


def test_an_ontology_without_mappings_has_no_codes(tmp_path: Path) -> None:
    assert read_codes(str(tmp_path / "root.ttl")) == {}
    (tmp_path / "mappings.ttl").write_text("@prefix : <urn:x#> . :a :b", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"mappings\.ttl is not well-formed"):
        read_codes(str(tmp_path / "root.ttl"))


def test_no_question_is_hidden_whose_answer_could_matter(knowledge: Knowledge, questionnaire: Resource) -> None:
    """Whatever rests on the answer to a hidden question rests as well on an answer that would let it be asked."""
    patterns = [pattern for flag in knowledge.red_flags for pattern in flag.patterns]
    patterns += [conflict for contradiction in knowledge.contradictions for conflict in contradiction.conflicts]
    patterns += [report for tension in knowledge.tensions for report in tension.reports]
    hidden = {link: set(enabling(item)) for link, item in items_of(questionnaire).items() if "enableWhen" in item}
    resting = 0
    for pattern in patterns:
        for atom in pattern:
            if atom.question in hidden:
                resting += 1
                assert hidden[atom.question] & {(each.question, each.value) for each in pattern}
    assert hidden.keys() == {"leg-deficit-severity", "leg-deficit-course", "arm-deficit-severity", "arm-deficit-course"}
    assert resting > 10


def test_an_option_may_let_a_question_be_asked(knowledge: Knowledge) -> None:
    """A finding that is reported by choosing an option is qualified like any other; what others describe is not."""
    reporting = Option("bad", "Bad", "a bad thing", reports="urn:thing")
    other = Option("good", "Good", "a good thing")
    choice = Question("choice", "urn:q1", "choice", "person", "Which?", None, "kind", options=(other, reporting))
    described = Question("described", "urn:q2", "boolean", "person", "Is it?", None, "it", describes="urn:whole")
    described = replace(described, asks_about="urn:thing")
    severity = Question("severity", "urn:q3", "choice", "person", "How bad?", None, "how bad", options=(other,))
    severity = replace(severity, qualifies=frozenset({"urn:thing"}), sets="urn:severity")
    asked = Questionnaire((choice, described, severity), (Group("person", "person"),), "Take care.", "No device.")
    resource = questionnaire_resource(replace(knowledge, questionnaire=asked), {})
    require_valid(resource)
    assert list(enabling(items_of(resource)["severity"])) == [("choice", "bad")]
    assert "enableWhen" not in items_of(resource)["choice"]


def test_conflicts_never_hide_a_question(knowledge: Knowledge, questionnaire: Resource) -> None:
    """Both of two contradicting answers may be right: then the person leaves the other open."""
    conflicting = {
        atom.question for each in knowledge.contradictions for conflict in each.conflicts for atom in conflict
    }
    assert not any("enableWhen" in items_of(questionnaire)[link] for link in conflicting)
    assert conflicting
