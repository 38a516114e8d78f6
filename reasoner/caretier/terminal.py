"""What can be known of the terminal that is written to."""

from __future__ import annotations

import os
import sys


def page() -> tuple[int, bool]:
    """Return the width to write at, and whether to use color."""
    try:
        width = int(os.environ.get("COLUMNS", 0)) or os.get_terminal_size(sys.stdout.fileno()).columns
    except (ValueError, OSError, AttributeError):
        width = 80
    return min(width, 100), sys.stdout.isatty() and "NO_COLOR" not in os.environ
