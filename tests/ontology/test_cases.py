"""Clinical cases: answers of one person each, with exactly what must follow from them.

Every file below `cases/` is one case; `README.md` beside this file says what it may contain. What is expected was
derived by hand from the source, never copied from a result. All cases go to the reasoner in one run, and so do their
variations: fewer answers, answers not known, another order.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from caretier.assessment import Assessment
from caretier.bundled import bundled_root
from caretier.errors import ContradictionError, InputError, InvalidAnswersError
from caretier.knowledge import RedFlag
from caretier.ontology import load_ontology
from caretier.reference import Reference
from caretier.result import Result

pytestmark = pytest.mark.slow

CASES = Path(__file__).parent / "cases"
KEYS = {"name", "source", "answers"}
EXPECT_KEYS = {"tier", "ceiling", "conditions", "red_flags", "tension"}
ERROR_KEYS = {"contradiction": {"kind", "questions", "proven"}, "invalid": {"kind", "questions"}}

Outcomes = Mapping[str, Result | InputError]

ALL: dict[str, Mapping[str, Any]] = {
    path.relative_to(CASES).with_suffix("").as_posix(): yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted(CASES.rglob("*.yaml"))
}
ACCEPTED = [name for name, case in ALL.items() if "expect" in case]
REFUSED = [name for name, case in ALL.items() if "error" in case]
FIRING = [name for name in ACCEPTED if ALL[name]["expect"]["red_flags"]]
NEAR_MISSES = [name for name in ACCEPTED if "near_miss_of" in ALL[name]]


@pytest.fixture(scope="module")
def reference() -> Reference:
    """Classify the ontology once."""
    return Reference(load_ontology(Path(bundled_root())))


@pytest.fixture(scope="module")
def red_flags(reference: Reference) -> Mapping[str, RedFlag]:
    """Return the red flags that the ontology has, by their ids."""
    return {flag.id: flag for flag in reference.knowledge.red_flags}


@pytest.fixture(scope="module")
def outcomes(reference: Reference) -> Outcomes:
    """Assess all cases in one run."""
    return assessed(reference, {name: case["answers"] for name, case in ALL.items()})


@pytest.fixture(scope="module")
def varied(reference: Reference) -> Outcomes:
    """Assess all variations of the firing cases in one run."""
    questions = [question.id for question in reference.knowledge.questionnaire.questions]
    documents: dict[str, Mapping[str, Any]] = {}
    for name in FIRING:
        answers = ALL[name]["answers"]
        documents |= dict(removals(name))
        documents[f"{name} with null"] = answers | {each: None for each in questions if each not in answers}
        documents[f"{name} backwards"] = dict(reversed(answers.items()))
    return assessed(reference, documents)


def assessed(reference: Reference, documents: Mapping[str, Mapping[str, Any]]) -> Outcomes:
    """Read and assess answers by name, in one run; what cannot be used has its error."""
    refused: dict[str, InputError] = {}
    usable: dict[str, Assessment] = {}
    for name, answers in documents.items():
        try:
            usable[name] = Assessment(reference.knowledge.questionnaire.read({"id": name, "answers": answers}))
        except InvalidAnswersError as error:
            refused[name] = error
    return refused | dict(zip(usable, reference.assess(list(usable.values())), strict=True))


def removals(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Go through a case with each one of its answers left out."""
    answers = ALL[name]["answers"]
    for question in answers:
        yield f"{name} without {question}", {each: value for each, value in answers.items() if each != question}


def result(outcomes: Outcomes, name: str) -> Result:
    """Return the result of answers that must not be refused."""
    outcome = outcomes[name]
    assert isinstance(outcome, Result), outcome
    return outcome


def concluded(one: Result) -> dict[str, list[str]]:
    """Give the ids of all that was concluded, each kind in the order of the alphabet."""
    return {
        "tier": [one.tier.id],
        "conditions": sorted(condition.id for condition in one.conditions),
        "red_flags": sorted(found.red_flag.id for condition in one.conditions for found in condition.red_flags),
    }


def test_cases_are_found() -> None:
    """A moved folder must not make everything pass."""
    assert ACCEPTED
    assert REFUSED


