"""What the SPARQL endpoint says of itself: its service description (SPARQL 1.1) and the VoID of its data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyoxigraph as ox

from caretier.sparql import GRAPH_SYNTAXES

_PREFIXES = {
    "dcterms": "http://purl.org/dc/terms/",
    "ent": "http://www.w3.org/ns/entailment/",
    "formats": "http://www.w3.org/ns/formats/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_FORMATS = (
    "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
    "Turtle", "N-Triples", "RDF_XML", "JSON-LD", "TriG", "N-Quads",
)  # fmt: skip
"""The names of the formats of answers at w3.org/ns/formats."""

Triples = Iterator[ox.Triple]


@dataclass(frozen=True, slots=True)
class Contents:
    """What there is to query.

    `stated` and `inferred` are the names of the graphs of the ontology, in its `version`, and of what follows from it;
    `sizes` are the numbers of triples of all graphs, the default graph under no name.
    """

    stated: str
    inferred: str
    version: str
    sizes: Mapping[str, int]


def described(what: str, contents: Contents, endpoint: str, syntax: str) -> bytes:
    """Describe the "service", or the "data" in VoID, each graph as a part of the whole."""
    triples = _service(endpoint, contents) if what == "service" else _data(endpoint, contents)
    return ox.serialize(triples, format=GRAPH_SYNTAXES[syntax], prefixes=_PREFIXES) or b""


def _service(endpoint: str, contents: Contents) -> Triples:
    service, dataset = ox.NamedNode(endpoint), ox.BlankNode("dataset")
    yield _a(service, "sd:Service")
    yield ox.Triple(service, _term("sd:endpoint"), service)
    for language in ("sd:SPARQL10Query", "sd:SPARQL11Query"):
        yield ox.Triple(service, _term("sd:supportedLanguage"), _term(language))
    for name in _FORMATS:
        yield ox.Triple(service, _term("sd:resultFormat"), _term(f"formats:{name}"))
    yield ox.Triple(service, _term("sd:feature"), _term("sd:UnionDefaultGraph"))
    yield ox.Triple(service, _term("sd:defaultEntailmentRegime"), _term("ent:Simple"))
    yield ox.Triple(service, _term("sd:defaultDataset"), dataset)
    yield _a(dataset, "sd:Dataset")
    for name, size in contents.sizes.items():
        graph = ox.BlankNode()
        if name == "":
            yield ox.Triple(dataset, _term("sd:defaultGraph"), graph)
        else:
            named = ox.BlankNode()
            yield ox.Triple(dataset, _term("sd:namedGraph"), named)
            yield _a(named, "sd:NamedGraph")
            yield ox.Triple(named, _term("sd:name"), ox.NamedNode(name))
            yield ox.Triple(named, _term("sd:graph"), graph)
            if name == contents.inferred:
                yield ox.Triple(named, _term("sd:entailmentRegime"), _term("ent:OWL-Direct"))
        yield _a(graph, "sd:Graph")
        yield from _told(graph, contents, name, size)


def _data(endpoint: str, contents: Contents) -> Triples:
    address = endpoint.removesuffix("sparql") + ".well-known/void"
    whole = ox.NamedNode(address + "#dataset")
    yield _a(ox.NamedNode(address), "void:DatasetDescription")
    yield ox.Triple(ox.NamedNode(address), ox.NamedNode("http://xmlns.com/foaf/0.1/topic"), whole)
    yield _a(whole, "void:Dataset")
    yield ox.Triple(whole, _term("void:sparqlEndpoint"), ox.NamedNode(endpoint))
    for name, size in contents.sizes.items():
        if name == "":
            yield from _told(whole, contents, name, size)
            continue
        part = ox.NamedNode(name)
        yield ox.Triple(whole, _term("void:subset"), part)
        yield _a(part, "void:Dataset")
        yield from _told(part, contents, name, size)


def _told(graph: ox.NamedNode | ox.BlankNode, contents: Contents, name: str, size: int) -> Triples:
    yield ox.Triple(graph, _term("void:triples"), ox.Literal(size))
    words = {
        "": "All graphs together: what is stated, what follows from it, and everything else.",
        contents.stated: f"The ontology as it is stated, version {contents.version}.",
        contents.inferred: "What follows from the ontology and is not stated in it, as the reasoner HermiT found: "
        "superclasses, and classes of individuals.",
    }
    if name in words:
        yield ox.Triple(graph, _term("dcterms:description"), ox.Literal(words[name], language="en"))


def _a(subject: ox.NamedNode | ox.BlankNode, kind: str) -> ox.Triple:
    return ox.Triple(subject, _term("rdf:type"), _term(kind))


def _term(name: str) -> ox.NamedNode:
    prefix, _, local = name.partition(":")
    return ox.NamedNode(_PREFIXES[prefix] + local)
