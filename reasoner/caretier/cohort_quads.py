"""Results of a cohort as N-Quads, one graph an assessment.

Graphs and assessments are named after the run and the row, and the id of a person is only told of them: rows with one
id stay apart, and so do several tables in one store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, serialize

from caretier.knowledge import Knowledge
from caretier.result import SOFTWARE

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_CT = "https://w3id.org/caretier/core#"
_PROV = "http://www.w3.org/ns/prov#"
_DCTERMS = "http://purl.org/dc/terms/"

Row = Mapping[str, object]


def write_quads(batches: Iterable[Sequence[Row]], knowledge: Knowledge, target: Path) -> None:
    """Write results: tier, ceiling and conditions of each, or its error; their provenance comes first."""
    number = 0
    run = NamedNode(uuid4().urn)
    with target.open("wb") as file:
        serialize(_provenance(run, knowledge), file, format=RdfFormat.N_QUADS)
        for batch in batches:
            quads = [
                quad for place, row in enumerate(batch, start=number + 1) for quad in _quads(run, row, place, knowledge)
            ]
            serialize(quads, file, format=RdfFormat.N_QUADS)
            number += len(batch)


def _provenance(run: NamedNode, knowledge: Knowledge) -> Iterator[Quad]:
    version = NamedNode(knowledge.iri)
    yield Quad(run, NamedNode(_RDF + "type"), NamedNode(_PROV + "Activity"), DefaultGraph())
    yield Quad(run, NamedNode(_PROV + "used"), version, DefaultGraph())
    yield Quad(run, NamedNode(_RDFS + "label"), Literal(f"caretier {SOFTWARE}"), DefaultGraph())
    yield Quad(version, NamedNode(_CT + "sha256"), Literal(knowledge.sha256), DefaultGraph())


def _quads(run: NamedNode, row: Row, number: int, knowledge: Knowledge) -> Iterator[Quad]:
    graph = NamedNode(f"{run.value}#row-{number}")
    subject = NamedNode(f"{run.value}#assessment-{number}")
    identifier = row["id"]
    yield Quad(subject, NamedNode(_RDF + "type"), NamedNode(_CT + "Assessment"), graph)
    yield Quad(subject, NamedNode(_PROV + "wasGeneratedBy"), run, graph)
    if identifier is not None:
        yield Quad(subject, NamedNode(_DCTERMS + "identifier"), Literal(str(identifier)), graph)
    if row["error"] is not None:
        yield Quad(subject, NamedNode(_RDFS + "comment"), Literal(str(row["error"])), graph)
        return
    for name, key in (("careTier", "tier"), ("ceiling", "ceiling")):
        yield Quad(subject, NamedNode(_CT + name), NamedNode(knowledge.tier(str(row[key])).iri), graph)
    for condition in _texts(row["conditions"]):
        yield Quad(subject, NamedNode(_CT + "suggests"), NamedNode(knowledge.conditions[condition].iri), graph)
    flags = {flag.id: flag.iri for flag in knowledge.red_flags}
    for flag in _texts(row.get("red_flags")):
        yield Quad(subject, NamedNode(_RDF + "type"), NamedNode(flags[flag]), graph)


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
