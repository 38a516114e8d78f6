"""The README tells the truth: its Python runs, and its commands print what it shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def readme(checkout: Path) -> str:
    """Return the text of the README."""
    return (checkout / "README.md").read_text(encoding="utf-8")


def test_it_is_short(readme: str) -> None:
    assert len(readme.splitlines()) <= 150


def test_its_python_runs(readme: str) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_its_commands_print_what_it_shows(readme: str, checkout: Path) -> None:
    (first,) = re.findall(r"&& \.venv/bin/caretier (.*)\n```", readme)
    (shown,) = re.findall(r"```text\n(EMERGENCY.*?)```", readme, re.DOTALL)
    command = [sys.executable, "-m", "caretier.cli", *first.split()]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(shown.rstrip())


def test_its_queries_run(readme: str, checkout: Path) -> None:
    import shlex

    commands = re.findall(r"^\.venv/bin/caretier (query .*)$", readme, re.MULTILINE)
    assert len(commands) == 3
    for line in commands:
        command = [sys.executable, "-m", "caretier.cli", *shlex.split(line)]
        done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()


def test_every_file_it_names_is_there(readme: str, checkout: Path) -> None:
    named = set(re.findall(r"`([\w./-]+(?:/|\.(?:md|ttl|cff|json|rq)))`", readme))
    assert len(named) > 10
    for name in named:
        assert (checkout / name).exists(), name
