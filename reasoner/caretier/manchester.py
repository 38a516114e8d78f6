"""Axioms in words: in Manchester syntax with labels for names, and as a plain sentence."""

from __future__ import annotations

from collections.abc import Mapping

from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from caretier.axioms import Axiom
from caretier.extraction import Reader
from caretier.language import ENGLISH, Language
from caretier.presentation import sentence
from caretier.vocabulary import CT, local_name

_FRAMES: Mapping[Node, str] = {
    RDFS.subClassOf: "SubClassOf:",
    OWL.equivalentClass: "EquivalentTo:",
    OWL.disjointWith: "DisjointWith:",
    RDFS.subPropertyOf: "SubPropertyOf:",
    OWL.equivalentProperty: "EquivalentTo:",
    OWL.inverseOf: "InverseOf:",
    RDFS.domain: "Domain:",
    RDFS.range: "Range:",
}
_QUANTIFIERS: Mapping[Node, str] = {
    OWL.someValuesFrom: "some",
    OWL.allValuesFrom: "only",
    OWL.hasValue: "value",
    OWL.minCardinality: "min",
    OWL.maxCardinality: "max",
    OWL.cardinality: "exactly",
    OWL.minQualifiedCardinality: "min",
    OWL.maxQualifiedCardinality: "max",
    OWL.qualifiedCardinality: "exactly",
}


class Verbalizer:
    """Puts the axioms of one ontology into words."""

    def __init__(self, graph: Graph, language: Language = ENGLISH) -> None:
        """Take labels, definitions and phrases from this graph, and the parts of expressions.

        Sentences are in this language; Manchester syntax is always English, as the names in a decision model are.
        """
        self._graph = graph
        self._language = language
        self._names = Reader(graph)
        self._read = Reader(graph, language.tag)

    def manchester(self, axiom: Axiom) -> str:
        """Write an axiom in Manchester syntax, as Protégé shows it: labels for names, quoted where they have spaces."""
        subject, predicate, value = axiom.subject, axiom.predicate, axiom.value
        if predicate in _FRAMES:
            return f"{self.expression(subject)} {_FRAMES[predicate]} {self.expression(value)}"
        if predicate == OWL.propertyChainAxiom:
            steps = " o ".join(self.expression(step) for step in Collection(self._graph, value))
            return f"{self.expression(subject)} SubPropertyChain: {steps}"
        if predicate == RDF.type and str(value).startswith(str(OWL)):
            return f"{self.expression(subject)} Characteristics: {local_name(value).removesuffix('Property')}"
        if predicate == RDF.type:
            return f"{self.expression(subject)} Types: {self.expression(value)}"
        return f"{self.expression(subject)} Facts: {self.expression(predicate)} {self.expression(value)}"

    def sentence(self, axiom: Axiom) -> str:
        """Say an axiom in a plain sentence; what has no better words is said in Manchester syntax."""
        subject, predicate, value = axiom.subject, axiom.predicate, axiom.value
        language, name = self._language, sentence(self._said(subject))
        if predicate == OWL.equivalentClass and isinstance(subject, URIRef):
            return self.definition(subject)
        if predicate == RDFS.subClassOf and isinstance(subject, URIRef):
            if isinstance(value, URIRef):
                return language("%(kind)s is a kind of %(whole)s.", kind=name, whole=self._said(value))
            held, prop = self._graph.value(value, OWL.hasValue), self._graph.value(value, OWL.onProperty)
            if held is not None and prop is not None:
                return f"{name} {self._phrase(prop)} {self._said(held)}."
        if predicate == RDFS.subPropertyOf:
            return language(
                "Whatever %(relation)s something, %(wider)s it too.",
                relation=self._phrase(subject),
                wider=self._phrase(value),
            )
        if predicate in (RDFS.domain, RDFS.range) and isinstance(value, URIRef):
            kind = self._said(value)
            return language(
                "Whatever %(relation)s something is %(article)s %(kind)s."
                if predicate == RDFS.domain
                else "Whatever something %(relation)s is %(article)s %(kind)s.",
                relation=self._phrase(subject),
                article="an" if kind[:1] in "aeiou" else "a",
                kind=kind,
            )
        if predicate == OWL.propertyChainAxiom:
            first, second, *more = Collection(self._graph, value)
            if not more and first == subject:
                return language(
                    "Whatever %(first)s something that %(second)s another thing, %(first)s that other thing too.",
                    first=self._phrase(first),
                    second=self._phrase(second),
                )
        if (predicate, RDF.type, OWL.ObjectProperty) in self._graph:
            return f"{name} {self._phrase(predicate)} {self._said(value)}."
        return f"{self.manchester(axiom)}."

    def definition(self, term: Node) -> str:
        """Say what a term means, by its definition."""
        meaning = self._read.needed(term, SKOS.definition)
        return self._language(
            '"%(term)s" means: %(meaning)s', term=sentence(self._said(term)), meaning=meaning[:1].lower() + meaning[1:]
        )

    def expression(self, node: Node) -> str:
        """Write a term or a class expression in Manchester syntax."""
        if isinstance(node, URIRef):
            name = self._name(node)
            return name if name.isidentifier() else "'" + name.replace("'", "\\'") + "'"
        if isinstance(node, Literal):
            return str(node) if node.datatype is not None and not isinstance(node.value, str) else f'"{node}"'
        for operator, word in ((OWL.intersectionOf, " and "), (OWL.unionOf, " or ")):
            if (members := self._graph.value(node, operator)) is not None:
                return word.join(self._nested(member) for member in Collection(self._graph, members))
        if (negated := self._graph.value(node, OWL.complementOf)) is not None:
            return f"not {self._nested(negated)}"
        if (members := self._graph.value(node, OWL.oneOf)) is not None:
            return "{" + ", ".join(self.expression(member) for member in Collection(self._graph, members)) + "}"
        if (inverse := self._graph.value(node, OWL.inverseOf)) is not None:
            return f"inverse {self._nested(inverse)}"
        prop = self._graph.value(node, OWL.onProperty)
        for quantifier, word in _QUANTIFIERS.items():
            filler = self._graph.value(node, quantifier)
            if prop is not None and filler is not None:
                qualified = self._graph.value(node, OWL.onClass)
                more = f" {self._nested(qualified)}" if qualified is not None else ""
                return f"{self.expression(prop)} {word} {self._nested(filler)}{more}"
        if prop is not None:
            return f"{self.expression(prop)} Self"
        return "an expression without a name"

    def _nested(self, node: Node) -> str:
        text = self.expression(node)
        return text if isinstance(node, URIRef | Literal) or text.startswith("{") else f"({text})"

    def _phrase(self, prop: Node) -> str:
        """Return the words that join subject and value of a property in a sentence."""
        return self._read.text(prop, CT.plainPhrase) or self._said(prop)

    def _said(self, node: Node) -> str:
        """Name a term in the language of sentences."""
        return self._read.text(node, RDFS.label) or local_name(node)

    def _name(self, node: Node) -> str:
        """Name a term in Manchester syntax."""
        return self._names.text(node, RDFS.label) or local_name(node)
