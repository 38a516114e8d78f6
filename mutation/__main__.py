"""Makes the mutants, runs the tests on each, and prints how many were killed; see `python -m mutation --help`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from pkgutil import resolve_name
from tempfile import TemporaryDirectory
from types import ModuleType

from mutation.scope import LEFT_OUT, PARTS, TESTS
from mutation.scratch import copy_folders

WANTED = 0.95

_COPIED = {"reasoner": "src", **{name: name for name in ("tests", "ontology", "shapes", "examples", "mutation")}}
"""Folders by the name that mutmut wants them to have: it knows sources in no other folder than `src`."""

_KILLED = ("killed", "timeout")

_DESCRIPTION = """Change the evaluator in many small ways, one at a time, and see whether a test fails each time.
Prints the share of the mutants that were killed and every one that was not; exits 1 below 95 %."""


def main() -> int:
    """Run the mutants, print what came of them, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mutation", description=_DESCRIPTION)
    parser.add_argument("part", nargs="*", default=PARTS, help="a module or function to change; default: all in scope")
    parts = parser.parse_args().part
    with TemporaryDirectory() as name:
        scratch = Path(name)
        copy_folders(scratch, _COPIED)
        (scratch / "pyproject.toml").write_text(settings(parts), encoding="utf-8")
        _mutmut(scratch, "run", *map(mutants_of, parts), shown=sys.stdout.isatty())
        return _report(scratch)


def mutants_of(part: str) -> str:
    """Write the pattern by which mutmut finds the mutants of a module or function."""
    value = resolve_name(part)
    if isinstance(value, ModuleType):
        return f"{part}.*"
    *owner, function = value.__qualname__.split(".")
    return f"{value.__module__}.x{''.join(f'ǁ{each}' for each in owner)}{'ǁ' if owner else '_'}{function}__mutmut_*"


def file_of(part: str) -> str:
    """Name the source file of a module or function, as it is in the copy."""
    value = resolve_name(part)
    module = value.__name__ if isinstance(value, ModuleType) else value.__module__
    return f"src/{module.replace('.', '/')}.py"


def settings(parts: Iterable[str]) -> str:
    """Write the settings of pytest and mutmut.

    The test modules are imported once, before anything is changed; each mutant runs in a fork of that, in which no test
    ran. Mutmut's own limit of time is only a last resort; see `plugin` for the one that counts.
    """
    ini = {
        "addopts": "--import-mode=importlib -p mutation.examples -p mutation.plugin -p no:cacheprovider -p no:xdist",
        "markers": ["slow: as in the project"],
        "pythonpath": ["."],
    }
    mutmut = {
        "source_paths": ["src"],
        "only_mutate": sorted(set(map(file_of, parts))),
        "also_copy": [copy for copy in _COPIED.values() if copy != "src"],
        "pytest_add_cli_args": [f"--deselect={each}" for each in LEFT_OUT],
        "pytest_add_cli_args_test_selection": list(TESTS),
        "process_isolation": "forkserver",
        "timeout_constant": 60.0,
        "use_git_change_detection": False,
    }
    lines = []
    for table, values in (("tool.pytest.ini_options", ini), ("tool.mutmut", mutmut)):
        lines.append(f"[{table}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]  # what is JSON here is TOML too
    return "\n".join(lines) + "\n"


def _mutmut(scratch: Path, *arguments: str, shown: bool = False) -> str:
    """Run mutmut in the copy, and return what it prints unless that is shown."""
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=scratch, env=os.environ | {"PYTHONHASHSEED": "0"}, text=True, stdout=None if shown else subprocess.PIPE,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{done.stdout or ''}\nmutmut failed; is the extra `mutation` installed, and do all tests pass?")
    return done.stdout or ""


def _report(scratch: Path) -> int:
    """Print what came of the mutants."""
    lines = _mutmut(scratch, "results", "--all", "true").splitlines()
    outcomes = {
        name: outcome for name, outcome in (line.strip().rsplit(": ", 1) for line in lines) if outcome != "not checked"
    }
    for name, outcome in outcomes.items():
        if outcome != "killed":
            print(_mutmut(scratch, "show", name))
    killed = sum(outcome in _KILLED for outcome in outcomes.values())
    share = killed / len(outcomes)
    print(f"{killed} of {len(outcomes)} mutants were killed: {share:.1%}; at least {WANTED:.0%} are wanted.")
    return 0 if share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
