"""Every kind of request that the service takes, to be spoilt, and what an answer has to be whatever was sent.

What an answer must never be is a care tier below that of the same answers: what is accepted is read once more, by
another parser, and assessed without the service.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from rdflib import Dataset, Graph

from caretier import KnowledgeBase
from caretier.assessments import from_graph
from caretier.errors import InputError
from caretier.fhir import domain_name
from caretier.fhir_response import read_response, response_in, response_resource
from caretier.result import Result
from caretier_api.exchange import JSON, STREAM
from tests.hostile.parsers import sound_answers, told
from tests.hostile.raw_http import Answer, request, send
from tests.hostile.target import Target

SECONDS = 60.0
"""How long an answer may take at most: the limit of the reference reasoner."""

_FORM = "application/x-www-form-urlencoded"
_FHIR = "application/fhir+json"
_PROBLEMS = ("application/problem+json", _FHIR)
_ALWAYS = ("x-content-type-options", "referrer-policy", "content-security-policy", "cache-control")
_OF_SERVER = {503, 504}
"""The documented answers that are no fault of the request: busy, and stopped at a limit."""

_RDF = {
    "application/ld+json": ("jsonld", "json-ld"),
    "text/turtle": ("turtle", "turtle"),
    "application/n-triples": ("ntriples", "nt"),
    "application/rdf+xml": ("rdfxml", "xml"),
    "application/trig": ("trig", "trig"),
    "application/n-quads": ("nquads", "nquads"),
}
"""Media types of RDF, with the names that caretier and rdflib have for them."""

Ranks = Callable[[bytes], Sequence[int | None]]
"""Reads a body without the service, and returns the rank of the tier of each person in it; None for one refused."""


def requests(kb: KnowledgeBase, url: str) -> Iterator[Target]:
    """Go through the kinds of requests to a service at an address."""
    plain = sound_answers(kb, "json")
    tiers = {tier.id: tier.rank for tier in kb.knowledge.tiers}

    def posting(
        path: str,
        media_type: str,
        sound: bytes,
        expected: Ranks | None = None,
        *,
        is_slow: bool = False,
        **headers: str,
    ) -> Target:
        def check(body: bytes) -> None:
            sent = request("POST", path, {"Content-Type": media_type, "Accept": "*/*", **headers}, body)
            answer = send(url, sent, SECONDS)
            require_sound(answer)
            assert answer is not None
            if answer.status == 200 and expected is not None:
                given = [tiers[told["tier"]] if "tier" in told else None for told in _results(answer)]
                for rank, lowest in zip(given, expected(body), strict=True):
                    assert rank is None or (lowest is not None and rank >= lowest), f"{rank} is below {lowest}"

        return Target(f"{media_type} to {path}", (sound,), check, is_slow)

    def lines_apart(body: bytes) -> list[int | None]:
        return [_rank_of_line(kb, line) for line in body.split(b"\n") if line.strip()]

    assess = "/v1/assessments"
    response = response_resource(told(kb), kb.knowledge)
    as_fhir = json.dumps(response).encode()
    domain = domain_name(kb.knowledge)
    yield posting(assess, JSON, plain, lambda body: [_rank(kb, _json(body)["answers"])], Accept=JSON)
    yield posting(assess, STREAM, plain + b"\n" + plain, lines_apart, Accept=STREAM)
    yield posting(assess, _FHIR, as_fhir, lambda body: [_rank_of_response(kb, body)], Accept=JSON)
    for media_type, (name, of_rdflib) in _RDF.items():
        yield posting(
            assess, media_type, sound_answers(kb, name), _reading_rdf(kb, of_rdflib), is_slow=True, Accept=JSON
        )
    for path in ("/v1/next-question", "/v1/explanations"):
        yield posting(path, JSON, plain)
    yield posting(f"/fhir/Questionnaire/{domain}/$assess", _FHIR, as_fhir)
    call = {"hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "context": {"userId": "P/1", "patientId": "1"}}
    completed = {**call, "hook": "questionnaire-completed", "prefetch": {"questionnaireResponse": response}}
    yield posting(f"/cds-services/{domain}-triage", JSON, json.dumps(completed).encode())
    yield posting(f"/cds-services/{domain}-interview", JSON, json.dumps({**call, "hook": "patient-view"}).encode())
    fed = {"card": call["hookInstance"], "outcome": "overridden", "outcomeTimestamp": "2026-05-31T10:30:00Z"}
    yield posting(f"/cds-services/{domain}-triage/feedback", JSON, json.dumps({"feedback": [fed]}).encode())
    asked = next(question.id for question in kb.questions if question.type == "boolean" and not question.lead_in)
    form = urlencode(
        [("given", json.dumps({question: said})) for question, said in told(kb).values.items() if question != asked]
    )
    form += "&" + urlencode([("asked", asked), ("answer", "yes"), ("do", "stop"), ("lang", "en")])
    yield posting("/interview", _FORM, form.encode(), Accept="text/html")
    yield _heads(url, plain)


def queries(url: str) -> Iterator[Target]:
    """Go through the requests that ask in SPARQL, which take longer."""
    query = "SELECT ?s { ?s a <http://www.w3.org/2002/07/owl#Ontology> } LIMIT 3"
    sent = (
        ("/sparql", "application/sparql-query", query),
        ("/sparql", _FORM, urlencode({"query": query, "default-graph-uri": "urn:x"})),
        ("/query", _FORM, urlencode({"query": query, "as": "csv"})),
    )
    for path, media_type, sound in sent:

        def check(body: bytes, path: str = path, media_type: str = media_type) -> None:
            require_sound(send(url, request("POST", path, {"Content-Type": media_type}, body), SECONDS))

        yield Target(f"{media_type} to {path}", (sound.encode(),), check, is_slow=True)


def _heads(url: str, body: bytes) -> Target:
    """Make the target of whole requests, of which above all the head is spoilt; some wait for more, and get nothing."""
    odd = {"Transfer-Encoding": "chunked", "Content-Encoding": "gzip", "Accept": "text/html;q=0.1, */*", "Expect": "x"}
    small = b'{"answers": {}}'
    sound = (
        request("POST", "/v1/assessments", {"Content-Type": JSON}, small),
        *(
            request("POST", "/v1/assessments", {"Content-Type": JSON, name: value}, small)
            for name, value in odd.items()
        ),
        request("POST", "/v1/assessments", {"Content-Type": JSON, "Content-Encoding": "gzip"}, gzip.compress(body)),
        request("GET", "/v1/conditions?lang=en", {"Accept-Language": "es;q=0.5, *", "If-None-Match": '"x"'}, b""),
        request("GET", "/static/../../pyproject.toml", {}, b""),
        request("GET", "/terms/ct/%2e%2e%2f%00", {"Accept": "text/turtle"}, b""),
    )

    def check(sent: bytes) -> None:
        answer = send(url, sent, 0.3)
        if answer is not None:
            require_sound(answer)
            assert b"[build-system]" not in answer.body

    return Target("whole requests", sound, check)


def require_sound(answer: Answer | None) -> None:
    """Fail for an answer that no request may get, whatever was sent."""
    assert answer is not None, "there was no answer"
    assert answer.status < 500 or answer.status in _OF_SERVER, f"{answer.status}: {answer.body[:500]!r}"
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status >= 400 and media_type != "text/html":
        assert media_type in _PROBLEMS, f"{answer.status} as {media_type!r}"
        problem = json.loads(answer.body)
        assert media_type == _FHIR or problem["status"] == answer.status
    elif media_type == "text/html":
        reader = _Elements()
        reader.feed(answer.body.decode())
        assert "script" not in reader.without_source, "there is a script in a page"
    missing = [name for name in _ALWAYS if name not in answer.headers]
    assert not missing, f"without {missing}"


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.without_source: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not dict(attrs).get("src"):
            self.without_source.add(tag)


def _results(answer: Answer) -> list[dict[str, Any]]:
    """Return the results of an answer; in a stream there may be errors in the place of some."""
    if answer.headers["content-type"].startswith(STREAM):
        return [json.loads(line) for line in answer.body.splitlines()]
    told = json.loads(answer.body)
    return told if isinstance(told, list) else [told]


def _json(body: bytes) -> Any:
    """Read JSON in which no key is given twice: which of two answers counts is no question to be left open."""
    return json.loads(body.decode("utf-8-sig"), object_pairs_hook=_apart)


def _apart(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is given twice")
    return dict(pairs)


def _rank(kb: KnowledgeBase, answers: Mapping[str, Any]) -> int:
    return kb.assess(answers).tier.rank


def _rank_of_line(kb: KnowledgeBase, line: bytes) -> int | None:
    try:
        return _rank(kb, kb.read(_json(line)).values)
    except (ValueError, InputError, RecursionError):
        return None


def _rank_of_response(kb: KnowledgeBase, body: bytes) -> int:
    return _rank(kb, read_response(response_in(_json(body)), kb.knowledge).values)


def _reading_rdf(kb: KnowledgeBase, syntax: str) -> Ranks:
    def ranks(body: bytes) -> list[int]:
        graph = Graph()
        read = Dataset(default_union=True) if syntax in ("trig", "nquads") else Graph()
        read.parse(data=body.decode("utf-8-sig"), format=syntax, publicID="https://caretier.invalid/input/")
        for triple in read.triples((None, None, None)):
            graph.add(triple)
        outcomes = kb.assess_many(from_graph(graph, kb.questionnaire))
        return [outcome.tier.rank for outcome in outcomes if isinstance(outcome, Result)]

    return ranks
