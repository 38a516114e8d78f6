"""No address of the service leads to a file that it does not mean to show."""

from __future__ import annotations

import pytest

from tests.api.serving import Served
from tests.hostile.raw_http import request, send
from tests.hostile.requests import require_sound

UP = ("..", "%2e%2e", "..%2f..", "%252e%252e", "..\\..", "..%5c..", "....//", "%c0%ae%c0%ae", "\xef\xbc\x8e" * 2)
PLACES = ("/static/{}/style.css", "/static/x/{}", "/terms/{}/x", "/terms/ct/{}", "/conditions/{}", "/v1/conditions/{}")
FILES = ("pyproject.toml", "etc/passwd", "caretier_api/app.py", "templates/base.html", "%00", "con", "")


@pytest.mark.parametrize("place", PLACES)
def test_no_address_leads_out_of_a_folder(served: Served, place: str) -> None:
    odd = [f"{(up + '/') * times}{file}" for up in UP for times in (1, 6) for file in FILES]
    for target in [place.format(each) for each in [*odd, "/etc/passwd", "//etc/passwd", "file:///etc/passwd"]]:
        answer = send(served.url, request("GET", target, {}, b""), 10)
        require_sound(answer)
        assert answer is not None
        assert answer.status in (400, 404), target


@pytest.mark.parametrize(
    "target", ["/static/../../pyproject.toml", "http://x/etc/passwd", "//x/static/", "*", "/%", "/\x7f"]
)
def test_an_odd_target_is_none(served: Served, target: str) -> None:
    answer = send(served.url, request("GET", target, {}, b""), 10)
    require_sound(answer)
    assert answer is not None
    assert answer.status in (400, 404)
