"""Competency questions: what a researcher can ask the ontology, with the exact rows that must come back.

Each query in `ontology/queries/` has a file of the same stem in `competency/` with its question and its rows. The rows
were derived from the reading of the source and from the text of the modules, not copied from a result, so a difference
means that either the knowledge or the query has changed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import yaml
from rdflib import Graph
from rdflib.query import ResultRow
from rdflib.term import Node

ONTOLOGY = Path(__file__).parents[2] / "ontology"
QUERIES = {path.stem: path for path in sorted((ONTOLOGY / "queries").glob("*.rq"))}
EXPECTATIONS = {path.stem: path for path in sorted((Path(__file__).parent / "competency").glob("*.yaml"))}
PREFIXES = {
    "https://w3id.org/caretier/core#": "ct:",
    "https://w3id.org/caretier/back-pain#": "bp:",
    "http://www.w3.org/2004/02/skos/core#": "skos:",
}


@pytest.fixture(scope="module")
def ontology() -> Graph:
    """Load all modules into one graph, the mappings included."""
    graph = Graph()
    for module in sorted(ONTOLOGY.glob("*.ttl")):
        graph.parse(module)
    return graph


def written(term: Node | None) -> str:
    """Write one value of a result as the expectations do; an unbound one is empty."""
    text = "" if term is None else str(term)
    for namespace, prefix in PREFIXES.items():
        if text.startswith(namespace):
            return prefix + text.removeprefix(namespace)
    return text


def returned(graph: Graph, query: str) -> Iterator[list[str]]:
    """Yield the rows of a SELECT query in order."""
    for row in graph.query(query):
        yield [written(term) for term in cast(ResultRow, row)]


def test_every_query_has_its_expectation() -> None:
    """No query goes untested, and no expectation outlives its query."""
    assert QUERIES
    assert QUERIES.keys() == EXPECTATIONS.keys()


@pytest.mark.parametrize("name", EXPECTATIONS)
def test_query_opens_with_its_question(name: str) -> None:
    """The first line of a query says in a sentence what it answers."""
    question = yaml.safe_load(EXPECTATIONS[name].read_text(encoding="utf-8"))["question"]
    assert question.endswith("?")
    assert QUERIES[name].read_text(encoding="utf-8").splitlines()[0] == f"# {question}"


@pytest.mark.parametrize("name", EXPECTATIONS)
def test_query_returns_exactly_the_expected_rows(name: str, ontology: Graph) -> None:
    """The rows are right, complete and in order."""
    rows = yaml.safe_load(EXPECTATIONS[name].read_text(encoding="utf-8"))["rows"]
    assert list(returned(ontology, QUERIES[name].read_text(encoding="utf-8"))) == rows
