"""Which format comes in and which goes out: Content-Type and Accept, with quality values (RFC 9110)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.requests import Request

from caretier.language import chosen
from caretier_api.problems import NOT_ACCEPTABLE, UNSUPPORTED, refused

SPOKEN = "caretier_api.language"
"""Where the scope of a request holds the language that was chosen for it."""


def given(request: Request, read: Sequence[str]) -> str:
    """Return the media type of the body of a request, one of those that are read; 415 when it is none of them."""
    told = request.headers.get("content-type", "")
    if told in read and "content-encoding" not in request.headers:
        return told
    media_type, *parameters = (part.strip() for part in told.split(";"))
    media_type = media_type.lower()
    if media_type not in read:
        said = f"The Content-Type is {media_type!r}" if media_type else "There is no Content-Type"
        raise refused(UNSUPPORTED, f"{said}; allowed are {_listed(read)}.", Accept=", ".join(read))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(' "').lower() not in ("utf-8", "utf8", "us-ascii"):
            raise refused(UNSUPPORTED, "The charset has to be UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise refused(UNSUPPORTED, "The body may not be compressed (Content-Encoding).", Accept_Encoding="identity")
    return media_type


def wanted(request: Request, offered: Sequence[str]) -> str:
    """Return the media type to answer with, of those offered, best first; 406 when none of them will do."""
    accept = ",".join(request.headers.getlist("accept"))
    found = preferred(accept, offered)
    if found is None:
        raise refused(NOT_ACCEPTABLE, f"Accept asks for none of what can be given: {_listed(offered)}.")
    return found


def preferred(accept: str, offered: Sequence[str]) -> str | None:
    """Return what an Accept header likes best of what is offered; between equals what is offered first.

    >>> preferred("text/turtle;q=0.5, application/*;q=0.9", ["application/json", "text/turtle"])
    'application/json'
    >>> preferred("text/html", ["application/json"]) is None
    True
    """
    if accept in ("", "*/*", offered[0]):
        return offered[0]
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    qualities = {each: _quality(each, ranges) for each in offered}
    best = max(offered, key=lambda each: qualities[each])
    return best if qualities[best] > 0 else None


def language(request: Request, spoken: Sequence[str]) -> str:
    """Return the language to answer in: what Accept-Language likes best of what is spoken, or else the first of it.

    Whatever goes wrong from here on is told in it as well, as far as the ontology tells it.
    """
    accept = ",".join(request.headers.getlist("accept-language"))
    found = preferred_language(accept, spoken) if accept else spoken[0]
    request.scope[SPOKEN] = found
    return found


def in_language(language: str) -> dict[str, str]:
    """Return the headers that say in which language an answer is, and that another was to be had."""
    return {"Content-Language": language, "Vary": "Accept, Accept-Language"}


def preferred_language(accept: str, spoken: Sequence[str]) -> str:
    """Return what an Accept-Language header likes best of what is spoken; the first of it where none will do.

    A language with a quality of 0 is refused, also to `*`.

    >>> preferred_language("fr, es-MX;q=0.8, en;q=0.2", ["en", "es"])
    'es'
    >>> preferred_language("fr", ["en", "es"])
    'en'
    >>> preferred_language("en;q=0, *", ["en", "es"])
    'es'
    """
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    refused = {chosen(wanted, spoken) for wanted, quality in ranges if quality == 0 and wanted != "*"}
    others = [language for language in spoken if language not in refused]
    for wanted, quality in sorted(ranges, key=lambda each: -each[1]):
        found = next(iter(others), None) if wanted == "*" else chosen(wanted, spoken)
        if found and quality > 0:
            return found
    return spoken[0]


def _range(text: str) -> tuple[str, float]:
    media_range, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                quality = 0.0
            return media_range, quality if 0 <= quality <= 1 else 0.0
    return media_range, 1.0


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Return the quality that the most specific range gives to a media type."""
    kind = media_type.partition("/")[0]
    for pattern in (media_type, f"{kind}/*", "*/*"):
        matching = [quality for media_range, quality in ranges if media_range == pattern]
        if matching:
            return max(matching)
    return 0.0


def _listed(media_types: Iterable[str]) -> str:
    return ", ".join(media_types)
