"""What an ontology has to keep to so that asking about points can prove a model of it.

Its rules are monotone by syntax, only bands read its numbers, and only red flags lead to a condition or a care tier:
none of this can be seen by asking, and each is a premise of the proof.
"""

from __future__ import annotations

from collections.abc import Collection

from rdflib import OWL, RDF, RDFS, XSD, Graph, URIRef
from rdflib.term import Node

from caretier.errors import KnowledgeError
from caretier.hermit import logical_part
from caretier.monotonicity import quantities_of, violations
from caretier.ontology import Ontology
from caretier.vocabulary import CT, local_name

_CONCLUSIONS = (CT.suggests, CT.indicatesTier)
_DECLARING = (RDF.type, RDFS.domain, RDFS.range, RDFS.subPropertyOf)


def require_premises(ontology: Ontology, red_flags: Collection[Node]) -> None:
    """Raise KnowledgeError that names each rule and term by which asking would not settle what answers mean."""
    logic = logical_part(ontology.graph)
    faults = [
        f"{local_name(fault.rule)}: {fault.what} {fault.where}. {fault.remedy}"
        for fault in violations(ontology.shapes["derivation"], ontology.graph)
    ]
    faults += [
        f"{local_name(quantity)}: an axiom speaks of this number itself. Put the number into a ct:Band instead."
        for quantity in sorted(quantities_of(ontology.graph), key=str)
        if any(_is_read(logic, prop) for prop in logic.transitive_objects(quantity, RDFS.subPropertyOf) if prop)
    ]
    faults += [
        f"{local_name(prop)}: an axiom about {_told(logic, user)} uses it. Only a red flag may say, and of itself, "
        "what it suggests and indicates; make it one."
        for prop in _CONCLUSIONS
        for user in sorted(_users(logic, prop), key=str)
        if not _is_said_of(logic, user, red_flags)
    ]
    if faults:
        raise KnowledgeError("No model of this ontology can be proven.\n" + "\n".join(dict.fromkeys(faults)))


def _is_read(logic: Graph, prop: Node) -> bool:
    """Say whether an axiom could tell numbers apart that a property gives."""
    others = [user for user, predicate in logic.subject_predicates(prop) if predicate != RDFS.subPropertyOf]
    ranges = [value for value in logic.objects(prop, RDFS.range) if not str(value).startswith(str(XSD))]
    return bool(others or ranges or set(logic.predicates(prop)) - set(_DECLARING))


def _users(logic: Graph, prop: Node) -> set[Node]:
    """Collect the nodes of all axioms about a property but those that declare it."""
    kinds = set(logic.objects(prop, RDF.type)) - {OWL.ObjectProperty}
    declared = not kinds and set(logic.predicates(prop)) <= set(_DECLARING)
    return set(logic.subjects(None, prop)) | (set() if declared else {prop})


def _is_said_of(logic: Graph, restriction: Node, red_flags: Collection[Node]) -> bool:
    """Say whether a restriction only gives red flags a value for its property."""
    return (restriction, OWL.hasValue, None) in logic and all(
        holder in red_flags and predicate == RDFS.subClassOf
        for holder, predicate in logic.subject_predicates(restriction)
        if predicate != OWL.annotatedTarget
    )


def _told(logic: Graph, user: Node) -> str:
    """Name what an axiom is about as well as its nodes have names."""
    named = sorted(local_name(node) for node in {user, *logic.subjects(None, user)} if isinstance(node, URIRef))
    return ", ".join(named) or "a class without a name"
