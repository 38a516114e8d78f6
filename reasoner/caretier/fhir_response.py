"""Answers as a FHIR QuestionnaireResponse, written and read.

Reading is strict, and nothing is guessed. What FHIR adds is checked here; whether an answer is allowed is left to the
questionnaire, whose words are the same whatever format the answers come in.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from caretier.errors import InvalidAnswersError, Problem, UnreadableInputError
from caretier.fhir import (
    ABSENT,
    Resource,
    group_link,
    help_link,
    option_coding,
    option_system,
    plain_reference,
    questionnaire_url,
    refers_to,
)
from caretier.knowledge import Knowledge
from caretier.questionnaire import Answer, Answers, Question

VALUE = {"boolean": "valueBoolean", "choice": "valueCoding", "integer": "valueInteger"}
"""The element that an answer stands in, by the type of its question."""

USABLE = ("in-progress", "completed", "amended", "stopped")
"""The states of a response that can be assessed."""

_ASKED = ("asked-unknown", "asked-declined")
_REFERENCES = {"subject": "Patient", "encounter": "Encounter"}
"""The references of a response that are kept, and what they have to refer to: the answers are those of one person."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MONTH = re.compile(r"\d{4}(-\d\d)?")


@dataclass(frozen=True, slots=True)
class ResponseAnswers(Answers):
    """Answers that came as a QuestionnaireResponse, with its references to the person and the encounter, or empty."""

    subject: Resource = field(default_factory=dict)
    encounter: Resource = field(default_factory=dict)


def response_resource(answers: Answers, knowledge: Knowledge) -> Resource:
    """Write answers as a QuestionnaireResponse; what the person does not know is said to be asked and unknown."""
    questionnaire = knowledge.questionnaire
    given = [question for question in questionnaire.questions if question.id in answers.values]
    response: Resource = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{questionnaire_url(knowledge)}|{knowledge.version}",
        "status": "completed" if len(given) == len(questionnaire.questions) else "in-progress",
    }
    if answers.id:
        response["identifier"] = {"value": answers.id}
    if authored := fhir_time(answers.date):
        response["authored"] = authored
    response |= references_of(answers)
    items = []
    for group in questionnaire.groups:
        answered = [_answered(knowledge, each, answers.values[each.id]) for each in given if each.group == group.id]
        if answered:
            items.append({"linkId": group_link(group.id), "text": group.label, "item": answered})
    if items:
        response["item"] = items
    return response


def references_of(answers: Answers) -> dict[str, Resource]:
    """Return what answers refer to by the name of the element, `subject` and `encounter`, as far as they do."""
    return {name: told for name in _REFERENCES if (told := getattr(answers, name, {}))}


def _answered(knowledge: Knowledge, question: Question, answer: Answer) -> Resource:
    element = VALUE[question.type]
    value: object = answer
    if answer is None:
        value = {"extension": [{"url": ABSENT, "valueCode": "asked-unknown"}]}
        if question.type != "choice":  # a primitive value carries its extensions in an element beside it
            element = f"_{element}"
    elif question.type == "choice":
        value = option_coding(knowledge, question, answer)
    return {"linkId": question.id, "text": question.text, "answer": [{element: value}]}


def fhir_time(date: str | None) -> str | None:
    """Write the date of answers as a FHIR dateTime; without seconds and a zone, which FHIR demands, as the day alone.

    >>> fhir_time("2026-05-31T10:30:00+02:00"), fhir_time("2026-05-31T10:30")
    ('2026-05-31T10:30:00+02:00', '2026-05-31')
    """
    if date is None or _TIME.fullmatch(date):
        return date
    try:
        return datetime.datetime.fromisoformat(date).date().isoformat()
    except ValueError:
        return None  # answers that came as RDF may have anything for a date


def is_answered_elsewhere(response: Resource, knowledge: Knowledge) -> bool:
    """Say whether a response names another questionnaire than that of a domain."""
    canonical = response.get("questionnaire")
    return canonical is not None and str(canonical).partition("|")[0] != questionnaire_url(knowledge)


