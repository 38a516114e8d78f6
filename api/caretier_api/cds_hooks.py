"""The routes of CDS Hooks 2.0: which services there are, their cards, and what users thought of them."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from caretier.fhir import domain_name, domain_title
from caretier.knowledge import Knowledge
from caretier_api import negotiation
from caretier_api.cds_calls import COMPLETED, RESPONSE, VIEWED
from caretier_api.exchange import JSON
from caretier_api.problems import NOT_FOUND, refused
from caretier_api.service import Service


def cds_hooks_router(service: Service) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/cds-services")

    @router.get("", operation_id="cdsServices", response_class=Response)
    async def discovery(request: Request) -> Response:
        negotiation.wanted(request, (JSON,))
        return answered({"services": services(service.knowledge)})

    @router.post("/{domain}-triage", operation_id="cdsTriage", response_class=Response)
    async def triage(request: Request, domain: str) -> Response:
        require_known(f"{domain}-triage")
        return await cards(COMPLETED, request)

    @router.post("/{domain}-interview", operation_id="cdsInterview", response_class=Response)
    async def interview(request: Request, domain: str) -> Response:
        require_known(f"{domain}-interview")
        return await cards(VIEWED, request)

    @router.post("/{id}/feedback", operation_id="cdsFeedback", response_class=Response)
    async def feedback(request: Request, id: str) -> Response:  # noqa: A002 -- the standard's word
        require_known(id)
        return answered(await done("feedback", request))

    def require_known(service_id: str) -> None:
        if service_id not in [known["id"] for known in services(service.knowledge)]:
            raise refused(NOT_FOUND, "There is no CDS service with this id; /cds-services lists all.")

    async def cards(hook: str, request: Request) -> Response:
        told = await done(hook, request)
        start = (service.settings.public_url or str(request.base_url)).rstrip("/") + "/"
        link = {"label": "Open the questions", "url": start, "type": "absolute"}
        return answered({"cards": [card | {"links": [link]} for card in told["cards"]]})

    async def done(operation: str, request: Request) -> Any:
        negotiation.given(request, (JSON,))
        negotiation.wanted(request, (JSON,))
        return orjson.loads(await service.do(operation, await request.body()))

    return router


def answered(content: object) -> Response:
    """Answer with JSON."""
    return Response(orjson.dumps(content), media_type=JSON)


def services(knowledge: Knowledge) -> list[dict[str, object]]:
    """List the services of a domain, as discovery tells them."""
    name, title = domain_name(knowledge), domain_title(knowledge)
    return [
        {
            "hook": COMPLETED,
            "id": f"{name}-triage",
            "title": f"{title}: how soon care is needed",
            "description": "Says which serious conditions the answers to the questionnaire suggest, how soon care is "
            "needed, and why.",
            "prefetch": {RESPONSE: "QuestionnaireResponse/{{context.questionnaireResponseId}}"},
            "usageRequirements": f"The response has to come with the call, as prefetch.{RESPONSE} or "
            f"context.{RESPONSE}; the service calls no FHIR server.",
        },
        {
            "hook": VIEWED,
            "id": f"{name}-interview",
            "title": f"{title}: the questions",
            "description": "Offers a link to the questions, to be answered with or by the person.",
        },
    ]
