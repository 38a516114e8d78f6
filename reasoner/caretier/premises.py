"""What an ontology has to keep to so that asking about points can prove a model of it.

Its rules are monotone by syntax, only bands read its numbers, only red flags lead to a condition or a care tier, and
the tier is the highest that they indicate: none of this can be seen by asking, and each is a premise of the proof.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import combinations

from rdflib import OWL, RDF, RDFS, XSD, Graph, URIRef
from rdflib.term import Node

from caretier import shapes
from caretier.errors import KnowledgeError
from caretier.hermit import logical_part
from caretier.knowledge import CareTier, Knowledge
from caretier.monotonicity import quantities_of, terms_of, violations
from caretier.ontology import Ontology
from caretier.vocabulary import CT, RUN, local_name

_CONCLUSIONS = (CT.suggests, CT.indicatesTier)
_DECLARING = (RDF.type, RDFS.domain, RDFS.range, RDFS.subPropertyOf)
_DECIDING = (RDF.type, CT.Assessment, CT.CareTier, CT.careTier, CT.indicatesTier, CT.rank)


def require_premises(ontology: Ontology, knowledge: Knowledge) -> None:
    """Raise KnowledgeError that names each rule and term by which asking would not settle what answers mean."""
    logic, red_flags = logical_part(ontology.graph), {URIRef(flag.iri) for flag in knowledge.red_flags}
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
    faults += _otherwise_decided(ontology, knowledge.tiers)
    if faults:
        raise KnowledgeError("No model of this ontology can be proven.\n" + "\n".join(dict.fromkeys(faults)))


def _otherwise_decided(ontology: Ontology, tiers: Collection[CareTier]) -> Iterator[str]:
    """Say where the tier would not be the highest indicated, which a model takes for granted.

    Rules that speak of nothing else can be tried with every set of tiers.
    """
    rules = ontology.shapes["disposition"]
    indicated = [tier for tier in tiers if tier.rank > 0]
    tried = [several for size in range(len(indicated) + 1) for several in combinations(indicated, size)]
    names = [RUN[f"indicating-{number}"] for number in range(len(tried))]
    store = shapes.store_of(shapes.ntriples([ontology.graph]))
    shapes.add_pairs(store, RDF.type, [(name, CT.Assessment) for name in names])
    pairs = [(name, tier.iri) for name, several in zip(names, tried, strict=True) for tier in several]
    shapes.add_pairs(store, CT.indicatesTier, pairs)
    shapes.run_rules(store, rules, to_fixpoint=False)
    decided = shapes.pairs(store, CT.careTier)
    for name, several in zip(names, tried, strict=True):
        highest = max((tier.rank for tier in several), default=0)
        found = [tier.rank for tier in tiers for given in decided if given == (str(name), tier.iri)]
        if found != [highest]:
            told = " and ".join(tier.label for tier in several) or "nothing"
            yield f"The rules of disposition do not choose the highest tier where {told} is indicated."
            break
    allowed = {*_DECIDING, *(URIRef(tier.iri) for tier in tiers)}
    for rule, term in sorted(terms_of(rules), key=str):
        if term not in allowed:
            named = local_name(term) if isinstance(term, URIRef) else "any property"
            yield (
                f"{local_name(rule)}: a rule of disposition speaks of {named}. It may rest on the tiers indicated and "
                "on nothing else; say the rest in red flags."
            )


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
