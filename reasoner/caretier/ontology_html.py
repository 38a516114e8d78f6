"""The documentation of an ontology as one page of HTML that needs nothing else: all that is said of every term."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from rdflib import DCTERMS, RDF, RDFS, Graph, URIRef

from caretier.extraction import Reader
from caretier.house_rules import words
from caretier.knowledge import Knowledge
from caretier.page_style import STYLE, head, policy
from caretier.presentation import sentence
from caretier.terms import Named, Term, Terms
from caretier.vocabulary import CT, local_name

_STYLE = """
.kind { margin-top: 3rem; }
.kind > h2 { font-size: 1.6rem; letter-spacing: -.02em; }
article { border-left: 1px solid var(--line); border-radius: .75rem; }
article > h3 { overflow-wrap: anywhere; }
article > .definition { color: inherit; margin-top: .35rem; }
.iri { color: var(--muted); }
.ground div { grid-template-columns: 9rem 1fr; }
.ground dd + dd { margin-top: .2rem; }
@media (max-width: 34rem) { .ground div { grid-template-columns: 1fr; } }
"""


def ontology_html(terms: Terms, graph: Graph, knowledge: Knowledge, ontology: URIRef) -> str:
    """Write a page with all terms of a domain, by what they are, and in the order of their labels.

    `graph` holds the header of the ontology.
    """
    return "\n".join(_Page(terms, graph, knowledge, ontology).lines()) + "\n"


class _Page:
    """Writes one page; knows the address on it of each term."""

    def __init__(self, terms: Terms, graph: Graph, knowledge: Knowledge, ontology: URIRef) -> None:
        self._terms, self._knowledge, self._ontology = terms, knowledge, ontology
        self._graph, self._read = graph, Reader(graph)
        self._kinds = self._grouped()
        self._own = {name.iri for names in self._kinds.values() for name in names}

    def lines(self) -> Iterator[str]:
        title = self._read.text(self._ontology, DCTERMS.title) or sentence(self._knowledge.title)
        style = STYLE + _STYLE
        yield head(f"{title}, version {self._knowledge.version}", style, policy(style))
        yield '<body>\n<a class="skip" href="#terms">Skip to the terms</a>'
        yield from self._header(title)
        yield '<div class="layout">'
        yield from self._contents()
        yield '<main id="terms">'
        for kind, names in self._kinds.items():
            place = escape(kind.lower().replace(" ", "-"))
            yield f'<section class="kind" aria-labelledby="{place}">\n<h2 id="{place}">{escape(kind)}</h2>'
            for name in names:
                term = self._terms.find(name.iri)
                assert term is not None  # since it is listed
                yield from self._term(term)
            yield "</section>"
        yield "</main>\n</div>"
        yield f"<footer><p>{escape(self._knowledge.questionnaire.disclaimer)}</p></footer>\n</body>\n</html>"

    def _header(self, title: str) -> Iterator[str]:
        knowledge, read = self._knowledge, self._read
        facts = {
            "Version": knowledge.version,
            "Ontology": knowledge.iri,
            "SHA-256": knowledge.sha256,
            "Creator": read.text(self._ontology, DCTERMS.creator),
            "License": read.iri(self._ontology, DCTERMS.license),
        }
        yield f'<header class="top">\n<h1>{escape(title)}</h1>'
        yield f'<p class="lede">{escape(read.text(self._ontology, DCTERMS.description) or "")}</p>'
        yield f'<ul class="counts"><li><b>{len(self._own)}</b> terms</li></ul>\n<dl class="facts">'
        yield from (f"<div><dt>{name}</dt><dd>{escape(told)}</dd></div>" for name, told in facts.items() if told)
        yield "</dl>\n</header>"

    def _contents(self) -> Iterator[str]:
        yield '<nav aria-labelledby="contents">\n<h2 id="contents">Contents</h2>'
        for kind, names in self._kinds.items():
            yield f'<details><summary>{escape(kind)} <span class="count">{len(names)}</span></summary>\n<ul>'
            yield from (f"<li>{self._link(name)}</li>" for name in names)
            yield "</ul></details>"
        yield "</nav>"

    def _term(self, term: Term) -> Iterator[str]:
        yield f'<article aria-labelledby="{self._anchor(term.iri)}">'
        yield f'<h3 id="{self._anchor(term.iri)}">{escape(sentence(term.label))}</h3>'
        yield f'<p class="iri"><code>{escape(term.iri)}</code></p>'
        if term.definition:
            yield f'<p class="definition">{escape(term.definition)}</p>'
        yield '<dl class="ground">'
        yield from _entry("Also called", map(escape, term.synonyms))
        yield from _entry("Kind of", map(self._link, term.parents))
        yield from _entry("Kinds and members", map(self._link, term.children))
        yield from _entry("Axioms", (f"<code>{escape(axiom)}</code>" for axiom in term.axioms))
        yield from _entry("Notes", map(escape, term.notes))
        yield from _entry("Source", map(self._link, term.sources))
        yield from _entry("Codes", (f"<code>{escape(code.code)}</code> {escape(code.system)}" for code in term.codes))
        for each in term.statements:
            value = _text(each.value, each.language) if isinstance(each.value, str) else self._link(each.value)
            yield from _entry(escape(sentence(each.prop.label)), (value,))
        yield from _entry("Red flags", (self._link(Named(flag.iri, flag.label)) for flag in term.red_flags))
        yield from _entry("Asked by", (self._link(Named(each.iri, each.text)) for each in term.questions))
        yield "</dl>\n</article>"

    def _grouped(self) -> dict[str, list[Named]]:
        """Put each term once under what it is in the words of the vocabulary; the vocabulary itself comes last."""
        grouped, seen = dict[str, list[Named]](), set[str]()
        for kind, names in self._terms.by_kind.items():
            for name in names:
                if name.iri not in seen:
                    seen.add(name.iri)
                    grouped.setdefault(self._above(name.iri) or sentence(words(kind)), []).append(name)
        is_vocabulary = {kind: all(name.iri.startswith(str(CT)) for name in names) for kind, names in grouped.items()}
        return {kind: grouped[kind] for kind in sorted(grouped, key=lambda kind: (is_vocabulary[kind], kind))}

    def _above(self, iri: str) -> str | None:
        """Name the nearest class of the vocabulary that a term is of or below; None for the vocabulary itself."""
        if iri.startswith(str(CT)):
            return None
        waiting = [URIRef(iri)]
        for term in waiting:
            for up in (RDFS.subClassOf, RDF.type):
                for parent in sorted(self._graph.objects(term, up), key=str):
                    if isinstance(parent, URIRef) and parent.startswith(str(CT)):
                        return sentence(self._read.text(parent, RDFS.label) or local_name(parent))
                    if isinstance(parent, URIRef) and up == RDFS.subClassOf and parent not in waiting:
                        waiting.append(parent)
        return None

    def _link(self, name: Named) -> str:
        address = f"#{self._anchor(name.iri)}" if name.iri in self._own else escape(name.iri)
        is_address = address.startswith(("#", "http://", "https://"))
        return f'<a href="{address}">{escape(name.label)}</a>' if is_address else escape(name.label)

    def _anchor(self, iri: str) -> str:
        """Name the place of a term by its prefix and its name."""
        for prefix, namespace in self._knowledge.prefixes.items():
            if iri.startswith(namespace):
                return escape(f"{prefix}:{iri.removeprefix(namespace)}")
        return escape(iri)


def _text(value: str, language: str | None) -> str:
    """Write a text so that a screen reader speaks it in its own language."""
    if language is None:
        return escape(value)
    return f'<span lang="{escape(language)}">{escape(value)}</span> ({escape(language)})'


def _entry(heading: str, values: Iterable[str]) -> Iterator[str]:
    if told := [f"<dd>{value}</dd>" for value in values]:
        yield f"<div><dt>{heading}</dt>{''.join(told)}</div>"
