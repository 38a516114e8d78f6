"""How hypothesis tries examples where a fault is: the same each time, and never smaller ones, which nobody reads."""

from __future__ import annotations

from hypothesis import Phase, settings


def pytest_configure() -> None:
    """Set it up."""
    settings.register_profile("mutation", derandomize=True, database=None, phases=(Phase.explicit, Phase.generate))
    settings.load_profile("mutation")