@pytest.mark.parametrize("name", ALL)
def test_file_has_no_unknown_and_no_missing_keys(name: str) -> None:
    """A misspelled key would silently check nothing."""
    case = ALL[name]
    if "expect" in case:
        assert KEYS | {"expect"} == set(case) - {"near_miss_of"}
        assert {"tier", "conditions", "red_flags"} <= set(case["expect"]) <= EXPECT_KEYS
    else:
        assert KEYS | {"error"} == set(case)
        assert case["error"]["kind"] in ERROR_KEYS
        assert set(case["error"]) == ERROR_KEYS[case["error"]["kind"]]
    assert case["name"].endswith(".")
    assert case["source"].startswith("Goodpath, ") or "error" in case


def test_names_and_answers_are_unique() -> None:
    """Two cases with the same sentence, or with the same answers, are one too many."""
    names = Counter(case["name"] for case in ALL.values())
    answers = Counter(repr(sorted(case["answers"].items())) for case in ALL.values())
    assert [name for name, count in names.items() if count > 1] == []
    assert [each for each, count in answers.items() if count > 1] == []


@pytest.mark.parametrize("name", ACCEPTED)
def test_case(name: str, outcomes: Outcomes) -> None:
    """Tier, conditions and red flags are exactly what the source gives."""
    expect, one = ALL[name]["expect"], result(outcomes, name)
    assert concluded(one) == {
        "tier": [expect["tier"]],
        "conditions": sorted(expect["conditions"]),
        "red_flags": sorted(expect["red_flags"]),
    }
    assert one.ceiling.id == expect.get("ceiling", one.ceiling.id)
    scope = one.knowledge.scope
    notes = [note for note in one.notes if scope is None or note != scope.message]
    assert bool(notes) == expect.get("tension", False), notes


@pytest.mark.parametrize("name", ACCEPTED)
def test_result_is_in_itself_consistent(name: str, outcomes: Outcomes, reference: Reference) -> None:
    """The ceiling is no lower than the tier, and conditions come highest tier first."""
    one = result(outcomes, name)
    assert one.ceiling.rank >= one.tier.rank
    ranks = [reference.knowledge.tier(condition.tier).rank for condition in one.conditions]
    assert ranks == sorted(ranks, reverse=True)
    assert one.tier.rank == max(ranks, default=0)


@pytest.mark.parametrize("name", REFUSED)
def test_refused_case(name: str, outcomes: Outcomes) -> None:
    """The error names the questions, and what the other answers prove all the same."""
    expected, error = ALL[name]["error"], outcomes[name]
    assert isinstance(error, InvalidAnswersError)
    assert {subject for problem in error.problems for subject in problem.subjects} == set(expected["questions"])
    assert isinstance(error, ContradictionError) == (expected["kind"] == "contradiction")
    if isinstance(error, ContradictionError):
        assert (error.proven and error.proven.label) == expected["proven"]


def test_every_red_flag_has_a_firing_case_and_a_near_miss(red_flags: Mapping[str, RedFlag]) -> None:
    """A red flag added to the ontology needs its cases."""
    fired = {flag for name in FIRING for flag in ALL[name]["expect"]["red_flags"]}
    missed = {ALL[name]["near_miss_of"] for name in NEAR_MISSES}
    assert set(red_flags) - fired == set(), "red flags without a firing case"
    assert set(red_flags) - missed == set(), "red flags without a near miss"


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_near_miss_lacks_exactly_one_premise(name: str, red_flags: Mapping[str, RedFlag]) -> None:
    """A near miss is near: one more answer would show the red flag."""
    answers, missed = ALL[name]["answers"], ALL[name]["near_miss_of"]
    patterns = red_flags[missed].patterns
    assert min(sum(not atom.holds(answers.get(atom.question)) for atom in pattern) for pattern in patterns) == 1
    assert missed not in ALL[name]["expect"]["red_flags"]


@pytest.mark.parametrize("name", FIRING)
def test_leaving_out_an_answer_never_raises_the_tier(name: str, outcomes: Outcomes, varied: Outcomes) -> None:
    """Knowing less proves no more."""
    rank = result(outcomes, name).tier.rank
    assert [fewer for fewer, _ in removals(name) if result(varied, fewer).tier.rank > rank] == []


@pytest.mark.parametrize("name", FIRING)
def test_an_answer_not_known_changes_nothing(name: str, outcomes: Outcomes, varied: Outcomes) -> None:
    """Asked and not known is as unknown as not asked."""
    assert concluded(result(varied, f"{name} with null")) == concluded(result(outcomes, name))


@pytest.mark.parametrize("name", FIRING)
def test_the_order_of_answers_changes_nothing(name: str, outcomes: Outcomes, varied: Outcomes) -> None:
    """Answers are a set."""
    assert concluded(result(varied, f"{name} backwards")) == concluded(result(outcomes, name))
