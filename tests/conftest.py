"""What all tests share: the knowledge base, loaded and classified once, and a rule about skipped tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

import caretier
from caretier.assessment import Assessment
from caretier.assessments import from_graph
from caretier.documents import format_named, parse
from caretier.questionnaire import Answer
from caretier.result import Result

ROOT = Path(__file__).parents[1]
PREFIXES = """@prefix ct: <https://w3id.org/caretier/core#> . @prefix bp: <https://w3id.org/caretier/back-pain#> .
@prefix ex: <http://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

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
    """Return a function that assesses many answers in one run of the reference reasoner."""

    def assess(documents: Sequence[Mapping[str, Answer]]) -> list[Result | caretier.InputError]:
        return kb.reference.assess([Assessment(kb.questionnaire.read({"answers": dict(each)})) for each in documents])

    return assess


@pytest.fixture(scope="session")
def assess_rdf(kb: caretier.KnowledgeBase) -> Callable[..., list[Result | caretier.InputError]]:
    """Return a function that assesses several texts of Turtle, each a file of its own, by the reference reasoner."""

    def assess(*texts: str) -> list[Result | caretier.InputError]:
        graphs = [parse((PREFIXES + text).encode(), format_named("turtle")) for text in texts]
        return kb.reference.assess([each for graph in graphs for each in from_graph(graph, kb.questionnaire)])

    return assess
