"""What can be queried: an ontology, what follows from it, its mappings and further data, each in a graph of its own.

The default graph is the union of them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
from rdflib import RDF, RDFS, Graph, URIRef

from caretier.errors import KnowledgeError
from caretier.hermit import logical_part, realise
from caretier.knowledge_files import read_knowledge, require_plain_xml
from caretier.limits import DEFAULT_TIME_LIMIT
from caretier.ontology import Ontology, parse_file, read_catalog

_FORMATS = {
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".nq": ox.RdfFormat.N_QUADS,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".owl": ox.RdfFormat.RDF_XML,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".trig": ox.RdfFormat.TRIG,
    ".ttl": ox.RdfFormat.TURTLE,
}
_DATASET = "urn:caretier:dataset:"


@dataclass(frozen=True, slots=True)
class ShippedQuery:
    """An example query that comes with an ontology: its name, the question it answers, and its text."""

    name: str
    question: str
    text: str


def shipped_queries(ontology: Ontology) -> list[ShippedQuery]:
    """List the example queries in the folder `queries` beside the root of an ontology."""
    queries = []
    for path in sorted((ontology.root.parent / "queries").glob("*.rq")):
        text = read_knowledge(path).decode("utf-8", "replace")
        queries.append(ShippedQuery(path.stem, text.partition("\n")[0].lstrip("# "), text))
    return queries


def queryable(ontology: Ontology, assessed: Iterable[Graph] = ()) -> ox.Store:
    """Load an ontology, every further ontology that its catalog lists (such as mappings), and assessed answers.

    Each ontology is in the graph that has its IRI as name as well.
    """
    store = ox.Store()
    add_ontology(store, ontology)
    for graph in assessed:
        store.bulk_extend(_triples(graph))
    return store


def add_ontology(store: ox.Store, ontology: Ontology) -> None:
    """Add an ontology, and every further ontology that its catalog lists."""
    add_graph(store, str(ontology.iri), ontology.graph)
    for iri, path in _further_modules(ontology):
        add_graph(store, iri, parse_file(path))


def inferred_name(ontology: Ontology) -> str:
    """Name the graph of what follows from an ontology."""
    return f"{ontology.iri}/inferred"


def add_inferred(store: ox.Store, ontology: Ontology, time_limit: float = DEFAULT_TIME_LIMIT) -> None:
    """Add what follows from an ontology and is not stated in it: superclasses, and classes of individuals.

    The reasoner finds them, which takes seconds; raises ReasonerError.
    """
    found = realise(logical_part(ontology.graph), time_limit)
    inferred = Graph()
    for predicate, classes in ((RDFS.subClassOf, found.superclasses), (RDF.type, found.types)):
        for name, above in classes.items():
            for each in above - {name}:
                inferred.add((URIRef(name), predicate, URIRef(each)))
    add_graph(store, inferred_name(ontology), inferred - ontology.graph)


def add_folder(store: ox.Store, folder: Path) -> None:
    """Add every RDF file of a folder and of the folders in it.

    A file is in a graph that is named by its path; graphs with names of their own keep them. KnowledgeError names a
    file that cannot be read.
    """
    for path in sorted(folder.rglob("*")):
        if path.suffix in _FORMATS and path.is_file():
            add_file(store, path, path.relative_to(folder).as_posix())


def add_file(store: ox.Store, path: Path, place: str) -> None:
    """Add a file of RDF, in a graph that is named by its place; graphs with names of their own keep them."""
    name = ox.NamedNode(_DATASET + quote(place))
    syntax = _FORMATS[path.suffix]
    if syntax == ox.RdfFormat.RDF_XML:
        require_plain_xml(place, read_knowledge(path))
    try:
        quads = ox.parse(path=path, format=syntax, rename_blank_nodes=True)
        store.bulk_extend(_twice(quads, name))
    except (SyntaxError, ValueError, OSError) as error:
        raise KnowledgeError(f"{place} cannot be read: {' '.join(str(error).split())[:300]}") from None


def graph_sizes(store: ox.Store) -> dict[str, int]:
    """Count the triples of each graph; the name of the default graph is empty."""
    names = [each for each in store.named_graphs() if isinstance(each, ox.NamedNode)]
    sizes = {"": sum(1 for _ in store.quads_for_pattern(None, None, None, ox.DefaultGraph()))}
    for name in sorted(names, key=str):
        sizes[name.value] = sum(1 for _ in store.quads_for_pattern(None, None, None, name))
    return sizes


def _further_modules(ontology: Ontology) -> Iterator[tuple[str, Path]]:
    for iri, path in sorted(read_catalog(ontology.root.parent).items()):
        if path not in ontology.files and path.parent == ontology.root.parent and path.is_file():
            yield iri, path


def add_graph(store: ox.Store, name: str, graph: Graph) -> None:
    """Add a graph under a name, and to the default graph."""
    store.bulk_extend(_twice(_triples(graph), ox.NamedNode(name)))
    store.add_graph(ox.NamedNode(name))


def _triples(graph: Graph) -> Iterator[ox.Quad]:
    return iter(ox.parse(graph.serialize(format="nt", encoding="utf-8"), format=ox.RdfFormat.N_TRIPLES))


def _twice(quads: Iterable[ox.Quad], name: ox.NamedNode) -> Iterator[ox.Quad]:
    """Put each triple into a named graph, the one given unless it is in another, and into the default graph."""
    for quad in quads:
        graph = name if isinstance(quad.graph_name, ox.DefaultGraph) else quad.graph_name
        yield ox.Quad(quad.subject, quad.predicate, quad.object, graph)
        yield ox.Quad(quad.subject, quad.predicate, quad.object)
