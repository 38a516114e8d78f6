"""Many small sets written as few products: "severe pain and any of five risk factors", not five lines.

A product is a list of choices, each a set of answers of which one is needed; it stands for every set that takes one
answer of each choice.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from caretier.knowledge import Atom, AtomSet, atom_key

Choice = frozenset[Atom]
Product = frozenset[Choice]


def factored(sets: Iterable[AtomSet]) -> tuple[Product, ...]:
    """Write sets of answers as products that stand for exactly these sets, in a stable order.

    Products that differ in one choice only become one, the largest such group first, until there are none.
    """
    products = {frozenset(frozenset({atom}) for atom in atoms) for atoms in sets}
    while True:
        groups: dict[Product, set[Choice]] = {}
        for each in products:
            for choice in each:
                groups.setdefault(each - {choice}, set()).add(choice)
        mergeable = [(rest, choices) for rest, choices in groups.items() if len(choices) > 1]
        if not mergeable:
            return tuple(sorted(products, key=_product_key))
        rest, choices = min(mergeable, key=lambda group: (-len(group[1]), _product_key(group[0])))
        products -= {rest | {choice} for choice in choices}
        products.add(rest | {frozenset().union(*choices)})


def expanded(products: Iterable[Product]) -> tuple[AtomSet, ...]:
    """Return every set that products stand for."""
    return tuple(frozenset(chosen) for each in products for chosen in product(*each))


def in_order(choices: Product) -> list[list[Atom]]:
    """List the choices of a product, and the answers of each, in a stable order: the narrowest choice first."""
    return sorted(
        (sorted(choice, key=atom_key) for choice in choices), key=lambda choice: (len(choice), atom_key(choice[0]))
    )


def _product_key(choices: Product) -> list[list[tuple[str, str, str]]]:
    return [[atom_key(atom) for atom in choice] for choice in in_order(choices)]
