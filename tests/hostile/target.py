"""What is fuzzed: something that takes bytes, sound bytes to be spoilt, and a check of what comes of spoilt ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.hostile.spoiling import reshaped, spoilt


@dataclass(frozen=True)
class Target:
    """One thing that is fuzzed; `check` fails, by any exception, where bytes did harm."""

    name: str
    sound: tuple[bytes, ...]
    check: Callable[[bytes], None]
    is_slow: bool = False

    def inputs(self) -> st.SearchStrategy[bytes]:
        """Return the strategy that draws what the target is given."""
        drawn = st.sampled_from(self.sound).flatmap(spoilt)
        if not all(each.startswith(b"{") for each in self.sound):
            return drawn
        return drawn | st.sampled_from(self.sound).flatmap(reshaped)
