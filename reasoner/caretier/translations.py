"""Whether the ontology speaks each of its languages throughout: once one term is translated, all of its kind are.

The vocabulary that all domains share may speak more languages than a domain; those are not asked of the domain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from caretier.complaints import Complaint
from caretier.draft import Draft
from caretier.language import ENGLISH
from caretier.vocabulary import CT


def translation_complaints(draft: Draft) -> list[Complaint]:
    """Complain about terms that lack a text in a language in which others of their kind have it.

    A kind is a class of the vocabulary that all domains share; the texts are labels, definitions and those that the
    vocabulary has for people.
    """
    texts = _texts(draft.graph)
    of_domain = {
        language
        for term, of_term in texts.items()
        if not term.startswith(str(CT))
        for languages in of_term.values()
        for language in languages - {ENGLISH.tag}
    }
    kinds = {term: set(_kinds(draft.graph, term)) for term in texts}
    spoken: dict[tuple[Node, Node], set[str]] = defaultdict(set)
    for term, of_term in texts.items():
        for predicate, languages in of_term.items():
            for kind in kinds[term]:
                spoken[kind, predicate] |= languages & of_domain
    complaints = []
    for term, of_term in sorted(texts.items()):
        missing = sorted(
            f"{draft.name(predicate)} ({language})"
            for predicate, languages in of_term.items()
            for language in set().union(*(spoken[kind, predicate] for kind in kinds[term])) - languages
        )
        if missing:
            complaints.append(
                draft.complaint(
                    "translated",
                    term,
                    message=f"The term lacks texts that others of its kind have: {', '.join(missing)}.",
                    why="People who read that language would meet two languages on one page.",
                    remedy="Annotations: add each of these texts once more, with that language.",
                    severity="warning",
                )
            )
    return complaints


def _texts(graph: Graph) -> dict[URIRef, dict[Node, set[str]]]:
    """Find for each term that is in use the languages of each of its texts."""
    texts: dict[URIRef, dict[Node, set[str]]] = defaultdict(lambda: defaultdict(set))
    for term, predicate, value in graph:
        shown = predicate in (RDFS.label, SKOS.definition) or str(predicate).startswith(str(CT))
        if shown and isinstance(term, URIRef) and isinstance(value, Literal) and value.language:
            texts[term][predicate].add(value.language)
    return {term: of_term for term, of_term in texts.items() if (term, OWL.deprecated, Literal(True)) not in graph}


def _kinds(graph: Graph, term: Node) -> Iterator[Node]:
    """Go through the classes of the shared vocabulary in or below which a term is."""
    for direct in (*graph.objects(term, RDF.type), *graph.objects(term, RDFS.subClassOf)):
        for above in graph.transitive_objects(direct, RDFS.subClassOf):
            if above is not None and str(above).startswith(str(CT)) and above != CT.DesignConstant:
                yield above
