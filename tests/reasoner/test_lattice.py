"""The lattice of answers: what a set of answers stands for, and points that tell any two monotone functions apart."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caretier.knowledge import Atom, AtomSet
from caretier.lattice import Element, Lattice, Point, answers_of, can_be_given, element_text
from caretier.questionnaire import Option, Question, Questionnaire

QUESTIONS = (
    Question("age", "urn:age", "integer", "g", "?", None, "age", minimum=0, maximum=120),
    Question("fever", "urn:fever", "boolean", "g", "?", None, "fever"),
    Question("pain", "urn:pain", "choice", "g", "?", None, "pain",
             options=tuple(Option(name, name, name) for name in ("mild", "severe"))),
)  # fmt: skip
LATTICE = Lattice(Questionnaire(QUESTIONS, (), "", ""), {"age": [50, 0, 65, 50, 121]})
POINTS = st.frozensets(st.sampled_from(LATTICE.elements), max_size=4)
GIVABLE = POINTS.filter(can_be_given)


def _minimal(points: Iterable[Point]) -> frozenset[Point]:
    several = set(points)
    return frozenset(point for point in several if not any(other < point for other in several))


FUNCTIONS = st.lists(POINTS, max_size=4).map(_minimal)
"""Monotone functions of points, by their minimal true points."""


def _holds(function: Iterable[Point], point: Point) -> bool:
    return any(minimal <= point for minimal in function)


def test_an_element_is_one_answer_or_the_numbers_between_two_limits() -> None:
    assert LATTICE.elements == (
        Element("age", 0, 49), Element("age", 50, 64), Element("age", 65, 120),
        Element("fever", False, False), Element("fever", True, True),
        Element("pain", "mild", "mild"), Element("pain", "severe", "severe"),
    )  # fmt: skip
    assert [element_text(LATTICE.elements[1], ends) for ends in ("low", "high", "both")] == [
        "age: 50", "age: 64", "age: 50 to 64",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("atoms", "bands"),
    [
        ([Atom("age", 50, "at least")], [50, 65]),
        ([Atom("age", 65, "below")], [0, 50]),
        ([Atom("age", 50, "at least"), Atom("age", 65, "below")], [50]),
        ([Atom("age", 0, "at least")], [0, 50, 65]),
        ([Atom("age", 60, "at least")], [65]),
        ([Atom("age", 121, "at least")], []),
    ],
)
def test_a_limit_stands_for_the_bands_in_which_it_always_holds(atoms: list[Atom], bands: list[int]) -> None:
    points = LATTICE.points(frozenset((*atoms, Atom("fever", True))))
    assert sorted(element.low for point in points for element in point if element.question == "age") == bands


@pytest.mark.parametrize(
    "atom", [Atom("chills", True), Atom("pain", "awful"), Atom("age", 50), Atom("chills", 3, "below")]
)
def test_answers_that_cannot_be_given_any_more_stand_for_no_point(atom: Atom) -> None:
    assert list(LATTICE.points(frozenset({atom, Atom("fever", True)}))) == []
    assert list(LATTICE.point(["chills: yes", "fever: yes"])) == []
    assert list(LATTICE.point(["age: 65", "fever: yes"])) == [
        frozenset({Element("age", 65, 120), Element("fever", True, True)})
    ]


@given(st.lists(GIVABLE, max_size=8).map(_minimal))
def test_points_written_as_answers_and_read_again_are_the_same(points: frozenset[Point]) -> None:
    written = LATTICE.atom_sets(points)
    assert {point for atoms in written for point in LATTICE.points(atoms)} == points


def test_neighbouring_bands_are_written_as_one_limit() -> None:
    fever, low, middle, high = LATTICE.elements[4], *LATTICE.elements[:3]

    def written(*bands: Element) -> set[AtomSet]:
        return {
            atoms - {Atom("fever", True)} for atoms in LATTICE.atom_sets([frozenset({fever, each}) for each in bands])
        }

    assert written(middle, high) == {frozenset({Atom("age", 50, "at least")})}
    assert written(low, middle) == {frozenset({Atom("age", 65, "below")})}
    assert written(middle) == {frozenset({Atom("age", 50, "at least"), Atom("age", 65, "below")})}
    assert written(low, high) == {frozenset({Atom("age", 50, "below")}), frozenset({Atom("age", 65, "at least")})}
    assert written(low, middle, high) == {frozenset({Atom("age", 0, "at least")})}


@given(FUNCTIONS)
def test_the_probes_of_a_function_say_what_holds_of_it(function: frozenset[Point]) -> None:
    for probe in LATTICE.probes(sorted(function, key=str)):
        assert _holds(function, probe.point) == probe.holds


@given(FUNCTIONS, FUNCTIONS)
@settings(max_examples=400)
def test_the_probes_of_a_function_tell_it_from_every_other(function: frozenset[Point], other: frozenset[Point]) -> None:
    """This is why it is enough to ask about them: whoever agrees on all probes is the same function."""
    agrees = all(_holds(other, probe.point) == probe.holds for probe in LATTICE.probes(sorted(function, key=str)))
    assert agrees == (function == other)


def test_what_must_hold_is_asked_at_both_ends_of_a_band_and_what_must_not_with_both_at_once() -> None:
    fever, band = LATTICE.elements[4], LATTICE.elements[1]
    probes = list(LATTICE.probes([frozenset({fever, band})]))
    assert {probe.ends for probe in probes if probe.holds} == {"low", "high"}
    assert {probe.ends for probe in probes if not probe.holds} == {"both"}
    point = frozenset({fever, band})
    assert answers_of(point, "low") == {Atom("fever", True), Atom("age", 50)}
    assert answers_of(point, "high") == {Atom("fever", True), Atom("age", 64)}
    assert answers_of(point, "both") == answers_of(point, "low") | answers_of(point, "high")
    assert [probe.ends for probe in LATTICE.probes([frozenset({fever})]) if probe.holds] == ["low"]


def test_a_point_can_be_given_when_no_question_has_two_answers() -> None:
    assert all(
        can_be_given(frozenset(pair)) == (pair[0].question != pair[1].question)
        for pair in combinations(LATTICE.elements, 2)
    )


def test_too_many_maximal_points_are_an_error() -> None:
    questions = tuple(Question(f"q{number}", f"urn:{number}", "boolean", "g", "?", None, "q") for number in range(24))
    lattice = Lattice(Questionnaire(questions, (), "", ""), {})
    yes = [element for element in lattice.elements if element.low is True]
    with pytest.raises(OverflowError):
        list(lattice.probes([frozenset(yes[number : number + 2]) for number in range(0, 24, 2)]))
