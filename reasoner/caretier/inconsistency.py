"""What contradicts itself in an ontology: the fewest axioms that do so, and the classes that nothing can be in.

HermiT is asked about ever fewer axioms, inside one Java that holds them all, so that a question takes milliseconds.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from rdflib import OWL, RDF, RDFS, XSD, BNode, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from caretier.axioms import Axiom, axioms_of, declarations, signature
from caretier.complaints import Complaint
from caretier.draft import Draft
from caretier.errors import InconsistencyError, KnowledgeError, ReasonerError
from caretier.hermit import Entailments, logical_part, realise, run_alone
from caretier.limits import DEFAULT_TIME_LIMIT
from caretier.manchester import Verbalizer
from caretier.profile import jvm_library, owl_api, start_java
from caretier.vocabulary import CT

_MOST_CONTRADICTIONS = 5
_MOST_EMPTY_CLASSES = 10
_EMPTIES_WHAT_IS_ABOVE = (
    RDFS.subClassOf, OWL.equivalentClass, OWL.intersectionOf, RDF.first, RDF.rest, OWL.someValuesFrom,
)  # fmt: skip
_OF_TERMS = frozenset({
    RDFS.subClassOf, OWL.equivalentClass, OWL.disjointWith, RDFS.subPropertyOf, RDFS.domain, RDFS.range,
    OWL.propertyChainAxiom, OWL.inverseOf, OWL.equivalentProperty, OWL.propertyDisjointWith,
})  # fmt: skip
_OF_OWL = (str(OWL), str(RDF), str(RDFS), str(XSD))
_ABOUT_ONE = ("ClassAssertion", "ObjectPropertyAssertion", "DataPropertyAssertion")

_Item = TypeVar("_Item")


def reasoner_complaints(
    draft: Draft, time_limit: float = DEFAULT_TIME_LIMIT
) -> tuple[Entailments | None, list[Complaint]]:
    """Classify the ontology; complain about contradictions, and about classes that nothing can be in."""
    logical = logical_part(draft.ontology.graph)
    try:
        entailments = realise(logical, time_limit)
    except InconsistencyError:
        return None, _contradictions(draft, logical, time_limit)
    except ReasonerError as error:
        return None, [
            draft.complaint(
                "reasoner",
                None,
                message=str(error),
                why="Without its answer nothing can be concluded from the ontology.",
                remedy="Take back what was changed last, and add it again bit by bit.",
            )
        ]
    return entailments, _empty_classes(draft, logical, sorted(entailments.unsatisfiable), time_limit)


def _contradictions(draft: Draft, logical: Graph, time_limit: float) -> list[Complaint]:
    found: Sequence[tuple[Axiom, ...]]
    try:
        found = fewest_axioms(logical, None, time_limit) or [()]
    except (ReasonerError, KnowledgeError):
        found = [()]
    return [
        draft.complaint(
            "consistent",
            _suspect(axioms),
            message="These axioms contradict each other." if axioms else "The ontology contradicts itself.",
            why="From a contradiction everything follows, so that nothing can be concluded from the ontology.",
            remedy="Take back the one of these axioms that was not meant."
            if axioms
            else "Take back what was changed last, and add it again bit by bit.",
            axioms=tuple(_told(draft.ontology.graph, axiom) for axiom in axioms),
        )
        for axioms in found
    ]


def _empty_classes(draft: Draft, logical: Graph, classes: Sequence[str], time_limit: float) -> list[Complaint]:
    """Complain about classes that nothing can be in; those that are so because of another one only name that."""
    because = {name: _empty_above(logical, name, classes) for name in classes}
    first = [name for name in classes if because[name] is None][:_MOST_EMPTY_CLASSES]
    found: Sequence[tuple[Axiom, ...]]
    try:
        found = fewest_axioms(logical, first, time_limit) if first else []
    except (ReasonerError, KnowledgeError):
        found = [()] * len(first)
    axioms_of_class = dict(zip(first, found, strict=True))
    complaints = []
    for name in classes:
        other, axioms = because[name], axioms_of_class.get(name, ())
        complaints.append(
            draft.complaint(
                "satisfiable",
                URIRef(name),
                message=f"Nothing can be in the class, since nothing can be in another: {draft.name(URIRef(other))}."
                if other
                else "Nothing can be in the class, since these axioms contradict each other."
                if axioms
                else "Nothing can be in the class, since what is said of it contradicts itself.",
                why="Whatever rests on the class is never found.",
                remedy="First correct the other class."
                if other
                else "Take back the one of these axioms that was not meant."
                if axioms
                else "First correct the classes whose axioms are told, then run the check again.",
                axioms=tuple(_told(draft.ontology.graph, axiom) for axiom in axioms),
            )
        )
    return complaints


def fewest_axioms(
    logical: Graph, classes: Sequence[str] | None, time_limit: float = DEFAULT_TIME_LIMIT
) -> list[tuple[Axiom, ...]]:
    """Find for each class the fewest axioms by which nothing can be in it; without classes, those that contradict.

    No axiom of a set can be left out of it. There may be more sets than one for a class; one of them is given. An
    inconsistent ontology gives a few sets that share no assertion. Raises a ReasonerError or a KnowledgeError.
    """
    pairwise = _in_pairs(logical)
    axioms = tuple({axiom.triples: axiom for axiom in axioms_of(pairwise)}.values())
    with tempfile.TemporaryDirectory(prefix="caretier-") as folder:
        given, asked, found = (Path(folder, name) for name in ("given.ttl", "asked.json", "found.json"))
        pairwise.serialize(given, format="turtle", encoding="utf-8")
        parts = [
            {"names": sorted(map(str, signature([axiom]))), "text": _document(pairwise, axiom)} for axiom in axioms
        ]
        asked.write_text(json.dumps({"classes": classes, "parts": parts}), encoding="utf-8")
        command = [sys.executable, "-m", __name__, str(jvm_library()), str(owl_api()), *map(str, (given, asked, found))]
        run_alone(command, folder, time_limit)
        sets: list[list[int]] = json.loads(found.read_text(encoding="utf-8"))
    return [tuple(axioms[number] for number in numbers) for numbers in sets]


def _document(logical: Graph, axiom: Axiom) -> str:
    """Write one axiom with the declarations that it takes to read it."""
    document = Graph()
    for triple in (*axiom.triples, *declarations(logical, sorted(signature([axiom])))):
        document.add(triple)
    return document.serialize(format="nt")


def _in_pairs(logical: Graph) -> Graph:
    """Say of each two of several disjoint classes that they are disjoint, so that the two at fault can be named."""
    pairwise = Graph() + logical
    for several in logical.subjects(RDF.type, OWL.AllDisjointClasses):
        members = logical.value(several, OWL.members)
        for one, other in combinations(Collection(logical, members), 2) if members else ():
            pairwise.add((one, OWL.disjointWith, other))
        pairwise.remove((several, None, None))
        while members is not None:
            rest = logical.value(members, RDF.rest)
            pairwise.remove((members, None, None))
            members = rest
    return pairwise


def _empty_above(logical: Graph, name: str, empty: Iterable[str]) -> str | None:
    """Find an empty class that makes this one empty, as it lies below that or asks for something in it."""
    others, seen = {*empty} - {name}, set[Node]()
    waiting: list[Node] = [URIRef(name)]
    while waiting:
        node = waiting.pop(0)
        if str(node) in others:
            return str(node)
        if node not in seen and (isinstance(node, BNode) or str(node) == name):
            seen.add(node)
            for predicate in _EMPTIES_WHAT_IS_ABOVE:
                waiting += sorted(logical.objects(node, predicate), key=str)
    return None


def _suspect(axioms: Sequence[Axiom]) -> Node | None:
    """Choose the term to look at: the individual that most of the axioms name, or else what the first is about."""
    stated = [axiom for axiom in axioms if axiom.predicate not in _OF_TERMS and isinstance(axiom.subject, URIRef)]
    named = Counter(node for axiom in stated for node in (axiom.subject, axiom.value) if isinstance(node, URIRef))
    about = [axiom.subject for axiom in stated or axioms if isinstance(axiom.subject, URIRef)]
    return max(sorted(set(about)), key=lambda term: named[term], default=None)


def _told(graph: Graph, axiom: Axiom) -> str:
    """Say an axiom as a sentence; a definition is told as its axiom, since the words beside it may be right."""
    tell, subject, predicate, value = Verbalizer(graph), axiom.subject, axiom.predicate, axiom.value
    if predicate == OWL.disjointWith:
        return f"Nothing is both {tell.expression(subject)} and {tell.expression(value)}."
    if predicate == RDF.type and not str(value).startswith(str(OWL)):
        return f"{tell.expression(subject)} is one of {tell.expression(value)}."
    if predicate == RDFS.domain and (subject, CT.plainPhrase, None) not in graph:
        return f"Whatever has something under {tell.expression(subject)} is one of {tell.expression(value)}."
    if predicate == RDFS.range and (subject, CT.plainPhrase, None) not in graph:
        return f"Whatever stands under {tell.expression(subject)} is one of {tell.expression(value)}."
    if predicate in _OF_TERMS and predicate != OWL.equivalentClass:
        return tell.sentence(axiom)
    return f"{tell.manchester(axiom)}."


def _search_alone(library: str, jar: str, given: str, asked: str, found: str) -> None:
    """Search in this process, which exists for nothing else."""
    questions = json.loads(Path(asked).read_text(encoding="utf-8"))
    search = _Search(start_java(library, jar), questions["parts"])
    whole = search.parsed(Path(given).read_text(encoding="utf-8"))
    if questions["classes"] is None:
        sets = search.contradictions(whole)
    else:
        sets = [search.fewest(whole, search.empty(name)) for name in questions["classes"]]
    Path(found).write_text(json.dumps(sets), encoding="utf-8")


class _Search:
    """Asks HermiT about sets of axioms; `parts` are the axioms one by one, as text and with the terms they name."""

    def __init__(self, java: Any, parts: Sequence[dict[str, Any]]) -> None:
        self._java = java
        self._parts = parts
        self._manager = java.JClass("org.semanticweb.owlapi.apibinding.OWLManager").createOWLOntologyManager
        self._reasoner = java.JClass("org.semanticweb.HermiT.Reasoner")

    def parsed(self, text: str) -> list[Any]:
        source = self._java.JClass("org.semanticweb.owlapi.io.StringDocumentSource")(text)
        return sorted(self._manager().loadOntologyFromOntologyDocument(source).getLogicalAxioms())

    def empty(self, name: str) -> Callable[[Iterable[Any]], bool]:
        """Return what says whether nothing can be in a class by some axioms."""
        iri = self._java.JClass("org.semanticweb.owlapi.model.IRI").create(name)
        cls = self._manager().getOWLDataFactory().getOWLClass(iri)
        return lambda axioms: not self._reasoning(axioms).isSatisfiable(cls)

    def contradict(self, axioms: Iterable[Any]) -> bool:
        """Say whether axioms contradict each other."""
        return not self._reasoning(axioms).isConsistent()

    def contradictions(self, axioms: Sequence[Any]) -> list[list[int]]:
        """Find a few sets of axioms that contradict each other; no two share an assertion about an individual."""
        found: list[list[int]] = []
        left = list(axioms)
        while len(found) < _MOST_CONTRADICTIONS and self.contradict(left):
            rough = _narrowed(left, self.contradict)
            found.append(self.numbers(rough, self.contradict))
            assertions = [each for each in rough if str(each.getAxiomType().getName()) in _ABOUT_ONE]
            left = [each for each in left if each not in (assertions or rough)]
        return found

    def fewest(self, axioms: Sequence[Any], holds: Callable[[Iterable[Any]], bool]) -> list[int]:
        """Find the numbers of the fewest axioms for which something still holds."""
        return self.numbers(_narrowed(axioms, holds), holds) if holds(axioms) else []

    def numbers(self, rough: Iterable[Any], holds: Callable[[Iterable[Any]], bool]) -> list[int]:
        """Find the numbers of axioms by the terms that they name, and leave out what only names the same ones."""
        names = {frozenset(_own(str(each.getIRI()) for each in axiom.getSignature())) for axiom in rough}
        likely = [number for number, part in enumerate(self._parts) if frozenset(_own(part["names"])) in names]
        read = {number: self.parsed(self._parts[number]["text"]) for number in likely}
        return _narrowed(likely, lambda numbers: holds(axiom for number in numbers for axiom in read[number]))

    def _reasoning(self, axioms: Iterable[Any]) -> Any:
        chosen = self._java.JClass("java.util.HashSet")()
        for axiom in axioms:
            chosen.add(axiom)
        return self._reasoner(self._manager().createOntology(chosen))


def _own(names: Iterable[str]) -> list[str]:
    """Leave out the names of OWL itself."""
    return [name for name in names if not name.startswith(_OF_OWL)]


def _narrowed(items: Sequence[_Item], holds: Callable[[Sequence[_Item]], bool]) -> list[_Item]:
    """Leave out all that can be left out while something still holds: ever smaller portions, one after the other."""
    kept = list(items)
    size = max(1, len(kept) // 2)
    while size and kept:
        start = 0
        while start < len(kept):
            fewer = kept[:start] + kept[start + size :]
            if holds(fewer):
                kept = fewer
            else:
                start += size
        size //= 2
    return kept


if __name__ == "__main__":
    _search_alone(*sys.argv[1:])
