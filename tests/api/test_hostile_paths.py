"""No address of the service leads to a file that it does not mean to show."""

from __future__ import annotations

import re

import httpx
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


def test_only_the_files_of_the_pages_are_shown(client: httpx.Client) -> None:
    """What stands for them is made once; a file that lies beside them, or comes later, is none of them."""
    (style,) = re.findall(r'href="(/static/\w+/)style\.css"', client.get("/", headers={"Accept": "text/html"}).text)
    assert client.get(f"{style}style.css").status_code == 200
    places = ("..", "%2e%2e", "..%2f..", "%2fetc", "..%5c")
    for place in [*(f"{style}{each}/app.py" for each in places), "/static/0/style.css", f"{style}style.css%00"]:
        assert client.get(place).status_code == 404, place


@pytest.mark.parametrize(
    "target", ["/static/../../pyproject.toml", "http://x/etc/passwd", "//x/static/", "*", "/%", "/\x7f"]
)
def test_an_odd_target_is_none(served: Served, target: str) -> None:
    answer = send(served.url, request("GET", target, {}, b""), 10)
    require_sound(answer)
    assert answer is not None
    assert answer.status in (400, 404)
