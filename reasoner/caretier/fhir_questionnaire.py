"""The questionnaire of a domain as a FHIR Questionnaire; `fhir_response` has the answers to it."""

from __future__ import annotations

from collections.abc import Iterator

from caretier.fhir import (
    Codes,
    Resource,
    domain_name,
    domain_title,
    group_link,
    help_link,
    option_coding,
    questionnaire_url,
    term_codes,
)
from caretier.knowledge import Knowledge
from caretier.questionnaire import Question

_EXTENSION = "http://hl7.org/fhir/StructureDefinition"


def questionnaire_resource(knowledge: Knowledge, codes: Codes) -> Resource:
    """Write the questionnaire of a domain as a FHIR Questionnaire; its version is that of the knowledge."""
    questionnaire = knowledge.questionnaire
    name = domain_name(knowledge)
    return {
        "resourceType": "Questionnaire",
        "id": name,
        "language": knowledge.language.tag,
        "url": questionnaire_url(knowledge),
        "version": knowledge.version,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "title": domain_title(knowledge),
        "status": "active",
        "subjectType": ["Patient"],
        "description": questionnaire.disclaimer,
        "item": [
            {
                "linkId": group_link(group.id),
                "text": group.label,
                "type": "group",
                "item": [
                    _question(knowledge, question, codes)
                    for question in questionnaire.questions
                    if question.group == group.id
                ],
            }
            for group in questionnaire.groups
        ],
    }


def _question(knowledge: Knowledge, question: Question, codes: Codes) -> Resource:
    item: Resource = {"linkId": question.id, "text": question.text, "type": question.type}
    if extensions := list(_limits(question)):
        item["extension"] = extensions
    if question.asks_about and (found := term_codes(question.asks_about, codes)):
        item["code"] = found
    if enabling := list(_enabling(knowledge, question)):
        item |= {"enableWhen": enabling, "enableBehavior": "any"}
    if question.options:
        item["answerOption"] = [
            {"valueCoding": option_coding(knowledge, question, option.id)} for option in question.options
        ]
    if question.help:
        item["item"] = [_help(question.id, question.help)]
    return item


def _limits(question: Question) -> Iterator[Resource]:
    for name, limit in (("minValue", question.minimum), ("maxValue", question.maximum)):
        if limit is not None:
            yield {"url": f"{_EXTENSION}/{name}", "valueInteger": limit}
    if question.unit:
        yield {"url": f"{_EXTENSION}/questionnaire-unit", "valueCoding": {"display": question.unit}}


def _help(question: str, text: str) -> Resource:
    control = {"system": "http://hl7.org/fhir/questionnaire-item-control", "code": "help"}
    extension = {"url": f"{_EXTENSION}/questionnaire-itemControl", "valueCodeableConcept": {"coding": [control]}}
    return {"linkId": help_link(question), "text": text, "type": "display", "extension": [extension]}


def _enabling(knowledge: Knowledge, question: Question) -> Iterator[Resource]:
    """Go through the answers without which a question need not be asked.

    Only a question that qualifies findings which other answers report is ever hidden: without such a finding its
    answer states nothing at all, so that no result can rest on it. Contradicting answers hide nothing, since both may
    be right.
    """
    for other in knowledge.questionnaire.questions:
        if other.describes:
            continue
        if other.asks_about in question.qualifies:
            yield {"question": other.id, "operator": "=", "answerBoolean": True}
        for option in other.options:
            if option.reports in question.qualifies:
                coding = option_coding(knowledge, other, option.id)
                yield {"question": other.id, "operator": "=", "answerCoding": coding}
