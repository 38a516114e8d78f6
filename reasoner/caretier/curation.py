"""What an editor must pass: an ontology held to OWL 2 DL, to the reasoner and to the house rules.

Each step looks at one thing and goes on as far as it can, so that one run tells as much as possible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal as OneOf

import pyoxigraph as ox
from rdflib import OWL, RDF, RDFS, SH, SKOS, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from caretier import shapes
from caretier.errors import CaretierError, InconsistencyError, KnowledgeError, ReasonerError
from caretier.expansion import Expansion
from caretier.extraction import Reader, extract, extract_questionnaire, red_flag_classes
from caretier.hermit import Entailments, logical_part, realise
from caretier.limits import DEFAULT_TIME_LIMIT
from caretier.monotonicity import violations
from caretier.ontology import Ontology, load_ontology, parse_file, read_catalog
from caretier.profile import owl2dl_violations
from caretier.vocabulary import CT, local_name

Severity = OneOf["error", "warning"]

_MAPPINGS = "mappings"
_PROBE = "urn:caretier:probe:"
_IRI = re.compile(r"<([^<>\s]+)>")
_PROFILE_REMEDIES = {
    "UseOfUndeclared": "Declare it in Protégé, or choose the term that is meant if the name is misspelled.",
    "IllegalPunning": "Let it be one kind of property: remove one declaration, or give one of the two another IRI.",
    "LexicalNotInLexicalSpace": "Correct the value, or choose the datatype that fits it.",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong with an ontology.

    `file` is the module in which to look, `term` the IRI it is about where there is one, `label` what people call that,
    `rule` a short name of what is asked for, `message` what is wrong and `remedy` what to do.
    """

    file: Path | None
    term: str | None
    label: str
    rule: str
    severity: Severity
    message: str
    remedy: str

    def __str__(self) -> str:
        """Give the complaint as one line."""
        place = f"{self.file.name}: " if self.file else ""
        return f"{self.severity}: {place}{self.label}: {self.message} {self.remedy} [{self.rule}]"

    def to_dict(self) -> dict[str, str | None]:
        """Give the complaint as plain data."""
        return {**asdict(self), "file": str(self.file) if self.file else None}


@dataclass(frozen=True)
class Draft:
    """An ontology under edit, which knows where to look for each of its terms.

    `graph` holds its mappings too, if the catalog lists any; `modules` are its files with what each of them states.
    """

    ontology: Ontology
    graph: Graph
    modules: Mapping[URIRef, tuple[Path, Graph]]

    def complaint(
        self, rule: str, node: Node | None, message: str, remedy: str, severity: Severity = "error"
    ) -> Complaint:
        """Complain about a term, a part of an expression, or the whole ontology."""
        term = self.owner(node) if node is not None else self.ontology.iri
        iri = str(term) if isinstance(term, URIRef) and node is not None else None
        return Complaint(self.file(term), iri, self.name(term), rule, severity, message, remedy)

    def name(self, term: Node) -> str:
        """Name a term as people know it."""
        return Reader(self.graph).text(term, RDFS.label) or local_name(term)

    def file(self, term: Node) -> Path:
        """Find the file that declares a term, or else the first one that says anything of it."""
        for predicate in (RDF.type, None):
            for path, module in self.modules.values():
                if (term, predicate, None) in module:
                    return path
        return self.ontology.root

    def owner(self, node: Node) -> Node:
        """Climb from a part of an axiom to the term that the axiom is about."""
        seen: set[Node] = set()
        while isinstance(node, BNode) and node not in seen:
            seen.add(node)
            above = sorted(self.graph.subjects(None, node), key=lambda term: (isinstance(term, BNode), str(term)))
            members = self.graph.value(node, OWL.distinctMembers) or self.graph.value(node, OWL.members)
            inside = self.graph.value(node, OWL.annotatedSource) or self.graph.value(members, RDF.first)
            node = inside or next(iter(above), node)
        return node


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
        return tuple(_unreadable(root, error))
    progress("rules")
    complaints = [*module_complaints(draft), *rule_complaints(draft)]
    progress("OWL 2 DL")
    complaints += profile_complaints(draft, time_limit)
    progress("consistency and classification")
    entailments, found = reasoner_complaints(draft, time_limit)
    progress("house rules")
    complaints += [*found, *shape_complaints(draft, entailments or _told(draft.graph))]
    if entailments is not None:
        progress("coverage")
        complaints += coverage_complaints(draft, entailments)
    return tuple(complaints)


def draft_of(ontology: Ontology) -> Draft:
    """Read the modules of an ontology one by one, and the mappings beside its root if the catalog lists them."""
    files = dict(ontology.modules)
    for name, path in read_catalog(ontology.root.parent).items():
        if local_name(name) == _MAPPINGS and path.parent == ontology.root.parent:
            files[URIRef(name)] = path
    modules = {iri: (path, parse_file(path)) for iri, path in files.items()}
    graph = Graph() + ontology.graph
    for iri, (_, module) in modules.items():
        if iri not in ontology.modules:
            graph += module
    return Draft(ontology, graph, MappingProxyType(modules))


