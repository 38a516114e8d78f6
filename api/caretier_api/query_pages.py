"""The page on which researchers ask the ontology in SPARQL: example queries, and results as a table or as CSV."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from caretier.errors import QueryError
from caretier_api import negotiation
from caretier_api.conversation import FORM, read_fields
from caretier_api.service import Service
from caretier_api.site import Site, made_once

if TYPE_CHECKING:
    from pyoxigraph import Store

    from caretier.sparql import ShippedQuery

JSON, CSV, TURTLE = "application/sparql-results+json", "text/csv", "text/turtle"

Ask = Callable[[str, str], Awaitable[tuple[str, str]]]
"""Answers a query: takes its text and the media type for solutions, JSON or CSV; gives the result and what it is in,
which is Turtle for a graph. Raises QueryError."""

_MOST_ROWS = 1_000
"""Rows that a page shows; CSV has them all."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a result: its text, and what it is in RDF: an IRI, or a literal with a language or datatype."""

    text: str
    iri: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What a query gave: rows under columns, yes or no, or a graph in Turtle. `more` rows are not shown."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell | None, ...], ...] = ()
    more: int = 0
    yes: bool | None = None
    graph: str | None = None


def query_router(service: Service, site: Site, ask: Ask) -> APIRouter:
    """Make the routes of the page."""
    router = APIRouter(include_in_schema=False)
    examples = made_once(lambda: _examples(service))

    async def page(
        request: Request,
        query: str,
        *,
        chosen: ShippedQuery | None = None,
        result: QueryResult | None = None,
        error: str | None = None,
    ) -> Response:
        return site.page(
            request,
            "query.html",
            status=400 if error else 200,
            examples=await run_in_threadpool(examples),
            query=query,
            chosen=chosen,
            result=result,
            error=error,
        )

    @router.get("/query", response_class=Response)
    async def write(request: Request, example: str | None = None) -> Response:
        known = await run_in_threadpool(examples)
        chosen = next((each for each in known if each.name == example), None)
        return await page(request, chosen.text if chosen else "", chosen=chosen)

    @router.post("/query", response_class=Response)
    async def run(request: Request) -> Response:
        negotiation.given(request, (FORM,))
        fields = read_fields(await request.body())
        query = fields.get("query", [""])[0].replace("\r\n", "\n")
        try:
            if fields.get("as") == ["csv"]:
                return _download(*await ask(query, CSV))
            return await page(request, query, result=read_result(*await ask(query, JSON)))
        except QueryError as error:
            return await page(request, query, error=str(error))

    return router


def asker(service: Service) -> Ask:
    """Make the function that answers queries, each in a process of its own that is ended at the time limit."""
    store = made_once(lambda: _store(service))

    def asked(query: str, media_type: str) -> tuple[str, str]:
        from caretier.sparql import run_query_within

        prefixes, syntax = dict(service.knowledge.prefixes), "csv" if media_type == CSV else "json"
        text = run_query_within(store(), query, prefixes, syntax, service.settings.sparql_seconds)
        return text, TURTLE if text == "" or text.startswith("@prefix ") else media_type

    async def ask(query: str, media_type: str) -> tuple[str, str]:
        return await run_in_threadpool(asked, query, media_type)

    return ask


def read_result(text: str, media_type: str) -> QueryResult:
    """Read a result in the JSON of SPARQL, or a graph in Turtle.

    >>> read_result('{"head": {}, "boolean": true}', JSON).yes
    True
    """
    if media_type != JSON:
        return QueryResult(graph=text)
    told = json.loads(text)
    if "boolean" in told:
        return QueryResult(yes=told["boolean"])
    columns, found = tuple(told["head"]["vars"]), told["results"]["bindings"]
    rows = tuple(tuple(_cell(each.get(column)) for column in columns) for each in found[:_MOST_ROWS])
    return QueryResult(columns, rows, more=max(0, len(found) - _MOST_ROWS))


def _cell(value: Mapping[str, str] | None) -> Cell | None:
    if value is None:
        return None
    return Cell(str(value["value"]), iri=value["type"] == "uri", language=value.get("xml:lang"))


def _download(text: str, media_type: str) -> Response:
    name = "result.csv" if media_type == CSV else "result.ttl"
    return Response(text, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _examples(service: Service) -> list[ShippedQuery]:
    from caretier.sparql import shipped_queries

    return shipped_queries(service.kb.ontology)


def _store(service: Service) -> Store:
    from caretier.sparql import queryable

    return queryable(service.kb.ontology)
