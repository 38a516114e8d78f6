"""The long fuzz: every parser and every kind of request, with inputs that differ each time, for as long as asked.

An input that does harm is saved, made as small as it gets; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

import caretier
from caretier_api.settings import Settings
from tests.api.serving import serving
from tests.hostile.parsers import parsers
from tests.hostile.requests import queries, requests
from tests.hostile.target import Target
from tests.soon import soon

FOUND = Path(__file__).parent / "found"
_ROUND = 200
_SLOW_ROUND = 10
_SECONDS = 120


def main() -> int:
    """Fuzz, say what was tried, and return the exit code: 1 when an input did harm."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="default: 10")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="default: another one each time")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)  # rdflib tells of every odd IRI
    print(f"seed {options.seed}, {options.minutes:g} minutes", flush=True)
    kb, until = caretier.load(), time.monotonic() + 60 * options.minutes
    tried, harmful = Counter[str](), dict[str, Path]()
    with serving(kb, Settings()) as served:
        targets = [*parsers(kb), *requests(kb, served.url), *queries(served.url)]
        round_number = 0
        while time.monotonic() < until:
            for number, target in enumerate(targets):
                if target.name in harmful or time.monotonic() >= until:
                    continue
                saved = _fuzz(target, options.seed + 1_000 * round_number + number, tried, until)
                if saved is not None:
                    harmful[target.name] = saved
            round_number += 1
            print(f"round {round_number}: {sum(tried.values()):,} inputs", flush=True)
    for target in targets:
        print(
            f"{tried[target.name]:>9,}  {target.name}"
            + (f"  HARMED: {harmful[target.name]}" if target.name in harmful else "")
        )
    print(f"{sum(tried.values()):,} inputs to {len(targets)} targets; {len(harmful)} did harm")
    if harmful:
        print("Mend what they harm, and move each into tests/hostile/corpus/ with what has to come of it.")
    return 1 if harmful else 0


def _fuzz(target: Target, number: int, tried: Counter[str], until: float) -> Path | None:
    """Try some inputs; save and return the smallest that did harm."""
    worst: list[bytes] = []
    examples = _SLOW_ROUND if target.is_slow else _ROUND

    @seed(number)
    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink], report_multiple_bugs=False,
    )  # fmt: skip
    @given(target.inputs())
    def holds(content: bytes) -> None:
        if time.monotonic() >= until and not worst:
            return
        tried[target.name] += 1
        try:
            with soon(_SECONDS):
                target.check(content)
        except BaseException:
            worst[:] = [content]
            raise

    return _saved(target, holds, worst)


def _saved(target: Target, holds: Callable[[], None], worst: list[bytes]) -> Path | None:
    try:
        holds()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever it is, it is what is looked for
        if not worst:
            raise
        FOUND.mkdir(exist_ok=True)
        path = FOUND / f"{sha256(worst[0]).hexdigest()[:12]}.bin"
        path.write_bytes(worst[0])
        print(f"{target.name}: {type(error).__name__}: {str(error)[:500]}\n  saved as {path}", flush=True)
        return path
    return None


if __name__ == "__main__":
    sys.exit(main())