def module_complaints(draft: Draft) -> list[Complaint]:
    """Complain about terms that say they are declared in another module than they are."""
    return [
        draft.complaint(
            "declared-elsewhere",
            term,
            f"The term says that it is declared in {home}, but stands in {path.name}.",
            "Correct rdfs:isDefinedBy, or move the term to the file of that module.",
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
            remedy=fault.remedy,
        )
        for fault in violations(rules, ontology.graph)
    ]


def profile_complaints(draft: Draft, time_limit: float = DEFAULT_TIME_LIMIT) -> list[Complaint]:
    """Complain about what is not OWL 2 DL."""
    try:
        found = owl2dl_violations(draft.graph, time_limit)
    except CaretierError as error:
        return [draft.complaint("owl-dl", None, f"OWL 2 DL could not be checked: {error}", "Correct what it names.")]
    return [
        draft.complaint(
            "owl-dl",
            URIRef(violation.term) if violation.term else None,
            f"{_words(violation.kind).capitalize()}{_readable(draft, violation.statement)}.",
            next(
                (remedy for kind, remedy in _PROFILE_REMEDIES.items() if violation.kind.startswith(kind)),
                "Say it in another way; what a reasoner concludes can only be relied on within OWL 2 DL.",
            ),
        )
        for violation in found
    ]


def reasoner_complaints(
    draft: Draft, time_limit: float = DEFAULT_TIME_LIMIT
) -> tuple[Entailments | None, list[Complaint]]:
    """Classify the ontology; complain about contradictions, and about classes that nothing can be in."""
    try:
        entailments = realise(logical_part(draft.ontology.graph), time_limit)
    except InconsistencyError:
        return None, [
            draft.complaint(
                "consistent",
                suspect,
                "What is said here contradicts itself, so that nothing can be concluded from the ontology.",
                "Start HermiT in Protégé and choose Explain inconsistent ontology; then take one of the axioms back.",
            )
            for suspect in _suspects(draft.ontology.graph, time_limit) or [None]
        ]
    except ReasonerError as error:
        remedy = "Take back what was changed last, and add it again bit by bit."
        return None, [draft.complaint("reasoner", None, str(error), remedy)]
    return entailments, [
        draft.complaint(
            "satisfiable",
            URIRef(name),
            "Nothing can be in the class, since what is said of it contradicts itself.",
            "Start HermiT in Protégé, choose the class, and ask with the question mark why owl:Nothing is above it.",
        )
        for name in sorted(entailments.unsatisfiable)
    ]


def shape_complaints(draft: Draft, entailments: Entailments) -> list[Complaint]:
    """Complain about what does not keep to the curation shapes, which look at the classified hierarchy too."""
    curation, data = draft.ontology.shapes["curation"], Graph() + draft.graph
    for triple in draft.graph:
        if triple[1] in (RDF.type, RDFS.subClassOf) and isinstance(triple[2], Literal):
            data.remove(triple)  # pySHACL stops at these; what looks at OWL 2 DL complains of them
    for name, above in entailments.superclasses.items():
        for other in above:
            data.add((URIRef(name), RDFS.subClassOf, URIRef(other)))
    store = ox.Store()  # filled like this, and not by loading, it keeps the labels of blank nodes
    store.extend(ox.parse(shapes.ntriples([data]), format=ox.RdfFormat.N_TRIPLES))
    try:
        found = shapes.validate(store, curation)
    except KnowledgeError as error:
        return [draft.complaint("curation-shapes", None, str(error), "Correct the shapes of the role curation.")]
    rules = {str(message): shape for shape, message in curation.subject_objects(SH.message)}
    complaints = []
    for violation in found:
        shape = rules.get(violation.message)
        wrong, _, remedy = violation.message.partition(". ")
        value = violation.value if violation.value != violation.focus else None
        complaints.append(
            draft.complaint(
                _words(local_name(shape)).replace(" ", "-") if isinstance(shape, URIRef) else "curation-shapes",
                violation.focus,
                f"{wrong.removesuffix('.')}: {_quoted(draft, value)}." if value is not None else f"{wrong}.",
                remedy,
                "error" if violation.severity == str(SH.Violation) else "warning",
            )
        )
    return sorted(set(complaints), key=lambda complaint: (str(complaint.file), complaint.label, complaint.rule))


