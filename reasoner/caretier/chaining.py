"""Forward chaining over OWL axioms that remembers its steps: which axioms make an individual a member of a class.

It reads the constructs that definitions are commonly made of: named classes, intersections, unions, `value` and `some`,
subproperties, chains, transitive properties, domains and ranges. Other constructs yield nothing here. What it finds is
a proposal; that the axioms entail the conclusion is the reasoner's word.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from rdflib import OWL, RDF, RDFS, Graph
from rdflib.collection import Collection
from rdflib.term import Node

from caretier.axioms import Axiom

Fact = tuple[Node, Node, Node]
"""A subject, a property and a value; with rdf:type the value is a named class or a class expression."""


@dataclass(frozen=True, slots=True)
class _Step:
    """How a fact came about: from which facts, and by which axiom, if any."""

    premises: tuple[Fact, ...]
    axiom: Axiom | None


@dataclass(frozen=True)
class Rules:
    """Axioms, and the class expressions in them, by what makes each apply."""

    above: dict[Node, list[tuple[Node, Axiom]]] = field(default_factory=lambda: defaultdict(list))
    wider: dict[Node, list[tuple[Node, Axiom]]] = field(default_factory=lambda: defaultdict(list))
    domains: dict[Node, list[tuple[Node, Axiom]]] = field(default_factory=lambda: defaultdict(list))
    ranges: dict[Node, list[tuple[Node, Axiom]]] = field(default_factory=lambda: defaultdict(list))
    chains: dict[Node, list[tuple[Node, Node, Node, Axiom]]] = field(default_factory=lambda: defaultdict(list))
    asserted: dict[Node, list[tuple[Fact, Axiom]]] = field(default_factory=lambda: defaultdict(list))
    members: dict[Node, tuple[Node, ...]] = field(default_factory=dict)
    restrictions: dict[Node, tuple[Node, Node]] = field(default_factory=dict)
    intersections_of: dict[Node, list[Node]] = field(default_factory=lambda: defaultdict(list))
    unions_of: dict[Node, list[Node]] = field(default_factory=lambda: defaultdict(list))
    valued: dict[tuple[Node, Node], list[Node]] = field(default_factory=lambda: defaultdict(list))
    filled: dict[tuple[Node, Node], list[Node]] = field(default_factory=lambda: defaultdict(list))


def rules_of(logical: Graph, axioms: Iterable[Axiom]) -> Rules:
    """Index axioms; `logical` is the graph that they were taken from."""
    rules = Rules()
    for axiom in axioms:
        subject, predicate, value = axiom.subject, axiom.predicate, axiom.value
        if predicate == RDFS.subClassOf:
            rules.above[subject].append((value, axiom))
        elif predicate == OWL.equivalentClass:
            rules.above[subject].append((value, axiom))
            rules.above[value].append((subject, axiom))
        elif predicate == RDFS.subPropertyOf:
            rules.wider[subject].append((value, axiom))
        elif predicate == OWL.equivalentProperty:
            rules.wider[subject].append((value, axiom))
            rules.wider[value].append((subject, axiom))
        elif predicate == RDFS.domain:
            rules.domains[subject].append((value, axiom))
        elif predicate == RDFS.range:
            rules.ranges[subject].append((value, axiom))
        elif predicate == OWL.propertyChainAxiom:
            steps = list(Collection(logical, value))
            if len(steps) == 2:  # a longer one is left to the reasoner
                _add_chain(rules, steps[0], steps[1], subject, axiom)
        elif predicate == RDF.type and value == OWL.TransitiveProperty:
            _add_chain(rules, subject, subject, subject, axiom)
        elif (predicate, RDF.type, OWL.ObjectProperty) in logical or predicate == RDF.type:
            fact = (subject, predicate, value)
            rules.asserted[subject].append((fact, axiom))
        for part, kind, of in axiom.triples:
            if kind == OWL.hasValue and (prop := logical.value(part, OWL.onProperty)) is not None:
                rules.restrictions[part] = (prop, of)
                rules.valued[prop, of].append(part)
            elif kind == OWL.someValuesFrom and (prop := logical.value(part, OWL.onProperty)) is not None:
                rules.filled[prop, of].append(part)
            elif kind == OWL.intersectionOf:
                rules.members[part] = tuple(Collection(logical, of))
                for member in rules.members[part]:
                    rules.intersections_of[member].append(part)
            elif kind == OWL.unionOf:
                for member in Collection(logical, of):
                    rules.unions_of[member].append(part)
    return rules


def proof(rules: Rules, facts: Iterable[Fact], goals: Iterable[Fact]) -> tuple[Axiom, ...] | None:
    """Return the axioms by which facts lead to all goals, in the order of the argument; None when they do not."""
    steps = _Deduction(rules).closure(facts)
    waiting, needed = list(goals), set[Fact]()
    while waiting:
        fact = waiting.pop()
        if fact not in steps:
            return None
        if fact not in needed:
            needed.add(fact)
            waiting.extend(steps[fact].premises)
    used = (step.axiom for fact, step in steps.items() if fact in needed)
    return tuple(dict.fromkeys(axiom for axiom in used if axiom is not None))


class _Deduction:
    """All that follows from some facts, in the order in which it was found, each with the step that found it."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._steps: dict[Fact, _Step] = {}
        self._queue: deque[Fact] = deque()
        self._from: dict[Node, list[Fact]] = defaultdict(list)
        self._to: dict[Node, list[Fact]] = defaultdict(list)

    def closure(self, facts: Iterable[Fact]) -> dict[Fact, _Step]:
        for fact in facts:
            self._conclude(fact)
        while self._queue:
            fact = self._queue.popleft()
            if fact[1] == RDF.type:
                self._follow_type(fact)
            else:
                self._follow_relation(fact)
        return self._steps

    def _conclude(self, fact: Fact, *premises: Fact, axiom: Axiom | None = None) -> None:
        if fact not in self._steps:
            self._steps[fact] = _Step(premises, axiom)
            self._queue.append(fact)

    def _follow_type(self, fact: Fact) -> None:
        rules, (subject, _, cls) = self._rules, fact
        for above, axiom in rules.above.get(cls, ()):
            self._conclude((subject, RDF.type, above), fact, axiom=axiom)
        for member in rules.members.get(cls, ()):
            self._conclude((subject, RDF.type, member), fact)
        if cls in rules.restrictions:
            self._conclude((subject, *rules.restrictions[cls]), fact)
        for whole in rules.intersections_of.get(cls, ()):
            parts = [(subject, RDF.type, member) for member in rules.members[whole]]
            if all(part in self._steps for part in parts):
                self._conclude((subject, RDF.type, whole), *parts)
        for whole in rules.unions_of.get(cls, ()):
            self._conclude((subject, RDF.type, whole), fact)
        for relation in self._to[subject]:
            for whole in rules.filled.get((relation[1], cls), ()):
                self._conclude((relation[0], RDF.type, whole), relation, fact)

    def _follow_relation(self, fact: Fact) -> None:
        rules, (subject, prop, value) = self._rules, fact
        for asserted, axiom in rules.asserted.get(value, ()):
            self._conclude(asserted, axiom=axiom)
        self._from[subject].append(fact)
        self._to[value].append(fact)
        for wider, axiom in rules.wider.get(prop, ()):
            self._conclude((subject, wider, value), fact, axiom=axiom)
        for cls, axiom in rules.domains.get(prop, ()):
            self._conclude((subject, RDF.type, cls), fact, axiom=axiom)
        for cls, axiom in rules.ranges.get(prop, ()):
            self._conclude((value, RDF.type, cls), fact, axiom=axiom)
        for whole in (*rules.valued.get((prop, value), ()), *rules.filled.get((prop, OWL.Thing), ())):
            self._conclude((subject, RDF.type, whole), fact)
        for known in [each for each in self._steps if each[0] == value and each[1] == RDF.type]:
            for whole in rules.filled.get((prop, known[2]), ()):
                self._conclude((subject, RDF.type, whole), fact, known)
        for first, second, made, axiom in rules.chains.get(prop, ()):
            if prop == first:
                for following in self._from[value]:
                    if following[1] == second:
                        self._conclude((subject, made, following[2]), fact, following, axiom=axiom)
            if prop == second:
                for before in self._to[subject]:
                    if before[1] == first:
                        self._conclude((before[0], made, value), before, fact, axiom=axiom)


def _add_chain(rules: Rules, first: Node, second: Node, made: Node, axiom: Axiom) -> None:
    for prop in {first, second}:
        rules.chains[prop].append((first, second, made, axiom))
