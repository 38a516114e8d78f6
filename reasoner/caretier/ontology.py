"""An ontology read from its root file: the imports resolved through its catalog, offline, into one graph.

A root names its shapes with `sh:shapesGraph`; they are found through the same catalog.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree

from rdflib import OWL, RDF, SH, Graph, URIRef
from rdflib.exceptions import ParserError
from rdflib.term import Node

from caretier.errors import KnowledgeError
from caretier.knowledge_files import read_knowledge, require_plain_xml
from caretier.vocabulary import local_name

_CATALOG = "catalog-v001.xml"
_CATALOG_ENTRY = "{urn:oasis:names:tc:entity:xmlns:xml:catalog}uri"
_FORMATS = {".ttl": "turtle", ".owl": "xml", ".rdf": "xml"}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|[/\\]")
"""How a URL or an absolute path begins."""

_CALLS = re.compile(r"(?i)service|\\u")
_ROLES = ("answers", "derivation", "disposition", "curation")


@dataclass(frozen=True)
class Ontology:
    """A root ontology with everything it imports.

    `graph` is the union of its modules; `modules` gives the file of each ontology IRI; `shapes` the shapes graph of
    each role: answers, derivation, disposition, curation. `sha256` is taken over every file, shapes and
    catalog included.
    Treat the graphs as read-only.
    """

    root: Path
    iri: URIRef
    version: str
    sha256: str
    graph: Graph
    modules: Mapping[URIRef, Path]
    shapes: Mapping[str, Graph]
    files: tuple[Path, ...]


def load_ontology(root: Path) -> Ontology:
    """Read a root ontology with its imports and shapes, without any network.

    Raises KnowledgeError that names the file or the import that cannot be read.
    """
    path = root.resolve()
    if path.is_dir():
        raise KnowledgeError(f"{path} is a folder; name the root file of the ontology in it.")
    read: dict[Path, bytes] = {}
    catalog = read_catalog(path.parent, read)
    graphs: dict[URIRef, Graph] = {}
    modules: dict[URIRef, Path] = {}
    iri = _load_module(path, None, catalog, graphs, modules, read)
    graph = Graph()
    for module in graphs.values():
        for prefix, namespace in module.namespaces():
            graph.bind(prefix, namespace)
        graph += module
    shape_files = {}
    for shapes_iri in sorted(graph.objects(iri, SH.shapesGraph), key=str):
        shape_files[local_name(shapes_iri)] = _resolve(shapes_iri, catalog, path)
    if missing := [role for role in _ROLES if role not in shape_files]:
        raise KnowledgeError(
            f"{path} names no shapes for {', '.join(missing)}: add an annotation sh:shapesGraph to the ontology "
            f"with the IRI of a shapes file that is listed in {_CATALOG}."
        )
    shapes = {role: _parse_shapes(file, read) for role, file in shape_files.items()}
    return Ontology(
        root=path,
        iri=iri,
        version=str(graph.value(iri, OWL.versionInfo) or "unversioned"),
        sha256=_digest_of(read),
        graph=graph,
        modules=MappingProxyType(modules),
        shapes=MappingProxyType(shapes),
        files=tuple(sorted(read)),
    )


def read_catalog(folder: Path, read: dict[Path, bytes] | None = None) -> dict[str, Path]:
    """Read the catalog of a folder: which file stands for which IRI; empty when there is none.

    `read` is told the bytes, as in `parse_file`.
    """
    path = folder / _CATALOG
    if not path.is_file():
        return {}
    content = read_knowledge(path)
    require_plain_xml(path, content)
    try:
        entries = ElementTree.fromstring(content).iter(_CATALOG_ENTRY)  # noqa: S314 -- its entities are plain
        found = {entry.attrib["name"]: _place(path, entry.attrib["uri"]) for entry in entries}
    except (ElementTree.ParseError, KeyError) as error:
        raise KnowledgeError(f"{path} is not a catalog as Protégé writes it: {error}") from error
    if found and read is not None:
        read[path] = content
    return found


def parse_file(path: Path, read: dict[Path, bytes] | None = None) -> Graph:
    """Read one Turtle or RDF/XML file of an ontology; KnowledgeError names the file and the place of a fault.

    `read` is told the bytes that were parsed: a file that is saved at that moment may have others when read again.
    """
    syntax = _FORMATS.get(path.suffix)
    if syntax is None:
        raise KnowledgeError(f"{path}: an ontology has to be Turtle (.ttl) or RDF/XML (.owl, .rdf); save it as Turtle.")
    content = read_knowledge(path)
    if syntax == "xml":
        require_plain_xml(path, content)
    if read is not None:
        read[path] = content
    try:
        return Graph().parse(data=content, format=syntax, publicID=path.absolute().as_uri())
    except UnicodeDecodeError as error:
        raise KnowledgeError(f"{path} cannot be read: {error}") from error
    except (SyntaxError, ParserError, ValueError) as error:
        raise KnowledgeError(f"{path} is not well-formed: {syntax_fault(error)}") from error
    except Exception as error:  # rdflib's parsers raise errors of their XML and Turtle readers, which share no base
        raise KnowledgeError(f"{path} cannot be parsed: {syntax_fault(error)}") from error


def _parse_shapes(path: Path, read: dict[Path, bytes]) -> Graph:
    """Read a file of shapes, and refuse SPARQL in it that could call a server, and tell it what people answered.

    The word is refused wherever it stands: SPARQL lets it be spelt in more ways than a pattern can know.
    """
    graph = parse_file(path, read)
    for predicate in (SH.select, SH.ask, SH.construct, SH.update, SH.prefix, SH.namespace):
        for text in graph.objects(None, predicate):
            if _CALLS.search(str(text)):
                raise KnowledgeError(
                    f"{path} has SPARQL with the word SERVICE, or with \\u; nothing is called from shapes, so leave it "
                    "out, of names and comments as well."
                )
    return graph


def syntax_fault(error: Exception) -> str:
    """Say in one line what a parser found wrong and where."""
    lines = getattr(error, "lines", None)
    message = getattr(error, "_why", None) or getattr(error, "message", None) or str(error) or type(error).__name__
    text = " ".join(str(message).split())
    if isinstance(lines, int):
        text = f"line {lines + 1}: {text}"
    return text if len(text) <= 300 else text[:297] + "..."


def _load_module(
    path: Path,
    expected: Node | None,
    catalog: Mapping[str, Path],
    graphs: dict[URIRef, Graph],
    modules: dict[URIRef, Path],
    read: dict[Path, bytes],
) -> URIRef:
    graph = parse_file(path, read)
    headers = [header for header in graph.subjects(RDF.type, OWL.Ontology) if isinstance(header, URIRef)]
    if len(headers) != 1:
        raise KnowledgeError(f"{path} has to declare exactly one owl:Ontology with an IRI; it declares {len(headers)}.")
    iri = headers[0]
    if expected is not None and iri != expected:
        raise KnowledgeError(f"{path} declares the ontology <{iri}>, but is imported as <{expected}>; make them equal.")
    graphs[iri], modules[iri] = graph, path
    for imported in sorted(graph.objects(iri, OWL.imports), key=str):
        if imported not in graphs:
            _load_module(_resolve(imported, catalog, path), imported, catalog, graphs, modules, read)
    return iri


def _place(catalog: Path, uri: str) -> Path:
    """Return the file that a catalog names: by its path from there, which may lead out of the folder but not online."""
    if _ADDRESS.match(uri):
        raise KnowledgeError(
            f'{catalog} names "{uri}", which is no path from its folder; nothing is fetched, so put a copy beside it '
            "and name that."
        )
    return (catalog.parent / uri).resolve()


def _resolve(iri: Node, catalog: Mapping[str, Path], asker: Path) -> Path:
    path = catalog.get(str(iri))
    if path is None:
        raise KnowledgeError(
            f"{asker} needs <{iri}>, which {_CATALOG} beside the root does not list; add a line that gives its file."
        )
    return path


def digest(files: tuple[Path, ...]) -> str:
    """Hash the names and bytes of files; where they lie does not matter, neither all of them nor each to the other."""
    return _digest_of({file: file.read_bytes() for file in files})


def _digest_of(contents: Mapping[Path, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted((file.name, content) for file, content in contents.items()):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
