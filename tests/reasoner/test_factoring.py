"""Sets of answers written as products stand for exactly these sets, and come out the same whatever their order."""

from __future__ import annotations

import os
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from caretier.factoring import expanded, factored, in_order
from caretier.knowledge import Atom, AtomSet

ATOMS = [Atom(question, answer) for question in "abcd" for answer in (True, False)]
FAMILIES = st.lists(st.frozensets(st.sampled_from(ATOMS), max_size=4), max_size=14)


def _set(*questions: str) -> AtomSet:
    return frozenset(Atom(question, True) for question in questions)


def _named(sets: list[AtomSet]) -> list[str]:
    """Write the products of sets by the names of their questions."""
    return [
        " × ".join("".join(atom.question for atom in choice) for choice in in_order(each)) for each in factored(sets)
    ]


@given(FAMILIES)
def test_products_stand_for_exactly_the_sets_each_once(family: list[AtomSet]) -> None:
    written = expanded(factored(family))
    assert set(written) == set(family)
    assert len(written) == len(set(family))


def test_the_order_of_the_sets_changes_nothing() -> None:
    """Sets and texts have another order in every process, and the file of a model must not."""
    code = """if True:
        from itertools import combinations
        from caretier.factoring import factored, in_order
        from caretier.knowledge import Atom
        sets = [frozenset(Atom(name, True) for name in three) for three in combinations("abcdefg", 3)]
        print([in_order(each) for each in factored(sets)])"""
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in range(1, 5)
    }  # fmt: skip
    assert len(printed) == 1


def test_one_answer_with_any_of_five_is_one_product() -> None:
    (one,) = factored([_set("severe", risk) for risk in ("age", "bones", "menopause", "smoking", "steroids")])
    assert [[atom.question for atom in choice] for choice in in_order(one)] == [
        ["severe"],
        ["age", "bones", "menopause", "smoking", "steroids"],
    ]


def test_every_pair_of_two_groups_is_one_product() -> None:
    assert len(factored([_set(left, right) for left in "abc" for right in "xyz"])) == 1


def test_two_sets_that_differ_in_one_answer_are_one_product() -> None:
    assert _named([_set("a", "x"), _set("a", "y")]) == ["a × xy"]


def test_the_largest_group_is_joined_first_and_of_equals_the_first_by_its_answers() -> None:
    assert _named([_set("a", "x"), _set("b", "x"), _set("b", "y"), _set("b", "z")]) == ["a × x", "b × xyz"]
    assert _named([_set("a", "y"), _set("a", "x"), _set("b", "x")]) == ["a × xy", "b × x"]


def test_products_come_in_the_order_of_their_answers() -> None:
    pairs = [_set(*pair) for pair in ("ij", "cd", "ab", "gh", "ef")]
    assert _named([*pairs, _set("k")]) == ["a × b", "c × d", "e × f", "g × h", "i × j", "k"]


def test_choices_come_narrowest_first_and_answers_by_question_relation_and_value() -> None:
    numbers = frozenset({Atom("n", 5, "below"), Atom("n", 50, "at least")})
    letters = frozenset({Atom("a", "y"), Atom("a", "x")})
    assert in_order(frozenset({numbers, _set("z"), letters, _set("b")})) == [
        [Atom("b", True)],
        [Atom("z", True)],
        [Atom("a", "x"), Atom("a", "y")],
        [Atom("n", 50, "at least"), Atom("n", 5, "below")],
    ]


def test_sets_without_answers_are_kept_apart_from_no_sets() -> None:
    assert factored([]) == ()
    assert expanded(factored([frozenset()])) == (frozenset(),)