def response_in(resource: object) -> object:
    """Take a response out of the Parameters that may wrap the input of an operation; anything else is left as it is."""
    match resource:
        case {"resourceType": "Parameters", "parameter": [{"name": "response", "resource": response, **more}], **rest}:
            return resource if more or rest.keys() - {"id", "meta"} else response
    return resource


def read_response(response: object, knowledge: Knowledge) -> ResponseAnswers:
    """Read a QuestionnaireResponse to the questionnaire of a domain.

    A question with an answer whose value is absent because it was asked and not known, or declined, is unknown and not
    asked again; with any other reason, or no answer, it stays open. The response may be nested in groups or flat, and
    be wrapped in Parameters.

    Raises UnreadableInputError when it has not the form of a response, and InvalidAnswersError with every problem at
    once when it cannot be used as it is.
    """
    response = response_in(response)
    if not isinstance(response, dict) or response.get("resourceType") != "QuestionnaireResponse":
        kind = response.get("resourceType") if isinstance(response, dict) else None
        found = f"a {kind}" if isinstance(kind, str) else "no FHIR resource"
        raise UnreadableInputError(f"a QuestionnaireResponse is needed; this is {found}.")
    reader = _Reader(knowledge)
    reader.read(response)
    identifier = response.get("identifier")
    document = {
        "answers": reader.values,
        "id": (identifier.get("value") if isinstance(identifier, dict) else None) or response.get("id"),
        "date": reader.date,
    }
    try:
        answers = knowledge.questionnaire.read(document)
    except InvalidAnswersError as error:
        raise InvalidAnswersError((*reader.problems, *error.problems), readable=reader.sound(error.readable)) from None
    if reader.problems:
        raise InvalidAnswersError(tuple(reader.problems), readable=reader.sound(answers.values))
    return ResponseAnswers(answers.values, answers.id, answers.date, **reader.references)


