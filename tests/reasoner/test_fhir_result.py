"""A result in FHIR is one prediction for each condition, with tier, reason, source and what is open."""

from __future__ import annotations

import caretier
from caretier.fhir_result import results_bundle
from caretier.questionnaire import Answer
from tests.fhir_resources import bundle_of, require_valid


def test_a_condition_is_a_prediction_with_tier_reason_and_source(kb: caretier.KnowledgeBase) -> None:
    risk, guidance, response = bundle_of(
        kb,
        {"pain-lower-back": True, "saddle-numbness": True},
        subject={"reference": "Patient/7", "extension": [{"url": "urn:x"}]},
        id="visit",
        identifier={"value": "a/1"},
    )
    prediction = risk["prediction"][0]
    assert risk["status"] == "final"
    assert risk["subject"] == guidance["subject"] == response["subject"] == {"reference": "Patient/7"}
    assert "identifier" not in risk
    assert guidance["requestIdentifier"] == response["identifier"] == {"value": "a/1"}
    assert prediction["outcome"]["coding"][0]["code"] == "CaudaEquinaSyndrome"
    assert {"system": "http://snomed.info/sct", "code": "192970008"} in prediction["outcome"]["coding"]
    assert prediction["qualitativeRisk"]["coding"][0]["code"] == "EmergencyCare"
    assert prediction["rationale"].startswith("Answered: numbness where a saddle would touch. ")
    assert prediction["rationale"].endswith("Source: Back Pain: When To Contact Your Doctor, 9. Cauda Equina Syndrome.")
    assert not {name for name in prediction if name.startswith("probability")}
    assert risk["mitigation"] == kb.assess({"saddle-numbness": True}).advice
    assert [note["text"] for note in risk["note"]][-2:] == [kb.questionnaire.safety_net, kb.questionnaire.disclaimer]
    assert guidance["status"] == "success"
    assert "dataRequirement" not in guidance


def test_a_result_has_the_date_of_its_answers(kb: caretier.KnowledgeBase) -> None:
    dated, *_ = bundle_of(kb, {"saddle-numbness": True}, authored="2026-05-31")
    assert dated["occurrenceDateTime"] == "2026-05-31"
    undated, *_ = bundle_of(kb, {"saddle-numbness": True})
    assert "occurrenceDateTime" not in undated


def test_open_questions_are_required_data_best_first(kb: caretier.KnowledgeBase) -> None:
    risk, guidance, _ = bundle_of(kb, {"pain-lower-back": True, "weight-loss": True})
    result = kb.assess({"pain-lower-back": True, "weight-loss": True})
    parameters = {each["name"]: each for each in guidance["contained"][0]["parameter"]}
    assert (risk["status"], guidance["status"]) == ("preliminary", "data-required")
    assert guidance["dataRequirement"] == [{"type": "QuestionnaireResponse"}]
    assert guidance["outputParameters"] == {"reference": f"#{guidance['contained'][0]['id']}"}
    told = [each["part"] for each in guidance["contained"][0]["parameter"] if each["name"] == "open-question"]
    assert [(link["valueString"], text["valueString"], tier["valueCoding"]["code"]) for link, text, tier in told] == [
        (question.id, kb.questionnaire.by_id[question.id].text, question.could_raise_to)
        for question in result.next_questions
    ]
    assert {part["name"] for parts in told for part in parts} == {"linkId", "text", "could-raise-to"}
    assert parameters["tier"]["valueCoding"]["code"] == result.tier.id
    assert parameters["ceiling"]["valueCoding"]["code"] == "EmergencyCare"
    assert parameters["final"]["valueBoolean"] is False
    assert parameters["knowledge-sha256"]["valueString"] == kb.knowledge.sha256


def test_nothing_found_is_no_prediction_and_settled_only_when_final(kb: caretier.KnowledgeBase) -> None:
    calm: dict[str, Answer] = {"pain-lower-back": True}
    risk, guidance, _ = bundle_of(kb, calm)
    assert "prediction" not in risk
    assert risk["mitigation"] == kb.assess(calm).tier.advice_while_open
    unknown: dict[str, Answer] = {question.id: None for question in kb.questions}
    risk, guidance, _ = bundle_of(kb, unknown)
    assert (risk["status"], guidance["status"]) == ("preliminary", "data-required")
    assert guidance["dataRequirement"] == [{"type": "QuestionnaireResponse"}]
    scope = kb.knowledge.scope
    assert scope is not None
    denied: dict[str, Answer] = {each.id: False for each in kb.questions if each.type == "boolean"}
    denied |= {each.id: each.options[0].id for each in kb.questions if each.type == "choice"}
    denied |= {"pain-lower-back": True, "treatment-months": 0}
    for age, settled in ((scope.within.value, True), (None, False)):
        risk, guidance, _ = bundle_of(kb, denied | {scope.within.question: age})
        [told] = [each for each in guidance["contained"][0]["parameter"] if each["name"] == "settled"]
        assert (risk["status"], told["valueBoolean"]) == ("final", settled)
        assert (risk["mitigation"] == scope.message) is not settled


def test_a_tension_between_answers_is_a_message(kb: caretier.KnowledgeBase) -> None:
    answers: dict[str, Answer] = {"pain-neck": False, "pain-neck-one-sided": True}
    _, guidance, _ = bundle_of(kb, answers)
    assert guidance["evaluationMessage"] == [{"reference": "#messages"}]
    messages = next(each for each in guidance["contained"] if each["id"] == "messages")
    assert [issue["details"]["text"] for issue in messages["issue"]] == list(kb.assess(answers).notes)


def test_several_results_make_one_bundle(kb: caretier.KnowledgeBase) -> None:
    results = [kb.assess({"fever": True}, id="1"), kb.assess({"weight-loss": True}, id="2")]
    bundle = results_bundle(results, kb.codes)
    require_valid(bundle)
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds == ["RiskAssessment", "GuidanceResponse", "QuestionnaireResponse"] * 2
    assert bundle["entry"][3]["resource"]["basis"] == [{"reference": bundle["entry"][5]["fullUrl"]}]
