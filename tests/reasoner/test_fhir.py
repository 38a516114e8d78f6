"""FHIR R4 says what answers and results say: every resource is valid, and nothing is lost or guessed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B import get_fhir_model_class
from rdflib import SKOS, Graph

import caretier
from caretier import cli
from caretier.assessment import Assessment
from caretier.errors import ContradictionError, InputError, InvalidAnswersError, KnowledgeError, UnreadableInputError
from caretier.fhir import ABSENT
from caretier.fhir_questionnaire import questionnaire_resource
from caretier.fhir_response import ResponseAnswers, fhir_time, read_response, response_resource
from caretier.fhir_result import results_bundle
from caretier.knowledge import CareTier, Knowledge
from caretier.mappings import read_codes
from caretier.model import DecisionModel
from caretier.questionnaire import Answer, Answers, Group, Option, Question, Questionnaire
from caretier.result import Result

Resource = dict[str, Any]
URL = "https://w3id.org/caretier/back-pain/Questionnaire"
UNKNOWN = {"extension": [{"url": ABSENT, "valueCode": "asked-unknown"}]}


def require_valid(resource: Resource) -> None:
    """Let fhir.resources parse a resource and all in it, and hold what it does not: no empty value anywhere."""
    get_fhir_model_class(resource["resourceType"]).model_validate_json(json.dumps(resource))
    for contained in resource.get("contained", ()):
        require_valid(contained)
    for entry in resource.get("entry", ()):
        require_valid(entry["resource"])
    assert all(value not in (None, "", [], {}) for value in _values(resource))


def _values(element: object) -> Iterator[object]:
    yield element
    inner = element.values() if isinstance(element, dict) else element if isinstance(element, list) else ()
    for each in inner:
        yield from _values(each)


@pytest.fixture(scope="module")
def knowledge(model: DecisionModel) -> Knowledge:
    return model.knowledge


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


def items_of(resource: Resource) -> dict[str, Resource]:
    """Return the questions of a Questionnaire or of a response to it, by linkId."""
    return {item["linkId"]: item for group in resource["item"] for item in group["item"]}


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
    links = [value["linkId"] for value in _values(questionnaire) if isinstance(value, dict) and "linkId" in value]
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


def enabling(item: Resource) -> Iterator[tuple[str, Answer]]:
    """Go through the answers that let a question be asked."""
    for each in item.get("enableWhen", ()):
        assert each["operator"] == "="
        yield each["question"], each["answerBoolean"] if "answerBoolean" in each else each["answerCoding"]["code"]


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


def outcome(kb: caretier.KnowledgeBase, answers: Answers) -> Result | InputError:
    return kb.assess_many([Assessment(answers)])[0]


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


def bundle_of(kb: caretier.KnowledgeBase, answers: dict[str, Answer], **more: Any) -> tuple[Resource, ...]:
    """Assess answers and return the resources of the bundle; `more` is added to the response."""
    response = response_resource(kb.questionnaire.read({"answers": answers}), kb.knowledge) | more
    result = outcome(kb, read_response(response, kb.knowledge))
    assert isinstance(result, Result)
    bundle = results_bundle([result], kb.codes)
    require_valid(bundle)
    assert len({entry["fullUrl"] for entry in bundle["entry"]}) == 3
    return tuple(entry["resource"] for entry in bundle["entry"])


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
    assert any(kb.questionnaire.safety_net in note["text"] for note in risk["note"])
    assert guidance["status"] == "success"
    assert "dataRequirement" not in guidance


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


@pytest.fixture
def response(kb: caretier.KnowledgeBase) -> Resource:
    answers: dict[str, Answer] = {"age": 47, "sex": "male", "fever": True}
    return response_resource(kb.questionnaire.read({"answers": answers}), kb.knowledge)


def answered(response: Resource, link: str, *answers: Resource) -> Resource:
    """Give a question other answers."""
    changed = deepcopy(response)
    items_of(changed)[link]["answer"] = list(answers)
    return changed


BAD_ANSWERS = [
    ("age", [{"valueInteger": 121}], 'The answer to "age" is 121; allowed is a whole number from 0 to 120, or null.'),
    ("age", [{"valueInteger": 47.0}], 'The answer to "age" is 47.0; allowed is a whole number from 0 to 120, or null.'),
    ("age", [{"valueDecimal": 47}], 'The answer to "age" has to be a valueInteger; it is given as valueDecimal.'),
    ("age", [{"valueString": "47"}], 'The answer to "age" has to be a valueInteger; it is given as valueString.'),
    ("fever", [{"valueString": "yes"}], 'The answer to "fever" has to be a valueBoolean; it is given as valueString.'),
    ("fever", [{"valueBoolean": "true"}], 'The answer to "fever" is "true"; allowed are true, false and null.'),
    ("fever", [{"valueBoolean": None}], 'The answer to "fever" has to be a valueBoolean; it is empty.'),
    ("fever", [{}], 'The answer to "fever" has to be a valueBoolean; it is empty.'),
    ("sex", [{"valueString": "male"}], 'The answer to "sex" has to be a valueCoding; it is given as valueString.'),
    ("sex", [{"valueCoding": {"display": "Male"}}], 'The answer to "sex" has no code; allowed are "female", "male"'),
    ("sex", [{"valueCoding": "male"}], 'The answer to "sex" has no code; allowed are "female", "male" and null.'),
    ("sex", [{"valueCoding": {"code": "mal"}}], 'The answer to "sex" is "mal"; allowed are "female", "male" and null.'),
    (
        "sex",
        [{"valueCoding": {"system": "http://hl7.org/fhir/administrative-gender", "code": "male"}}],
        f'The answer to "sex" is coded in another system than <{URL}/sex>; allowed are "female", "male" and null.',
    ),
    (
        "fever",
        [{"valueBoolean": True}, {"valueBoolean": True}],
        'There is more than one answer to "fever"; keep the one that is right.',
    ),
    (
        "fever",
        [{"valueBoolean": True, "valueString": "yes"}],
        'The answer to "fever" has to be a valueBoolean; it is given as valueBoolean and valueString.',
    ),
    (
        "fever",
        [{"valueBoolean": True, **UNKNOWN}],
        'The answer to "fever" has a value and a reason why there is none.',
    ),
    (
        "fever",
        [{"valueBoolean": True, "modifierExtension": [{"url": "urn:not"}]}],
        '"fever" has a modifierExtension, which could change its meaning; leave it out.',
    ),
]


@pytest.mark.parametrize(("link", "answers", "message"), BAD_ANSWERS)
def test_an_answer_that_cannot_be_used_is_refused_by_name(
    knowledge: Knowledge, response: Resource, link: str, answers: list[Resource], message: str
) -> None:
    with pytest.raises(InvalidAnswersError) as refused:
        read_response(answered(response, link, *answers), knowledge)
    assert [problem.subjects for problem in refused.value.problems] == [(link,)]
    assert message in str(refused.value)


def test_only_answers_with_which_nothing_is_wrong_tell_what_is_proven(kb: caretier.KnowledgeBase) -> None:
    """Neither one that is given twice nor any of a response that may mean something else."""
    sign: Resource = {"linkId": "saddle-numbness", "answer": [{"valueBoolean": True}]}
    slip: Resource = {"linkId": "age", "answer": [{"valueInteger": 400}]}
    plain: Resource = {"resourceType": "QuestionnaireResponse", "status": "completed"}
    modified = {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}
    url = f"{questionnaire_resource(kb.knowledge, {})['url']}"

    def proven(items: list[Resource], **header: Any) -> CareTier | None:
        with pytest.raises(InvalidAnswersError) as refused:
            kb.checked(lambda: read_response({**plain, "item": items, **header}, kb.knowledge))
        return refused.value.proven

    assert proven([sign, slip]) == kb.knowledge.tier("EmergencyCare")
    assert proven([sign, sign | {"answer": [{"valueBoolean": False}]}]) is None
    assert proven([sign | modified]) is None
    assert proven([{"linkId": "group.pelvis", "item": [sign]} | modified]) is None
    for header in (
        {"status": "entered-in-error"}, {"implicitRules": "urn:x"}, modified,
        {"questionnaire": "https://example.org/other"}, {"questionnaire": f"{url}|99.0.0"},
    ):  # fmt: skip
        assert proven([sign], **header) is None, header


def test_an_unknown_question_is_refused_with_what_may_be_meant(knowledge: Knowledge, response: Resource) -> None:
    item = {"linkId": "feverr", "answer": [{"valueBoolean": True}]}
    response["item"].append({"linkId": "group.other", "item": [item]})
    with pytest.raises(InvalidAnswersError) as refused:
        read_response(response, knowledge)
    told = {problem.subjects[0]: problem.message for problem in refused.value.problems}
    assert told["feverr"].startswith('There is no question "feverr". Did you mean "fever"')
    assert told.keys() == {"group.other", "feverr"}


BAD_HEADERS = [
    ({"status": "entered-in-error"}, 'has the status "entered-in-error", so its answers do not count'),
    ({"status": "final"}, "has to be one of in-progress, completed, amended, stopped"),
    ({"status": None}, "has to be one of in-progress, completed, amended, stopped"),
    ({"questionnaire": "http://example.org/phq-9"}, f"another questionnaire; the one that is known here is <{URL}>"),
    ({"questionnaire": f"{URL}|2.0.0"}, "version 2.0.0 of the questionnaire; here it has version 1.0.0"),
    ({"implicitRules": "urn:rules"}, '"implicitRules", which are not known here'),
    ({"modifierExtension": [{"url": "urn:x"}]}, "The response has a modifierExtension"),
    ({"authored": "yesterday"}, '"authored" has to be such as "2026-05-31"'),
    ({"authored": 2026}, '"authored" has to be such as "2026-05-31"'),
    ({"authored": "2026-02-30"}, '"date" is "2026-02-30"'),
    ({"identifier": {"value": 7}}, '"id" is 7; it has to be a text or null'),
]


@pytest.mark.parametrize(("header", "message"), BAD_HEADERS)
def test_a_response_that_does_not_count_is_refused(
    knowledge: Knowledge, response: Resource, header: Resource, message: str
) -> None:
    with pytest.raises(InvalidAnswersError) as refused:
        read_response(response | header, knowledge)
    assert len(refused.value.problems) == 1
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ({"questionnaire": URL}, (None, None)),
        ({"questionnaire": f"{URL}|1.9.3"}, (None, None)),
        ({"questionnaire": None, "status": "amended"}, (None, None)),
        ({"status": "stopped", "id": "r-1", "authored": "2026-05"}, ("r-1", None)),
        ({"id": "r-1", "identifier": {"value": "p 1"}, "authored": "2026-05-31"}, ("p 1", "2026-05-31")),
        ({"authored": "2026-05-31T10:30:00Z"}, (None, "2026-05-31T10:30:00Z")),
    ],
)
def test_what_a_response_may_say_of_itself(
    knowledge: Knowledge, response: Resource, header: Resource, read: tuple[str | None, str | None]
) -> None:
    answers = read_response(response | header, knowledge)
    assert answers.values == {"age": 47, "sex": "male", "fever": True}
    assert (answers.id, answers.date) == read


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ([], "no FHIR resource"),
        ({"answers": {}}, "no FHIR resource"),
        ({"resourceType": "Bundle"}, "this is a Bundle"),
        ({"resourceType": "QuestionnaireResponse", "item": {}}, '"item" of a response has to be a list of objects'),
        (
            {"resourceType": "QuestionnaireResponse", "item": ["age"]},
            '"item" of a response has to be a list of objects',
        ),
        ({"resourceType": "QuestionnaireResponse", "item": [{}]}, "an item of the response has no linkId"),
        (
            {"resourceType": "QuestionnaireResponse", "item": [{"linkId": "age", "answer": 47}]},
            '"answer" of a response has to be a list of objects',
        ),
    ],
)
def test_what_is_no_response_cannot_be_read(knowledge: Knowledge, resource: object, message: str) -> None:
    with pytest.raises(UnreadableInputError, match=message):
        read_response(resource, knowledge)


def test_every_problem_is_told_at_once(knowledge: Knowledge, response: Resource) -> None:
    wrong = answered(answered(response, "age", {"valueInteger": 500}), "fever", {"valueString": "no"})
    with pytest.raises(InvalidAnswersError) as refused:
        read_response(wrong | {"status": "unheard-of"}, knowledge)
    assert [problem.subjects for problem in refused.value.problems] == [(), ("fever",), ("age",)]


@pytest.mark.parametrize(
    "answer",
    [
        {"answer": [{"_valueBoolean": UNKNOWN}]},
        {"answer": [{"valueCoding": UNKNOWN}]},
        {"answer": [UNKNOWN]},
        UNKNOWN,
        {"answer": [{"_valueBoolean": {"extension": [{"url": ABSENT, "valueCode": "asked-declined"}]}}]},
    ],
)
def test_asked_and_not_known_is_told_in_any_usual_place(knowledge: Knowledge, answer: Resource) -> None:
    response: Resource = {"resourceType": "QuestionnaireResponse", "status": "completed"}
    response["item"] = [{"linkId": "fever", **answer}]
    assert read_response(response, knowledge).values == {"fever": None}


@pytest.mark.parametrize("item", [{}, {"answer": []}, {"extension": [{"url": ABSENT, "valueCode": "not-asked"}]}])
def test_what_was_not_asked_stays_open(knowledge: Knowledge, item: Resource) -> None:
    response: Resource = {"resourceType": "QuestionnaireResponse", "status": "in-progress"}
    response["item"] = [{"linkId": "fever", **item}]
    assert read_response(response, knowledge).values == {}


def test_a_response_may_be_flat_or_deep(knowledge: Knowledge) -> None:
    fever = {"linkId": "fever", "answer": [{"valueBoolean": True}]}
    deep: Resource = {"linkId": "headache", "answer": [{"valueBoolean": False, "item": [fever]}]}
    for _ in range(5_000):
        deep = {"linkId": "group.pain", "item": [deep]}
    flat = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [fever]}
    assert read_response(flat, knowledge).values == {"fever": True}
    assert read_response(flat | {"item": [deep]}, knowledge).values == {"fever": True, "headache": False}
    with pytest.raises(InvalidAnswersError, match='more than one answer to "fever"'):
        read_response(flat | {"item": [deep, fever]}, knowledge)


def test_a_heading_can_have_no_answer(knowledge: Knowledge) -> None:
    item = {"linkId": "group.pain", "answer": [{"valueBoolean": True}]}
    response = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [item]}
    with pytest.raises(InvalidAnswersError, match=r'"group\.pain" is no question'):
        read_response(response, knowledge)


def test_a_contradiction_is_one_in_fhir_too(kb: caretier.KnowledgeBase) -> None:
    answers: dict[str, Answer] = {"sex": "male", "post-menopause": True, "saddle-numbness": True}
    response = response_resource(kb.questionnaire.read({"answers": answers}), kb.knowledge)
    refused = outcome(kb, read_response(response, kb.knowledge))
    assert isinstance(refused, ContradictionError)
    assert refused.proven == kb.knowledge.tier("EmergencyCare")


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("2026-05-31", "2026-05-31"),
        ("2026-05-31T10:30:00.5Z", "2026-05-31T10:30:00.5Z"),
        ("2026-05-31T10:30:00+14:00", "2026-05-31T10:30:00+14:00"),
        ("2026-05-31T10:30:00+14:01", "2026-05-31"),
        ("2026-05-31 10:30", "2026-05-31"),
        ("20260531", "2026-05-31"),
        ("last week", None),
        (None, None),
    ],
)
def test_a_date_is_written_as_fhir_has_it(date: str | None, told: str | None) -> None:
    assert fhir_time(date) == told


def test_the_subject_is_kept_beside_the_answers(knowledge: Knowledge, response: Resource) -> None:
    answers = read_response(response | {"subject": {"reference": "", "display": "P", "type": 3}}, knowledge)
    assert isinstance(answers, ResponseAnswers)
    assert answers.subject == {"display": "P"}
    assert read_response(response | {"subject": "Patient/1"}, knowledge).subject == {}


LOGICAL: Resource = {
    "use": "official",
    "type": {"text": "record number", "coding": [{"system": "http://terminology.hl7.org/x", "code": "MR"}]},
    "system": "urn:oid:1.2.36",
    "value": "42",
}
REFERENCES: list[tuple[Resource, Resource]] = [
    ({"reference": "#p1"}, {}),
    ({"reference": "#p1", "type": "Patient"}, {}),
    (
        {"reference": "#p1", "display": "P", "identifier": {"value": "42"}},
        {"display": "P", "identifier": {"value": "42"}},
    ),
    ({"identifier": {"system": "urn:x", "value": "42"}}, {"identifier": {"system": "urn:x", "value": "42"}}),
    ({"type": "Patient", "identifier": LOGICAL}, {"type": "Patient", "identifier": LOGICAL}),
    ({"identifier": LOGICAL | {"period": {"start": "2026"}, "assigner": {"display": "A"}}}, {"identifier": LOGICAL}),
    (
        {"identifier": {"value": "42", "type": {"coding": [{"code": 1}, "MR"], "text": " "}}},
        {"identifier": {"value": "42"}},
    ),
    ({"identifier": {"system": "urn:x"}}, {}),
    ({"identifier": "42"}, {}),
    ({"reference": "https://example.org/fhir/Patient/1"}, {"reference": "https://example.org/fhir/Patient/1"}),
    ({"reference": f"urn:uuid:{UUID(int=7)}"}, {"reference": f"urn:uuid:{UUID(int=7)}"}),
    ({"reference": "Patient/1/_history/2"}, {"reference": "Patient/1/_history/2"}),
]


@pytest.mark.parametrize(("given", "kept"), REFERENCES)
def test_a_reference_is_given_out_as_far_as_it_leads_somewhere(
    kb: caretier.KnowledgeBase, given: Resource, kept: Resource
) -> None:
    contained = [{"resourceType": "Patient", "id": "p1"}]
    risk, guidance, response = bundle_of(kb, {"fever": True}, subject=given, contained=contained)
    assert risk["subject"] == (kept or {"display": "the person who answered"})
    assert guidance.get("subject", {}) == response.get("subject", {}) == kept


def test_the_encounter_is_kept_beside_the_answers(kb: caretier.KnowledgeBase) -> None:
    given = {"reference": "Encounter/3", "identifier": {"system": "urn:x", "value": "3"}, "display": "visit"}
    assert [each["encounter"] for each in bundle_of(kb, {"fever": True}, encounter=given)] == [given] * 3
    contained = [{"resourceType": "Encounter", "id": "e"}]
    resources = bundle_of(kb, {"fever": True}, encounter={"reference": "#e"}, contained=contained)
    assert not any("encounter" in each for each in resources)


OTHERS: list[tuple[str, Resource]] = [
    ("subject", {"reference": "Device/1"}),
    ("subject", {"reference": "Group/1"}),
    ("subject", {"reference": "Patients"}),
    ("subject", {"reference": "fhir/Patient/1"}),
    ("subject", {"reference": "Patient/1", "type": "Device"}),
    ("subject", {"type": "RelatedPerson", "identifier": {"value": "42"}}),
    ("subject", {"reference": "#d1"}),
    ("encounter", {"reference": "Patient/1"}),
]


@pytest.mark.parametrize(("name", "reference"), OTHERS)
def test_a_reference_to_something_else_is_refused(
    knowledge: Knowledge, response: Resource, name: str, reference: Resource
) -> None:
    contained = [{"resourceType": "Device", "id": "d1"}]
    with pytest.raises(InvalidAnswersError) as refused:
        read_response(response | {name: reference, "contained": contained}, knowledge)
    kind = {"subject": "Patient", "encounter": "Encounter"}[name]
    told = f'The "{name}" of the response has to be of the type {kind}: a reference such as "{kind}/1", an absolute URL'
    assert [problem.message.startswith(told) for problem in refused.value.problems] == [True]


def test_a_response_may_be_wrapped_in_parameters(knowledge: Knowledge, response: Resource) -> None:
    wrapped: Resource = {
        "resourceType": "Parameters",
        "id": "in",
        "parameter": [{"name": "response", "resource": response}],
    }
    assert read_response(wrapped, knowledge) == read_response(response, knowledge)


@pytest.mark.parametrize(
    "change",
    [
        {"parameter": []},
        {"parameter": [{"name": "response", "valueString": "x"}]},
        {"parameter": [{"name": "other", "resource": {"resourceType": "QuestionnaireResponse"}}]},
        {"parameter": [{"name": "response", "resource": {}, "modifierExtension": [{"url": "urn:x"}]}]},
        {"parameter": [{"name": "response", "resource": {}}, {"name": "response", "resource": {}}]},
        {"implicitRules": "urn:rules"},
    ],
)
def test_other_parameters_are_refused(knowledge: Knowledge, response: Resource, change: Resource) -> None:
    wrapped: Resource = {"resourceType": "Parameters", "parameter": [{"name": "response", "resource": response}]}
    with pytest.raises(UnreadableInputError, match="this is a Parameters"):
        read_response(wrapped | change, knowledge)


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


def test_conflicts_never_hide_a_question(knowledge: Knowledge, questionnaire: Resource) -> None:
    """Both of two contradicting answers may be right: then the person leaves the other open."""
    conflicting = {
        atom.question for each in knowledge.contradictions for conflict in each.conflicts for atom in conflict
    }
    assert not any("enableWhen" in items_of(questionnaire)[link] for link in conflicting)
    assert conflicting


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
