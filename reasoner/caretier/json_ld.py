"""JSON-LD looked through before it is parsed: whatever a parser would fetch, or silently leave out, is refused.

By its specification a reader of JSON-LD leaves out a key that no context gives a meaning, and every statement with an
IRI that is none, such as one with a space in it. An answer would be lost, and with it what it proves. So the statements
that stand in a document are counted as well, and each of them has to come out of the parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pyoxigraph import NamedNode

from caretier.errors import UnreadableInputError, visible
from caretier.limits import MAXIMUM_TERMS

_OF_NODES = frozenset(
    {
        "@context", "@direction", "@graph", "@id", "@included", "@index", "@language", "@list", "@nest", "@reverse",
        "@set", "@type", "@value",
    }
)  # fmt: skip
"""The keywords that say something within a node; a reader leaves out all others there."""

_IN_NO_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\\ufffe\uffff]")
_FULL = ("http://", "https://", "urn:")
"""How IRIs begin that are written out; anything else before a colon has to be a prefix that is declared."""

_ENDS_OF_PREFIXES = (":", "/", "?", "#", "[", "]", "@")
"""What an IRI has to end in for its term to be a prefix, unless the term says that it is one."""

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class _Terms:
    """What stands for what in a part of a document.

    `meant` has the IRI or keyword of each term, and `vocabulary` what stands before all other names; `prefixes` are
    the terms that may stand before a colon, `coerced` those whose texts are IRIs, `listed` those with lists as values.
    """

    meant: Mapping[str, str] = field(default_factory=dict)
    vocabulary: str | None = None
    prefixes: frozenset[str] = frozenset()
    coerced: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()

    def meaning(self, key: str) -> str:
        """Return the keyword or IRI that a key stands for, or the key itself."""
        return self.meant.get(key, key)


def statements_in(data: object) -> int:
    """Return how many statements a document makes.

    Raises UnreadableInputError where it would have to be fetched from elsewhere, or lose a part of it.
    """
    waiting: list[tuple[Any, _Terms]] = [(data, _Terms())]
    defined = made = 0
    while waiting:
        entry, terms = waiting.pop()
        if isinstance(entry, list):
            waiting.extend((each, terms) for each in entry)
        elif isinstance(entry, dict):
            if "@import" in entry:
                raise _fetched()
            if "@context" in entry:
                defined += sum(len(each) for each in _listed(entry["@context"]) if isinstance(each, dict))
                if defined > MAXIMUM_TERMS:
                    raise UnreadableInputError(f"its contexts have more than {MAXIMUM_TERMS:,} terms; one will do.")
                terms = _within(terms, entry["@context"])
            is_literal = any(terms.meaning(key) == "@value" for key in entry)
            for key, value in entry.items():
                if key != "@context":
                    _require_key(key, terms)
                    _require_value(key, value, terms)
                    made += 0 if is_literal else _made(key, value, terms)
                    waiting.append((value, terms))
    return made


def _made(key: str, value: object, terms: _Terms) -> int:
    """Count the statements that a key of a node makes of the node, but not those within its values."""
    meant = terms.meaning(key)
    if meant == "@type":
        return sum(1 for _ in _texts(value))
    if meant.startswith("@"):
        return 0
    if key in terms.listed and not (isinstance(value, dict) and _part(value, "@list", terms) is not None):
        return _of_list(value, terms)
    made, waiting = 0, [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, dict) and (within := _part(each, "@set", terms)) is not None:
            waiting.append(within)
        elif isinstance(each, dict) and (within := _part(each, "@list", terms)) is not None:
            made += _of_list(within, terms)
        elif each is not None:
            made += 1
    return made


def _of_list(value: object, terms: _Terms) -> int:
    """Count the statements of a list: one that leads to it, and two for each member."""
    members = [each for each in _listed(value) if each is not None]
    if any(isinstance(each, list) or (isinstance(each, dict) and _part(each, "@list", terms)) for each in members):
        raise UnreadableInputError("a list within a list is not read; answers need none.")
    return 1 + 2 * len(members)


def _part(entry: Mapping[str, Any], keyword: str, terms: _Terms) -> Any:
    """Return what an entry has under a keyword, or another name for it."""
    return next((value for key, value in entry.items() if terms.meaning(key) == keyword), None)


def _within(terms: _Terms, context: object) -> _Terms:
    """Return what stands for what within a context."""
    for each in _listed(context):
        if isinstance(each, str) or (isinstance(each, dict) and "@import" in each):
            raise _fetched()
        if each is None:
            terms = _Terms()
        elif isinstance(each, dict):
            terms = _defined(terms, each)
    return terms


def _defined(terms: _Terms, context: Mapping[str, Any]) -> _Terms:
    """Add what a context defines, whatever its order: settings first, then prefixes, then what is written with them."""
    if "@base" in context and not _is_full(context["@base"]):
        raise UnreadableInputError('"@base" in a JSON-LD context has to be a whole IRI.')
    if "@vocab" in context:
        if not _is_full(context["@vocab"]):
            raise UnreadableInputError('"@vocab" in a JSON-LD context has to be a whole IRI.')
        terms = replace(terms, vocabulary=context["@vocab"])
    waiting = {term: definition for term, definition in context.items() if not term.startswith("@")}
    for term, definition in sorted(waiting.items(), key=lambda each: not _is_full(_meaning(each[1]))):
        terms = _with(terms, term, definition)
    return terms


def _with(terms: _Terms, term: str, definition: object) -> _Terms:
    told = definition if isinstance(definition, dict) else {}
    if "@context" in told:
        if any(isinstance(each, str) for each in _listed(told["@context"])):
            raise _fetched()
        raise UnreadableInputError(f'the context of the term "{visible(term)}" is not read; put it on the nodes.')
    meant = _meaning(definition)
    if meant is None and isinstance(definition, dict) and not definition.keys() & {"@id", "@reverse"}:
        meant = terms.vocabulary + term if terms.vocabulary is not None and ":" not in term else term
    if not isinstance(meant, str):
        raise UnreadableInputError(f'the term "{visible(term)}" stands for nothing, and what is said with it is lost.')
    if meant not in _OF_NODES:
        meant = _expanded(meant, terms, f'the term "{visible(term)}"')
    if ":" in term and meant != _expanded(term, terms, "it"):
        raise UnreadableInputError(f'the term "{visible(term)}" looks like an IRI, and stands for another.')
    container = _listed(told.get("@container", []))
    if not set(map(str, container)) <= {"@list", "@set"} or told.get("@type") == "@json":
        raise UnreadableInputError(f'the values of the term "{visible(term)}" are a map or JSON; write them as a list.')
    is_prefix = told["@prefix"] is True if "@prefix" in told else not told and meant.endswith(_ENDS_OF_PREFIXES)
    return replace(
        terms,
        meant={**terms.meant, term: meant},
        prefixes=terms.prefixes | {term} if is_prefix else terms.prefixes - {term},
        coerced=terms.coerced | {term} if told.get("@type") in ("@id", "@vocab") else terms.coerced - {term},
        listed=terms.listed | {term} if "@list" in container else terms.listed - {term},
    )


def _meaning(definition: object) -> object:
    """Return what a definition says that a term stands for."""
    return definition.get("@id", definition.get("@reverse")) if isinstance(definition, dict) else definition


def _expanded(name: str, terms: _Terms, said: str) -> str:
    """Write out the name of a property, type or term; refuse one that has no meaning, and would be left out."""
    prefix, colon, rest = name.partition(":")
    whole: str | None = None
    if _IN_NO_IRI.search(name):
        raise _no_iri(name)
    if colon and prefix in terms.prefixes and not rest.startswith("//"):
        whole = terms.meant[prefix] + rest
    elif colon:
        whole = name if name.startswith(_FULL) else None
    elif not name.startswith("@") and terms.vocabulary is not None and name not in terms.meant:
        whole = terms.vocabulary + name
    if whole is None:
        raise UnreadableInputError(f'{said} has no meaning in its JSON-LD context ("{visible(name)[:200]}").')
    return whole


def _require_key(key: str, terms: _Terms) -> None:
    """Refuse a key that would be left out."""
    if key not in terms.meant and key not in _OF_NODES:
        _expanded(key, terms, f'the key "{visible(key)}"')


def _require_value(key: str, value: object, terms: _Terms) -> None:
    """Refuse a name that is no IRI, a type that no context gives a meaning, and a language that is none."""
    meant = terms.meaning(key)
    if meant in ("@id", "@type") or key in terms.coerced:
        for text in _texts(value):
            if text.startswith("@") or not _is_reference(text):
                raise _no_iri(text)
            if meant == "@type" and text not in terms.meant and not text.startswith("_:"):
                _expanded(text, terms, f'the type "{visible(text)}"')
    elif meant == "@language":
        for text in _texts(value):
            if not _LANGUAGE.fullmatch(text):
                raise UnreadableInputError(f'"{visible(text)}" is the tag of no language.')


def _is_full(value: object) -> bool:
    return isinstance(value, str) and value.startswith(_FULL) and not _IN_NO_IRI.search(value)


def _is_reference(text: str) -> bool:
    """Say whether a text can stand for a node: an IRI as the parser knows them, a relative one, or a blank node."""
    if text.startswith("_:"):
        return re.fullmatch(r"_:\w[\w.-]*(?<!\.)", text) is not None
    try:
        NamedNode(text if ":" in re.split("[/?#]", text, maxsplit=1)[0] else f"urn:x:/{text}")
    except ValueError:
        return False
    return not _IN_NO_IRI.search(text)


def _texts(value: object) -> Iterator[str]:
    """Find the texts in a value, also within sets and lists."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, dict):
            waiting.extend(each[within] for within in ("@set", "@list") if within in each)


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _fetched() -> UnreadableInputError:
    return UnreadableInputError("a JSON-LD context has to stand in the document itself; nothing is fetched.")


def _no_iri(text: str) -> UnreadableInputError:
    return UnreadableInputError(f'"{visible(text)[:200]}" is no IRI, and what is said with it would be left out.')
