"""A problem as a FHIR OperationOutcome, for those who ask for FHIR."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.types import Scope

from caretier.fhir import MEDIA_TYPE, Resource
from caretier.fhir_result import issue, operation_outcome

if TYPE_CHECKING:
    from caretier_api.problems import Problem

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


def is_wanted(scope: Scope) -> bool:
    """Say whether a request would rather have an OperationOutcome than a problem document."""
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept").lower()
    return MEDIA_TYPE.encode() in accepted or _PATH in scope["path"]


def outcome(problem: Problem) -> Resource:
    """Write a problem as an OperationOutcome; what the answers prove all the same comes first."""
    return operation_outcome(_issues(problem))


def _issues(problem: Problem) -> Iterator[Resource]:
    members: Any = problem.members
    if proven := members.get("proven"):
        told = f"The other answers alone already mean: {proven['label']}. {proven['advice'] or ''}"
        yield issue("warning", "informational", told.strip())
    code = _CODES.get(problem.kind.status, "exception")
    for message in [each["message"] for each in members.get("errors", ())] or [problem.detail]:
        yield issue("error", code, message)
