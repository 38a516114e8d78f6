"""Minimal hitting sets, against trying every set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretier.transversals import transversals

SIZE = 6
FAMILIES = st.lists(st.integers(0, 2**SIZE - 1), max_size=8)


def _by_trying(family: list[int]) -> set[int]:
    hitting = [bits for bits in range(2**SIZE) if all(bits & each for each in family)]
    return {bits for bits in hitting if not any(less & bits == less and less != bits for less in hitting)}


@given(FAMILIES)
def test_every_minimal_hitting_set_is_found_and_no_other(family: list[int]) -> None:
    found = transversals(family)
    assert set(found) == _by_trying(family)
    assert list(found) == sorted(set(found), key=lambda bits: (bits.bit_count(), bits)), "smallest first, each once"


@given(FAMILIES)
def test_the_order_of_the_family_changes_nothing(family: list[int]) -> None:
    assert transversals(sorted(family, reverse=True)) == transversals(family)
    assert transversals([*family, *family]) == transversals(family)


def test_nothing_hits_an_empty_set_and_everything_hits_an_empty_family() -> None:
    assert transversals([0b0, 0b1]) == ()
    assert transversals([]) == (0,)


def test_too_many_are_an_error() -> None:
    family = [0b11 << 2 * place for place in range(8)]
    assert len(transversals(family, 256)) == 256
    with pytest.raises(OverflowError) as caught:
        transversals(family, 255)
    assert caught.value.args == (255,)


def test_small_sets_are_met_first_so_that_few_are_on_the_way() -> None:
    """The same family, met in the order of its numbers, comes to nine on the way."""
    assert transversals([0b11001, 0b100110, 0b110000], 5) == (0b10010, 0b10100, 0b100001, 0b101000, 0b110000)
