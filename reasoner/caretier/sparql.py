"""Read-only SPARQL over an ontology and assessments, on an Oxigraph store in memory.

Nothing is fetched and nothing is changed: updates are no queries, and a query that would call another service is
refused, wherever in it the call stands.
"""

from __future__ import annotations

import multiprocessing
import re
import resource
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pyoxigraph as ox
from rdflib import Graph
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from caretier.errors import QueryError
from caretier.ontology import Ontology, parse_file, read_catalog
from caretier.shapes import ntriples, store_of

_STANDARD = {
    "dcterms": "http://purl.org/dc/terms/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_SOLUTIONS = {
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
}


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
        text = path.read_text(encoding="utf-8")
        queries.append(ShippedQuery(path.stem, text.splitlines()[0].lstrip("# "), text))
    return queries


def queryable(ontology: Ontology, assessed: Iterable[Graph] = ()) -> ox.Store:
    """Load an ontology, every further ontology that its catalog lists (such as mappings), and assessed answers."""
    graphs = [ontology.graph]
    known = set(ontology.files)
    graphs += [parse_file(path) for path in _further_modules(ontology, known)]
    return store_of(ntriples([*graphs, *assessed]))


def run_query(store: ox.Store, query: str, prefixes: dict[str, str], syntax: str) -> str:
    """Run a query and write what it finds: csv, tsv, json, xml or table; a graph is always written as Turtle.

    `prefixes` are declared for the query unless it declares them itself. Raises QueryError.
    """
    text = with_prefixes(query.replace("\r", "\n"), _STANDARD | prefixes)
    refuse_calls(text)
    try:
        results: Any = store.query(text)
        if isinstance(results, ox.QueryTriples):
            written = ox.serialize(results, format=ox.RdfFormat.TURTLE, prefixes=_STANDARD | prefixes)
        elif isinstance(results, ox.QueryBoolean) and syntax == "table":
            return "true\n" if results else "false\n"
        elif syntax == "table":
            return _table(results, _STANDARD | prefixes)
        else:
            written = results.serialize(format=_SOLUTIONS[syntax])
    except (SyntaxError, ValueError, OSError, RuntimeError) as error:
        raise QueryError(f"The query cannot be run: {' '.join(str(error).split())[:300]}") from None
    assert written is not None
    return bytes(written).decode("utf-8")


def run_query_within(store: ox.Store, query: str, prefixes: dict[str, str], syntax: str, time_limit: float) -> str:
    """Run a query in a process of its own that is ended at the time limit (seconds); see `run_query`.

    From the moment it starts on the query, that process can open no file and no connection.
    """
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(sending, store, query, prefixes, syntax), daemon=True)
    process.start()
    sending.close()
    try:
        if not receiving.poll(time_limit):
            raise QueryError(f"The query was stopped after {time_limit:g} seconds; make it narrower.")
        error, text = receiving.recv()
    except EOFError:
        raise QueryError("The query ended without an answer: too much memory, or nested too deeply.") from None
    finally:
        process.kill()
        process.join()
    if error:
        raise QueryError(error)
    return str(text)


def _answer(sending: Connection, store: ox.Store, query: str, prefixes: dict[str, str], syntax: str) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    try:
        sending.send((None, run_query(store, query, prefixes, syntax)))
    except QueryError as error:
        sending.send((str(error), None))


def with_prefixes(query: str, prefixes: dict[str, str]) -> str:
    """Declare the prefixes that a query uses but does not declare."""
    declared = {name.lower() for name in re.findall(r"(?i)\bprefix\s+([\w-]*):", query)}
    lines = [
        f"PREFIX {prefix}: <{namespace}> "
        for prefix, namespace in sorted(prefixes.items())
        if prefix.lower() not in declared and f"{prefix}:" in query
    ]
    return "".join(lines) + query


def refuse_calls(query: str) -> None:
    """Refuse a query that calls another service, and one that cannot be parsed; raises QueryError."""
    try:
        parsed = parseQuery(query)
    except RecursionError:
        raise QueryError("The query is nested too deeply.") from None
    except Exception as error:  # pyparsing and rdflib raise errors that share no base
        raise QueryError(f"The query is not SPARQL: {' '.join(str(error).split())[:300]}") from None
    for part in _parts(parsed):
        if part.name == "ServiceGraphPattern":
            raise QueryError("The query calls another service (SERVICE); nothing is fetched here, so leave it out.")
        if part.name == "DatasetClause":
            raise QueryError("The query names graphs to read (FROM); everything is in one graph here, so leave it out.")


def _further_modules(ontology: Ontology, known: set[Path]) -> Iterator[Path]:
    for path in sorted(set(read_catalog(ontology.root.parent).values())):
        if path not in known and path.parent == ontology.root.parent and path.is_file():
            yield path


def _parts(node: Any) -> Iterator[CompValue]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, CompValue):
            yield each
            waiting.extend(each.values())
        elif isinstance(each, Iterable) and not isinstance(each, str | bytes):
            waiting.extend(each)


def _table(results: Any, prefixes: dict[str, str]) -> str:
    """Write solutions in columns, IRIs shortened."""
    names = [variable.value for variable in results.variables]
    rows = [[_cell(solution[name], prefixes) for name in names] for solution in results]
    widths = [max(len(row[column]) for row in [names, *rows]) for column in range(len(names))]
    ruled = [names, ["-" * width for width in widths], *rows]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in ruled]
    count = f"({len(rows)} row{'' if len(rows) == 1 else 's'})"
    return "\n".join([*lines, count]) + "\n"


def _cell(term: Any, prefixes: dict[str, str]) -> str:
    if term is None:
        return ""
    if not isinstance(term, ox.NamedNode):
        return " ".join(str(getattr(term, "value", term)).split())
    for prefix, namespace in prefixes.items():
        if term.value.startswith(namespace):
            return f"{prefix}:{term.value[len(namespace) :]}"
    return f"<{term.value}>"