def coverage_complaints(draft: Draft, entailments: Entailments) -> list[Complaint]:
    """Complain about red flags that no answers lead to, and about findings that are asked for in vain."""
    graph, superclasses = draft.ontology.graph, entailments.superclasses
    try:
        questionnaire = extract_questionnaire(graph, superclasses)
        expansion = Expansion(graph, superclasses, questionnaire)
        patterns = {flag: expansion.of_class(flag) for flag in red_flag_classes(superclasses)}
        extract(draft.ontology, superclasses)
    except (KnowledgeError, ValueError) as error:
        return [draft.complaint("usable", None, f"The ontology cannot be used yet: {error}", "Correct what it names.")]
    complaints = [
        draft.complaint(
            "reachable-red-flag",
            URIRef(flag),
            "No answers are known that lead to the red flag.",
            "Add questions about the findings that its definition asks for, or correct the definition.",
        )
        for flag, found in patterns.items()
        if not found
    ]
    used = {(atom.question, atom.value) for found in patterns.values() for atoms in found for atom in atoms}
    described = {str(term) for term in _described(graph)}
    for question in questionnaire.questions:
        asked = [(question.asks_about, True), *((option.reports, option.id) for option in question.options)]
        for finding, answer in asked:
            if finding and (question.id, answer) not in used and not superclasses[finding] & described:
                complaints.append(
                    draft.complaint(
                        "finding-in-use",
                        URIRef(finding),
                        f'The question "{question.id}" asks for a finding on which nothing rests.',
                        "Say of which condition it is a symptom or a risk factor, or why it is asked in a "
                        "skos:editorialNote.",
                        "warning",
                    )
                )
    return complaints


def _described(graph: Graph) -> Iterator[Node]:
    """Go through the classes that are said to be associated with something, or whose part is explained in a note."""
    for relation in graph.transitive_subjects(RDFS.subPropertyOf, CT.associatedWith):
        for restriction in graph.subjects(OWL.onProperty, relation):
            yield from graph.subjects(RDFS.subClassOf, restriction)
    yield from graph.subjects(SKOS.editorialNote)


def _suspects(graph: Graph, time_limit: float) -> list[Node | None]:
    """Find the individuals that contradict the ontology, by making each a class that the reasoner can find empty."""
    probes = {
        node: URIRef(f"{_PROBE}{node}") for node in graph.subjects(RDF.type, OWL.NamedIndividual) if _is_iri(node)
    }
    tried, links = logical_part(graph), list[tuple[Node, Node]]()
    for individual, probe in probes.items():
        tried.add((probe, RDF.type, OWL.Class))
        for predicate, value in graph.predicate_objects(individual):
            tried.remove((individual, predicate, value))
            if predicate == RDF.type and value != OWL.NamedIndividual:
                tried.add((probe, RDFS.subClassOf, value))
            elif value in probes and (predicate, RDF.type, OWL.ObjectProperty) in graph:
                restriction = BNode()
                links.append((individual, value))
                tried.add((probe, RDFS.subClassOf, restriction))
                tried.add((restriction, RDF.type, OWL.Restriction))
                tried.add((restriction, OWL.onProperty, predicate))
                tried.add((restriction, OWL.someValuesFrom, probes[value]))
    try:
        empty = realise(tried, time_limit).unsatisfiable
    except ReasonerError:
        return []
    found = {individual for individual, probe in probes.items() if str(probe) in empty}
    innermost = found - {individual for individual, value in links if value in found}
    return [*sorted(innermost or found, key=str)]


def _told(graph: Graph) -> Entailments:
    """Follow the hierarchy that is told, for when the reasoner does not classify it."""
    superclasses = {
        str(term): frozenset(str(above) for above in graph.transitive_objects(term, RDFS.subClassOf) if _is_iri(above))
        for term in graph.subjects(RDF.type, OWL.Class)
        if _is_iri(term)
    }
    return Entailments(superclasses, types={}, unsatisfiable=frozenset())


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
            yield Complaint(file, None, file.name, "well-formed", "error", str(fault), correct)
    if not broken:
        wrong, _, remedy = str(error).removesuffix(".").partition("; ")
        told = Path(wrong.split(" ", 1)[0])
        file = told if told.is_file() else root
        remedy = f"{remedy[:1].upper()}{remedy[1:]}." if remedy else correct
        yield Complaint(file, None, file.name, "imports", "error", f"{wrong}.", remedy)


def _is_iri(node: object) -> bool:
    return isinstance(node, URIRef)


def _readable(draft: Draft, statement: str) -> str:
    """Put names in the place of IRIs."""
    text = _IRI.sub(lambda iri: draft.name(URIRef(iri[1])), statement)
    return f": {text if len(text) <= 300 else text[:297] + '...'}" if text else ""


def _quoted(draft: Draft, value: Node) -> str:
    """Name a term, or quote the beginning of a text."""
    text = str(value)
    return draft.name(value) if _is_iri(value) else f'"{text}"' if len(text) <= 60 else f'"{text[:57]}..."'


def _words(name: str) -> str:
    """Write a name of joined words in small letters with spaces.

    >>> _words("UseOfUndeclaredClass")
    'use of undeclared class'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()
