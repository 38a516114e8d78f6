"""Assessments of many people made ready to be reasoned over together, so that no two people's facts can meet.

Every node that an assessment brings gets a name of its own for the run. Findings that come from answers are shared
between assessments when they state exactly the same and the ontology has nothing that could flow back through them;
the reasoner then has far fewer individuals to look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from rdflib import OWL, RDF, RDFS, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from caretier.assessment import Assessment
from caretier.knowledge import Knowledge
from caretier.statements import Finding, Statements, atoms_of, state
from caretier.vocabulary import CT, RUN

_FLOWING_BACK = (
    OWL.inverseOf,
    OWL.allValuesFrom,
    OWL.complementOf,
    OWL.cardinality,
    OWL.maxCardinality,
    OWL.qualifiedCardinality,
    OWL.maxQualifiedCardinality,
    OWL.hasKey,
    OWL.hasSelf,
    OWL.sameAs,
)
_FLOWING_BACK_KINDS = (OWL.SymmetricProperty, OWL.FunctionalProperty, OWL.InverseFunctionalProperty)
_SAYING_NOTHING = (RDFS.label, RDFS.comment, RDFS.seeAlso, RDFS.isDefinedBy, OWL.versionInfo)


@dataclass(frozen=True)
class Part:
    """What one assessment brings to a run: its name there, and its facts with every node named for the run."""

    name: URIRef
    facts: Graph


def part_of(assessment: Assessment, number: int, knowledge: Knowledge, *, share: bool) -> Part:
    """Make an assessment ready for a run in which it has this number."""
    if assessment.graph is None or assessment.subject is None:
        return stated_part(number, state(atoms_of(assessment.answers.values), knowledge.questionnaire), share=share)
    given = assessment.graph
    brought = [node for node in set(given.subjects()) | set(given.objects()) if _is_individual(given, node)]
    names: dict[Node, Node] = {node: RUN[f"{number}-{index}"] for index, node in enumerate(sorted(brought, key=str))}
    kept = {node for node in set(given.subjects()) | set(given.objects()) if isinstance(node, BNode)} - set(names)
    names |= {node: BNode() for node in kept}
    facts = Graph()
    for subject, predicate, value in given:
        facts.add((names.get(subject, subject), names.get(predicate, predicate), names.get(value, value)))
    name = names[assessment.subject]
    assert isinstance(name, URIRef)
    facts.add((name, RDF.type, CT.Assessment))  # its type may be a kind of assessment that the graph brings
    return Part(name, facts)


def stated_part(number: int | str, statements: Statements, *, share: bool, meets: Iterable[str] = ()) -> Part:
    """Make statements ready for a run in which their assessment has this number; `meets` are thresholds it meets."""
    name, facts = RUN[f"{number}"], Graph()
    facts.add((name, RDF.type, CT.Assessment))
    for finding in statements.findings:
        node = RUN[_content(finding) if share else f"{number}-{_content(finding)}"]
        facts.add((name, CT.reports, node))
        for cls in finding.types:
            facts.add((node, RDF.type, URIRef(cls)))
        for prop, value in finding.values:
            facts.add((node, URIRef(prop), URIRef(value)))
    for cls in statements.denied:
        facts.add((name, CT.denies, URIRef(cls)))
    for prop, given in statements.values:
        facts.add((name, URIRef(prop), Literal(given) if isinstance(given, int) else URIRef(given)))
    for threshold in meets:
        facts.add((name, CT.meets, URIRef(threshold)))
    return Part(name, facts)


def findings_can_be_shared(ontology: Graph) -> bool:
    """Say whether nothing can flow from one assessment to another through a finding that both report.

    Without these constructs, what is entailed of a finding rests on the finding alone, and what is entailed of an
    assessment on what can be reached from it. With any of them, each assessment keeps findings of its own.
    """
    chains = (
        member for members in ontology.objects(None, OWL.propertyChainAxiom) for member in Collection(ontology, members)
    )
    return (
        not any((None, predicate, None) in ontology for predicate in _FLOWING_BACK)
        and not any((None, RDF.type, kind) in ontology for kind in _FLOWING_BACK_KINDS)
        and CT.reports not in chains
    )


def brings_axioms(facts: Graph) -> bool:
    """Say whether facts bring axioms of their own, which could bear on others in the same run."""
    vocabulary = (str(OWL), str(RDFS), str(RDF.first), str(RDF.rest))
    return any(
        str(value).startswith((str(OWL), str(RDFS)))
        if predicate == RDF.type
        else str(predicate).startswith(vocabulary) and predicate not in _SAYING_NOTHING
        for _, predicate, value in facts
    )


def reasoned_over(facts: Graph, ontology: Graph) -> Graph:
    """Return the facts that can bear on a conclusion: types, axioms, and values of properties that are declared.

    What is left out are annotations and unrelated triples, whose values a reasoner may not even be able to read.
    """
    kept = Graph()
    used = set(facts.objects(None, OWL.onProperty))
    related = {
        node
        for relation in (RDFS.subPropertyOf, OWL.equivalentProperty)
        for pair in facts.subject_objects(relation)
        for node in pair
    }
    for subject, predicate, value in facts:
        if predicate == RDF.type or str(predicate).startswith((str(OWL), str(RDFS.subClassOf), str(RDF))):
            keep = True
        elif isinstance(value, Literal):
            keep = (predicate, RDF.type, OWL.DatatypeProperty) in ontology or predicate in used
        elif predicate in related:
            kept.add((predicate, RDF.type, OWL.ObjectProperty))
            keep = True
        else:
            keep = predicate in (RDFS.subPropertyOf, RDFS.domain, RDFS.range) or any(
                (predicate, RDF.type, OWL.ObjectProperty) in graph for graph in (ontology, facts)
            )
        if keep:
            kept.add((subject, predicate, value))
    return kept


def _is_individual(graph: Graph, node: Node) -> bool:
    """Say whether a node is one that the graph brings, rather than a term of others or a part of a class expression."""
    if isinstance(node, Literal):
        return False
    if isinstance(node, URIRef):
        return (node, None, None) in graph
    kinds = graph.objects(node, RDF.type)
    return (node, RDF.first, None) not in graph and not any(str(kind).startswith(str(OWL)) for kind in kinds)


def _content(finding: Finding) -> str:
    text = "\n".join((*sorted(finding.types), *(" ".join(value) for value in sorted(finding.values))))
    return "finding-" + sha256(text.encode()).hexdigest()[:32]
