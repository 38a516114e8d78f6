"""The copy of the project in which things are changed, so that the checkout stays as it is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]


def copy_folders(scratch: Path, names: Mapping[str, str]) -> None:
    """Copy folders of the checkout, by the names that they get there."""
    for folder, name in names.items():
        shutil.copytree(ROOT / folder, scratch / name, ignore=shutil.ignore_patterns("__pycache__"))
