"""The hazard log is complete, and each piece of its evidence is a test that exists."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

SEVERITIES = ("minor", "significant", "considerable", "major", "catastrophic")
LIKELIHOODS = ("very low", "low", "medium", "high", "very high")
NEEDED = {"id", "hazard", "cause", "effect", "severity", "likelihood", "controls"}

Hazard = Mapping[str, Any]


@pytest.fixture(scope="module")
def hazards(checkout: Path) -> list[Hazard]:
    """Return the hazard log."""
    log: list[Hazard] = yaml.safe_load((checkout / "docs" / "safety" / "hazards.yaml").read_text(encoding="utf-8"))
    return log


@cache
def _tests_in(file: Path) -> frozenset[str]:
    if not file.is_file():
        return frozenset()
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return frozenset(each.name for each in body if isinstance(each, ast.FunctionDef) and each.name.startswith("test_"))


def _faults(hazards: Sequence[Hazard], root: Path) -> Iterator[str]:
    """Go through what is missing or wrong in a hazard log."""
    ids = [hazard.get("id") for hazard in hazards]
    yield from (f"{each} is there twice" for each in sorted(set(ids), key=str) if ids.count(each) > 1)
    for hazard in hazards:
        name = hazard.get("id")
        if missing := NEEDED - hazard.keys():
            yield f"{name} lacks {', '.join(sorted(missing))}"
            continue
        if unknown := hazard.keys() - NEEDED - {"known", "owed"}:
            yield f"{name} has {', '.join(sorted(unknown))}"
        if hazard["severity"] not in SEVERITIES or hazard["likelihood"] not in LIKELIHOODS:
            yield f"{name} has a severity or likelihood that is none"
        if not hazard["controls"]:
            yield f"{name} has no control"
        for control in hazard["controls"]:
            if not control.get("evidence"):
                yield f"{name} has no evidence for: {control['control']}"
            for evidence in control.get("evidence", ()):
                file, _, test = evidence.partition("::")
                if test not in _tests_in(root / file):
                    yield f"{name}: there is no test {evidence}"


def test_every_control_has_evidence_that_exists(hazards: list[Hazard], checkout: Path) -> None:
    assert len(hazards) > 10
    assert list(_faults(hazards, checkout)) == []


def test_what_is_missing_is_found(hazards: list[Hazard], checkout: Path) -> None:
    first = hazards[0]
    evidence = "tests/packaging/test_safety_case.py::test_that_was_deleted"
    no_evidence = {"control": "A hope.", "evidence": []}
    spoilt = [
        first,
        {**first, "controls": [{"control": "x", "evidence": [evidence]}]},
        {**first, "id": "A", "controls": [no_evidence]},
        {**first, "id": "B", "controls": []},
        {**first, "id": "C", "severity": "bad"},
        {name: said for name, said in first.items() if name != "cause"} | {"id": "D"},
        {**first, "id": "E", "controls": [{"control": "x", "evidence": ["tests/none.py::test_none"]}]},
    ]
    assert list(_faults(spoilt, checkout)) == [
        f"{first['id']} is there twice",
        f"{first['id']}: there is no test {evidence}",
        "A has no evidence for: A hope.",
        "B has no control",
        "C has a severity or likelihood that is none",
        "D lacks cause",
        "E: there is no test tests/none.py::test_none",
    ]


def test_the_safety_case_speaks_of_every_hazard(hazards: list[Hazard], checkout: Path) -> None:
    text = (checkout / "docs" / "safety" / "README.md").read_text(encoding="utf-8")
    for hazard in hazards:
        assert f"| {hazard['id']} |" in text
        assert hazard["cause"].rstrip(".") in text
