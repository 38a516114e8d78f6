"""RDF documents: every syntax parsed by Oxigraph into one graph, the union of its graphs, and a graph written in it.

Nothing is ever fetched.
"""

from __future__ import annotations

import re
from xml.parsers import expat

import pyoxigraph as ox
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from caretier.documents import too_deep
from caretier.errors import UnreadableInputError, visible
from caretier.json_ld import require_meaning
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

_OF_RDF = frozenset({"ID", "about", "datatype", "nodeID", "parseType", "resource"})
"""The attributes that say how RDF/XML is meant; any other one states something."""

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
    require_meaning(data)
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


def _require_whole(text: str) -> None:
    """Refuse XML that ends before it is complete, is nested without end, or holds what Oxigraph silently leaves out.

    Entities are refused before.
    """
    around: list[str] = []
    """The kinds of elements around: `rdf`, `node` or `property`, which take turns, and what is within `parts`."""

    stating: list[bool] = []
    """Whether each of them is a property that states more in its attributes, and so may have nothing within."""

    def begin(name: str, attributes: dict[str, str]) -> None:
        if len(around) >= MAXIMUM_DEPTH:
            raise too_deep()
        if stating and stating[-1]:
            raise _left_out()
        parse_type = next((value for each, value in attributes.items() if each.endswith(":parseType")), None)
        if parse_type not in (None, "Resource", "Collection"):
            told = f'parseType="{visible(str(parse_type))[:100]}" is not read, and what is within would be left out.'
            raise UnreadableInputError(told)
        if not around and name.rpartition(":")[2] == "RDF":
            kind = "rdf"
        else:
            kind = "property" if around and around[-1] in ("node", "parts") else "node"
        states = kind == "property" and any(
            not each.startswith("xml") and each.rpartition(":")[2] not in _OF_RDF for each in attributes
        )
        if states and parse_type is not None:
            raise _left_out()
        around.append("parts" if parse_type == "Resource" else kind)
        stating.append(states)

    def end(_name: str) -> None:
        around.pop()
        stating.pop()

    def within(text: str) -> None:
        if stating and stating[-1] and text.strip():
            raise _left_out()

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, within
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        told = f"it is not well-formed RDF/XML: line {error.lineno}, column {error.offset + 1}."
        raise UnreadableInputError(told) from None


def _left_out() -> UnreadableInputError:
    told = "a property with attributes that state something may have nothing within; a reader would leave them out."
    return UnreadableInputError(f"it is not well-formed RDF/XML: {told}")


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
