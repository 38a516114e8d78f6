"""A file of an ontology as an editor saved it, brought to the one text that its statements have.

Protégé saves through the OWL API, which writes what it read in another way. What OWL reads the same either way is
undone, so that a file in which nothing was changed comes back byte for byte:

- The order of statements, blank nodes and members of sets; banners, a base, the default prefix: the canonical Turtle
  has an order of its own and knows none of these.
- Lost or renamed prefixes: those of common vocabularies are fixed, and that of a domain is what a module that the
  catalog lists names with `vann:preferredNamespacePrefix` and `vann:preferredNamespaceUri`. It is given to each file
  that says something of the domain's terms.
- Numbers and truth values in another spelling: each is written in its canonical one, with the same value.
- Statements that hold in both directions and were turned round, such as `owl:disjointWith` between two names.
- List cells that are said to be lists.
- Stubs. When the OWL API cannot find an import it declares each term that it meets, by a guess. A declaration is left
  out only where that loses nothing: a module that this file imports (found by the catalog, directly or through others,
  and not itself importing this file) declares the same term as the same kind, and this file does not claim by
  `rdfs:isDefinedBy` to define it. A guess at an annotation property also goes where that module declares an object or
  data property, since nothing may be both in OWL 2 DL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
from rdflib import OWL, RDF, RDFS, VANN, XSD, BNode, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.term import Node

from caretier.errors import KnowledgeError, UnreadableInputError
from caretier.ontology import read_catalog
from caretier.ontology_syntax import SavedOntology, parse_turtle, read_saved
from caretier.rdf_documents import rdf_term
from caretier.turtle import UNORDERED, write_turtle

_DECLARATIONS = frozenset(
    {
        OWL.AnnotationProperty,
        OWL.Class,
        OWL.DatatypeProperty,
        OWL.NamedIndividual,
        OWL.ObjectProperty,
        RDFS.Datatype,
    }
)
_SYMMETRIC = frozenset(
    {
        OWL.differentFrom,
        OWL.disjointWith,
        OWL.equivalentClass,
        OWL.equivalentProperty,
        OWL.propertyDisjointWith,
        OWL.sameAs,
    }
)
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_REAL = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"
_SPELLINGS = {
    XSD.boolean: re.compile(r"true|false|1|0"),
    XSD.decimal: re.compile(_REAL),
    XSD.double: re.compile(_REAL + r"([eE][+-]?[0-9]{1,9})?"),
    XSD.float: re.compile(_REAL + r"([eE][+-]?[0-9]{1,9})?"),
    XSD.integer: re.compile(r"[+-]?[0-9]+"),
}


@dataclass(frozen=True, slots=True)
class FormattedFile:
    """The canonical text of a file.

    `target` is the Turtle file that it belongs in: the file itself, or for RDF/XML the file beside it. `comments` are
    line and text of the comments that the text leaves out.
    """

    source: Path
    target: Path
    syntax: str
    text: str
    comments: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Module:
    """What a file says that bears on others: its IRI, the IRIs it imports, the terms it declares, the prefix it names.

    A declaration is a pair of term and kind; `prefix` a pair of prefix and namespace.
    """

    iri: str | None
    imports: frozenset[str]
    declared: frozenset[tuple[str, str]]
    prefix: tuple[str, str] | None


def bring_to_form(paths: Iterable[Path]) -> tuple[FormattedFile, ...]:
    """Bring files in Turtle or RDF/XML to their canonical text; nothing is written.

    Raises KnowledgeError when one is in another syntax, holds something that could not be written back unchanged, or
    would go into a file in which another ontology stands.
    """
    known: dict[Path, tuple[_Module, ...]] = {}
    done = []
    for path in paths:
        if path.parent not in known:
            known[path.parent] = tuple(_neighbours(path.parent))
        done.append(_formatted(path, known[path.parent]))
    return tuple(done)


def _formatted(path: Path, neighbours: Sequence[_Module]) -> FormattedFile:
    saved = read_saved(path)
    module = _module(saved)
    target = path.with_suffix(".ttl")
    if target != path and target.exists() and (module.iri is None or _module(read_saved(target)).iri != module.iri):
        raise KnowledgeError(
            f"{path} would go into {target}, where another ontology stands; save it under another name."
        )
    try:
        graph = _restored(saved)
        for stub in _stubs(graph, module, neighbours):
            graph.remove(stub)
        for prefix, namespace in saved.prefixes.items():
            graph.bind(prefix, namespace)
        for prefix, namespace in sorted({each.prefix for each in (*neighbours, module) if each.prefix}):
            if any(str(subject).startswith(namespace) for subject in graph.subjects()):
                graph.bind(prefix, namespace, override=True, replace=True)
        text = write_turtle(graph)
        same = isomorphic(_without_order(_restored(parse_turtle(text))), _without_order(graph))
    except (SyntaxError, ValueError, RecursionError, UnreadableInputError) as error:
        raise KnowledgeError(f"{path} cannot be formatted: {' '.join(str(error).split())[:300]}.") from None
    if not same:
        raise KnowledgeError(f"{path} holds statements that would not survive; it is left as it is.")
    return FormattedFile(path, target, saved.syntax, text, saved.comments)


def _neighbours(folder: Path) -> Iterator[_Module]:
    """Read the files that the catalog of a folder lists; one that cannot be read vouches for nothing."""
    for file in sorted(set(read_catalog(folder).values())):
        with suppress(KnowledgeError):
            yield _module(read_saved(file))


def _module(saved: SavedOntology) -> _Module:
    headers: set[str] = set()
    imports: set[str] = set()
    declared: set[tuple[str, str]] = set()
    said: dict[tuple[str, str], str] = {}
    for statement in saved.statements:
        subject, predicate, value = statement.subject, statement.predicate.value, statement.object
        if not isinstance(subject, ox.NamedNode) or isinstance(value, ox.BlankNode | ox.Triple):
            continue
        if predicate == str(RDF.type) and value.value == str(OWL.Ontology):
            headers.add(subject.value)
        elif predicate == str(RDF.type):
            declared.add((subject.value, value.value))
        elif predicate == str(OWL.imports):
            imports.add(value.value)
        said[subject.value, predicate] = value.value
    iri = headers.pop() if len(headers) == 1 else None
    prefix = said.get((iri or "", str(VANN.preferredNamespacePrefix)), "")
    namespace = said.get((iri or "", str(VANN.preferredNamespaceUri)), "")
    named = (prefix, namespace) if namespace and _PREFIX.fullmatch(prefix) else None
    return _Module(iri, frozenset(imports), frozenset(declared), named)


def _stubs(graph: Graph, module: _Module, neighbours: Sequence[_Module]) -> list[tuple[Node, Node, Node]]:
    """Find the declarations that an imported module makes as well."""
    by_iri = {each.iri: each for each in neighbours if each.iri}
    elsewhere: set[tuple[str, str]] = set()
    for iri in _reached(module.imports, by_iri):
        if iri != module.iri and module.iri not in _reached(by_iri[iri].imports, by_iri):
            elsewhere |= by_iri[iri].declared
    elsewhere |= {
        (term, str(OWL.AnnotationProperty))
        for term, kind in elsewhere
        if kind in (str(OWL.ObjectProperty), str(OWL.DatatypeProperty))
    }
    return [
        (term, RDF.type, kind)
        for term, kind in graph.subject_objects(RDF.type)
        if kind in _DECLARATIONS
        and (str(term), str(kind)) in elsewhere
        and (term, RDFS.isDefinedBy, URIRef(module.iri or "")) not in graph
    ]


def _reached(imports: Iterable[str], modules: Mapping[str, _Module]) -> frozenset[str]:
    """Return the IRIs of the modules that imports lead to, directly or through others."""
    reached: set[str] = set()
    waiting = list(imports)
    while waiting:
        iri = waiting.pop()
        if iri in modules and iri not in reached:
            reached.add(iri)
            waiting.extend(modules[iri].imports)
    return frozenset(reached)


def _restored(saved: SavedOntology) -> Graph:
    """Take statements into a graph, in one way where OWL reads two ways of writing them the same."""
    graph = Graph(bind_namespaces="none")
    for statement in saved.statements:
        subject, predicate, value = map(rdf_term, (statement.subject, statement.predicate, statement.object))
        if predicate in _SYMMETRIC:
            subject, value = _in_order(subject, value)
        graph.add((subject, predicate, _canonical_value(value)))
    for cell in list(graph.subjects(RDF.type, RDF.List)):
        if isinstance(cell, BNode) and (cell, RDF.rest, None) in graph:
            graph.remove((cell, RDF.type, RDF.List))
    for axiom, predicate in list(graph.subject_objects(OWL.annotatedProperty)):
        source, target = graph.value(axiom, OWL.annotatedSource), graph.value(axiom, OWL.annotatedTarget)
        if predicate in _SYMMETRIC and source is not None and target is not None:
            source, target = _in_order(source, target)
            graph.set((axiom, OWL.annotatedSource, source))
            graph.set((axiom, OWL.annotatedTarget, target))
    return graph


def _in_order(first: Node, second: Node) -> tuple[Node, Node]:
    """Put the IRI first that sorts first, as the OWL API does; anything else stays in its place."""
    if isinstance(first, URIRef) and isinstance(second, URIRef) and str(second) < str(first):
        return second, first
    return first, second


def _canonical_value(value: Node) -> Node:
    """Spell a number or a truth value as XML Schema's canonical form does; leave what is none as it stands."""
    if not isinstance(value, Literal) or value.datatype not in _SPELLINGS:
        return value
    text = str(value)
    if not _SPELLINGS[value.datatype].fullmatch(text):
        return value
    if value.datatype == XSD.boolean:
        text = {"1": "true", "0": "false"}.get(text, text)
    else:
        number = Decimal(text)
        if value.datatype == XSD.integer:
            text = f"{number or Decimal(0):f}"
        elif value.datatype == XSD.decimal:
            whole, _, fraction = f"{number or Decimal(0):f}".partition(".")
            text = f"{whole}.{fraction.rstrip('0') or '0'}"
        else:
            sign, digits, _ = number.as_tuple()
            shown = "".join(map(str, digits)).rstrip("0") or "0"
            text = f"{'-' * sign}{shown[0]}.{shown[1:] or '0'}E{number.adjusted() if number else 0}"
    return Literal(text, datatype=value.datatype, normalize=False)


def _without_order(graph: Graph) -> Graph:
    """Replace each list whose order means nothing by its members."""
    plain = Graph() + graph
    for predicate in UNORDERED:
        for subject, members in graph.subject_objects(predicate):
            plain.remove((subject, predicate, members))
            for member in graph.items(members):
                plain.add((subject, predicate, member))
            while members != RDF.nil and isinstance(members, BNode):
                following = graph.value(members, RDF.rest)
                plain.remove((members, None, None))
                members = following if following is not None else RDF.nil
    return plain
