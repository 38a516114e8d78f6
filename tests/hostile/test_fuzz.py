"""A little of the long fuzz, the same each time: whatever is spoilt is read or refused, and harms nobody."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import caretier
from caretier_api.settings import Settings
from tests.api.serving import Served, serving
from tests.hostile.parsers import parsers
from tests.hostile.requests import requests
from tests.hostile.target import Target

KB = caretier.load()
EXAMPLES = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def _quick(url: str) -> Iterator[Target]:
    return (target for target in requests(KB, url) if not target.is_slow)


QUICK = [target.name for target in _quick("http://nowhere:0")]


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    """Keep rdflib from telling of every odd IRI."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(KB, Settings()) as made:
        yield made


@pytest.mark.parametrize("target", list(parsers(KB)), ids=lambda target: target.name)
def test_parsers(target: Target) -> None:
    stays_sound(target)


@pytest.mark.parametrize("number", range(len(QUICK)), ids=QUICK)
def test_requests(number: int, served: Served) -> None:
    stays_sound(list(_quick(served.url))[number])


def stays_sound(target: Target) -> None:
    for sound in target.sound:
        target.check(sound)

    @EXAMPLES
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        target.check(data.draw(target.inputs()))

    holds()
