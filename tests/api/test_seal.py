"""Whatever the service answers, and to whatever, a browser is told to do nothing with it but what it is for."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

import caretier
from caretier_api.observation import Metrics
from caretier_api.settings import Settings
from tests.api.serving import Served, serving

SEALED: Mapping[str, str] = {
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-dns-prefetch-control": "off",
    "x-frame-options": "DENY",
    "x-permitted-cross-domain-policies": "none",
}
SHUT = ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action ")
TELLING = ("server", "via", "x-powered-by", "set-cookie", "x-aspnet-version")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONSENSE")
JSON = {"Content-Type": "application/json"}
HTML = {"Accept": "text/html"}
ANSWERS: Mapping[str, Any] = {"answers": {}}
TURTLE = b"<urn:a> <urn:b> <urn:c> ."
CALL_WITHOUT_DATA: Mapping[str, Any] = {
    "hook": "questionnaire-completed",
    "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "context": {"userId": "Practitioner/1", "patientId": "1"},
    "prefetch": {},
}
CONTRADICTION = b'{"answers": {"sex": "female", "erectile-failure": true}}'


def require_sealed(response: httpx.Response) -> None:
    """Check that a response has every header once, and none that tells what runs here."""
    headers, asked = response.headers, f"{response.request.method} {response.request.url} {response.status_code}"
    for name, value in SEALED.items():
        assert headers.get_list(name) == [value], (asked, name)
    for name in ("cache-control", "content-security-policy", "permissions-policy"):
        assert len(headers.get_list(name)) == 1, (asked, name)
    policy = headers["content-security-policy"].split("; ")
    assert all(any(each.startswith(needed) for each in policy) for needed in SHUT), asked
    assert "unsafe" not in headers["content-security-policy"], asked
    features = headers["permissions-policy"].split(", ")
    assert {"camera=()", "geolocation=()", "microphone=()"} < set(features), asked
    assert all(each.endswith("=()") for each in features), asked
    assert not set(headers) & set(TELLING), asked


def every_address(client: httpx.Client) -> list[str]:
    """List the address of every route, every page and every static file, and of some that are none."""
    described = client.get("/openapi.json").json()["paths"]
    start = client.get("/", headers=HTML).text
    static = [each for each in start.split('"') if each.startswith("/static/")]
    assert len(static) >= 2
    api = [path.replace("{id}", name) for path in described for name in ("back-pain", "Cancer", "answers")]
    pages = ["/", "/interview", "/conditions", "/conditions/Cancer", "/findings", "/decision-table", "/terms"]
    pages += ["/terms/bp/Cancer", "/query", "/openapi.json"]
    return [*dict.fromkeys(api), *pages, *static, "/docs", "/redoc", "/static/0/style.css", "/nowhere", "//", "/%00"]


def test_every_address_answers_every_method_sealed(client: httpx.Client) -> None:
    addresses, statuses = every_address(client), set()
    assert len(addresses) > 40
    for address in addresses:
        for method, headers in [("GET", HTML), *((method, {}) for method in METHODS)]:
            response = client.request(method, address, headers=headers)
            require_sealed(response)
            statuses.add(response.status_code)
    assert {200, 404, 405, 415} <= statuses


def errors(served: Served, limited: Served) -> Iterator[httpx.Response]:
    """Provoke an error of every status that the service has."""
    with httpx.Client(timeout=60) as client:
        assess = f"{served.url}/v1/assessments"
        yield client.post(assess, content=b"{", headers=JSON)
        yield client.get(f"{served.url}/v1/questionnaire", headers={"Accept": "image/png"})
        yield client.post(assess, content=CONTRADICTION, headers=JSON)
        yield client.post(f"{served.url}/cds-services/back-pain-triage", json=CALL_WITHOUT_DATA)
        yield client.post(assess, content=b"x", headers={"Content-Type": "text/nothing"})
        yield client.post(assess, json={"answers": {"nothing": True}})
        tag = client.get(f"{served.url}/v1/questionnaire").headers["etag"]
        yield client.get(f"{served.url}/v1/questionnaire", headers={"If-None-Match": tag})
        yield client.get(f"{served.url}/metrics")
        assess = f"{limited.url}/v1/assessments"
        yield client.post(assess, content=b" " * 2_000, headers=JSON)
        yield client.post(assess, content=b" " * 200, headers=JSON)
        yield client.post(assess, content=TURTLE, headers={"Content-Type": "text/turtle", "Accept": "application/json"})
        yield client.post(assess, content=slowly(), headers=JSON)


def slowly() -> Iterator[bytes]:
    """Send a byte, and then nothing until the service has had enough."""
    yield b"{"
    time.sleep(1.5)


@pytest.mark.slow
def test_every_error_is_sealed(served: Served, kb: caretier.KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistake(_metrics: Metrics) -> bytes:
        raise ValueError

    monkeypatch.setattr(Metrics, "text", mistake)
    settings = Settings(body_bytes=1_000, held_bytes=100, request_seconds=0.5, reference_seconds=0.05)
    with serving(kb, settings) as limited:
        statuses = set()
        for response in errors(served, limited):
            require_sealed(response)
            assert response.headers["cache-control"] == ("no-cache" if response.status_code == 304 else "no-store")
            statuses.add(response.status_code)
    assert statuses == {304, 400, 406, 408, 409, 412, 413, 415, 422, 500, 503, 504}


def test_what_is_no_http_is_refused_sealed(served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(b"no HTTP\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    status, *lines = received.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert status == "HTTP/1.1 400 Bad Request"
    told = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    require_sealed(httpx.Response(400, headers=told, request=httpx.Request("GET", served.url)))


def test_what_a_browser_asks_before_it_asks_is_answered_sealed(kb: caretier.KnowledgeBase) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Origin": "https://app.example"}
    with serving(kb, Settings(cors_origins=("https://app.example",))) as served:
        for origin, status in (("https://app.example", 200), ("https://elsewhere.example", 400)):
            response = httpx.options(f"{served.url}/v1/assessments", headers={**asked, "Origin": origin})
            assert response.status_code == status
            require_sealed(response)


def test_nothing_about_anybody_is_kept(client: httpx.Client) -> None:
    """Answers go into no cache, nor do queries and what they find: the data may be about people."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    responses = [client.post(f"/v1/{name}", json=ANSWERS) for name in ("assessments", "next-question", "explanations")]
    responses += [
        client.post("/v1/assessments", content=b'{"answers": {}}\n', headers={"Content-Type": "application/x-ndjson"}),
        client.post("/interview", data={"for": "me"}, headers=HTML),
        client.get("/sparql", params={"query": "ASK {}"}),
        client.post("/sparql", content=b"query=ASK%20%7B%7D", headers=form),
        client.post("/query", data={"query": "SELECT * { ?s ?p ?o } LIMIT 1"}, headers=HTML),
        client.post("/query", data={"query": "SELECT * { ?s ?p ?o } LIMIT 1", "as": "csv"}, headers=HTML),
        client.post("/query", data={"query": "nonsense"}, headers=HTML),
    ]
    assert [response.status_code for response in responses] == [200] * 9 + [400]
    for response in responses:
        require_sealed(response)
        assert response.headers["cache-control"] == "no-store", response.request.url
