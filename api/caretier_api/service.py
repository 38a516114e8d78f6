"""What every route of the service stands on: the knowledge, the settings, and a place for work to be done."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path

from caretier.decision_log import DecisionLog
from caretier.decisions import Desk
from caretier.errors import CaretierError
from caretier.knowledge import Knowledge
from caretier.knowledge_base import KnowledgeBase
from caretier.language import ENGLISH
from caretier_api.decisions import Recorder, unpacked
from caretier_api.exchange import JSON, OPERATIONS, is_plain
from caretier_api.log import Log, place_of
from caretier_api.observation import Metrics
from caretier_api.problems import NOT_READY, Problem, ProblemError, refused
from caretier_api.queries import Queries
from caretier_api.settings import Settings
from caretier_api.workers import Workers, job

_NO_ANSWERS = b'{"answers": {}}'


@dataclass(frozen=True)
class Service:
    """One service. Until it is `ready` it can answer nothing that needs the knowledge.

    `recorder` puts what it decides into the decision log, where there is one.
    """

    kb: KnowledgeBase
    settings: Settings
    workers: Workers
    queries: Queries
    log: Log
    metrics: Metrics
    recorder: Recorder | None
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def knowledge(self) -> Knowledge:
        """All that the domain knows; 503 before the service is ready."""
        self.require_ready()
        return self.kb.knowledge

    @property
    def storage(self) -> str:
        """What is stored of those who use the service, in a sentence."""
        if self.recorder is None:
            return "Nothing is stored."
        return "Answers and results are stored by those who run the service."

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
            desk = Desk(self.kb.in_language(language))
            try:
                return OPERATIONS[operation](desk, content, given, wanted)
            finally:
                if self.recorder is not None:
                    self.recorder.record([each.to_dict() for each in desk.decisions])
        decisions, outcome = unpacked(await self.workers.run(job(operation, given, wanted, language), content))
        if self.recorder is not None:
            self.recorder.record(decisions)
        if isinstance(outcome, Problem):
            raise ProblemError(outcome)
        return outcome

    async def prepare(self) -> None:
        """Make the service ready: where there is no decision model, classify the ontology and try the reasoner."""
        if self.kb.model is None:
            try:
                await asyncio.to_thread(lambda: self.kb.knowledge)
                _, outcome = unpacked(await self.workers.run(job("assess", JSON, JSON, ENGLISH.tag), _NO_ANSWERS))
                if isinstance(outcome, Problem):
                    raise ProblemError(outcome)
            except (CaretierError, ProblemError) as error:
                self.log.write("not ready", **place_of(error))
                return
        self.ready.set()


def new_service(kb: KnowledgeBase, settings: Settings, log: Log) -> Service:
    """Make a service; its processes start when they are first needed.

    Raises DecisionLogError where decisions are to be kept and cannot be.
    """
    command = [sys.executable, "-m", "caretier_api.worker", kb.root, str(settings.reference_seconds), kb.sha256]
    workers = Workers(
        command,
        count=settings.reference_workers,
        queue=settings.reference_queue,
        seconds=settings.reference_seconds,
    )
    metrics = Metrics()
    recorder = None
    if settings.decision_log:
        decisions = DecisionLog(Path(settings.decision_log))
        decisions.prepare()
        recorder = Recorder(decisions, log, metrics)
    service = Service(kb, settings, workers, Queries(kb, settings), log, metrics, recorder)
    if kb.model is not None:
        for language in kb.languages:  # makes all that the first request would wait for
            OPERATIONS["assess"](Desk(kb.in_language(language)), _NO_ANSWERS, JSON, JSON)
        service.ready.set()
    return service
