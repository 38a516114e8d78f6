"""Which format goes out is what the client likes best, by the rules of HTTP."""

from __future__ import annotations

import pytest

from caretier_api.negotiation import preferred

OFFERED = ("application/json", "text/turtle", "application/ld+json")


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/*", "text/turtle"),
        ("text/turtle", "text/turtle"),
        ("TEXT/Turtle", "text/turtle"),
        ("text/turtle;q=0.5, application/json;q=0.4", "text/turtle"),
        ("text/turtle;q=0.5, application/json;q=0.6", "application/json"),
        ("text/turtle, application/json", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("*/*, application/json;q=0", "text/turtle"),
        ("application/*;q=0.1, application/ld+json, */*;q=0.5", "application/ld+json"),
        ("text/turtle;version=1.1;q=0.9, */*;q=0.1", "text/turtle"),
        ("text/turtle ; q = 0.9 , */*;q=0.1", "text/turtle"),
        (",,text/turtle,", "text/turtle"),
        ("text/html", None),
        ("*/*;q=0", None),
        ("text/turtle;q=0", None),
        ("text/turtle;q=nan", None),
        ("text/turtle;q=2", None),
        ("text/turtle;q=x", None),
        ("nonsense", None),
    ],
)
def test_what_a_client_likes_best(accept: str, found: str | None) -> None:
    assert preferred(accept, OFFERED) == found
