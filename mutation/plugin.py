"""How pytest runs the tests of one mutant: the same every time, the quickest first, and no longer than it has to."""

from __future__ import annotations

import pytest
from hypothesis import Phase, settings

from mutation.scope import TESTS

settings.register_profile(
    "mutation",
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # nobody reads the smallest example of a mutant
)
settings.load_profile("mutation")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests into the order of their files and within them; mutmut names them in any."""
    items.sort(key=lambda item: (TESTS.index(item.nodeid.split("::")[0]), item.location[1] or 0))
