"""One assessment: by the decision model, by the reasoners that it stands for, and by another rule engine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import owlready2
from rdflib import RDFS, Graph, URIRef

from benchmarks import zen
from benchmarks.documents import Document, fair_mix
from benchmarks.table import Row, Target
from benchmarks.timing import Timed, medians
from caretier import KnowledgeBase, shapes
from caretier.assessments import answers_graph
from caretier.hermit import java_executable, logical_part, realise

_ROUNDS = 20
_SAMPLES = 5


def measure(kb: KnowledgeBase) -> Iterator[Row]:
    """Measure over the fair mix of documents; what takes long, over a few of them."""
    documents = fair_mix(kb)
    for_zen = [zen.named(document) for document in documents]
    quick = medians(
        {
            "nothing": Timed(_nothing, documents),
            "triage": Timed(kb.triage, documents),
            "assess": Timed(lambda document: kb.assess(document).to_dict(), documents),
            "zen": Timed(zen.compiled(kb.knowledge), for_zen),
            "zen, quick start": Timed(zen.as_in_its_quick_start(kb.knowledge), for_zen),
        },
        rounds=_ROUNDS,
        warm_up=2,
    )
    slow = _reasoners(kb, documents[:: len(documents) // _SAMPLES][:_SAMPLES])
    triage, fast = quick["triage"], Target(faster=30_000)
    yield Row("kb.triage", triage, "a call that returns a ready result", quick["nothing"], Target(seconds=20e-6))
    yield Row("kb.triage", triage, "zen-engine, compiled beforehand", quick["zen"], Target(faster=30))
    yield Row("kb.triage", triage, "zen-engine, as its quick start shows", quick["zen, quick start"])
    yield Row("kb.triage", triage, "sync_reasoner of owlready2 (HermiT)", slow["sync_reasoner"], fast)
    yield Row("kb.triage", triage, "the same in a process that can be stopped", slow["realise"], fast)
    yield Row("kb.triage", triage, "pySHACL, only validating the answers", slow["pyshacl"])
    yield Row(
        "kb.assess(...).to_dict()", quick["assess"], "the reference reasoner", slow["reference"], Target(seconds=200e-6)
    )


def _nothing(_document: Document) -> dict[str, object]:
    return {"tier": "", "conditions": []}


def _reasoners(kb: KnowledgeBase, documents: list[Document]) -> dict[str, float]:
    """Measure the reasoners, each with the whole ontology and the answers of one person."""
    axioms, ontology = logical_part(kb.ontology.graph), kb.ontology.graph
    hierarchy = Graph()
    for child, parents in kb.reference.entailments.superclasses.items():
        for parent in parents:
            hierarchy.add((URIRef(child), RDFS.subClassOf, URIRef(parent)))
    given = [answers_graph(kb.questionnaire.read({"answers": each}), kb.knowledge)[0] for each in documents]
    known = shapes.ntriples([ontology, hierarchy])
    owlready2.JAVA_EXE = java_executable()
    return medians(
        {
            "reference": Timed(lambda document: kb.assess(document, engine="reference"), documents),
            "realise": Timed(realise, [axioms + each for each in given]),
            "sync_reasoner": Timed(_sync_reasoner, [_world(axioms + each) for each in given]),
            "pyshacl": Timed(
                lambda store: shapes.validate(store, kb.ontology.shapes["answers"]),
                [shapes.store_of(known + shapes.ntriples([each])) for each in given],
            ),
        }
    )


def _world(graph: Graph) -> owlready2.World:
    """Load a graph as owlready2 has it, in a world of its own, for the reasoner changes it."""
    world = owlready2.World()
    with tempfile.TemporaryDirectory(prefix="caretier-") as folder:
        file = Path(folder, "given.nt")
        graph.serialize(file, format="nt", encoding="utf-8")
        with file.open("rb") as source:
            world.get_ontology("urn:caretier:given#").load(fileobj=source, format="ntriples")
    return world


def _sync_reasoner(world: owlready2.World) -> None:
    owlready2.sync_reasoner_hermit(world, debug=0)
