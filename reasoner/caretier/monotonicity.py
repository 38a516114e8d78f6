"""Derivation rules held to be monotone by their syntax: a further answer may add conclusions and never take one back.

That cannot be seen by trying, so that whatever is not known to be monotone is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from pyparsing import ParseException, ParseResults
from rdflib import OWL, RDF, RDFS, SH, BNode, Graph, Literal, URIRef, Variable
from rdflib.plugins.sparql.algebra import translatePName, translatePrologue, traverse
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node

from caretier.vocabulary import CT, local_name

_TRANSPARENT = {
    "GroupOrUnionGraphPattern", "InlineData", "PathAlternative", "PathElt", "PathEltOrInverse",
    "PathSequence", "TriplesBlock", "ValuesClause",
}  # fmt: skip
_WRAPPERS = {
    "AdditiveExpression", "ConditionalAndExpression", "ConditionalOrExpression", "MultiplicativeExpression",
    "RelationalExpression",
}  # fmt: skip
_NAMES = {
    "Bind": "BIND",
    "DatasetClause": "FROM",
    "FakeGroupGraphPatten": "CONSTRUCT without a template of its own",
    "Function": "a function call",
    "GraphGraphPattern": "GRAPH",
    "GroupClause": "GROUP BY outside of a sub-SELECT",
    "HavingClause": "HAVING",
    "LimitOffsetClauses": "LIMIT or OFFSET",
    "MinusGraphPattern": "MINUS",
    "OptionalGraphPattern": "OPTIONAL",
    "OrderClause": "ORDER BY",
    "PathNegatedPropertySet": "a negated property set",
    "ServiceGraphPattern": "SERVICE",
    "UnaryMinus": "-",
    "UnaryNot": "!",
    "UnaryPlus": "+",
    "Builtin_NOTEXISTS": "NOT EXISTS",
}
_DENIALS = (CT.denies, CT.doesNotKnow)

_POSITIVE = (
    "Say it by what is there, with triple patterns, property paths, UNION, VALUES, comparisons joined by && and ||, "
    "and sub-SELECTs that count; with anything else a further answer could take a conclusion back."
)
_AT_LEAST = (
    "Compare a count only as ?number >= ?least or ?number > ?least, in a FILTER outside of the sub-SELECT that counts; "
    "any other use could take a conclusion back when more is reported."
)
_AS_DATA = "Numbers are data: put it into an individual of the class ct:Band or ct:Count, which the rules read."
_GENERIC = "Use in its place a variable that the same group of patterns binds by ct:ofQuantity, as generic rules do."
_AT_LIMITS = (
    "Compare it only with a variable that the same band gives by ct:atLeast or ct:below; "
    "what a number means may change at the limits of bands and nowhere else."
)
_NO_DENIAL = "Nothing may rest on a denial or on what a person does not know; use what is reported."
_OLD_NODES = "Name only nodes that the pattern finds; a rule that makes new ones never comes to an end."
_KIND = "Write it as a sh:SPARQLRule with one sh:construct and neither sh:condition nor sh:target."

Found = Iterator[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class RuleFault:
    """One thing in a rule that is not monotone: `what` it is, `where` in the rule it stands, and what to do instead."""

    rule: Node
    what: str
    where: str
    remedy: str


def violations(rules: Graph, ontology: Graph) -> tuple[RuleFault, ...]:
    """Return everything in the rules that is not monotone by its syntax, or that belongs into the ontology instead."""
    quantities = quantities_of(ontology)
    shapes = [(shape, _graph_faults(rules, shape)) for shape in rules.subjects(SH.target)]
    nodes = {*rules.objects(None, SH.rule), *rules.subjects(RDF.type, SH.SPARQLRule), *rules.subjects(SH.construct)}
    found = shapes + [(rule, _rule_faults(rules, rule, quantities)) for rule in nodes]
    faults = {RuleFault(node, *fault) for node, several in found for fault in several}
    return tuple(sorted(faults, key=lambda fault: (str(fault.rule), fault.where, fault.what)))


def terms_of(rules: Graph) -> Iterator[tuple[Node, Node]]:
    """Go through the terms that rules and their shapes speak of, each with its rule; a variable where it may be any."""
    for subject, predicate, value in rules:
        if predicate == SH.construct:
            for node in _nodes(_parsed(str(value), _prefixes(rules, subject))):
                if isinstance(node, URIRef):
                    yield subject, node
                elif isinstance(node, CompValue) and node.name == "TriplesBlock":
                    yield from ((subject, Variable("any")) for _, prop, _ in _triples(node.triples) if _is_any(prop))
        elif str(predicate).startswith(str(SH)) and isinstance(value, URIRef) and (value, None, None) not in rules:
            yield subject, value


def _is_any(prop: Any) -> bool:
    """Say whether a property stands for more than those that it names."""
    return isinstance(prop, Variable) or any(
        getattr(node, "name", "") == "PathNegatedPropertySet" for node in _nodes(prop)
    )


def quantities_of(ontology: Graph) -> frozenset[Node]:
    """Return the data properties of assessments: those that questions set, bands look at, or a domain says so."""
    named = {*ontology.objects(None, CT.ofQuantity), *ontology.objects(None, CT.setsProperty)}
    named |= set(ontology.subjects(RDFS.domain, CT.Assessment))
    return frozenset(node for node in named if (node, RDF.type, OWL.DatatypeProperty) in ontology)


def _graph_faults(rules: Graph, shape: Node) -> Found:
    if (shape, SH.target, None) in rules:
        yield "sh:target", "in the shape", _KIND


def _rule_faults(rules: Graph, rule: Node, quantities: Container[Node]) -> Found:
    kinds = {local_name(kind) for kind in rules.objects(rule, RDF.type)} - {"SPARQLRule"}
    for kind in sorted(kinds):
        yield f"sh:{kind}", "in the rule", _KIND
    if (rule, SH.condition, None) in rules:
        yield "sh:condition", "in the rule", _KIND
    texts = sorted(rules.objects(rule, SH.construct), key=str)
    if len(texts) != 1:
        yield f"{len(texts)} values of sh:construct", "in the rule", _KIND
    for text in texts:
        try:
            query = _parsed(str(text), _prefixes(rules, rule))
        except ParseException as error:
            yield f"SPARQL that cannot be parsed ({error})", "in the rule", "Correct it."
        except Exception as error:  # rdflib raises bare ones for a prefix that is not declared
            yield f"SPARQL that cannot be read ({error})", "in the rule", "Correct it."
        else:
            yield from _Walk(query, quantities).faults()


def _prefixes(rules: Graph, rule: Node) -> dict[str, URIRef]:
    """Collect the prefixes of a rule as pySHACL does."""
    prefixes = {"rdf": URIRef(str(RDF)), "rdfs": URIRef(str(RDFS)), "owl": URIRef(str(OWL))}
    for named in rules.objects(rule, SH.prefixes):
        for header in rules.transitive_objects(named, OWL.imports):
            for declaration in rules.objects(header, SH.declare):
                prefix, namespace = rules.value(declaration, SH.prefix), rules.value(declaration, SH.namespace)
                prefixes[str(prefix)] = URIRef(str(namespace))
    return prefixes


def _parsed(text: str, prefixes: dict[str, URIRef]) -> CompValue:
    prologue, query = parseQuery(text)
    resolve = partial(translatePName, prologue=translatePrologue(prologue, None, prefixes))
    resolved: CompValue = traverse(query, visitPost=resolve)
    return resolved


class _Walk:
    """Walks the parse tree of one query and lets through only what is known to be monotone."""

    def __init__(self, query: CompValue, quantities: Container[Node]) -> None:
        self._query = query
        self._quantities = quantities
        nodes = list(_nodes(query))
        aliases = (node.evar for node in nodes if isinstance(node, CompValue) and node.name == "vars")
        self._counts = Counter(alias for alias in aliases if alias is not None)
        self._uses = Counter(node for node in nodes if isinstance(node, (Variable, BNode)))
        self._compared = Counter(pair for node in nodes for pair in _compared(node))

    def faults(self) -> Found:
        if self._query.name != "ConstructQuery":
            yield f"a query that is no CONSTRUCT ({self._query.name})", "in the rule", _KIND
            return
        for name, times in self._counts.items():
            if times > 1:
                yield f"two values named ?{name}", "in SELECT", _AT_LEAST
        for key, part in self._query.items():
            if key == "template":
                yield from self._template(_triples(part))
            else:
                yield from self._pattern(part)

    def _template(self, triples: Iterator[tuple[Any, Any, Any]]) -> Found:
        where = "in the CONSTRUCT template"
        for triple in triples:
            if isinstance(triple[1], Variable):
                yield f"the variable property ?{triple[1]}", where, _POSITIVE
            for node in triple:
                if isinstance(node, BNode):
                    yield "a blank node", where, _OLD_NODES
                else:
                    yield from self._term(node, where)

    def _pattern(self, node: Any, where: str = "in the pattern") -> Found:
        if isinstance(node, (list, ParseResults)):
            for part in node:
                yield from self._pattern(part, where)
        elif not isinstance(node, CompValue):
            yield from self._term(node, where)
        elif node.name == "Filter":
            yield from self._condition(node.expr)
        elif node.name == "SubSelect":
            yield from self._subselect(node)
        elif node.name == "GroupGraphPatternSub":
            yield from self._free_properties(node)
            yield from self._parts(node, where)
        elif node.name in _TRANSPARENT:
            yield from self._parts(node, where)
        else:
            yield from self._refused(node, where)

    def _parts(self, node: CompValue, where: str) -> Found:
        for part in node.values():
            yield from self._pattern(part, where)

    def _term(self, node: Any, where: str) -> Found:
        if isinstance(node, Variable) and node in self._counts:
            yield f"the count ?{node}", where, _AT_LEAST
        elif isinstance(node, Literal) and isinstance(node.value, (int, float, Decimal)):
            if not isinstance(node.value, bool):
                yield f"the number {node}", where, _AS_DATA
        elif node in _DENIALS:
            yield f"ct:{local_name(node)}", where, _NO_DENIAL
        elif isinstance(node, URIRef) and node in self._quantities:
            yield f"the property {local_name(node)}", where, _GENERIC

    def _free_properties(self, group: CompValue) -> Found:
        """Refuse variables as properties, which would find denials too, unless the ontology says which they are.

        Those are quantities, and a number that one of them gives may only be compared with the limits of its bands.
        """
        blocks = [part for part in group.part or () if isinstance(part, CompValue) and part.name == "TriplesBlock"]
        triples = [triple for block in blocks for triple in _triples(block.triples)]
        bands = {value: band for band, predicate, value in triples if _plain(predicate) == CT.ofQuantity}
        for _, predicate, number in triples:
            if isinstance(predicate, Variable) and predicate not in bands:
                yield f"the variable property ?{predicate}", "in the pattern", _GENERIC
            elif isinstance(predicate, Variable):
                limits = [
                    limit
                    for band, prop, limit in triples
                    if band == bands[predicate] and _plain(prop) in (CT.atLeast, CT.below)
                ]
                if self._uses[number] > 1 + sum(self._compared[number, limit] for limit in limits):
                    yield f"the number {number.n3()}", "in the pattern", _AT_LIMITS

    def _condition(self, expression: Any) -> Found:
        """Let through comparisons of plain terms, joined by && and ||."""
        node = _plain(expression)
        if isinstance(node, CompValue) and node.name in ("ConditionalAndExpression", "ConditionalOrExpression"):
            for part in (node.expr, *node.other):
                yield from self._condition(part)
        elif isinstance(node, CompValue) and node.name == "RelationalExpression":
            yield from self._comparison(node)
        elif isinstance(node, CompValue):
            yield from self._refused(node, "in FILTER")
        else:
            yield f"?{node} alone as a condition", "in FILTER", _POSITIVE

    def _comparison(self, node: CompValue) -> Found:
        left, right, operator = _plain(node.expr), _plain(node.other), str(node.op)
        if operator not in ("=", "!=", "<", "<=", ">", ">="):
            yield from self._refused(node, "in FILTER")
            return
        large, small = (left, right) if operator in (">", ">=") else (right, left)
        upward = operator not in ("=", "!=") and isinstance(large, Variable) and large in self._counts
        for side in (left, right):
            if isinstance(side, CompValue):
                yield from self._refused(side, "in FILTER")
            elif isinstance(side, Variable) and side in self._counts:
                if not upward or side == small:
                    yield f"the count ?{side} with an upper limit or exact value ({operator})", "in FILTER", _AT_LEAST
            else:
                yield from self._term(side, "in FILTER")

    def _refused(self, node: CompValue, where: str) -> Found:
        """Name a construct that is not let through, and whatever else is at fault within it."""
        yield _name(node), where, _POSITIVE
        if node.name != "LimitOffsetClauses":
            yield from self._inside(list(node.values()), f"in {_name(node)}")

    def _inside(self, parts: Any, where: str) -> Found:
        for part in parts:
            inner = _plain(part)
            if isinstance(inner, (list, ParseResults)):
                yield from self._inside(inner, where)
            elif not isinstance(inner, CompValue):
                yield from self._term(inner, where)
            elif inner.name in _TRANSPARENT or inner.name in ("GroupGraphPatternSub", "SubSelect"):
                yield from self._pattern(inner, where)
            elif inner.name in _WRAPPERS or inner.name == "OrderCondition":
                yield from self._inside(list(inner.values()), where)
            else:
                yield from self._refused(inner, where)

    def _subselect(self, node: CompValue) -> Found:
        where = "in SELECT"
        for projected in node.projection or ():
            if projected.evar is None:
                yield from self._term(projected.var, where)
                continue
            counted = _plain(projected.expr)
            if not isinstance(counted, CompValue) or counted.name != "Aggregate_Count":
                what = _name(counted) if isinstance(counted, CompValue) else str(counted)
                yield f"{what} as ?{projected.evar}", where, _POSITIVE
            elif counted.distinct != "DISTINCT" or not isinstance(_plain(counted.vars), Variable):
                yield "COUNT of anything but DISTINCT values of one variable", where, _AT_LEAST
            elif not node.groupby:
                yield "COUNT without GROUP BY", where, _AT_LEAST
            else:
                yield from self._term(_plain(counted.vars), where)
        for key, part in node.items():
            if key == "groupby":
                for condition in part.condition:
                    if isinstance(condition, Variable):
                        yield from self._term(condition, "in GROUP BY")
                    else:
                        yield "an expression", "in GROUP BY", _POSITIVE
            elif key not in ("projection", "modifier"):
                yield from self._pattern(part)


def _nodes(node: Any) -> Iterator[Any]:
    """Go through all that a query consists of, each as often as it stands there."""
    if isinstance(node, (CompValue, list, ParseResults)):
        if isinstance(node, CompValue):
            yield node
        for part in node.values() if isinstance(node, CompValue) else node:
            yield from _nodes(part)
    else:
        yield node


def _compared(node: Any) -> Iterator[tuple[Variable, Variable]]:
    """Give the two variables that a node compares with each other, if it does, in both orders."""
    if isinstance(node, CompValue) and node.name == "RelationalExpression" and node.other is not None:
        left, right = _plain(node.expr), _plain(node.other)
        if isinstance(left, Variable) and isinstance(right, Variable):
            yield from ((left, right), (right, left))


def _triples(blocks: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Go through the triples that the parser puts one behind the other."""
    for block in blocks:
        parts = list(block)
        yield from zip(parts[::3], parts[1::3], parts[2::3], strict=True)


def _plain(node: Any) -> Any:
    """Take off everything that the parser wraps around a single term or condition."""
    while isinstance(node, CompValue):
        inner = node.part if node.name.startswith("Path") else [node.expr] if node.name in _WRAPPERS else []
        if isinstance(inner, list) and (len(inner) != 1 or node.other or node.mod):
            return node
        node = inner[0] if isinstance(inner, list) else inner
    return node


def _name(node: CompValue) -> str:
    """Give the name of a construct as it is written in SPARQL."""
    if node.name in _WRAPPERS and node.op:
        return " ".join(map(str, node.op)) if isinstance(node.op, list) else str(node.op)
    return _NAMES.get(node.name) or str(node.name).removeprefix("Builtin_").removeprefix("Aggregate_").upper()
