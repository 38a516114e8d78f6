"""RDF documents: every syntax parsed by Oxigraph into one graph, the union of its graphs, and a graph written in it.

Nothing is ever fetched.
"""

from __future__ import annotations

import re

import pyoxigraph as ox
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from caretier.documents import too_deep
from caretier.errors import UnreadableInputError
from caretier.json_ld import statements_in
from caretier.limits import MAXIMUM_DEPTH
from caretier.rdf_xml import statements_in_xml

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
        return _rdf(text, _SYNTAXES[format_name], statements_in_xml(text))
    if format_name in ("turtle", "trig"):
        _require_shallow(text)
    return _rdf(text, _SYNTAXES[format_name])


def parse_json_ld(text: str, data: object) -> Graph:
    """Parse JSON-LD, of which `data` is the JSON."""
    return _rdf(text, _SYNTAXES["jsonld"], statements_in(data))


def _rdf(text: str, syntax: ox.RdfFormat, made: int | None = None) -> Graph:
    """Parse RDF; `made` is how many statements stand in the text, if they were counted, and each has to come out."""
    graph = Graph()
    came = 0
    try:
        for quad in ox.parse(text, format=syntax, base_iri=_BASE, rename_blank_nodes=True):
            came += 1
            graph.add((rdf_term(quad.subject), rdf_term(quad.predicate), rdf_term(quad.object)))
    except SyntaxError as error:
        told = " ".join(error.msg.split()).removeprefix("Parser error at ").rstrip(".")
        raise UnreadableInputError(f"it is not well-formed RDF: {told[:300]}.") from None
    except (ValueError, OSError, RecursionError) as error:
        told = " ".join(str(error).split()).rstrip(".")
        raise UnreadableInputError(f"it is not well-formed RDF: {told[:300]}.") from None
    if made is not None and came != made:
        told = f"{made} statements stand in it, and {came} would be read"
        raise UnreadableInputError(f"{told}; look for what {syntax.name} does not allow, or send the answers as JSON.")
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
