"""Minimal hitting sets: the smallest sets that meet every one of a family of sets, all as bits of whole numbers."""

from __future__ import annotations

from collections.abc import Iterable


def transversals(family: Iterable[int], limit: int | None = None) -> tuple[int, ...]:
    """Return every minimal set that has an element in common with each set of a family, in a stable order.

    Works through the family one set after the other (Berge's algorithm). Raises OverflowError when there are more
    than `limit` on the way.

    >>> [bin(each) for each in transversals([0b011, 0b110])]
    ['0b10', '0b101']
    """
    found = [0]
    for each in sorted(family, key=lambda bits: (bits.bit_count(), bits)):
        hitting = [one for one in found if one & each]
        grown = {one | element for one in found if not one & each for element in _elements(each)}
        found = hitting + [one for one in sorted(grown) if not any(smaller & one == smaller for smaller in hitting)]
        if limit is not None and len(found) > limit:
            raise OverflowError(limit)
    return tuple(sorted(found, key=lambda bits: (bits.bit_count(), bits)))


def _elements(bits: int) -> Iterable[int]:
    while bits:
        lowest = bits & -bits
        yield lowest
        bits ^= lowest
