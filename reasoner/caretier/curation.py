"""What an editor must pass: an ontology held to OWL 2 DL, to the reasoner and to the house rules.

Each step looks at one thing and goes on as far as it can, so that one run tells as much as possible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from rdflib import RDFS, SH, Graph, URIRef

from caretier.complaints import Complaint, in_order
from caretier.coverage import coverage_complaints
from caretier.draft import Draft, draft_of
from caretier.errors import CaretierError, KnowledgeError
from caretier.extraction import Reader, told_superclasses
from caretier.hermit import Entailments
from caretier.house_rules import shape_complaints, words
from caretier.inconsistency import reasoner_complaints
from caretier.limits import DEFAULT_TIME_LIMIT
from caretier.monotonicity import violations
from caretier.ontology import load_ontology, parse_file, read_catalog
from caretier.profile import owl2dl_violations
from caretier.translations import translation_complaints
from caretier.vocabulary import local_name

_IRI = re.compile(r"<([^<>\s]+)>")
_PROFILE_REMEDIES = {
    "UseOfUndeclared": "Declare it, or choose the term that is meant if the name is misspelled.",
    "IllegalPunning": "Let it be one kind of property: remove one declaration, or give one of the two another IRI.",
    "LexicalNotInLexicalSpace": "Correct the value, or choose the datatype that fits it.",
}
_WITHIN_OWL_DL = "What a reasoner concludes can only be relied on within OWL 2 DL."
_UNREAD = "What the file says is not known, so nothing can be checked or concluded."


def check(
    root: Path, time_limit: float = DEFAULT_TIME_LIMIT, progress: Callable[[str], None] = lambda _: None
) -> tuple[Complaint, ...]:
    """Hold an ontology to everything that an editor must pass; it is sound if none of the complaints is an error.

    `time_limit` holds for each run of Java, in seconds; `progress` is told what is looked at next.
    """
    progress("files and imports")
    try:
        draft = draft_of(load_ontology(root))
    except KnowledgeError as error:
        return in_order([*_unreadable(root, error)])
    progress("rules")
    complaints = [*module_complaints(draft), *rule_complaints(draft), *translation_complaints(draft)]
    progress("OWL 2 DL")
    complaints += profile_complaints(draft, time_limit)
    progress("consistency and classification")
    entailments, found = reasoner_complaints(draft, time_limit)
    progress("house rules")
    complaints += [*found, *shape_complaints(draft, entailments or _told(draft.graph))]
    if entailments is not None:
        progress("coverage")
        complaints += coverage_complaints(draft, entailments)
    return in_order(complaints)


def module_complaints(draft: Draft) -> list[Complaint]:
    """Complain about terms that say they are declared in another module than they are."""
    return [
        draft.complaint(
            "declared-elsewhere",
            term,
            message=f"The term says that it is declared in {home}, but stands in {path.name}.",
            why="Editors look for it in the wrong file.",
            remedy="Annotations: correct rdfs:isDefinedBy, or move the term to the file of that module.",
        )
        for iri, (path, module) in draft.modules.items()
        for term, home in sorted(module.subject_objects(RDFS.isDefinedBy))
        if home != iri
    ]


def rule_complaints(draft: Draft) -> list[Complaint]:
    """Complain about derivation rules that are not monotone by their syntax."""
    ontology = draft.ontology
    rules = ontology.shapes["derivation"]
    catalog = read_catalog(ontology.root.parent)
    files = {local_name(iri): catalog.get(str(iri)) for iri in ontology.graph.objects(ontology.iri, SH.shapesGraph)}
    return [
        Complaint(
            file=files.get("derivation"),
            term=str(fault.rule) if isinstance(fault.rule, URIRef) else None,
            label=Reader(rules).text(fault.rule, RDFS.label) or local_name(fault.rule),
            rule="monotone-rule",
            severity="error",
            message=f"The rule uses {fault.what} {fault.where}.",
            why="A further answer could take a conclusion back, and a danger with it.",
            remedy=fault.remedy,
        )
        for fault in violations(rules, ontology.graph)
    ]


def profile_complaints(draft: Draft, time_limit: float = DEFAULT_TIME_LIMIT) -> list[Complaint]:
    """Complain about what is not OWL 2 DL."""
    try:
        found = owl2dl_violations(draft.graph, time_limit)
    except CaretierError as error:
        return [
            draft.complaint(
                "owl-dl",
                None,
                message=f"OWL 2 DL could not be checked: {error}",
                why=_WITHIN_OWL_DL,
                remedy="Correct what it names.",
            )
        ]
    return [
        draft.complaint(
            "owl-dl",
            URIRef(violation.term) if violation.term else None,
            message=f"{words(violation.kind).capitalize()}{_readable(draft, violation.statement)}.",
            why=_WITHIN_OWL_DL,
            remedy=next(
                (remedy for kind, remedy in _PROFILE_REMEDIES.items() if violation.kind.startswith(kind)),
                "Say it in another way.",
            ),
        )
        for violation in found
    ]


def _told(graph: Graph) -> Entailments:
    """Follow the hierarchy that is told, for when the reasoner does not classify it."""
    return Entailments(told_superclasses(graph), types={}, unsatisfiable=frozenset())


def _unreadable(root: Path, error: KnowledgeError) -> Iterator[Complaint]:
    """Complain about each file that cannot be parsed, so that all are told at once, or else about the error itself."""
    correct = "Correct what it names."
    broken = False
    try:
        files = sorted({root.resolve(), *read_catalog(root.resolve().parent).values()})
    except KnowledgeError:
        files = []
    for file in files:
        try:
            parse_file(file)
        except KnowledgeError as fault:
            broken = True
            yield Complaint(file, None, file.name, "well-formed", "error", str(fault), _UNREAD, correct)
    if not broken:
        wrong, _, remedy = str(error).removesuffix(".").partition("; ")
        told = Path(wrong.split(" ", 1)[0])
        file = told if told.is_file() else root
        remedy = f"{remedy[:1].upper()}{remedy[1:]}." if remedy else correct
        yield Complaint(file, None, file.name, "imports", "error", f"{wrong}.", _UNREAD, remedy)


def _readable(draft: Draft, statement: str) -> str:
    """Put names in the place of IRIs."""
    text = _IRI.sub(lambda iri: draft.name(URIRef(iri[1])), statement)
    return f": {text if len(text) <= 300 else text[:297] + '...'}" if text else ""
