"""A limit on the time of a test of what would otherwise go on for ever."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest


@contextmanager
def soon(seconds: int = 10) -> Iterator[None]:
    """Fail what takes longer than any input may."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        pytest.fail(f"not done after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
