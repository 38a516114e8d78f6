"""JSON-LD looked through before it is parsed: whatever a parser would fetch, or silently leave out, is refused.

By its specification a reader of JSON-LD leaves out a key that no context gives a meaning, and every statement with an
IRI that is none, such as one with a space in it. An answer would be lost, and with it what it proves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from caretier.errors import UnreadableInputError, visible

_KEYWORDS = frozenset(
    {
        "@base", "@container", "@context", "@direction", "@graph", "@id", "@included", "@index", "@language", "@list",
        "@nest", "@none", "@prefix", "@propagate", "@protected", "@reverse", "@set", "@type", "@value", "@version",
        "@vocab", "@json",
    }
)  # fmt: skip
_IN_NO_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\\ufffe\uffff]")
_FULL = ("http://", "https://", "urn:")
"""How IRIs begin that are written out; anything else before a colon has to be a prefix that is declared."""

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")

Terms = Mapping[str, str]
"""What stands for what in a part of a document: a term or a prefix for an IRI or a keyword; `@vocab` for all others."""

_COERCED = "@coerced "
"""What the name of a term has before it, among the terms, whose texts are IRIs."""


def require_meaning(data: object) -> None:
    """Raise UnreadableInputError for a document that would have to be fetched from elsewhere, or lose a part of it."""
    waiting: list[tuple[Any, Terms]] = [(data, {})]
    while waiting:
        entry, terms = waiting.pop()
        if isinstance(entry, list):
            waiting.extend((each, terms) for each in entry)
        elif isinstance(entry, dict):
            if "@import" in entry:
                raise _fetched()
            if "@context" in entry:
                terms = _within(terms, entry["@context"])
            for key, value in entry.items():
                if key != "@context":
                    _require_key(key, terms)
                    _require_value(key, value, terms)
                    waiting.append((value, terms))


def _within(terms: Terms, context: object) -> Terms:
    """Return what stands for what within a context."""
    found = dict(terms)
    for each in context if isinstance(context, list) else [context]:
        if isinstance(each, str):
            raise _fetched()
        if each is None:
            found = {}
        elif isinstance(each, dict):
            if "@import" in each:
                raise _fetched()
            for term, definition in each.items():
                _define(found, term, definition)
    return found


def _define(terms: dict[str, str], term: str, definition: object) -> None:
    meant, coerced = definition, None
    if isinstance(definition, dict):
        if "@context" in definition:
            if any(isinstance(each, str) for each in _listed(definition["@context"])):
                raise _fetched()
            raise UnreadableInputError(f'the context of the term "{visible(term)}" is not read; put it on the nodes.')
        meant = definition.get("@id", definition.get("@reverse", term if ":" in term else None))
        coerced = definition.get("@type")
        if meant is None and "@vocab" in terms and "@id" not in definition:
            meant = terms["@vocab"] + term
    if not isinstance(meant, str):  # a term for nothing
        terms.pop(term, None)
        return
    if _IN_NO_IRI.search(meant):
        raise _no_iri(meant)
    terms[term] = meant
    if coerced in ("@id", "@vocab"):
        terms[_COERCED + term] = ""


def _require_key(key: str, terms: Terms) -> None:
    """Refuse a key that would be left out."""
    if key in terms or key in _KEYWORDS:
        return
    prefix, colon, _ = key.partition(":")
    has_meaning = prefix in terms or key.startswith(_FULL) if colon else "@vocab" in terms and not key.startswith("@")
    if not has_meaning or _IN_NO_IRI.search(key):
        raise UnreadableInputError(f'the key "{visible(key)}" has no meaning in its JSON-LD context.')


def _require_value(key: str, value: object, terms: Terms) -> None:
    """Refuse a name that is no IRI, a type that no context gives a meaning, and a language that is none."""
    meant = terms.get(key, key)
    if meant in ("@id", "@type") or _COERCED + key in terms:
        for text in _texts(value):
            if _IN_NO_IRI.search(text):
                raise _no_iri(text)
            if meant == "@type" and text not in terms and not text.startswith("_:"):
                _require_key(text, terms)
    elif meant == "@language":
        for text in _texts(value):
            if not _LANGUAGE.fullmatch(text):
                raise UnreadableInputError(f'"{visible(text)}" is the tag of no language.')


def _texts(value: object) -> Iterator[str]:
    yield from (each for each in _listed(value) if isinstance(each, str))


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _fetched() -> UnreadableInputError:
    return UnreadableInputError("a JSON-LD context has to stand in the document itself; nothing is fetched.")


def _no_iri(text: str) -> UnreadableInputError:
    return UnreadableInputError(f'"{visible(text)[:200]}" is no IRI, and what is said with it would be left out.')
