"""Read-only SPARQL on an Oxigraph store in memory.

Nothing is fetched and nothing is changed: updates are no queries, and a query that would call another service or read
a graph that is not in the store is refused, wherever in it that stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pyoxigraph as ox
from rdflib.plugins.sparql.algebra import translatePrologue
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from caretier.errors import QueryError, QueryFormError, QueryLimitError
from caretier.query import Found, Query

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
GRAPH_SYNTAXES = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "trig": ox.RdfFormat.TRIG,
    "nquads": ox.RdfFormat.N_QUADS,
}
_CALLS = re.compile(r"(?i)service|from")
"""What stands in every query that calls a service or names a graph; `trueSERVICE` is two words to Oxigraph."""

_PLACE = re.compile(r"\berror at (\d+):(\d+)")
_UPDATES = re.compile(r"(?i)\b(insert|delete|load|clear|drop|create|add|move|copy)\s")
_NOT_PLAIN = re.compile(
    r"""(?xs) <[^<>"{}|^`\\\x00-\x20]*> | \#[^\r\n]*
    | \"{3}(?:[^"\\]|\\.|"(?!""))*\"{3} | '{3}(?:[^'\\]|\\.|'(?!''))*'{3}
    | "(?:[^"\\\r\n]|\\.)*" | '(?:[^'\\\r\n]|\\.)*'"""
)
"""IRIs, comments and strings, as SPARQL tells them apart."""

Graphs = tuple[Sequence[ox.NamedNode], Sequence[ox.NamedNode]]


def run_query(store: ox.Store, query: Query, most_rows: int | None = None) -> Found:
    """Run a query and write what it finds.

    Raises QueryError, or QueryFormError when it gives what is not wanted, or QueryLimitError when there are more rows
    (or triples) than `most_rows`.
    """
    prefixes = _STANDARD | dict(query.prefixes)
    graphs = _given_graphs(store, query) or _read_graphs(store, query.text, prefixes)
    options: dict[str, Any] = {}
    if graphs is not None:
        store, (default, named) = _merged(store, graphs)
        options = {"default_graph": default, "named_graphs": named}
    try:
        return _written(store.query(query.text, prefixes=prefixes, **options), query, prefixes, most_rows)
    except SyntaxError as error:
        raise QueryError(f"The query is not SPARQL{_fault(str(error), query.text, prefixes)}") from None
    except (ValueError, OSError, RuntimeError) as error:
        raise QueryError(f"The query cannot be run: {_told(error)}") from None


def declared(query: Query) -> str:
    """Write a query with the prefixes that it uses and does not declare itself, for a server that knows none."""
    plain = _NOT_PLAIN.sub(" ", query.text)
    own = set(re.findall(r"(?i)\bprefix\s+([\w.-]*):", plain))
    used = set(re.findall(r"(?<![\w.:?$@-])([a-zA-Z][\w.-]*):", plain))
    known = {name: iri for name, iri in (_STANDARD | dict(query.prefixes)).items() if name in used - own}
    return "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in known.items()) + query.text


def presented(content: bytes, query: Query) -> Found:
    """Write solutions in JSON, as another server gave them, as the query wants to have them."""
    try:
        results = ox.parse_query_results(content, format=ox.QueryResultsFormat.JSON)
        return _written(results, query, _STANDARD | dict(query.prefixes), None)
    except (SyntaxError, ValueError) as error:
        raise QueryError(f"The answer is no SPARQL result: {_told(error)}") from None


def _given_graphs(store: ox.Store, query: Query) -> Graphs | None:
    if not query.default_graphs and not query.named_graphs:
        return None
    return [_known(store, each) for each in query.default_graphs], [_known(store, each) for each in query.named_graphs]


def _read_graphs(store: ox.Store, text: str, prefixes: Mapping[str, str]) -> Graphs | None:
    """Read which graphs a query names, and refuse one that calls another service."""
    if "\\u" not in text.lower() and not _CALLS.search(_NOT_PLAIN.sub(" ", text)):
        return None  # parsing is what takes longest
    try:
        parsed = parseQuery(text.replace("\r", "\n"))  # a comment ends there as well
        prologue = translatePrologue(parsed[0], "", dict(prefixes))
        parts = list(_parts(parsed))
        clauses = [part for part in parts if part.name == "DatasetClause"]
        default = [str(prologue.absolutize(part.default)) for part in clauses if part.default is not None]
        named = [str(prologue.absolutize(part.named)) for part in clauses if part.named is not None]
    except RecursionError:
        raise QueryError("The query is nested too deeply.") from None
    except Exception as error:  # pyparsing and rdflib raise errors that share no base
        raise QueryError(f"The query is not SPARQL: {_told(error)}") from None
    if any(part.name == "ServiceGraphPattern" for part in parts):
        raise QueryError("The query calls another service (SERVICE); nothing is fetched here, so leave it out.")
    return ([_known(store, iri) for iri in default], [_known(store, iri) for iri in named]) if clauses else None


