"""The page on which researchers ask the ontology in SPARQL: example queries, and results as a table or as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from caretier.query import Found, Query
from caretier_api import negotiation
from caretier_api.conversation import FORM, read_fields
from caretier_api.problems import Problem, ProblemError
from caretier_api.service import Service
from caretier_api.site import Site, made_once

if TYPE_CHECKING:
    from caretier.sparql_store import ShippedQuery

_FILES = {"csv": ("text/csv", "result.csv"), "turtle": ("text/turtle", "result.ttl")}
"""Media type and name of a result as a file, by its syntax."""

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


def query_router(service: Service, site: Site) -> APIRouter:
    """Make the routes of the page."""
    router = APIRouter(include_in_schema=False)
    examples = made_once(lambda: _examples(service))

    async def page(
        request: Request,
        query: str,
        *,
        chosen: ShippedQuery | None = None,
        result: QueryResult | None = None,
        problem: Problem | None = None,
    ) -> Response:
        response = site.page(
            request,
            "query.html",
            status=problem.kind.status if problem else 200,
            private=request.method == "POST",  # what was asked for, and what was found, may be about somebody
            examples=await run_in_threadpool(examples),
            query=query,
            chosen=chosen,
            result=result,
            problem=problem,
        )
        response.headers.update(problem.headers if problem else {})
        return response

    async def ask(query: str, solutions: str) -> Found:
        return await service.queries.run(Query(query, service.knowledge.prefixes, solutions=solutions))

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
                return _download(await ask(query, "csv"))
            return await page(request, query, result=read_result(await ask(query, "json")))
        except ProblemError as error:
            return await page(request, query, problem=error.problem)

    return router


def read_result(found: Found) -> QueryResult:
    """Read what a query found: solutions and yes or no in JSON, a graph in Turtle."""
    if found.syntax != "json":
        return QueryResult(graph=found.content.decode())
    told = orjson.loads(found.content)
    if "boolean" in told:
        return QueryResult(yes=told["boolean"])
    columns, rows = tuple(told["head"]["vars"]), told["results"]["bindings"]
    shown = tuple(tuple(_cell(each.get(column)) for column in columns) for each in rows[:_MOST_ROWS])
    return QueryResult(columns, shown, more=max(0, len(rows) - _MOST_ROWS))


def _cell(value: Mapping[str, str] | None) -> Cell | None:
    if value is None:
        return None
    return Cell(str(value["value"]), iri=value["type"] == "uri", language=value.get("xml:lang"))


def _download(found: Found) -> Response:
    media_type, name = _FILES[found.syntax]
    disposition = f'attachment; filename="{name}"'
    return Response(found.content, media_type=media_type, headers={"Content-Disposition": disposition})


def _examples(service: Service) -> list[ShippedQuery]:
    from caretier.sparql_store import shipped_queries

    return shipped_queries(service.kb.ontology)
