"""The median time of calls, those that are compared taking turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns
from typing import Any


@dataclass(frozen=True)
class Timed:
    """A function of one argument, and the arguments to call it with."""

    call: Callable[[Any], object]
    arguments: Sequence[Any]


def medians(timed: Mapping[str, Timed], *, rounds: int = 1, warm_up: int = 0) -> dict[str, float]:
    """Return the median seconds of one call, by name; rounds of warming up come before and are not counted.

    In each round every function in turn is called with all of its arguments.
    """
    taken: dict[str, list[int]] = {name: [] for name in timed}
    for number in range(-warm_up, rounds):
        for name, each in timed.items():
            call, times = each.call, []
            for argument in each.arguments:
                started = perf_counter_ns()
                call(argument)
                times.append(perf_counter_ns() - started)
            if number >= 0:
                taken[name] += times
    return {name: median(times) / 1e9 for name, times in taken.items()}
