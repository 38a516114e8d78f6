"""The commands that make a knowledge graph and export it."""

from __future__ import annotations

import argparse
from pathlib import Path

from caretier.decisions import Desk
from caretier.intake import assess_files, require_apart
from caretier.knowledge_base import load
from caretier.knowledge_graph import build_graph, export_graph
from caretier.progress import progress


def build(options: argparse.Namespace) -> int:
    """Make a knowledge graph in a new folder, and say what is in it."""
    kb = load(options.ontology, time_limit=options.time_limit)
    tables = [Path(file) for file in options.files if file.endswith(".nq")]
    answers = [file for file in options.files if not file.endswith(".nq")]
    results = assess_files(Desk(kb), answers, progress) if answers else []
    require_apart(results)
    with progress("building"):
        graphs = [result.to_graph() for result in results]
        sizes = build_graph(Path(options.folder), kb.ontology, graphs, tables, options.time_limit)
    print(
        f"{options.folder}: {sum(size for name, size in sizes.items() if name):,} triples in {len(sizes) - 1:,} graphs"
    )
    return 0


def export(options: argparse.Namespace) -> int:
    """Write a knowledge graph as N-Quads."""
    target = Path(options.target)
    with progress("exporting"):
        export_graph(Path(options.folder), target)
    print(f"{target}: {target.stat().st_size:,} bytes")
    return 0
