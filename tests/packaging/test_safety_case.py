"""The hazard log is complete, each piece of its evidence is a test that exists, and the safety case says the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import caretier

SEVERITIES = ("minor", "significant", "considerable", "major", "catastrophic")
LIKELIHOODS = ("very low", "low", "medium", "high", "very high")
NEEDED = {"id", "hazard", "cause", "effect", "initial", "residual", "controls"}

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
        for risk in ("initial", "residual"):
            said = hazard[risk]
            if said.get("severity") not in SEVERITIES or said.get("likelihood") not in LIKELIHOODS:
                yield f"{name} has a severity or likelihood that is none in its {risk} risk"
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
        {**first, "id": "C", "residual": {"severity": "bad", "likelihood": "low"}},
        {name: said for name, said in first.items() if name != "cause"} | {"id": "D"},
        {**first, "id": "E", "controls": [{"control": "x", "evidence": ["tests/none.py::test_none"]}]},
    ]
    assert list(_faults(spoilt, checkout)) == [
        f"{first['id']} is there twice",
        f"{first['id']}: there is no test {evidence}",
        "A has no evidence for: A hope.",
        "B has no control",
        "C has a severity or likelihood that is none in its residual risk",
        "D lacks cause",
        "E: there is no test tests/none.py::test_none",
    ]


@pytest.fixture(scope="module")
def safety_case(checkout: Path) -> str:
    """Return the page that tells people of the hazard log."""
    return (checkout / "docs" / "safety" / "README.md").read_text(encoding="utf-8")


def _classes(safety_case: str) -> dict[tuple[str, str], int]:
    """Read the class of each severity and likelihood from the matrix of the page."""
    assert f"| likelihood | {' | '.join(SEVERITIES)} |" in safety_case
    classes: dict[tuple[str, str], int] = {}
    for likelihood in LIKELIHOODS:
        (row,) = re.findall(rf"^\| {likelihood} ((?:\| [1-5] )+)\|$", safety_case, re.MULTILINE)
        numbers = map(int, re.findall(r"\d", row))
        classes |= {(each, likelihood): number for each, number in zip(SEVERITIES, numbers, strict=True)}
    return classes


def test_a_class_is_never_lower_for_what_is_worse_or_likelier(safety_case: str) -> None:
    classes = _classes(safety_case)
    for severity, likelihood in classes:
        worse = SEVERITIES[SEVERITIES.index(severity) :], LIKELIHOODS[LIKELIHOODS.index(likelihood) :]
        assert min(classes[one, other] for one in worse[0] for other in worse[1]) == classes[severity, likelihood]


def test_the_safety_case_says_what_the_hazard_log_says(hazards: list[Hazard], safety_case: str) -> None:
    """Each hazard with the classes of its risks, what is known and what is owed, and nothing that is not in the log."""
    classes, text = _classes(safety_case), " ".join(safety_case.split())

    def told(risk: Mapping[str, str]) -> str:
        severity, likelihood = risk["severity"], risk["likelihood"]
        return f"{severity}, {likelihood}: {classes[severity, likelihood]}"

    said = set(re.findall(r"^(?:\| |- )(H\d+)\b", safety_case, re.MULTILINE))
    assert said == {hazard["id"] for hazard in hazards}
    for hazard in hazards:
        name, what, cause = (hazard[key].rstrip(".") for key in ("id", "hazard", "cause"))
        assert f"| {name} | {what} | {cause} | {told(hazard['initial'])} | {told(hazard['residual'])} |" in text
        for each in (*hazard.get("known", ()), *([hazard["owed"]] if "owed" in hazard else [])):
            assert f"- {name}: {each}" in text
    items = sum(len(hazard.get("known", ())) + ("owed" in hazard) for hazard in hazards)
    assert len(re.findall(r"^- H\d+: ", safety_case, re.MULTILINE)) == items


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("falls and accidents", "pregnancy", "diabetes", "medicine that thins the blood", "ask a doctor")),
        ("es", ("caídas ni accidentes", "embarazo", "diabetes", "anticoagulantes", "consulte a un médico")),
    ],
)
def test_people_are_told_what_the_source_leaves_out(
    language: str, words: tuple[str, ...], kb: caretier.KnowledgeBase
) -> None:
    """What they may know of themselves stands in the words that go with every result."""
    told = kb.in_language(language).questionnaire.safety_net
    assert [word for word in words if word not in told] == []


def test_the_safety_case_counts_the_risks_that_are_too_high(hazards: list[Hazard], safety_case: str) -> None:
    classes = _classes(safety_case)
    high = [each["id"] for each in hazards if classes[each["residual"]["severity"], each["residual"]["likelihood"]] > 3]
    assert f"{len(high)} of {len(hazards)} hazards stay at class 4 ({', '.join(high)})" in " ".join(safety_case.split())
    assert 5 not in {classes[each["residual"]["severity"], each["residual"]["likelihood"]] for each in hazards}
