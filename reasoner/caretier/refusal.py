"""Answers that are refused: what is wrong in words a person can act on, and what the rest of them still says.

A contradiction never hides an emergency: what it involves is set aside, and the rest is assessed all the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from rdflib import RDF, RDFS, Graph, URIRef
from rdflib.term import Node

from caretier.assessment import Assessment
from caretier.batch import Part
from caretier.errors import ContradictionError, InvalidAnswersError, Problem
from caretier.extraction import Reader
from caretier.hermit import Entailments
from caretier.knowledge import CareTier, Knowledge, holding
from caretier.shapes import Violation
from caretier.vocabulary import CT

CONTRADICTION = "https://w3id.org/caretier/shapes#Contradiction"
"""The severity by which the shapes mark answers that exclude each other."""


def has_remainder(violations: Sequence[Violation]) -> bool:
    """Say whether something is contradicted and all that is wrong can be set aside, so that a rest can be assessed."""
    return any(violation.severity == CONTRADICTION for violation in violations) and all(
        violation.focus is not None for violation in violations
    )


def remainder(part: Part, violations: Sequence[Violation], ontology: Graph, entailments: Entailments) -> Part:
    """Return what is left of an assessment when everything that contradicts is set aside."""
    facts = Graph() + part.facts
    for violation in violations:
        if violation.focus != part.name and violation.focus is not None:
            facts.remove((violation.focus, violation.path, None))
        elif (violation.value, RDF.type, CT.Contradiction) in ontology:
            _set_aside(part, facts, violation.value, ontology, entailments)
        elif violation.path is not None:
            facts.remove((part.name, violation.path, None))
        elif violation.value is not None:
            _without_type(part, facts, violation.value)
            facts.remove((part.name, CT.denies, violation.value))
    return Part(part.name, facts)


def refusal(
    assessment: Assessment,
    violations: Sequence[Violation],
    knowledge: Knowledge,
    ontology: Graph,
    rest: CareTier | None,
) -> InvalidAnswersError:
    """Make the error for answers that are refused; `rest` is the tier of what is left without the contradictions."""
    problems = tuple(dict.fromkeys(_problem(assessment, each, knowledge, ontology) for each in violations))
    if not has_remainder(violations):
        return InvalidAnswersError(problems)
    return ContradictionError(problems, rest if rest is not None and rest.rank > 0 else None)


def _set_aside(part: Part, facts: Graph, contradiction: Node | None, ontology: Graph, entailments: Entailments) -> None:
    for cls in ontology.objects(contradiction, CT.contradictsReported):
        below = {name for name, above in entailments.superclasses.items() if str(cls) in above}
        _without_reports(part, facts, cls, frozenset(below))
    for cls in ontology.objects(contradiction, CT.contradictsDenied):
        facts.remove((part.name, CT.denies, cls))
    for value in ontology.objects(contradiction, CT.contradictsStated):
        facts.remove((part.name, None, value))


def _without_reports(part: Part, facts: Graph, cls: Node, names: frozenset[str]) -> None:
    for finding in list(part.facts.objects(part.name, CT.reports)):
        if any(str(kind) in names or kind == cls for kind in part.facts.objects(finding, RDF.type)):
            facts.remove((part.name, CT.reports, finding))


def _without_type(part: Part, facts: Graph, cls: Node) -> None:
    """Take a class from the findings that are reported to be in it; what is in no other is not reported any more."""
    for finding in list(part.facts.objects(part.name, CT.reports)):
        facts.remove((finding, RDF.type, cls))
        if (finding, RDF.type, None) not in facts:
            facts.remove((part.name, CT.reports, finding))


def _problem(assessment: Assessment, violation: Violation, knowledge: Knowledge, ontology: Graph) -> Problem:
    answers = assessment.answers.values
    for contradiction in knowledge.contradictions:
        if violation.value == URIRef(contradiction.iri):
            for conflict in contradiction.conflicts:
                if holding(conflict, answers):
                    ids = tuple(
                        each.id
                        for each in knowledge.questionnaire.questions
                        if each.id in {a.question for a in conflict}
                    )
                    return Problem(ids, contradiction.told(ids, knowledge.language))
    return Problem(() if violation.value is None else (str(violation.value),), _named(violation.message, ontology))


def _named(message: str, ontology: Graph) -> str:
    """Put labels in place of the IRIs of terms that a message of a shape contains."""
    read = Reader(ontology)
    words = []
    for word in message.split(" "):
        iri = word.rstrip(",;.")
        label = read.text(URIRef(iri), RDFS.label) if iri.startswith(("http:", "https:")) else None
        words.append(f'"{label}"{word[len(iri) :]}' if label else word)
    return " ".join(words)