class _Reader:
    """Collects the answers of a response by linkId, and all that is wrong with how they are given."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.values: dict[str, Any] = {}
        self.date: str | None = None
        self.references: dict[str, Resource] = {}
        self.problems: list[Problem] = []
        self._is_void = False
        self._knowledge = knowledge
        questionnaire = knowledge.questionnaire
        self._texts = {group_link(group.id) for group in questionnaire.groups}
        self._texts |= {help_link(question.id) for question in questionnaire.questions}
        self._seen: set[str] = set()

    def read(self, response: Resource) -> None:
        self._read_header(response)
        for item in _items(response):
            link = item.get("linkId")
            if not isinstance(link, str):
                raise UnreadableInputError("an item of the response has no linkId.")
            answers = _objects(item, "answer")
            self._require_plain(link, item, *answers)
            question = self._knowledge.questionnaire.by_id.get(link)
            if question is not None:
                self._read_answers(question, item, answers)
            elif link not in self._texts:
                self.values[link] = None  # the questionnaire tells of a question that it does not have
            elif answers:
                self._complain(link, f'"{link}" is no question and can have no answer.')

    def sound(self, answers: Mapping[str, Answer]) -> Mapping[str, Answer]:
        """Return the answers with which nothing is wrong; none where the whole response may mean something else."""
        wrong = {subject for problem in self.problems for subject in problem.subjects}
        return {} if self._is_void else {link: answer for link, answer in answers.items() if link not in wrong}

    def _read_header(self, response: Resource) -> None:
        self._require_plain("", response)
        if "implicitRules" in response:
            self._is_void = True
            self._complain("", 'The response has "implicitRules", which are not known here; leave them out.')
        status = response.get("status")
        if status == "entered-in-error":
            self._is_void = True
            self._complain("", 'The response has the status "entered-in-error", so its answers do not count.')
        elif status not in USABLE:
            self._complain("", f"The status of the response has to be one of {', '.join(USABLE)}.")
        authored = response.get("authored")
        text = authored if isinstance(authored, str) else ""
        if _TIME.fullmatch(text) or _DAY.fullmatch(text):
            self.date = text
        elif authored is not None and not _MONTH.fullmatch(text):
            self._complain("", 'The time in "authored" has to be such as "2026-05-31" or "2026-05-31T10:30:00Z".')
        for name, kind in _REFERENCES.items():
            self._read_reference(response, name, kind)
        url, version = questionnaire_url(self._knowledge), self._knowledge.version
        if is_answered_elsewhere(response, self._knowledge):
            self._is_void = True
            self._complain("", f"The response answers another questionnaire; the one that is known here is <{url}>.")
            return
        _, _, answered = str(response.get("questionnaire", "")).partition("|")
        if answered and _major(answered) != _major(version):
            self._is_void = True
            told = f"The response answers version {answered[:50]} of the questionnaire; here it has version {version}"
            self._complain("", f"{told}, which may ask something else. Please answer that one.")

    def _read_reference(self, response: Resource, name: str, kind: str) -> None:
        given = response.get(name)
        self.references[name] = plain_reference(given)
        contained = {f"#{each.get('id')}": each.get("resourceType") for each in _objects(response, "contained")}
        found = contained.get(str(given.get("reference")), kind) if isinstance(given, dict) else kind
        if found != kind or not refers_to(self.references[name], kind):
            told = f'The "{name}" of the response has to be of the type {kind}: a reference such as "{kind}/1", an'
            self._complain("", f"{told} absolute URL or a urn:uuid. Please correct it, or leave it out.")

    def _read_answers(self, question: Question, item: Resource, answers: list[Resource]) -> None:
        if question.id in self._seen or len(answers) > 1:
            self._complain(
                question.id, f'There is more than one answer to "{question.id}"; keep the one that is right.'
            )
            return
        self._seen.add(question.id)
        answer = answers[0] if answers else {}
        reason = _reason([item, answer, *(value for value in answer.values() if isinstance(value, dict))])
        given = [
            key for key in answer if key.startswith("value") and answer[key] is not None and not _reason([answer[key]])
        ]
        wanted = VALUE[question.type]
        if reason is None and given == [wanted]:
            self._read_value(question, answer[wanted])
        elif reason is not None and not given:
            if reason in _ASKED:
                self.values[question.id] = None
        elif reason is not None:
            self._complain(question.id, f'The answer to "{question.id}" has a value and a reason why there is none.')
        elif answers:
            found = f"given as {' and '.join(given)}"[:100] if given else "empty"
            self._complain(question.id, f'The answer to "{question.id}" has to be a {wanted}; it is {found}.')

    def _read_value(self, question: Question, value: Any) -> None:
        if question.type != "choice":
            self.values[question.id] = value
            return
        system = option_system(self._knowledge, question)
        if not isinstance(value, dict) or not isinstance(value.get("code"), str):
            self._complain(question.id, f'The answer to "{question.id}" has no code; {question.allowed()}.')
        elif value.get("system", system) != system:
            told = f'The answer to "{question.id}" is coded in another system than <{system}>'
            self._complain(question.id, f"{told}; {question.allowed()}.")
        else:
            self.values[question.id] = value["code"]

    def _require_plain(self, link: str, *elements: Resource) -> None:
        """Refuse what could turn the meaning of an element around without being understood here."""
        if any("modifierExtension" in element for element in elements):
            self._is_void = True
            where = f'"{link}"' if link else "The response"
            self._complain(link, f"{where} has a modifierExtension, which could change its meaning; leave it out.")

    def _complain(self, link: str, message: str) -> None:
        self.problems.append(Problem((link,) if link else (), message))


def _items(response: Resource) -> Iterator[Resource]:
    """Go through the items of a response, groups before what is in them."""
    waiting = _objects(response, "item")[::-1]
    while waiting:
        item = waiting.pop()
        yield item
        below = _objects(item, "item")
        for answer in _objects(item, "answer"):
            below += _objects(answer, "item")
        waiting += below[::-1]


def _objects(element: Resource, name: str) -> list[Resource]:
    values = element.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise UnreadableInputError(f'"{name}" of a response has to be a list of objects.')
    return list(values)


def _reason(elements: list[Any]) -> str | None:
    """Return why a value is absent, if one of the elements says so."""
    for element in elements:
        extensions = element.get("extension") if isinstance(element, dict) else None
        for extension in extensions if isinstance(extensions, list) else []:
            if isinstance(extension, dict) and extension.get("url") == ABSENT:
                return str(extension.get("valueCode"))
    return None


def _major(version: str) -> str:
    return version.partition(".")[0]
