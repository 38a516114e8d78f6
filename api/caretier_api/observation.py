"""What can be seen of the service from outside: request ids, version headers, a log and metrics.

None of it holds a byte of personal data: no path, no query, no body, no header and no address gets into log or metrics,
only the method, the template of the route, the status, the time taken and an id made of nothing else.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from uuid import UUID, uuid4

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caretier_api.log import Log, place_of
from caretier_api.outcomes import Tell
from caretier_api.problems import BUSY, INTERNAL, REQUEST_ID, Problem

_UUID = re.compile(rb"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}")
_OUR_FAULT = "Something went wrong that is not the fault of the request; it was written down."
_CLIENT_GONE = 499  # what proxies write down for a client that closed the connection
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """What is counted, in the form that Prometheus reads."""

    def __init__(self) -> None:
        """Begin to count, in a registry of its own."""
        self.registry = CollectorRegistry()
        self.in_work = 0
        self._seconds = Histogram(
            "caretier_request_seconds",
            "Requests answered, and the seconds that it took.",
            ("method", "route", "status"),
            registry=self.registry,
            buckets=_BUCKETS,
        )
        self._known: dict[tuple[str, str, int], Histogram] = {}
        Gauge("caretier_requests_in_work", "Requests that are being answered.", registry=self.registry).set_function(
            lambda: self.in_work
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        key = (method, route, status)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._seconds.labels(method, route, str(status))
        found.observe(seconds)

    def text(self) -> bytes:
        """Write all that was counted."""
        return generate_latest(self.registry)


class Observation:
    """The layer around all that answers: it gives each request its id and headers, logs and counts it.

    An error that nothing else took care of becomes a problem here; the log names its type and place, and
    not its message, in which there may be anything.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, log: Log, headers: Mapping[str, str], tell: Tell) -> None:
        """Observe an application; `headers` are added to each response."""
        self._app = app
        self._metrics = metrics
        self._log = log
        self._tell = tell
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, request_id, status = time.perf_counter(), _request_id(scope), 0
        method = scope["method"]
        if method == "HEAD":
            scope = {**scope, "method": "GET"}  # answered alike; the server leaves the body out
        scope[REQUEST_ID] = request_id

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own_id = (b"x-request-id", request_id.encode())
                message["headers"] = [*message.get("headers", ()), *self._headers, own_id]
            await send(message)

        self._metrics.in_work += 1
        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            status = status or _CLIENT_GONE
        except asyncio.CancelledError:  # the service is told to end, and what is in work has had its time
            if not status:
                ending = Problem(BUSY, "The service is ending; ask again.")
                await self._tell(ending, scope)(scope, receive, sending)
        except Exception as error:
            self._log.write("failed", request_id=request_id, **place_of(error))
            if status:
                raise BrokenOffError from None  # the answer has begun; all that is left is to close the connection
            await self._tell(Problem(INTERNAL, _OUR_FAULT), scope)(scope, receive, sending)
        finally:
            self._metrics.in_work -= 1
            seconds = time.perf_counter() - started
            route = _route(scope)
            shown = method if method in _METHODS else "OTHER"
            self._metrics.answered(shown, route, status, seconds)
            self._log.write(
                "answered", method=shown, route=route, status=status, ms=round(seconds * 1000, 2), request_id=request_id
            )


class BrokenOffError(Exception):
    """Report that an answer broke off; it carries nothing of what went wrong."""


def _request_id(scope: Scope) -> str:
    """Return the id that a proxy gave, if it is a UUID and so can say nothing about anybody, or else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _UUID.fullmatch(value):
            return str(UUID(value.decode()))
    return str(uuid4())


def _route(scope: Scope) -> str:
    """Return the template of the route that answered; a path itself may hold anything."""
    route = scope.get("route")
    return str(getattr(route, "path", "")) or "none"
