"""What a CDS Hooks client sends, checked, and what is answered: a function of a desk and of the body for each.

They are operations like those of `exchange`. What is needed has to come with a call: nothing is fetched.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Any

import orjson

from caretier.assessment import Assessment
from caretier.decisions import Desk
from caretier.documents import parse_json
from caretier.errors import ContradictionError, InputError, InvalidAnswersError
from caretier.fhir import id_on
from caretier.fhir_response import ResponseAnswers, is_answered_elsewhere, read_response, response_in
from caretier_api.cards import interview_card, refusal_cards, result_cards
from caretier_api.problems import PRECONDITION, UNREADABLE, refused

COMPLETED = "questionnaire-completed"
"""The hook that is called when somebody has answered a questionnaire."""

VIEWED = "patient-view"
"""The hook that is called when a record is opened."""

RESPONSE = "questionnaireResponse"
"""The key of the response in prefetch and context."""

_FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


def completed(desk: Desk, content: bytes, _given: str, _wanted: str) -> bytes:
    """Give the cards for a completed questionnaire; none when it is another than this domain's."""
    kb, call = desk.kb, _read_call(content, COMPLETED)
    response = response_in((call.get("prefetch") or {}).get(RESPONSE) or call["context"].get(RESPONSE))
    if not isinstance(response, dict) or response.get("resourceType") == "OperationOutcome":
        detail = f"The QuestionnaireResponse has to come as prefetch.{RESPONSE}; it is not fetched from a FHIR server."
        raise refused(PRECONDITION, detail)
    if is_answered_elsewhere(response, kb.knowledge):
        return orjson.dumps({"cards": []})
    try:
        answers = desk.checked(lambda: read_response(response, kb.knowledge))
    except InvalidAnswersError as error:
        if error.proven is None:
            raise
        return orjson.dumps({"cards": refusal_cards(error, kb.knowledge)})
    _require_same_person(call, answers)
    return orjson.dumps({"cards": _cards(desk, response, answers)})


def viewed(desk: Desk, content: bytes, _given: str, _wanted: str) -> bytes:
    """Give the card that offers the interview for a person whose record is opened."""
    context = _read_call(content, VIEWED)["context"]
    for name in ("userId", "patientId"):
        _require(isinstance(context.get(name), str), f'"context" needs "{name}", a text.')
    return orjson.dumps({"cards": [interview_card(desk.kb.knowledge)]})


def feedback(_desk: Desk, content: bytes, _given: str, _wanted: str) -> bytes:
    """Check what a client says became of cards, and keep nothing of it."""
    told = parse_json(content)
    entries = told.get("feedback") if isinstance(told, dict) else None
    if not isinstance(entries, list):
        raise refused(UNREADABLE, 'Feedback is an object with "feedback", a list.')
    for entry in entries:
        _check_feedback(entry)
    return b"{}"


def _cards(desk: Desk, response: dict[str, Any], answers: ResponseAnswers) -> list[dict[str, Any]]:
    kb, outcome = desk.kb, desk.assess([Assessment(answers)])[0]
    if isinstance(outcome, ContradictionError):
        return refusal_cards(outcome, kb.knowledge)
    if isinstance(outcome, InputError):
        raise outcome
    identifier = response.get("id")
    is_named = isinstance(identifier, str) and _FHIR_ID.fullmatch(identifier)
    return result_cards(outcome, kb.codes, basis=f"QuestionnaireResponse/{identifier}" if is_named else None)


def _read_call(content: bytes, hook: str) -> dict[str, Any]:
    """Read the call of a service."""
    call = parse_json(content)
    if not isinstance(call, dict):
        raise refused(UNREADABLE, "A call of a CDS service is an object with hook, hookInstance and context.")
    _require(call.get("hook") == hook, f'The "hook" of this service is "{hook}".')
    _require(_is_uuid(call.get("hookInstance")), '"hookInstance" has to be a UUID.')
    _require(isinstance(call.get("context"), dict), '"context" has to be an object.')
    _require(isinstance(call.get("prefetch") or {}, dict), '"prefetch" has to be an object.')
    return call


def _require_same_person(call: dict[str, Any], answers: ResponseAnswers) -> None:
    """Refuse a response about another person than the one whose record is open, as far as both are named."""
    opened, server = call["context"].get("patientId"), call.get("fhirServer")
    _require(isinstance(opened, str | None), '"patientId" in "context" has to be a text.')
    answering = id_on(server if isinstance(server, str) else None, answers.subject, "Patient")
    _require(
        not opened or answering in (None, opened.removeprefix("Patient/")),
        f'The {RESPONSE} is about another person than "patientId" in "context"; both have to name the same Patient.',
    )


def _check_feedback(entry: Any) -> None:
    if not isinstance(entry, dict):
        raise refused(UNREADABLE, 'Each entry of "feedback" has to be an object.')
    _require(_is_uuid(entry.get("card")), '"card" has to be the uuid of a card.')
    _require(entry.get("outcome") in ("accepted", "overridden"), '"outcome" has to be "accepted" or "overridden".')
    _require(_is_time(entry.get("outcomeTimestamp")), '"outcomeTimestamp" has to be such as "2026-05-31T10:30:00Z".')
    accepted, reason = entry.get("acceptedSuggestions", []), entry.get("overrideReason", {})
    _require(
        isinstance(accepted, list) and all(isinstance(each, dict) and _is_uuid(each.get("id")) for each in accepted),
        '"acceptedSuggestions" has to be a list of objects, each with the uuid of a suggestion as "id".',
    )
    _require(bool(accepted) or entry["outcome"] != "accepted", 'The outcome "accepted" needs "acceptedSuggestions".')
    _require(
        isinstance(reason, dict)
        and isinstance(reason.get("userComment", ""), str)
        and ("reason" not in reason or _is_coding(reason["reason"])),
        '"overrideReason" has to be an object with "reason", which has a system and a code, or "userComment", a text.',
    )


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise refused(UNREADABLE, message)


def _is_uuid(value: object) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return isinstance(value, str)


def _is_time(value: object) -> bool:
    try:
        return datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False


def _is_coding(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), str) for name in ("system", "code"))