def _known(store: ox.Store, iri: str) -> ox.NamedNode:
    try:
        name = ox.NamedNode(iri)
        known = store.contains_named_graph(name)
    except ValueError:
        known = False
    if not known:
        raise QueryError(
            f"There is no graph <{iri[:200]}> here (FROM, default-graph-uri, named-graph-uri), and nothing is fetched. "
            "SELECT DISTINCT ?graph { GRAPH ?graph {} } lists those that are."
        )
    return name


def _merged(store: ox.Store, graphs: Graphs) -> tuple[ox.Store, tuple[Sequence[Any], Sequence[ox.NamedNode]]]:
    """Return a store in which several default graphs are one, since Oxigraph would repeat what they share."""
    default, named = graphs
    if len(default) < 2:
        return store, graphs
    merged = ox.Store()
    for name in default:
        merged.bulk_extend(
            ox.Quad(quad.subject, quad.predicate, quad.object)
            for quad in store.quads_for_pattern(None, None, None, name)
        )
    for name in named:
        merged.bulk_extend(store.quads_for_pattern(None, None, None, name))
        merged.add_graph(name)
    return merged, ([ox.DefaultGraph()], named)


def _written(results: Any, query: Query, prefixes: dict[str, str], most_rows: int | None) -> Found:
    if isinstance(results, ox.QueryTriples):
        if query.graph is None:
            raise QueryFormError("The query gives a graph, and the format asked for can only hold rows.")
        triples = dict.fromkeys(_within(results, most_rows))
        content = ox.serialize(triples, format=GRAPH_SYNTAXES[query.graph], prefixes=prefixes)
        return Found(query.graph, content or b"")
    if query.solutions is None:
        raise QueryFormError("The query gives rows, or yes or no, and the format asked for can only hold a graph.")
    if query.solutions == "table":
        return Found("table", _table(results, prefixes).encode())
    if not isinstance(results, ox.QueryBoolean):
        results = _counted(results, most_rows)
    return Found(query.solutions, bytes(results.serialize(format=_SOLUTIONS[query.solutions])))


def _counted(solutions: Any, most_rows: int | None) -> Any:
    """Go through solutions and stop at the limit; Oxigraph itself would write them all."""
    lines = ["\t".join(map(str, solutions.variables))]
    lines += ["\t".join(map(_term, solution)) for solution in _within(solutions, most_rows)]
    return ox.parse_query_results("\n".join([*lines, ""]), format=ox.QueryResultsFormat.TSV)


def _within(found: Iterable[Any], most: int | None) -> list[Any]:
    rows = list(islice(found, None if most is None else most + 1))
    if most is not None and len(rows) > most:
        raise QueryLimitError(f"The query was stopped at {most:,} rows; make it narrower, or give it a LIMIT.")
    return rows


def _term(term: Any) -> str:
    if isinstance(term, ox.Triple):
        return f"<<( {_term(term.subject)} {_term(term.predicate)} {_term(term.object)} )>>"
    return "" if term is None else str(term)


def _parts(node: Any) -> Iterator[CompValue]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, CompValue):
            yield each
            waiting.extend(each.values())
        elif isinstance(each, Iterable) and not isinstance(each, str | bytes):
            waiting.extend(each)


def _table(results: Any, prefixes: Mapping[str, str]) -> str:
    """Write solutions in columns, IRIs shortened."""
    if isinstance(results, ox.QueryBoolean):
        return "true\n" if results else "false\n"
    names = [variable.value for variable in results.variables]
    rows = [[_cell(solution[name], prefixes) for name in names] for solution in results]
    widths = [max(len(row[column]) for row in [names, *rows]) for column in range(len(names))]
    ruled = [names, ["-" * width for width in widths], *rows]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in ruled]
    count = f"({len(rows)} row{'' if len(rows) == 1 else 's'})"
    return "\n".join([*lines, count]) + "\n"


def _cell(term: Any, prefixes: Mapping[str, str]) -> str:
    if term is None:
        return ""
    if not isinstance(term, ox.NamedNode):
        return " ".join(str(getattr(term, "value", term)).split())
    for prefix, namespace in prefixes.items():
        if term.value.startswith(namespace):
            return f"{prefix}:{term.value[len(namespace) :]}"
    return f"<{term.value}>"


def _fault(told: str, text: str, prefixes: Mapping[str, str]) -> str:
    """Say where the fault is that Oxigraph tells of; what it would have expected there is too much to read."""
    place = _PLACE.search(told)
    where = f", from line {place[1]}, column {place[2]} on" if place else f": {told[:300]}"
    plain = _NOT_PLAIN.sub(" ", text)
    declared = {*prefixes, *re.findall(r"(?i)\bprefix\s+([\w.-]*):", plain)}
    if undeclared := sorted({*re.findall(r"(?<![\w.:?$@-])([a-zA-Z][\w.-]*):", plain)} - declared):
        return f"{where}: no PREFIX is declared for {', '.join(undeclared)[:300]}."
    if _UPDATES.search(plain):
        return f"{where}: nothing can be changed here, only asked for (SELECT, ASK, CONSTRUCT, DESCRIBE)."
    return f"{where}."


def _told(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
