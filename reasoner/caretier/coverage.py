"""Whether questions and red flags fit each other: no red flag that no answers lead to, no question asked in vain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import combinations

from rdflib import OWL, RDFS, SKOS, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from caretier.complaints import Complaint
from caretier.draft import Draft
from caretier.errors import KnowledgeError
from caretier.expansion import Expansion
from caretier.extraction import extract
from caretier.hermit import Entailments
from caretier.knowledge import Atom, AtomSet, Knowledge, RedFlag
from caretier.manchester import Verbalizer
from caretier.questionnaire import Question, Questionnaire
from caretier.vocabulary import CT

_PART = "urn:caretier:part:"


def coverage_complaints(draft: Draft, entailments: Entailments) -> list[Complaint]:
    """Complain about red flags that no answers lead to, or that are there twice, and about what is asked in vain."""
    try:
        knowledge = extract(draft.ontology, entailments.superclasses)
    except (KnowledgeError, ValueError) as error:
        return [
            draft.complaint(
                "usable",
                None,
                message=f"The ontology cannot be used yet: {error}",
                why="Nobody can be assessed with it.",
                remedy="Correct what it names.",
            )
        ]
    return [
        *_out_of_reach(draft, knowledge, entailments.superclasses),
        *_twins(draft, knowledge, entailments.superclasses),
        *_asked_in_vain(draft, knowledge, entailments.superclasses),
        *_never_contradicted(draft, knowledge),
    ]


def _out_of_reach(draft: Draft, knowledge: Knowledge, superclasses: Mapping[str, Set[str]]) -> Iterator[Complaint]:
    """Complain about red flags that no allowed answers show."""
    why = "Whoever is in this danger is not told."
    for flag in knowledge.red_flags:
        missing = [] if flag.patterns else _unasked(draft.ontology.graph, flag, superclasses, knowledge.questionnaire)
        if missing:
            yield draft.complaint(
                "asked-red-flag",
                URIRef(flag.iri),
                message=f"No question can show a part of the red flag: {'; '.join(missing)}.",
                why=why,
                remedy="Add a question with ct:asksAbout, or an option with ct:reportsFinding, for that part; or "
                "correct the definition under Description > Equivalent To.",
            )
        elif not any(_can_be_given(pattern, knowledge) for pattern in flag.patterns):
            yield draft.complaint(
                "reachable-red-flag",
                URIRef(flag.iri),
                message=f"No allowed answers lead to the red flag{_obstacle(draft, flag, knowledge)}.",
                why=why,
                remedy="Description > Equivalent To: ask for findings that one person can report together; or correct "
                "the contradiction or the limits that stand in the way.",
            )


def _can_be_given(pattern: AtomSet, knowledge: Knowledge) -> bool:
    """Say whether one person can give all these answers, without contradicting themselves."""
    conflicts = (conflict for each in knowledge.contradictions for conflict in each.conflicts)
    return not any(conflict <= pattern for conflict in conflicts) and all(
        _has_a_number(question, [atom for atom in pattern if atom.question == question.id])
        for question in knowledge.questionnaire.questions
        if question.type == "integer"
    )


def _has_a_number(question: Question, atoms: Iterable[Atom]) -> bool:
    """Say whether some number that the question allows is within all of the limits."""
    lowest = [question.minimum or 0, *(int(atom.value) for atom in atoms if atom.relation == "at least")]
    above = [int(atom.value) - 1 for atom in atoms if atom.relation == "below"]
    highest = above if question.maximum is None else [question.maximum, *above]
    return not highest or max(lowest) <= min(highest)


def _obstacle(draft: Draft, flag: RedFlag, knowledge: Knowledge) -> str:
    """Name what stands in the way: contradictions, limits of numbers, or two answers to one question."""
    named = sorted(
        draft.name(URIRef(each.iri))
        for each in knowledge.contradictions
        if any(conflict <= pattern for conflict in each.conflicts for pattern in flag.patterns)
    )
    if named:
        return f", since they are refused by the contradiction {' and '.join(named)}"
    if flag.patterns:
        return ", since no number that can be answered is within its limits"
    return ", since it needs two answers to one question"


def _unasked(
    graph: Graph, flag: RedFlag, superclasses: Mapping[str, Set[str]], questionnaire: Questionnaire
) -> list[str]:
    """Write the parts of the definition of a red flag that no answers show."""
    parts = [
        part
        for definition in graph.objects(URIRef(flag.iri), OWL.equivalentClass)
        for part in _conjuncts(graph, definition)
        if part != CT.Assessment
    ]
    named, above = Graph() + graph, {name: frozenset(several) for name, several in superclasses.items()}
    for number, part in enumerate(parts):
        named.add((URIRef(f"{_PART}{number}"), OWL.equivalentClass, part))
        above[f"{_PART}{number}"] = frozenset({f"{_PART}{number}"})
    expansion, tell = Expansion(named, above, questionnaire), Verbalizer(graph)
    names = [str(part) if isinstance(part, URIRef) else f"{_PART}{number}" for number, part in enumerate(parts)]
    return [tell.expression(part) for part, name in zip(parts, names, strict=True) if not expansion.of_class(name)]


def _conjuncts(graph: Graph, expression: Node) -> list[Node]:
    members = graph.value(expression, OWL.intersectionOf)
    return list(Collection(graph, members)) if members is not None else [expression]


def _twins(draft: Draft, knowledge: Knowledge, superclasses: Mapping[str, Set[str]]) -> Iterator[Complaint]:
    """Complain about red flags that ask for the same as another."""
    for one, other in combinations(knowledge.red_flags, 2):
        above_one, above_other = superclasses[one.iri], superclasses[other.iri]
        alike = one.iri in above_other and other.iri in above_one
        if not alike and (not one.patterns or set(one.patterns) != set(other.patterns)):
            continue
        if str(OWL.Nothing) in above_one:
            continue
        same = one.condition == other.condition
        yield draft.complaint(
            "distinct-red-flag",
            URIRef(other.iri),
            message=f"Another red flag holds for just the same answers: {one.label}.",
            why="Both suggest the same condition, and nobody can tell which care tier and reason are meant."
            if same
            else "One pattern suggests two conditions; that is right only if the sources say so.",
            remedy="Description > Equivalent To: say how it differs, or deprecate one of the two.",
            severity="warning" if same else "note",
        )


def _asked_in_vain(draft: Draft, knowledge: Knowledge, superclasses: Mapping[str, Set[str]]) -> Iterator[Complaint]:
    """Complain about questions that no red flag, contradiction or scope needs, and options that report for nothing."""
    graph = draft.ontology.graph
    used = {atom for flag in knowledge.red_flags for pattern in flag.patterns for atom in pattern}
    used |= {atom for each in knowledge.contradictions for conflict in each.conflicts for atom in conflict}
    needed = {atom.question for atom in used} | ({knowledge.scope.within.question} if knowledge.scope else set())
    explained = {str(term) for term in _explained(graph)}
    for question in knowledge.questionnaire.questions:
        options = [(option.reports, option) for option in question.options if option.reports]
        if question.id not in needed:
            reported = [name for name in (question.asks_about, *(name for name, _ in options)) if name]
            known = question.iri in explained or any(superclasses[name] & explained for name in reported)
            yield draft.complaint(
                "needed-question",
                URIRef(question.iri),
                message=f'No red flag needs an answer to the question "{question.id}".',
                why="People answer it for the record only."
                if known
                else "People answer it, and nothing in the ontology says what for.",
                remedy="Leave it if the record is wanted; else deprecate the question."
                if known
                else "Say of which condition its finding is a symptom or a risk factor, or why it is asked in a "
                "skos:editorialNote under Annotations.",
                severity="note" if known else "warning",
            )
            continue
        for finding, option in options:
            if Atom(question.id, option.id) not in used and not superclasses[finding] & explained:
                yield draft.complaint(
                    "finding-in-use",
                    URIRef(finding),
                    message=f'Nothing rests on the finding that the answer "{option.id}" to "{question.id}" reports.',
                    why="Whoever chooses the answer is asked in vain.",
                    remedy="Description > SubClass Of: say of which condition it is a symptom or a risk factor; or say "
                    "in a skos:editorialNote why it is asked.",
                    severity="warning",
                )


def _never_contradicted(draft: Draft, knowledge: Knowledge) -> Iterator[Complaint]:
    """Complain about contradictions that no answers make, unless a note says why they are there."""
    for each in knowledge.contradictions:
        if not each.conflicts and (URIRef(each.iri), SKOS.editorialNote, None) not in draft.graph:
            yield draft.complaint(
                "asked-contradiction",
                URIRef(each.iri),
                message="No questions can give the answers that contradict each other here.",
                why="Answers that exclude each other may go through unseen.",
                remedy="Annotations: name findings that questions ask about, or say in a skos:editorialNote where such "
                "answers come from.",
                severity="warning",
            )


def _explained(graph: Graph) -> Iterator[Node]:
    """Go through the terms that are said to be associated with something, or whose part is explained in a note."""
    for relation in graph.transitive_subjects(RDFS.subPropertyOf, CT.associatedWith):
        for restriction in graph.subjects(OWL.onProperty, relation):
            yield from graph.subjects(RDFS.subClassOf, restriction)
    yield from graph.subjects(SKOS.editorialNote)
