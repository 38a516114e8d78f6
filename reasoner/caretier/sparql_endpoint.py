"""A query put to another server of SPARQL, over HTTP, because somebody named that server."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPResponse

from caretier.errors import QueryError, QueryLimitError
from caretier.query import Found, Query
from caretier.sparql import declared, presented

_MOST = 200_000_000
"""Bytes of an answer."""

_AT_ONCE = 65_536

_ACCEPT: Mapping[str, str] = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "table": "application/sparql-results+json",
}


def ask(endpoint: str, query: Query, seconds: float) -> Found:
    """Run a query on a server, by the SPARQL 1.1 protocol, and return its answer.

    Prefixes that the query uses and does not declare are declared. Raises QueryError, which names the server.
    """
    if not endpoint.startswith(("http://", "https://")):
        raise QueryError(f'"{endpoint}" is no address of a server; it has to begin with http:// or https://.')
    assert query.solutions is not None
    request = urllib.request.Request(  # noqa: S310 -- http and https only, as just checked
        endpoint,
        data=declared(query).encode(),
        headers={
            "Content-Type": "application/sparql-query",
            "Accept": f"{_ACCEPT[query.solutions]}, text/turtle;q=0.5",
            "User-Agent": "caretier",
        },
    )
    until = time.monotonic() + seconds
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310 -- the same
            content, media_type = _read(answer, until), answer.headers.get_content_type()
    except urllib.error.HTTPError as error:
        told = " ".join(error.read(2_000).decode("utf-8", "replace").split())
        raise QueryError(f"{endpoint} refused the query ({error.code}): {told[:300]}") from None
    except (OSError, ValueError) as error:
        raise QueryError(f"{endpoint} gave no answer: {getattr(error, 'reason', error)}.") from None
    if len(content) > _MOST:
        raise QueryLimitError(f"{endpoint} gave more than {_MOST:,} bytes; make the query narrower.")
    if media_type == "text/turtle":
        return Found("turtle", content)
    return presented(content, query) if query.solutions == "table" else Found(query.solutions, content)


def _read(answer: HTTPResponse, until: float) -> bytes:
    """Read an answer as it comes, up to more than it may have; one that drips would never be over by itself."""
    content = bytearray()
    while len(content) <= _MOST and (part := answer.read1(_AT_ONCE)):
        content += part
        if time.monotonic() > until:
            raise TimeoutError("it did not come to its end in time")
    return bytes(content)
