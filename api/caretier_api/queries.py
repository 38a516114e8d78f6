"""SPARQL queries, sent to processes that hold the data and nothing else of the service.

Each process loads the data once, has a single thread, and runs every query in a fork of itself that can open nothing
and is ended at its limits (see `caretier.sparql_process`). So a query takes no thread and no lock of the service.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import orjson

from caretier.knowledge_base import KnowledgeBase
from caretier.query import Found, Limits, Query
from caretier_api.problems import BUSY, DATA, REASONER_FAILED, TIME_LIMIT, Kind, Problem, ProblemError, refused
from caretier_api.settings import Settings, SettingsError
from caretier_api.workers import Workers

_ANSWER_MEGABYTES = 50
_DETAILS: Mapping[Kind, Problem] = {
    BUSY: Problem(BUSY, "Too many queries are waiting; try again later."),
    REASONER_FAILED: Problem(BUSY, "What runs queries has ended; try again."),
    TIME_LIMIT: Problem(BUSY, "The data for queries took too long to load; try again.", headers={"Retry-After": "30"}),
}
"""What the problems of the pool mean where it runs queries."""


class Queries:
    """Answers the queries of one service; its processes start when they are first needed."""

    def __init__(self, kb: KnowledgeBase, settings: Settings) -> None:
        """Answer over the ontology of a knowledge base and the folder of data in the settings."""
        if settings.dataset is not None and not Path(settings.dataset).is_dir():
            raise SettingsError(f"The dataset {settings.dataset!r} is no folder.")
        limits = Limits(
            seconds=settings.sparql_seconds,
            megabytes=settings.sparql_megabytes,
            rows=settings.sparql_rows,
            answer_megabytes=_ANSWER_MEGABYTES,
        )
        told = orjson.dumps(
            {
                "root": kb.root,
                "sha256": kb.sha256,
                "dataset": settings.dataset,
                "reasoner_seconds": settings.reference_seconds,
            }
        )
        self._workers = Workers(
            [sys.executable, "-m", "caretier_api.query_worker", told.decode(), orjson.dumps(limits).decode()],
            count=settings.sparql_workers,
            queue=settings.sparql_queue,
            seconds=2 * settings.reference_seconds + settings.sparql_seconds,  # to load, to reason, to answer
        )

    async def run(self, query: Query) -> Found:
        """Run a query; ProblemError with what is wrong with it, the limit that it met, or 503 when too many wait."""
        syntax, _, content = (await self._ask("query", orjson.dumps(asdict(query)))).partition(b"\n")
        return Found(syntax.decode(), content)

    async def describe(self, what: str, endpoint: str, syntax: str) -> bytes:
        """Describe the service or its data; see `service_description.described`."""
        return await self._ask(what, orjson.dumps({"endpoint": endpoint, "syntax": syntax}))

    async def close(self) -> None:
        """End the processes."""
        await self._workers.close()

    async def _ask(self, job: str, content: bytes) -> bytes:
        try:
            return await self._workers.run(job, content)
        except ProblemError as error:
            if error.problem.kind is DATA:
                raise refused(DATA, error.problem.detail) from None
            raise ProblemError(_DETAILS.get(error.problem.kind, error.problem)) from None
