"""What all tests share: the knowledge base, loaded and classified once, and a rule about skipped tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

import caretier
from caretier.assessments import Assessment
from caretier.questionnaire import Answer
from caretier.result import Result

ROOT = Path(__file__).parents[1]

AssessMany = Callable[[Sequence[Mapping[str, Answer]]], list[Result | caretier.InputError]]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run on the integration server that skipped anything: what it cannot test it has to install."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the root folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def kb() -> caretier.KnowledgeBase:
    """Return the bundled knowledge, classified once for all tests."""
    return caretier.load()


@pytest.fixture(scope="session")
def assess_many(kb: caretier.KnowledgeBase) -> AssessMany:
    """Return a function that assesses many answers in one run of the reasoner."""

    def assess(documents: Sequence[Mapping[str, Answer]]) -> list[Result | caretier.InputError]:
        return kb.assess_many([Assessment(kb.questionnaire.read({"answers": dict(each)})) for each in documents])

    return assess
