"""One canonical Turtle for ontologies and shapes: the same statements always give the same text.

Blank nodes are written where they are used and ordered by their own text, never by a label. The members of
intersections, unions and the like are sorted, since their order means nothing; every other list keeps its order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from rdflib import DCTERMS, OWL, PROV, RDF, RDFS, SH, SKOS, VANN, XSD, BNode, Graph, Literal, URIRef
from rdflib.compare import to_canonical_graph
from rdflib.term import Node

from caretier.vocabulary import CT

_PREFIXES = {
    "cs": "https://w3id.org/caretier/shapes#",
    "ct": str(CT),
    "dcterms": str(DCTERMS),
    "owl": str(OWL),
    "prov": str(PROV),
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "sh": str(SH),
    "skos": str(SKOS),
    "vann": str(VANN),
    "xsd": str(XSD),
}
_KINDS = (
    OWL.Ontology,
    OWL.AnnotationProperty,
    OWL.ObjectProperty,
    OWL.DatatypeProperty,
    RDFS.Datatype,
    OWL.Class,
    SH.NodeShape,
    SH.PropertyShape,
    SH.SPARQLConstraint,
    SH.SPARQLRule,
    OWL.NamedIndividual,
)
_FIRST = (RDF.type, RDFS.label, SKOS.definition, OWL.onProperty, SH.path)
UNORDERED = frozenset(
    {
        OWL.disjointUnionOf,
        OWL.distinctMembers,
        OWL.hasKey,
        OWL.intersectionOf,
        OWL.members,
        OWL.oneOf,
        OWL.unionOf,
        OWL.withRestrictions,
    }
)
"""What has a list for its value whose order means nothing to OWL."""

_WIDTH = 100
_LOCAL_NAME = re.compile(r"[A-Za-z_]([A-Za-z0-9_-]*[A-Za-z0-9_])?")
_LABEL = re.compile(r"[A-Za-z0-9]+")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_UNSAFE = re.compile(r'[\x00-\x20<>"{}|^`\\]')


def write_turtle(graph: Graph) -> str:
    """Write a graph as canonical Turtle.

    >>> graph = Graph().parse(data="<urn:b> <urn:p> 2 , 1 . <urn:a> a <urn:C> .", format="turtle")
    >>> print(write_turtle(graph), end="")
    <urn:a> a <urn:C> .
    <BLANKLINE>
    <urn:b> <urn:p> 1 , 2 .
    """
    return _Writer(graph).text()


class _Writer:
    """Writes one graph; holds its prefixes and the texts of its blank nodes."""

    def __init__(self, graph: Graph) -> None:
        labelled = _labelled(graph)
        if labelled:
            graph = _with_stable_labels(graph)
            labelled = _labelled(graph)
        self._graph = graph
        self._used: set[str] = set()
        self._prefixes = {str(uri): prefix for prefix, uri in graph.namespaces() if prefix and prefix not in _PREFIXES}
        self._prefixes |= {uri: prefix for prefix, uri in _PREFIXES.items()}
        self._labels: dict[Node, str] = dict.fromkeys(labelled, "_:")
        self._labels = self._labelled_after_users()

    def text(self) -> str:
        used = set(self._graph.objects())
        subjects = [
            node
            for node in set(self._graph.subjects())
            if isinstance(node, URIRef) or node in self._labels or node not in used
        ]
        blocks = sorted((self._rank(node), self._subject(node), self._block(node)) for node in subjects)
        body = "\n\n".join(block for _, _, block in blocks)
        named = {prefix: uri for uri, prefix in self._prefixes.items() if prefix in self._used}
        head = "".join(f"@prefix {prefix}: <{uri}> .\n" for prefix, uri in sorted(named.items()))
        return f"{head}\n{body}\n" if head else f"{body}\n"

    def _labelled_after_users(self) -> dict[Node, str]:
        """Label blank nodes after the term that uses them, so that an edit elsewhere does not change their labels."""
        alike: dict[str, list[Node]] = {}
        for node in self._labels:
            users = sorted(str(user) for user in self._graph.subjects(None, node) if isinstance(user, URIRef))
            words = _LABEL.findall(users[0]) if users else []
            alike.setdefault(words[-1] if words else "b", []).append(node)
        for nodes in alike.values():
            nodes.sort(key=lambda node: (self._content(node, 1), str(node)))
        return {node: f"_:{name}-{index}" for name, nodes in alike.items() for index, node in enumerate(nodes, 1)}

    def _rank(self, node: Node) -> int:
        if isinstance(node, BNode):
            return len(_KINDS) + 1
        kinds = set(self._graph.objects(node, RDF.type))
        return next((index for index, kind in enumerate(_KINDS) if kind in kinds), len(_KINDS))

    def _subject(self, node: Node) -> str:
        return self._term(node) if isinstance(node, URIRef) else self._labels.get(node, "[]")

    def _block(self, node: Node) -> str:
        return f"{self._subject(node)} {self._content(node, 1)} ."

    def _content(self, node: Node, depth: int) -> str:
        return f" ;\n{'  ' * depth}".join(self._lines(node, depth))

    def _lines(self, node: Node, depth: int) -> list[str]:
        """Write predicates and objects of a node, one text for each predicate."""
        indent = "\n" + "  " * (depth + 1)
        lines = []
        for predicate in sorted(set(self._graph.predicates(node)), key=self._predicate_key):
            values = [self._value(value, depth + 1, predicate) for value in self._graph.objects(node, predicate)]
            values.sort(key=_named_first)
            name = "a" if predicate == RDF.type else self._term(predicate)
            if len(values) > 1 and (sum(map(len, values)) > _WIDTH or any("\n" in value for value in values)):
                lines.append(f"{name}{indent}" + f" ,{indent}".join(values))
            else:
                lines.append(f"{name} {' , '.join(values)}")
        return lines

    def _predicate_key(self, predicate: Node) -> tuple[int, str]:
        return (_FIRST.index(predicate) if predicate in _FIRST else len(_FIRST), str(predicate))

    def _value(self, value: Node, depth: int, predicate: Node) -> str:
        if not isinstance(value, BNode):
            return self._term(value)
        if value in self._labels:
            return self._labels[value]
        if (cells := self._list(value)) is not None:
            members = [self._value(cell, depth + 1, RDF.first) for cell in cells]
            if predicate in UNORDERED:
                members.sort(key=_named_first)
            return self._bracketed(members, depth)
        lines = self._lines(value, depth + 1)
        flat = " ; ".join(lines)
        if "\n" not in flat and len(flat) <= _WIDTH:
            return f"[ {flat} ]"
        indent = "\n" + "  " * (depth + 1)
        return f"[{indent}" + f" ;{indent}".join(lines) + f"\n{'  ' * depth}]"

    def _list(self, node: Node) -> list[Node] | None:
        """Return the members of a well-formed list that nothing else is said of; None for any other node."""
        members: list[Node] = []
        while node != RDF.nil:
            said = dict(self._graph.predicate_objects(node))
            if node in self._labels or len(list(self._graph.triples((node, None, None)))) != 2:
                return None
            if set(said) != {RDF.first, RDF.rest} or isinstance(node, URIRef):
                return None
            members.append(said[RDF.first])
            node = said[RDF.rest]
        return members

    def _bracketed(self, members: Iterable[str], depth: int) -> str:
        parts = list(members)
        if sum(map(len, parts)) <= _WIDTH and not any("\n" in part for part in parts):
            return f"( {' '.join(parts)} )"
        indent = "\n" + "  " * (depth + 1)
        return f"({indent}{indent.join(parts)}\n{'  ' * depth})"

    def _term(self, term: Node) -> str:
        if isinstance(term, Literal):
            return self._literal(term)
        text = str(term)
        for namespace in sorted(self._prefixes, key=len, reverse=True):
            local = text[len(namespace) :]
            if text.startswith(namespace) and _LOCAL_NAME.fullmatch(local):
                self._used.add(self._prefixes[namespace])
                return f"{self._prefixes[namespace]}:{local}"
        return "<" + _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04X}", text) + ">"

    def _literal(self, literal: Literal) -> str:
        if literal.datatype == XSD.integer and _INTEGER.fullmatch(literal):
            return str(literal)
        if literal.datatype == XSD.boolean and str(literal) in ("true", "false"):
            return str(literal)
        text = str(literal).replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\t", "\\t")
        quoted = f'"""{text}"""' if "\n" in text else f'"{text}"'
        if literal.language:
            return f"{quoted}@{literal.language}"
        if literal.datatype is not None and literal.datatype != XSD.string:
            return f"{quoted}^^{self._term(literal.datatype)}"
        return quoted


def _labelled(graph: Graph) -> set[Node]:
    """Return the blank nodes that need a label: those used more than once, and those that only lead to each other."""
    uses = Counter(value for value in graph.objects() if isinstance(value, BNode))
    shared: set[Node] = {node for node, count in uses.items() if count > 1}
    reached = {node for node in graph.subjects() if not isinstance(node, BNode) or node not in uses} | shared
    waiting = list(reached)
    while waiting:
        for value in graph.objects(waiting.pop()):
            if isinstance(value, BNode) and value not in reached:
                reached.add(value)
                waiting.append(value)
    return shared | {node for node in uses if node not in reached}


def _with_stable_labels(graph: Graph) -> Graph:
    """Label blank nodes by what is said of them."""
    stable = Graph(bind_namespaces="none")
    for prefix, namespace in graph.namespaces():
        stable.bind(prefix, namespace)
    for triple in to_canonical_graph(graph):
        stable.add(triple)
    return stable


def _named_first(text: str) -> tuple[bool, str]:
    return (text.startswith("["), text)
