"""Vignettes: people from published case reports and teaching cases, and what may be concluded of them.

A `clear` vignette must be right. An `arguable` one has several defensible readings, or knows too little: one that is
wrong is printed and recorded, and fails nothing.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from caretier.assessment import Assessment
from caretier.bundled import bundled_root
from caretier.knowledge import Knowledge
from caretier.ontology import load_ontology
from caretier.reference import Reference
from caretier.result import Result

pytestmark = pytest.mark.slow

Vignette = Mapping[str, Any]

FILE = Path(__file__).parent / "vignettes.jsonl"
VIGNETTES: dict[str, Vignette] = {
    vignette["id"]: vignette for vignette in map(json.loads, FILE.read_text(encoding="utf-8").splitlines())
}
CLEAR = [name for name, vignette in VIGNETTES.items() if vignette["clarity"] == "clear"]
ARGUABLE = [name for name, vignette in VIGNETTES.items() if vignette["clarity"] == "arguable"]


@pytest.fixture(scope="module")
def reference() -> Reference:
    """Classify the ontology once."""
    return Reference(load_ontology(Path(bundled_root())))


@pytest.fixture(scope="module")
def results(reference: Reference) -> Mapping[str, Result]:
    """Assess all vignettes in one run."""
    read = reference.knowledge.questionnaire.read
    assessments = [Assessment(read({"id": name, "answers": each["answers"]})) for name, each in VIGNETTES.items()]
    outcomes = dict(zip(VIGNETTES, reference.assess(assessments), strict=True))
    assert [error for error in outcomes.values() if not isinstance(error, Result)] == []
    return {name: one for name, one in outcomes.items() if isinstance(one, Result)}


def faults(vignette: Vignette, one: Result, knowledge: Knowledge) -> list[str]:
    """Say what is wrong with the result of a vignette."""
    expected = vignette["expected"]
    required, found = set(expected["conditions"]), {condition.id for condition in one.conditions}
    lowest, highest = (knowledge.tier(expected[bound]) for bound in ("tier_at_least", "tier_at_most"))
    wrong = [f"{condition} is missing" for condition in sorted(required - found)]
    wrong += [f"{condition} is too much" for condition in sorted(found - required - set(expected["may_also"]))]
    if not lowest.rank <= one.tier.rank <= highest.rank:
        wrong.append(f"{one.tier.id} is not between {lowest.id} and {highest.id}")
    return wrong


def test_vignettes_are_complete() -> None:
    """Every vignette is known by its own id, has a source, and is either clear or arguable."""
    assert len(VIGNETTES) == len(FILE.read_text(encoding="utf-8").splitlines()) == 48
    assert len(CLEAR) + len(ARGUABLE) == 48
    assert [name for name, vignette in VIGNETTES.items() if not vignette["source"]] == []


@pytest.mark.parametrize("name", CLEAR)
def test_clear_vignette(name: str, results: Mapping[str, Result], reference: Reference) -> None:
    """What leaves one reading is read in that way."""
    assert faults(VIGNETTES[name], results[name], reference.knowledge) == []


def test_arguable_vignettes_are_reported(
    results: Mapping[str, Result],
    reference: Reference,
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is arguable and comes out otherwise is shown, not refused."""
    wrong = {name: faults(VIGNETTES[name], results[name], reference.knowledge) for name in ARGUABLE}
    lines = [f"{name}: {'; '.join(each)}" for name, each in wrong.items() if each]
    summary = f"arguable vignettes as expected: {len(ARGUABLE) - len(lines)} of {len(ARGUABLE)}"
    record_property("arguable vignettes", [summary, *lines])
    with capsys.disabled():
        sys.stdout.write("\n".join(("", summary, *lines, "")))


@pytest.mark.parametrize("name", VIGNETTES)
def test_ceiling_is_no_lower_than_tier(name: str, results: Mapping[str, Result]) -> None:
    """Further answers can only raise the tier."""
    assert results[name].ceiling.rank >= results[name].tier.rank


def test_unanswered_question_keeps_the_emergency_open(results: Mapping[str, Result]) -> None:
    """Sudden severe pain of which nobody knows whether it lets up could still be an emergency."""
    assert results["SEV-03"].ceiling.id == "EmergencyCare"
