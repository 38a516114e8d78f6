"""A knowledge graph on disk: an ontology, what follows from it, its mappings, and assessments with their provenance.

It is an Oxigraph store. Each part is in a named graph, and the default graph is the union of them all, so that the same
queries run here, in the service, and on any other server that the graph is exported to.
"""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pyoxigraph as ox
from rdflib import Graph

from caretier.errors import CaretierError, KnowledgeError
from caretier.files import check_new_folder
from caretier.ontology import Ontology
from caretier.sparql_store import add_file, add_graph, add_inferred, add_ontology, graph_sizes
from caretier.vocabulary import CT

_MARK = "CURRENT"
"""A file that every store of this kind has."""

_ASSESSMENT = "urn:caretier:assessment:"


def build_graph(
    folder: Path, ontology: Ontology, assessed: Sequence[Graph], tables: Sequence[Path], time_limit: float
) -> Mapping[str, int]:
    """Write a knowledge graph into a new folder, and return how many triples each of its graphs has.

    `assessed` are results as RDF, each put into a graph of its own; `tables` are files of N-Quads, such as `caretier
    cohort` writes. The folder is there whole or not at all. Raises CaretierError where it is there already.
    """
    check_new_folder(folder)
    target = folder.resolve()
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
        made = Path(temporary, target.name)
        try:
            sizes = _write_store(made, ontology, assessed, tables, time_limit)
        except BaseException as error:
            # what failed still holds the store open, which would write into the folder while it is being removed
            traceback.clear_frames(error.__traceback__)
            raise
        made.replace(target)
    return sizes


def _write_store(
    made: Path, ontology: Ontology, assessed: Sequence[Graph], tables: Sequence[Path], time_limit: float
) -> Mapping[str, int]:
    store = ox.Store(made)
    add_ontology(store, ontology)
    add_inferred(store, ontology, time_limit)
    for number, graph in enumerate(assessed, 1):
        add_graph(store, f"{_ASSESSMENT}{number}", graph)
    for table in tables:
        add_file(store, table, table.name)
    _require_one_tier(store)
    store.optimize()
    store.flush()
    return graph_sizes(store)


def _require_one_tier(store: ox.Store) -> None:
    """Refuse an assessment with two care tiers: two people who have one name, and became one."""
    query = f"SELECT ?who {{ ?who <{CT.careTier}> ?one, ?other FILTER(str(?one) < str(?other)) }} LIMIT 1"
    for solution in cast("ox.QuerySolutions", store.query(query)):
        raise KnowledgeError(
            f"{solution['who']} has two care tiers, so that two assessments with one name became one; give each a name "
            "of its own, or put them into graphs of their own."
        )


def is_graph(folder: Path) -> bool:
    """Say whether a folder is a knowledge graph, and not a folder of files of RDF."""
    return (folder / _MARK).is_file()


def open_graph(folder: Path) -> ox.Store:
    """Load a knowledge graph into memory, where a query can be run by a process that can open nothing."""
    store = ox.Store()
    store.bulk_extend(_on_disk(folder))
    return store


def export_graph(folder: Path, target: Path) -> None:
    """Write a knowledge graph as N-Quads, for any other server of SPARQL; the file is there whole or not at all."""
    store = _on_disk(folder)
    if target.resolve().is_relative_to(folder.resolve()):
        raise CaretierError(f"{target} is within the knowledge graph, which it would spoil; name a place outside it.")
    if not target.resolve().parent.is_dir():
        raise CaretierError(f"{target} cannot be made: there is no such folder.")
    with tempfile.TemporaryDirectory(dir=target.resolve().parent, prefix=f".{target.name}.") as temporary:
        made = Path(temporary, target.name)
        store.dump(made, format=ox.RdfFormat.N_QUADS)
        made.replace(target.resolve())


def _on_disk(folder: Path) -> ox.Store:
    if not is_graph(folder):
        raise KnowledgeError(f"{folder} is no knowledge graph; `caretier graph build {folder}` makes one.")
    try:
        return ox.Store.read_only(str(folder))
    except (OSError, ValueError, RuntimeError) as error:
        raise KnowledgeError(f"{folder} cannot be opened: {' '.join(str(error).split())[:300]}") from None
