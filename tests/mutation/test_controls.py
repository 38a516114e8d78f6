"""What `make controls` takes away is there, and nothing is missing; a control that moved would silently drop out."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
import yaml

from mutation.controls import Control, read_controls, unnoticed, without
from mutation.scratch import copy_folders

AGAINST = (
    "fuzzers on every parser", "fuzzers on the API", "a corpus of regressions", "limits of size", "limits of depth",
    "limits of amount", "limits of time", "decompression", "entities", "hostile IRIs and language tags",
    "formulas in exports", "markup in labels and answers", "paths through --ontology and imports",
    "queries and shapes that call a service", "a reasoner that is killed", "a reasoner that hangs",
    "a reasoner without memory", "a full disk", "Java that is missing or broken", "a corrupt decision model",
    "knowledge that is changed while it is served", "SIGTERM under load", "personal data left behind",
    "security headers", "answers and secrets in the log",
)  # fmt: skip
CONTROLS = read_controls()
_LIMIT = re.compile(r"CARETIER_[A-Z_]+|--time-limit|\d[\d,]*(?: (?:MB|kB|s)\b)?")
"""What names a limit in the tables of docs/limits.md."""


@pytest.mark.parametrize("against", AGAINST)
def test_there_are_controls_against_it(against: str) -> None:
    assert [each.name for each in CONTROLS if each.against == against]


def test_there_is_nothing_else_and_nothing_twice() -> None:
    assert {each.against for each in CONTROLS} <= set(AGAINST)
    names = [(each.against, each.name) for each in CONTROLS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_it_can_be_taken_away(control: Control, checkout: Path) -> None:
    changed = _changed(control, checkout)
    if control.file.endswith(".py"):
        compile(changed, control.file, "exec")
    assert control.text != control.gone


def test_without_it_all_names_are_still_known(checkout: Path, tmp_path: Path) -> None:
    """A program that knows a name no more fails for that, and says nothing about the control."""
    for number, control in enumerate(CONTROLS):
        if control.file.endswith(".py"):
            (tmp_path / f"changed_{number}.py").write_text(_changed(control, checkout), encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--quiet", "--select=E9,F821,F822,F823"]
    done = subprocess.run([*command, "--output-format=concise", str(tmp_path)], capture_output=True, text=True)
    named = [CONTROLS[int(number)].name for number in re.findall(r"changed_(\d+)\.py", done.stdout)]
    assert (named, done.returncode) == ([], 0), done.stdout + done.stderr


def _changed(control: Control, checkout: Path) -> str:
    return without(control, (checkout / control.file).read_text(encoding="utf-8"))


@cache
def _tests_in(path: Path) -> frozenset[str]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return frozenset(each.name for each in body if isinstance(each, ast.FunctionDef) and each.name.startswith("test_"))


def test_each_test_that_has_to_fail_is_there(checkout: Path) -> None:
    named = {test for control in CONTROLS for test in control.fails}
    assert all(control.fails for control in CONTROLS)
    parts = {test: re.fullmatch(r"([\w/]+\.py)::(test_\w+)(\[.*\])?", test, re.DOTALL) for test in named}
    assert [test for test, found in parts.items() if not found or found[2] not in _tests_in(checkout / found[1])] == []


def test_each_limit_of_the_page_has_a_control(checkout: Path) -> None:
    told = set(_limits((checkout / "docs" / "limits.md").read_text(encoding="utf-8")))
    kept = {limit for control in CONTROLS for limit in control.limits}
    assert (told - kept, kept - told) == (set(), set())
    assert len(told) > 40


def _limits(page: str) -> Iterator[str]:
    """Go through the limits that the tables of the page name, each with the input that it is a limit of."""
    for line in page.splitlines():
        if line.startswith("| ") and not line.startswith("| input "):
            name, *cells = line.strip("| ").split(" | ")
            for cell in cells[:4]:
                yield from (f"{re.split('[:,(]', name)[0].strip()}: {limit}" for limit in _LIMIT.findall(cell))


def test_each_document_that_is_refused_has_a_control(checkout: Path) -> None:
    for path in (checkout / "tests" / "hostile" / "corpus").glob("*.yaml"):
        if yaml.safe_load(path.read_text(encoding="utf-8"))["refused"]:
            assert any(f"[{path.stem}]" in test for control in CONTROLS for test in control.fails), path.stem


ALL = ("limit", "limit[4]", "limit[3]", "other", "before", "afterwards")
MADE = """
MOST = 3

def read(size):
    if size > MOST:
        raise ValueError
"""
TESTS = """
import pytest
from made import read

@pytest.mark.parametrize("size", [3, 4])
def test_limit(size):
    if size > 3:
        with pytest.raises(ValueError):
            read(size)

def test_other():
    read(3)

@pytest.fixture
def before():
    with pytest.raises(ValueError):
        read(4)

def test_before(before):
    pass

@pytest.fixture
def afterwards():
    yield
    try:
        read(4)
    except ValueError:
        return
    assert not "read"

def test_afterwards(afterwards):
    pass
"""


@pytest.mark.parametrize(
    ("gone", "unseen"),
    [
        ("if size < 0:", ("limit[3]", "other", "before")),
        ("if size > MOSST:", ALL),
        ("if size > MOST", ALL),
        ("__import__('os')._exit(1)\n    if size:", ALL),
    ],
    ids=["taken away", "a name that is none", "no Python", "the end of all"],
)
def test_a_control_is_missed_only_by_a_test_that_fails_as_tests_do(
    tmp_path: Path, gone: str, unseen: Sequence[str]
) -> None:
    copy_folders(tmp_path, {"mutation": "mutation"})
    made = tmp_path / "reasoner" / "made.py"
    made.parent.mkdir()
    made.write_text(MADE)
    (tmp_path / "test_made.py").write_text(TESTS)
    tests = tuple(f"test_made.py::test_{name}" for name in ALL)
    control = Control("", "", "reasoner/made.py", "if size > MOST:", gone, tests)
    assert unnoticed(tmp_path, control) == [f"test_made.py::test_{name}" for name in unseen]
    assert made.read_text() == MADE
