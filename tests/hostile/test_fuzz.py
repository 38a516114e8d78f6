"""A little of the long fuzz, the same each time: whatever is spoilt is read or refused, and harms nobody."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import caretier
from caretier_api.settings import Settings
from tests.api.serving import serving
from tests.hostile.parsers import parsers
from tests.hostile.requests import requests
from tests.hostile.target import Target

EXAMPLES = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    """Keep rdflib from telling of every odd IRI."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_parsers(kb: caretier.KnowledgeBase) -> None:
    for target in parsers(kb):
        stays_sound(target)


def test_requests(kb: caretier.KnowledgeBase) -> None:
    with serving(kb, Settings()) as served:
        for target in requests(kb, served.url):
            if not target.is_slow:
                stays_sound(target)


def stays_sound(target: Target) -> None:
    for sound in target.sound:
        target.check(sound)

    @EXAMPLES
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        target.check(data.draw(target.inputs()))

    holds()
