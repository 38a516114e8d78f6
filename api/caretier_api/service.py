"""What every route of the service stands on: the knowledge, the settings, and a place for work to be done."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field

from caretier.errors import CaretierError
from caretier.knowledge import Knowledge
from caretier.knowledge_base import KnowledgeBase
from caretier.language import ENGLISH
from caretier_api.exchange import JSON, OPERATIONS, is_plain
from caretier_api.log import Log, place_of
from caretier_api.observation import Metrics
from caretier_api.problems import NOT_READY, ProblemError, refused
from caretier_api.queries import Queries
from caretier_api.settings import Settings
from caretier_api.workers import Workers, job

_NO_ANSWERS = b'{"answers": {}}'


@dataclass(frozen=True)
class Service:
    """One service. Until it is `ready` it can answer nothing that needs the knowledge."""

    kb: KnowledgeBase
    settings: Settings
    workers: Workers
    queries: Queries
    log: Log
    metrics: Metrics = field(default_factory=Metrics)
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def knowledge(self) -> Knowledge:
        """All that the domain knows; 503 before the service is ready."""
        self.require_ready()
        return self.kb.knowledge

    def require_ready(self) -> None:
        """Refuse to answer before the service can; 503."""
        if not self.ready.is_set():
            raise refused(NOT_READY, "The knowledge is being read; try again in some seconds.")

    async def do(
        self, operation: str, content: bytes, given: str = JSON, wanted: str = JSON, language: str = ENGLISH.tag
    ) -> bytes:
        """Do one of `exchange.OPERATIONS` with a document: at once if that is quick, or else in another process."""
        self.require_ready()
        if self.kb.model is not None and is_plain(content, given, wanted):
            return OPERATIONS[operation](self.kb.in_language(language), content, given, wanted)
        return await self.workers.run(job(operation, given, wanted, language), content)

    async def prepare(self) -> None:
        """Make the service ready: where there is no decision model, classify the ontology and try the reasoner."""
        if self.kb.model is None:
            try:
                await asyncio.to_thread(lambda: self.kb.knowledge)
                await self.workers.run(job("assess", JSON, JSON, ENGLISH.tag), _NO_ANSWERS)
            except (CaretierError, ProblemError) as error:
                self.log.write("not ready", **place_of(error))
                return
        self.ready.set()


def new_service(kb: KnowledgeBase, settings: Settings, log: Log) -> Service:
    """Make a service; its processes start when they are first needed."""
    command = [sys.executable, "-m", "caretier_api.worker", kb.root, str(settings.reference_seconds), kb.sha256]
    workers = Workers(
        command,
        count=settings.reference_workers,
        queue=settings.reference_queue,
        seconds=settings.reference_seconds,
    )
    service = Service(kb, settings, workers, Queries(kb, settings), log)
    if kb.model is not None:
        for language in kb.languages:  # makes all that the first request would wait for
            OPERATIONS["assess"](kb.in_language(language), _NO_ANSWERS, JSON, JSON)
        service.ready.set()
    return service
