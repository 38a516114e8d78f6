"""Sound input spoilt at random: parts cut, repeated, moved, exchanged, or something odd put in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

ODD = (
    b"", b"\0", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r\n", b"\n", b"\t", b" ", "\u202e".encode(),
    b'"', b"'", b"<", b">", b"[", b"]", b"{", b"}", b"(", b":", b",", b";", b".", b"&", b"=", b"%", b"#", b"@", b"^^",
    b"\\u", b"\\ud800", b"\\u0000", b"\\u003a", b"%00", b"%ff", b"%zz", b"&a", b"*a", b"!!", b"<!--", b"]]>",
    b"null", b"true", b"false", b"NaN", b"-Infinity", b"1e999", b"-0", b"0.0", b"1.0", b"9" * 400,
    b"[" * 1000, b"{" * 1000, b'{"a":' * 1000, b"(" * 1000, b"x" * 5000, b"<x:p>" * 200,
)  # fmt: skip
"""What parsers stumble over."""


@st.composite
def spoilt(draw: st.DrawFn, sound: bytes) -> bytes:
    """Draw a document that was spoilt in one to four places; a fourth of them stay sound."""
    content = sound
    for _ in range(draw(st.integers(0, 3)) and draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + draw(st.sampled_from((0, 1, 12, 80))))))
        part, there = content[start:end], draw(st.integers(0, len(content)))
        match draw(st.sampled_from(("put", "put", "repeat", "move", "end"))):
            case "put":
                content = content[:start] + draw(st.sampled_from(ODD) | st.binary(max_size=6)) + content[end:]
            case "repeat":
                content = content[:there] + part * draw(st.integers(1, 3)) + content[there:]
            case "move":
                without = content[:start] + content[end:]
                content = without[:there] + part + without[there:]
            case _:
                content = content[:start] if len(content) - start < 200 else content[:end] + content[start:]
    return content


VALUES: tuple[object, ...] = (
    None, True, False, 0, -1, 5, 10**30, 1.0, 0.5, "", "x", "=1+1", "\ud800", "\u0000",
    [], [5], [None], [[]], {}, {"a": 5},
)  # fmt: skip
"""What stands in JSON where something else is meant."""

_TWICE = "-twice-"
"""What a key has at its end until the document is written, to be there twice."""


@st.composite
def reshaped(draw: st.DrawFn, sound: bytes) -> bytes:
    """Draw a document of JSON in which a value is another, is there twice, or is not there."""
    lines = sound.split(b"\n") if sound.count(b"\n{") else [sound]  # an object, or one on each line
    number = draw(st.integers(0, len(lines) - 1))
    data = json.loads(lines[number])
    for _ in range(draw(st.integers(1, 3))):
        parts = [each for each in _parts(data) if each]
        if not parts:
            break
        part = draw(st.sampled_from(parts))
        place = draw(st.sampled_from(sorted(part, key=str) if isinstance(part, dict) else range(len(part))))
        match draw(st.sampled_from(("value", "value", "leave out", "twice"))):
            case "value":
                part[place] = deepcopy(draw(st.sampled_from(VALUES)))
            case "leave out":
                del part[place]
            case _ if isinstance(part, list):
                part.append(deepcopy(part[place]))
            case _:
                part[f"{place}{_TWICE}"] = deepcopy(draw(st.sampled_from((part[place], *VALUES))))
    lines[number] = json.dumps(data).replace(_TWICE, "").encode()
    return b"\n".join(lines)


def _parts(data: Any) -> Iterator[Any]:
    """Go through all objects and lists of a document."""
    waiting = [data]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict | list):
            yield part
            waiting.extend(part.values() if isinstance(part, dict) else part)
