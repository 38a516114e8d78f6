"""RDF documents: every syntax parsed by Oxigraph into one graph, the union of its graphs, and a graph written in it.

Nothing is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

import pyoxigraph as ox
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from caretier.documents import too_deep
from caretier.errors import UnreadableInputError, visible
from caretier.limits import MAXIMUM_DEPTH

_BASE = "https://caretier.invalid/input/"
"""What relative IRIs in answers are taken to be relative to, so that no place of a file gets into a result."""

_BRACKETS = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*+(?:""")?|"(?:[^"\\\n]|\\.)*+"?|<[^<>\s]*+>|\#[^\n]*+|[\[\](){}]'''
    r"""|'''(?:[^'\\]|\\.|'(?!''))*+(?:''')?|'(?:[^'\\\n]|\\.)*+'?""",
    re.DOTALL,
)
"""The brackets of Turtle and TriG, and all in which a bracket is none: texts, IRIs and comments.

A text need not come to its end: to look for another one in it at each of its quotes would take minutes.
"""

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

_SYNTAXES = {
    "jsonld": ox.RdfFormat.JSON_LD,
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "trig": ox.RdfFormat.TRIG,
    "nquads": ox.RdfFormat.N_QUADS,
}


def parse_rdf(text: str, format_name: str) -> Graph:
    """Parse RDF in a format of `documents.FORMATS`; JSON-LD goes through `parse_json_ld`."""
    if format_name == "rdfxml":
        if re.search(r"<!(DOCTYPE|ENTITY)", text):
            raise UnreadableInputError("a DOCTYPE or entities are not read in RDF/XML answers; leave them out.")
        _require_whole(text)
    elif format_name in ("turtle", "trig"):
        _require_shallow(text)
    return _rdf(text, _SYNTAXES[format_name])


def parse_json_ld(text: str, data: object) -> Graph:
    """Parse JSON-LD, of which `data` is the JSON."""
    _refuse_remote_contexts(data)
    _refuse_lost_keys(data)
    return _rdf(text, _SYNTAXES["jsonld"])


def _rdf(text: str, syntax: ox.RdfFormat) -> Graph:
    graph = Graph()
    try:
        for quad in ox.parse(text, format=syntax, base_iri=_BASE, rename_blank_nodes=True):
            graph.add((rdf_term(quad.subject), rdf_term(quad.predicate), rdf_term(quad.object)))
    except SyntaxError as error:
        told = " ".join(error.msg.split()).removeprefix("Parser error at ").rstrip(".")
        raise UnreadableInputError(f"it is not well-formed RDF: {told[:300]}.") from None
    except (ValueError, OSError, RecursionError) as error:
        told = " ".join(str(error).split()).rstrip(".")
        raise UnreadableInputError(f"it is not well-formed RDF: {told[:300]}.") from None
    for _, predicate, value in graph:
        if isinstance(value, Literal) and value.ill_typed:
            raise UnreadableInputError(f'"{value}" is no {value.datatype}; correct the value of <{predicate}>.')
    return graph


def render_rdf(graph: Graph, format_name: str) -> str:
    """Write a graph in a format of `documents.FORMATS`; UnreadableInputError where XML cannot hold a text of it."""
    if format_name == "turtle":
        return graph.serialize(format="turtle")
    if format_name == "jsonld":
        context = {prefix: str(namespace) for prefix, namespace in graph.namespaces() if prefix}
        return graph.serialize(format="json-ld", context=context, auto_compact=False) + "\n"
    lines = sorted(graph.serialize(format="nt").splitlines(keepends=True))
    triples = ox.parse("".join(lines), format=ox.RdfFormat.N_TRIPLES)
    prefixes = {prefix: str(namespace) for prefix, namespace in graph.namespaces()}
    written = ox.serialize(triples, format=_SYNTAXES[format_name], prefixes=prefixes)
    assert written is not None  # as without a file to write to
    text = written.decode()
    if format_name == "rdfxml" and _NO_XML.search(text):
        raise UnreadableInputError("a text in it has a character that XML cannot hold; ask for another format of RDF.")
    return text


def rdf_term(term: object) -> Node:
    """Turn a term that Oxigraph parsed into one of rdflib, with its text as it stands."""
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    if isinstance(term, ox.Literal):
        if term.language:
            return Literal(term.value, lang=term.language)
        return Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)
    raise UnreadableInputError("triples within triples are not read.")


def _refuse_remote_contexts(data: object) -> None:
    """Refuse a context that would have to be fetched."""
    for key, value in _entries(data):
        contexts = value if isinstance(value, list) else [value]
        if key == "@import" or (key == "@context" and any(isinstance(context, str) for context in contexts)):
            raise UnreadableInputError("a JSON-LD context has to stand in the document itself; nothing is fetched.")


def _refuse_lost_keys(data: object) -> None:
    """Refuse a key that no context gives a meaning: a JSON-LD reader would silently leave it out."""
    known: set[str] = set()
    for key, value in _entries(data):
        if key == "@context":
            for context in value if isinstance(value, list) else [value]:
                if isinstance(context, dict):
                    known |= set(context)
    if "@vocab" in known:
        return
    waiting = [data]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, list):
            waiting.extend(entry)
        elif isinstance(entry, dict):
            for key, value in entry.items():
                if key == "@context":
                    continue
                if not key.startswith("@") and ":" not in key and key not in known:
                    raise UnreadableInputError(f'the key "{visible(key)}" has no meaning in its JSON-LD context.')
                waiting.append(value)


def _require_whole(text: str) -> None:
    """Refuse XML that ends before it is complete, or is nested without end; entities are refused before."""
    depth = 0

    def begin(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MAXIMUM_DEPTH:
            raise too_deep()

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        told = f"it is not well-formed RDF/XML: line {error.lineno}, column {error.offset + 1}."
        raise UnreadableInputError(told) from None


def _require_shallow(text: str) -> None:
    """Refuse Turtle whose brackets are nested without end, before a parser takes minutes over it."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        if found[0] in ("[", "(", "{"):
            depth += 1
            if depth > MAXIMUM_DEPTH:
                raise too_deep()
        elif found[0] in ("]", ")", "}"):
            depth -= 1


def _entries(data: object) -> Iterator[tuple[str, Any]]:
    waiting = [data]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, dict):
            yield from entry.items()
            waiting.extend(entry.values())
        elif isinstance(entry, list):
            waiting.extend(entry)
