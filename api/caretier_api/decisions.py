"""Decisions on their way from the operation that made them into the log, also out of another process."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import orjson
from prometheus_client import Counter

from caretier.decision_log import DecisionLog
from caretier.decisions import Decision
from caretier_api.log import Log, place_of
from caretier_api.observation import Metrics
from caretier_api.problems import Problem, read_problem, rendered

Told = Mapping[str, object]
"""A decision as plain data."""


class Recorder:
    """Puts decisions into the decision log.

    Where that fails, whoever asked gets the result all the same, since a person in danger must not wait for a disk;
    those who run the service see it in log and metrics, and at `is_failing` for as long as it lasts.
    """

    def __init__(self, decisions: DecisionLog, log: Log, metrics: Metrics) -> None:
        """Record into a decision log that was prepared."""
        self.is_failing = False
        self._decisions = decisions
        self._log = log
        counted = Counter(
            "caretier_decisions",
            "Decisions, by whether the decision log has them.",
            ("recorded",),
            registry=metrics.registry,
        )
        self._kept, self._lost = counted.labels("yes"), counted.labels("no")

    def record(self, decisions: Iterable[Told]) -> None:
        """Record decisions, each by itself."""
        for decision in decisions:
            try:
                self._decisions.append(decision)
            except Exception as error:  # whatever it is, it may not cost anybody the result
                self.is_failing = True
                self._lost.inc()
                reason = error.strerror if isinstance(error, OSError) else None
                self._log.write("decision not recorded", reason=reason, **place_of(error))
            else:
                self.is_failing = False
                self._kept.inc()


def packed(decisions: Sequence[Decision], outcome: bytes | Problem) -> bytes:
    """Write what came of an operation, with what was decided in it, for another process."""
    problem = orjson.loads(rendered(outcome)) if isinstance(outcome, Problem) else None
    told = {"decisions": [each.to_dict() for each in decisions], "problem": problem}
    head = json.dumps(told).encode()  # which writes whole numbers of any length, unlike orjson
    return head + b"\n" + (outcome if isinstance(outcome, bytes) else b"")


def unpacked(told: bytes) -> tuple[Sequence[Told], bytes | Problem]:
    """Read what `packed` wrote."""
    head, _, content = told.partition(b"\n")
    read = json.loads(head)
    return read["decisions"], content if read["problem"] is None else read_problem(orjson.dumps(read["problem"]))
