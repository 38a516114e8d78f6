"""A response in FHIR is read as it was meant or refused by name; what it refers to is kept."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest

import caretier
from caretier.errors import ContradictionError, InvalidAnswersError, UnreadableInputError
from caretier.fhir import ABSENT
from caretier.fhir_questionnaire import questionnaire_resource
from caretier.fhir_response import ResponseAnswers, fhir_time, read_response, response_resource
from caretier.knowledge import CareTier, Knowledge
from caretier.model import DecisionModel
from caretier.questionnaire import Answer
from tests.fhir_resources import URL, Resource, bundle_of, items_of, outcome

UNKNOWN = {"extension": [{"url": ABSENT, "valueCode": "asked-unknown"}]}


@pytest.fixture(scope="module")
def knowledge(model: DecisionModel) -> Knowledge:
    return model.knowledge


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
