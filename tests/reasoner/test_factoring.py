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


def test_sets_without_answers_are_kept_apart_from_no_sets() -> None:
    assert factored([]) == ()
    assert expanded(factored([frozenset()])) == (frozenset(),)
