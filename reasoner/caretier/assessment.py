"""One assessment, as it came: an answers document, or RDF with what its questions can say of it."""

from __future__ import annotations

from dataclasses import dataclass

from caretier.questionnaire import Answers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node


@dataclass(frozen=True)
class Assessment:
    """One assessment to reason about.

    `answers` is what its questions can say of it. Where it came as RDF, `graph` holds what was given of it and
    `subject` is its node there; else both are None and the answers say all. `origin` is the whole graph that it came
    with: the axioms in it hold for the assessments of that graph, and for no others.
    """

    answers: Answers
    graph: Graph | None = None
    subject: Node | None = None
    origin: Graph | None = None
