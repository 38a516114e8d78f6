"""Texts in tables that spreadsheets open, kept from being taken for formulas."""

from __future__ import annotations

_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def inert(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run; texts that begin like others stay as they are.

    >>> inert("=HYPERLINK(1)"), inert("age in years")
    ("'=HYPERLINK(1)", 'age in years')
    """
    return f"'{text}" if text.startswith(_BEGINNINGS) else text
