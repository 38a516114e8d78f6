"""Requests of the SPARQL 1.1 Protocol, read: the query, the graphs to read, and the formats of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from fastapi import Request

from caretier.query import Query
from caretier_api import negotiation
from caretier_api.problems import NOT_ACCEPTABLE, QUERY, refused

FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"

SOLUTIONS: Mapping[str, str] = {
    "application/sparql-results+json": "json",
    "application/sparql-results+xml": "xml",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/json": "json",
}
"""The syntaxes of solutions, and of yes or no, by media type."""

GRAPHS: Mapping[str, str] = {
    "text/turtle": "turtle",
    "application/n-triples": "ntriples",
    "application/rdf+xml": "rdfxml",
    "application/ld+json": "jsonld",
    "application/trig": "trig",
    "application/n-quads": "nquads",
}
"""The syntaxes of graphs, by media type."""

_MOST_PARAMETERS = 1_000

Parameters = Mapping[str, list[str]]


async def read_query(request: Request, prefixes: Mapping[str, str]) -> Query | None:
    """Read the query of a request; None when a GET has none.

    Raises the problem of a request that has none or several, that would change something, or whose answer could not be
    written in any format that it accepts.
    """
    told = _parameters(request.scope["query_string"])
    queries = told.get("query", [])
    if request.method == "POST":
        media_type = negotiation.given(request, (DIRECT, FORM))
        body = await request.body()
        if media_type == DIRECT:
            queries = [*queries, _decoded(body)]
        else:
            form = _parameters(body)
            told = {name: [*told.get(name, []), *form.get(name, [])] for name in {*told, *form}}
            queries = told.get("query", [])
    if "update" in told:
        raise refused(QUERY, "Nothing can be changed here; updates are refused.")
    if not queries and request.method != "POST":
        return None
    if len(queries) != 1:
        raise refused(QUERY, f"There has to be one query; there are {len(queries)}.")
    solutions, graph = _preferred(request, SOLUTIONS), _preferred(request, GRAPHS)
    if solutions is None and graph is None:
        raise refused(NOT_ACCEPTABLE, f"Accept asks for none of what can be given: {', '.join([*SOLUTIONS, *GRAPHS])}.")
    return Query(
        text=queries[0],
        prefixes=prefixes,
        solutions=solutions and SOLUTIONS[solutions],
        graph=graph and GRAPHS[graph],
        default_graphs=told.get("default-graph-uri", []),
        named_graphs=told.get("named-graph-uri", []),
    )


def media_type_of(request: Request, syntax: str) -> str:
    """Return the media type of an answer in this syntax."""
    formats = SOLUTIONS if syntax in SOLUTIONS.values() else GRAPHS
    media_type = _preferred(request, formats)
    assert media_type is not None
    return media_type


def _preferred(request: Request, formats: Mapping[str, str]) -> str | None:
    return negotiation.preferred(",".join(request.headers.getlist("accept")), tuple(formats))


def _parameters(encoded: bytes) -> Parameters:
    try:
        return parse_qs(
            encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except UnicodeDecodeError:
        raise refused(QUERY, "The parameters are not in UTF-8.") from None
    except ValueError:
        raise refused(QUERY, f"There are more than {_MOST_PARAMETERS:,} parameters.") from None


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise refused(QUERY, "The query is not in UTF-8.") from None
