"""What a request gets that went wrong: a problem document, or a FHIR OperationOutcome for those who ask for FHIR."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Scope

from caretier.fhir import MEDIA_TYPE as FHIR
from caretier.fhir import Resource
from caretier.fhir_result import issue, operation_outcome
from caretier.language import ENGLISH
from caretier_api import negotiation
from caretier_api.exchange import JSON
from caretier_api.problems import MEDIA_TYPE, REQUEST_ID, Problem

_PATH = "/fhir/"
_CODES = {
    400: "structure",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    408: "timeout",
    409: "business-rule",
    412: "required",
    413: "too-long",
    415: "not-supported",
    422: "value",
    503: "transient",
    504: "timeout",
}
"""What FHIR calls a problem, by its status; any other is an exception."""


Tell = Callable[[Problem, Scope], Response]
"""Answers a request with a problem."""


def response(problem: Problem, scope: Scope) -> Response:
    """Answer a request with a problem as data."""
    speaks_fhir = _speaks_fhir(scope)
    content = outcome(problem) if speaks_fhir else problem.to_dict(scope.get(REQUEST_ID))
    return Response(
        orjson.dumps(content),
        status_code=problem.kind.status,
        headers={**_languages(scope), **problem.headers},
        media_type=FHIR if speaks_fhir else MEDIA_TYPE,
    )


def outcome(problem: Problem) -> Resource:
    """Write a problem as an OperationOutcome; what the answers prove all the same comes first."""
    return operation_outcome(_issues(problem))


def _languages(scope: Scope) -> dict[str, str]:
    """Say in which languages a problem is told: what the ontology has to say in the one chosen, the rest in English."""
    language = scope.get(negotiation.SPOKEN)
    if language is None:
        return {}
    return negotiation.in_language(language if language == ENGLISH.tag else f"{language}, {ENGLISH.tag}")


def _speaks_fhir(scope: Scope) -> bool:
    if _PATH in scope["path"]:
        return True
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept").decode("latin-1")
    return negotiation.preferred(accepted, (MEDIA_TYPE, JSON, FHIR)) == FHIR


def _issues(problem: Problem) -> Iterator[Resource]:
    members: Any = problem.members
    if proven := members.get("proven"):
        told = f"The other answers alone already mean: {proven['label']}. {proven['advice'] or ''}"
        yield issue("error", "business-rule", told.strip())  # clients may show errors only; nobody may miss this one
    code = _CODES.get(problem.kind.status, "exception")
    for message in [each["message"] for each in members.get("errors", ())] or [problem.detail]:
        yield issue("error", code, message)
