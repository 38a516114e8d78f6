"""The SPARQL endpoint: queries by the SPARQL 1.1 Protocol, and what it says of itself."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from caretier_api import negotiation
from caretier_api.service import Service
from caretier_api.sparql_protocol import GRAPHS, media_type_of, read_query

_HTML = "text/html"


def sparql_router(service: Service) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    async def answer(request: Request) -> Response:
        query = await read_query(request, service.knowledge.prefixes)
        if query is None:
            return await described(request)
        found = await service.queries.run(query)
        return Response(found.content, media_type=media_type_of(request, found.syntax), headers={"Vary": "Accept"})

    async def described(request: Request) -> Response:
        media_type = negotiation.wanted(request, (*GRAPHS, _HTML))
        if media_type == _HTML:
            page = str(request.scope.get("root_path", "")).rstrip("/") + "/query"
            return Response(status_code=303, headers={"Location": page, "Vary": "Accept"})
        return await description("service", request, media_type)

    async def description(what: str, request: Request, media_type: str) -> Response:
        endpoint = (service.settings.public_url or str(request.base_url)).rstrip("/") + "/sparql"
        content = await service.queries.describe(what, endpoint, GRAPHS[media_type])
        return Response(content, media_type=media_type, headers={"Vary": "Accept"})

    @router.get("/sparql", operation_id="queryByGet", response_class=Response)
    async def get(request: Request) -> Response:
        return await answer(request)

    @router.post("/sparql", operation_id="queryByPost", response_class=Response)
    async def post(request: Request) -> Response:
        return await answer(request)

    @router.get("/.well-known/void", operation_id="void", response_class=Response)
    async def void(request: Request) -> Response:
        return await description("data", request, negotiation.wanted(request, tuple(GRAPHS)))

    return router
