"""The routes that assess answers: one person's, many people's as a stream, the next question, and an explanation."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from caretier_api import negotiation
from caretier_api.batch import BatchResponse
from caretier_api.exchange import JSON, READERS, STREAM, WRITERS
from caretier_api.service import Service


def assessments_router(service: Service) -> APIRouter:
    """Make the routes."""
    router = APIRouter(route_class=DirectRoute)
    read, written = (*READERS, STREAM), tuple(WRITERS)

    @router.post("/v1/assessments", operation_id="assess", response_class=Response)
    async def assess(request: Request) -> Response:
        given = negotiation.given(request, read)
        if given == STREAM:
            negotiation.wanted(request, (STREAM,))
            service.require_ready()
            return BatchResponse(service, request)
        wanted = negotiation.wanted(request, written)
        return await answer("assess", request, given, wanted)

    @router.post("/v1/next-question", operation_id="nextQuestion", response_class=Response)
    async def next_question(request: Request) -> Response:
        return await of_answers("next-question", request)

    @router.post("/v1/explanations", operation_id="explain", response_class=Response)
    async def explain(request: Request) -> Response:
        return await of_answers("explain", request)

    async def of_answers(operation: str, request: Request) -> Response:
        negotiation.given(request, (JSON,))
        negotiation.wanted(request, (JSON,))
        return await answer(operation, request, JSON, JSON)

    async def answer(operation: str, request: Request, given: str, wanted: str) -> Response:
        language = negotiation.language(request, service.kb.languages)
        content = await service.do(operation, await request.body(), given, wanted, language)
        return Response(content, media_type=wanted, headers=negotiation.in_language(language))

    return router


class DirectRoute(APIRoute):
    """A route whose handler takes the request as it is: finding out what it takes would cost more than to assess."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler itself."""
        return self.endpoint
