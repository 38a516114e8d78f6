"""What the documentation shows to people who build applications works as it is shown."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.api.serving import Served

SHOWN = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def page(checkout: Path) -> str:
    return (checkout / "docs" / "applications.md").read_text(encoding="utf-8")


def test_its_python_runs(page: str, served: Served) -> None:
    code = "".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    assert SHOWN in code
    done = subprocess.run(
        [sys.executable, "-c", code.replace(SHOWN, served.url)], capture_output=True, text=True, check=True, timeout=60
    )
    first, *_, progress, errors = done.stdout.splitlines()
    assert first == "EmergencyCare final"
    assert "ContinueProgram" in progress
    assert "pain-severity" in errors


def test_its_commands_run(page: str, served: Served) -> None:
    commands = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    assert len(commands) == 4
    first, lines, fhir, hooks = (
        subprocess.run(
            ["sh", "-ec", command.replace(SHOWN, served.url)], capture_output=True, text=True, check=True, timeout=60
        ).stdout
        for command in commands
    )
    assert json.loads(first)["tier"] == "EmergencyCare"
    assert ["error" in json.loads(line) for line in lines.splitlines()] == [False, True]
    assert "Questionnaire" in fhir
    assert "RiskAssessment" in fhir
    assert len(json.loads(hooks)["services"]) == 2


def test_every_address_that_it_names_is_there(page: str, client: httpx.Client) -> None:
    named = set(re.findall(r"`(/[^`]+)`", page)) - {"/openapi.json"}
    assert len(named) >= 2
    assert named <= set(client.get("/openapi.json").json()["paths"])
