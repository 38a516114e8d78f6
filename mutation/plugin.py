"""How pytest runs the tests of one mutant: the same every time, the quickest first, and no longer than it has to."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Generator

import pytest

from mutation.scope import TESTS

_PROCESSOR_SECONDS = 15
"""What one test may use: several times what the slowest one needs. A clock would run on while the machine is busy."""

_BYTES = 2 * 2**30
"""What a process may use: a mutant that collects without end must not take the memory of the machine."""

_TIMEOUT = 36
"""The exit code by which mutmut knows that a mutant was stopped."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests into the order of their files and within them; mutmut names them in any."""
    items.sort(key=lambda item: (TESTS.index(item.nodeid.split("::")[0]), item.location[1] or 0))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Stop a mutant whose test does not come to an end."""
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    signal.signal(signal.SIGPROF, lambda *_: os._exit(_TIMEOUT))
    signal.setitimer(signal.ITIMER_PROF, _PROCESSOR_SECONDS)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
