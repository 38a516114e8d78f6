"""One process that answers queries: it loads the data and runs the queries that come on standard input, one by one."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import orjson
import pyoxigraph as ox

from caretier.errors import CaretierError, KnowledgeChangedError, QueryError
from caretier.knowledge_graph import is_graph, open_graph
from caretier.ontology import Ontology, load_ontology
from caretier.query import Limits, Query
from caretier.sparql_process import run_query_within
from caretier.sparql_store import add_folder, add_inferred, graph_sizes, inferred_name, queryable
from caretier_api.problems import DATA, ProblemError, problem_of, refused
from caretier_api.service_description import Contents, described
from caretier_api.worker import work_alone


def main(data: str, limits: str) -> int:
    """Work until standard input ends."""
    return work_alone(lambda: partial(_do, _Data(**orjson.loads(data)), Limits(**orjson.loads(limits))))


@dataclass(frozen=True)
class _Data:
    """Where the data is. It is loaded with the first job, and with the next one where that fails."""

    root: str
    sha256: str
    dataset: str | None
    reasoner_seconds: float

    @cached_property
    def ontology(self) -> Ontology:
        found = load_ontology(Path(self.root))
        if found.sha256 != self.sha256:
            raise KnowledgeChangedError("the ontology was changed while the service runs; it has to be started again.")
        return found

    @cached_property
    def store(self) -> ox.Store:
        if self.dataset is not None and is_graph(Path(self.dataset)):
            return open_graph(Path(self.dataset))
        store = queryable(self.ontology)
        add_inferred(store, self.ontology, self.reasoner_seconds)
        if self.dataset is not None:
            add_folder(store, Path(self.dataset))
        return store

    @cached_property
    def contents(self) -> Contents:
        known = self.ontology
        return Contents(str(known.iri), inferred_name(known), known.version, graph_sizes(self.store))


def _do(data: _Data, limits: Limits, job: str, content: bytes) -> bytes:
    told = orjson.loads(content)
    try:
        if job != "query":
            return described(job, data.contents, **told)
        found = run_query_within(data.store, Query(**told), limits)
    except QueryError as error:
        raise ProblemError(problem_of(error)) from None
    except CaretierError as error:
        raise refused(DATA, f"The data to be queried cannot be loaded: {error}") from None
    return found.syntax.encode() + b"\n" + found.content


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
