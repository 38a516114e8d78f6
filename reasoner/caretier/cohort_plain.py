"""CSV that leaves nothing to guess: no quotes, lines that end alike, and as many cells in each as the header has.

Engines may read it, far faster than row by row; they cannot take it for anything else. Blank lines are something to
guess: where many stand together, DuckDB gives up.
"""

from __future__ import annotations

import codecs

from caretier.cohort_input import MAXIMUM_CELL, Source, opened

_CHUNK = 1 << 24


def is_plain(source: Source) -> bool:
    """Say whether files of CSV leave nothing to guess."""
    return len(source.header) > 1 and all(
        _is_plain(file, source.delimiter, len(source.header)) for file in source.files
    )


def _is_plain(file: str, delimiter: str, width: int) -> bool:
    rest, returns, ends = b"", 0, 0
    with opened(file) as content:
        while chunk := content.read(_CHUNK):
            whole, end, rest = (rest + chunk).rpartition(b"\n")
            if not _are_plain(whole + end, delimiter, width) or len(rest) > MAXIMUM_CELL:
                return False
            returns += whole.count(b"\r")
            ends += whole.count(b"\n") + len(end)
    return returns in (0, ends) and (not rest or (_are_plain(rest + b"\n", delimiter, width) and b"\r" not in rest))


def _are_plain(lines: bytes, delimiter: str, width: int) -> bool:
    """Say whether whole lines are plain, but for whether they end alike."""
    import numpy as np

    if b'"' in lines or lines.count(b"\r") != lines.count(b"\r\n"):
        return False
    try:
        codecs.utf_8_decode(lines, "strict", True)
    except UnicodeDecodeError:
        return False
    signs = np.frombuffer(lines, np.uint8)
    ends = np.flatnonzero(signs == ord("\n"))
    cells = 1 + np.diff(np.searchsorted(np.flatnonzero(signs == ord(delimiter)), ends), prepend=0)
    return bool(np.all(cells == width) and np.all(np.diff(ends, prepend=-1) < MAXIMUM_CELL))
