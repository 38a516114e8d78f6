"""What goes wrong, told as RFC 9457 problem documents: one table of kinds, and what each error of caretier becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from caretier.errors import (
    CaretierError,
    ContradictionError,
    InvalidAnswersError,
    KnowledgeChangedError,
    QueryError,
    QueryFormError,
    QueryLimitError,
    ReasonerError,
    ReasonerTimeoutError,
    UnreadableInputError,
)

MEDIA_TYPE = "application/problem+json"
REQUEST_ID = "caretier.request_id"
"""The key of a request's id in its ASGI scope."""

_MOST_ERRORS = 100
"""Errors told of one document; nobody reads more."""

_TYPES = "https://w3id.org/caretier/problems/"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: the name that ends its type, its status, and a title that is always the same.

    `retry_seconds` says after what time it makes sense to ask again.
    """

    name: str
    status: int
    title: str
    retry_seconds: int | None = None

    @property
    def type(self) -> str:
        """The IRI of the kind."""
        return _TYPES + self.name


UNREADABLE = Kind("unreadable-input", 400, "The input cannot be read.")
QUERY = Kind("unusable-query", 400, "The query cannot be run.")
NOT_FOUND = Kind("not-found", 404, "There is nothing here.")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "This method is not for this address.")
NOT_ACCEPTABLE = Kind("not-acceptable", 406, "None of the formats asked for can be given.")
TOO_SLOW = Kind("request-timeout", 408, "The request took too long to arrive.")
CONTRADICTION = Kind("contradictory-answers", 409, "The answers contradict each other.")
PRECONDITION = Kind("precondition-failed", 412, "Data that is needed cannot be had.")
TOO_LARGE = Kind("too-large", 413, "The request is too large.")
UNSUPPORTED = Kind("unsupported-media-type", 415, "The format of the request is not read here.")
INVALID = Kind("invalid-answers", 422, "The answers cannot be used.")
INTERNAL = Kind("internal-error", 500, "The service made a mistake.")
BUSY = Kind("busy", 503, "The service is busy.", retry_seconds=5)
NOT_READY = Kind("not-ready", 503, "The service is not ready yet.", retry_seconds=5)
REASONER_FAILED = Kind("reasoner-failed", 503, "The reasoner gave no answer.", retry_seconds=5)
DATA = Kind("data-not-loaded", 503, "The data cannot be loaded.", retry_seconds=60)
QUERY_LIMIT = Kind("query-limit", 504, "The query was stopped at a limit.")
TIME_LIMIT = Kind("time-limit", 504, "It took too long and was stopped.")

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        UNREADABLE, NOT_FOUND, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, TOO_SLOW, CONTRADICTION, PRECONDITION, TOO_LARGE,
        UNSUPPORTED, INVALID, INTERNAL, BUSY, NOT_READY, REASONER_FAILED, TIME_LIMIT,
        QUERY, QUERY_LIMIT, DATA,
    )
}  # fmt: skip
"""Every kind of problem by its name."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: its kind, what happened in words, and members that some kinds have (`errors`, `proven`)."""

    kind: Kind
    detail: str
    members: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Say when to ask again, unless the headers already do."""
        if self.kind.retry_seconds is not None:
            object.__setattr__(self, "headers", {"Retry-After": str(self.kind.retry_seconds), **self.headers})

    def to_dict(self, instance: str | None = None) -> dict[str, object]:
        """Give the problem as plain data; `instance` is the id of the request."""
        kind = self.kind
        told: dict[str, object] = {"type": kind.type, "title": kind.title, "status": kind.status}
        told["detail"] = self.detail
        if instance is not None:
            told["instance"] = f"urn:uuid:{instance}"
        return told | dict(self.members)


class ProblemError(Exception):
    """Carries a problem to where it is told."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.kind.name)
        self.problem = problem


def refused(kind: Kind, detail: str, **headers: str) -> ProblemError:
    """Make the error of a problem; headers are named with underscores for hyphens."""
    return ProblemError(Problem(kind, detail, headers={name.replace("_", "-"): text for name, text in headers.items()}))


def problem_of(error: CaretierError | ProblemError) -> Problem:
    """Say which problem an error is; what the answers prove all the same stands first."""
    if isinstance(error, ProblemError):
        return error.problem
    if isinstance(error, InvalidAnswersError):
        told = error.problems[:_MOST_ERRORS]
        members: dict[str, object] = {
            "errors": [{"questions": list(each.subjects), "message": each.message} for each in told]
        }
        if error.proven is not None:
            tier = error.proven
            members = {"proven": {"tier": tier.id, "label": tier.label, "advice": tier.advice}} | members
        if isinstance(error, ContradictionError):
            return Problem(CONTRADICTION, str(error), members)
        more = len(error.problems) - len(told)
        shown = str(type(error)(told, error.proven))
        return Problem(INVALID, f"{shown}\nAnd {more:,} more." if more else shown, members)
    if isinstance(error, UnreadableInputError):
        return Problem(UNREADABLE, f"The input cannot be used: {error}")
    if isinstance(error, QueryLimitError):
        return Problem(QUERY_LIMIT, str(error))
    if isinstance(error, QueryFormError):
        return Problem(NOT_ACCEPTABLE, str(error))
    if isinstance(error, QueryError):
        return Problem(QUERY, str(error))
    if isinstance(error, KnowledgeChangedError):
        return Problem(DATA, "The knowledge was changed while the service runs; it has to be started again.")
    if isinstance(error, ReasonerTimeoutError):
        return Problem(TIME_LIMIT, str(error))
    if isinstance(error, ReasonerError):
        return Problem(REASONER_FAILED, "The reasoner gave no answer; nothing may be concluded.")
    return Problem(INTERNAL, "Something went wrong that is not the fault of the request.")


def rendered(problem: Problem, instance: str | None = None) -> bytes:
    """Write a problem as JSON."""
    return orjson.dumps(problem.to_dict(instance))


def read_problem(content: bytes) -> Problem:
    """Read a problem that `rendered` wrote."""
    told = orjson.loads(content)
    kind = KINDS[told.pop("type").removeprefix(_TYPES)]
    detail = told.pop("detail")
    return Problem(kind, detail, {name: said for name, said in told.items() if name not in ("title", "status")})
