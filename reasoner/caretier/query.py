"""A SPARQL query, what it may take, and its answer: values that need no library for RDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Query:
    """A query, and how its answer is written.

    `prefixes` hold unless the query declares them itself. `default_graphs` and `named_graphs` are read instead of
    those that the query names, if there are any. `solutions` is the syntax of solutions and of yes or no (csv, tsv,
    json, xml or table), `graph` that of a graph (turtle, ntriples, rdfxml, jsonld, trig or nquads); None is for an
    answer that is not wanted.
    """

    text: str
    prefixes: Mapping[str, str] = field(default_factory=dict)
    solutions: str | None = "json"
    graph: str | None = "turtle"
    default_graphs: Sequence[str] = ()
    named_graphs: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a query, and the syntax that it is in."""

    syntax: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may take: seconds, megabytes of memory beyond the store, rows (or triples), megabytes of answer."""

    seconds: float
    megabytes: int | None = None
    rows: int | None = None
    answer_megabytes: int | None = None
