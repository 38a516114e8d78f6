"""Long work stops with the thread that waits for it."""

from __future__ import annotations

import threading

import pytest

from caretier.cohort_work import run_stoppable


def test_work_is_stopped_and_over_when_the_one_who_waits_is_interrupted() -> None:
    stopped, over, stops = threading.Event(), threading.Event(), []

    def work() -> None:
        assert stopped.wait(30)
        over.set()

    def stop() -> None:
        stops.append(1)
        if len(stops) == 2:  # the first comes before there is anything to stop
            stopped.set()

    def watch() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_stoppable(work, stop, watch)
    assert over.is_set()


def test_what_work_raises_is_raised_where_it_is_waited_for() -> None:
    def work() -> None:
        raise ValueError("the work")

    with pytest.raises(ValueError, match="the work"):
        run_stoppable(work, lambda: None, lambda: None)
