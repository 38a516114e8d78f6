"""Assessments as RDF: answers written as triples, triples read back as answers, and results with their provenance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from pyoxigraph import NamedNode
from rdflib import DCTERMS, PROV, RDF, RDFS, XSD, BNode, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic
from rdflib.term import Node

from caretier.assessment import Assessment
from caretier.errors import InvalidAnswersError, Problem
from caretier.knowledge import Knowledge
from caretier.questionnaire import Answer, Answers, Question, Questionnaire, is_answer
from caretier.statements import Statements, atoms_of, state
from caretier.vocabulary import CT, SKOLEM

if TYPE_CHECKING:
    from caretier.result import Result


def from_graph(graph: Graph, questionnaire: Questionnaire) -> list[Assessment]:
    """Read every assessment of a graph; InvalidAnswersError when there is none."""
    kinds = set(graph.transitive_subjects(RDFS.subClassOf, CT.Assessment))
    subjects = sorted({subject for kind in kinds for subject in graph.subjects(RDF.type, kind)}, key=str)
    if not subjects:
        message = f"There is no assessment in it: something of type <{CT.Assessment}> is needed."
        raise InvalidAnswersError((Problem((), message),))
    reached = {subject: _reached(graph, subject) for subject in subjects}
    loose = set(graph.subjects()).difference(*reached.values())
    assessments = []
    for subject in subjects:
        own = Graph()
        for node in reached[subject] | loose:
            for triple in graph.triples((node, None, None)):
                own.add(triple)
        assessments.append(Assessment(read_answers(own, subject, questionnaire), own, subject, graph))
    return assessments


def _reached(graph: Graph, start: Node) -> set[Node]:
    seen, waiting = {start}, [start]
    while waiting:
        for value in graph.objects(waiting.pop(), None):
            if value not in seen and (value, None, None) in graph:
                seen.add(value)
                waiting.append(value)
    return seen


def read_answers(graph: Graph, subject: Node, questionnaire: Questionnaire) -> Answers:
    """Say which questions an assessment in a graph answers, and how; what is ambiguous is left unanswered."""
    values: dict[str, Answer] = {}
    findings = list(graph.objects(subject, CT.reports))
    types = {finding: {str(name) for name in graph.objects(finding, RDF.type)} for finding in findings}
    denied = {str(name) for name in graph.objects(subject, CT.denies)}
    unknown = set(graph.objects(subject, CT.doesNotKnow))
    for question in questionnaire.questions:
        if URIRef(question.iri) in unknown:
            values[question.id] = None
        given = _given(graph, subject, question, types, denied)
        if len(given) == 1:
            values[question.id] = given.pop()
    date = graph.value(subject, DCTERMS.date)
    return Answers(values, _identifier(subject), str(date) if date is not None else None)


def _given(
    graph: Graph, subject: Node, question: Question, types: Mapping[Node, set[str]], denied: set[str]
) -> set[Answer]:
    reported = set().union(*types.values()) if types else set()
    if question.type == "boolean":
        return {True for _ in (0,) if question.asks_about in reported} | {
            False for _ in (0,) if question.asks_about in denied
        }
    if question.type == "integer":
        numbers = (value for value in graph.objects(subject, URIRef(str(question.sets))) if isinstance(value, Literal))
        return {number for value in numbers if isinstance(number := value.toPython(), int)}
    bearers: Iterable[Node] = (subject,)
    if question.describes:
        bearers = [finding for finding, classes in types.items() if question.describes in classes]
    elif question.qualifies:
        bearers = [finding for finding, classes in types.items() if classes & question.qualifies]
    values: list[set[Node]] = [set(graph.objects(bearer, URIRef(question.sets))) for bearer in bearers if question.sets]
    return {
        option.id
        for option in question.options
        if (option.reports and option.reports in reported)
        or (option.denies and option.denies in denied)
        or (option.value and values and all(URIRef(option.value) in given for given in values))
    }


def says_no_more_than_answers(assessment: Assessment, knowledge: Knowledge) -> bool:
    """Say whether an assessment that came as RDF is all in its answers: translated back they give the same graph."""
    answers = assessment.answers
    for question, answer in answers.values.items():
        if answer is not None and not is_answer(knowledge.questionnaire.by_id[question], answer):
            return False
    assert assessment.graph is not None
    back, subject = answers_graph(answers, knowledge)
    given = assessment.graph.value(assessment.subject, DCTERMS.date)
    if isinstance(given, Literal) and given.datatype == XSD.string:  # the same as a text without a type, since RDF 1.1
        back.set((subject, DCTERMS.date, given))
    return len(back) == len(assessment.graph) and isomorphic(back, assessment.graph)


def answers_graph(answers: Answers, knowledge: Knowledge) -> tuple[Graph, Node]:
    """Write an answers document as RDF; return the graph and the node of the assessment in it."""
    unknown = [question for question, answer in answers.values.items() if answer is None]
    graph = bound_graph(knowledge)
    subject = node_of(answers.id)
    write(graph, subject, state(atoms_of(answers.values), knowledge.questionnaire, unknown))
    if answers.date is not None:
        graph.add((subject, DCTERMS.date, Literal(answers.date)))
    return graph, subject


def write(graph: Graph, subject: Node, statements: Statements) -> None:
    """Add what an assessment states to a graph."""
    graph.add((subject, RDF.type, CT.Assessment))
    for finding in statements.findings:
        node = BNode()
        graph.add((subject, CT.reports, node))
        for name in finding.types:
            graph.add((node, RDF.type, URIRef(name)))
        for prop, value in finding.values:
            graph.add((node, URIRef(prop), URIRef(value)))
    for name in statements.denied:
        graph.add((subject, CT.denies, URIRef(name)))
    for question in statements.unknown:
        graph.add((subject, CT.doesNotKnow, URIRef(question)))
    for prop, given in statements.values:
        graph.add((subject, URIRef(prop), Literal(given) if isinstance(given, int) else URIRef(given)))


def result_graph(result: Result, given: tuple[Graph, Node] | None) -> Graph:
    """Write a result as RDF: the answers, the conclusions on the assessment, and where each comes from (PROV-O).

    `given` is the graph that the answers came in, if they came as RDF, with the node of the assessment.
    """
    knowledge = result.knowledge
    if given is None:
        graph, subject = answers_graph(result.answers, knowledge)
    else:
        graph, subject = bound_graph(knowledge), given[1]
        graph += given[0]
    for prefix, vocabulary in (("prov", PROV), ("dcterms", DCTERMS), ("rdfs", RDFS)):
        graph.bind(prefix, vocabulary)
    graph.add((subject, RDF.type, PROV.Entity))
    graph.add((subject, CT.careTier, URIRef(result.tier.iri)))
    graph.add((subject, CT.ceiling, URIRef(result.ceiling.iri)))
    activity, agent, version = BNode(), BNode(), URIRef(knowledge.iri)
    graph.add((activity, RDF.type, PROV.Activity))
    graph.add((activity, PROV.used, subject))
    graph.add((activity, PROV.used, version))
    graph.add((activity, PROV.wasAssociatedWith, agent))
    graph.add((activity, CT.engine, Literal(result.engine)))
    graph.add((agent, RDF.type, PROV.SoftwareAgent))
    graph.add((agent, RDFS.label, Literal(f"caretier {result.software}")))
    graph.add((version, RDF.type, PROV.Entity))
    graph.add((version, CT.sha256, Literal(knowledge.sha256)))
    for condition in result.conditions:
        graph.add((subject, CT.suggests, URIRef(knowledge.conditions[condition.id].iri)))
        for found in condition.red_flags:
            flag, conclusion = URIRef(found.red_flag.iri), BNode()
            graph.add((subject, RDF.type, flag))
            graph.add((conclusion, RDF.type, CT.Conclusion))
            graph.add((conclusion, RDF.type, PROV.Entity))
            graph.add((conclusion, CT.concludes, flag))
            graph.add((conclusion, PROV.wasDerivedFrom, subject))
            graph.add((conclusion, PROV.wasGeneratedBy, activity))
            for source in found.red_flag.sources:
                graph.add((conclusion, DCTERMS.source, URIRef(source.iri)))
            for reason in found.because:
                if reason.question is not None:
                    question = knowledge.questionnaire.by_id[reason.question]
                    graph.add((conclusion, CT.restsOnAnswerTo, URIRef(question.iri)))
    return graph


def results_graph(results: Iterable[Result], knowledge: Knowledge) -> Graph:
    """Write several results as one graph."""
    merged = bound_graph(knowledge)
    for result in results:
        graph = result.to_graph()
        for prefix, namespace in graph.namespaces():
            merged.bind(prefix, namespace)
        merged += graph
    return merged


def bound_graph(knowledge: Knowledge) -> Graph:
    """Return an empty graph with the prefixes that people of this domain know."""
    graph = Graph(bind_namespaces="none")
    graph.bind("ct", CT)
    for prefix, namespace in knowledge.prefixes.items():
        graph.bind(prefix, Namespace(namespace))
    return graph


def node_of(identifier: str | None) -> Node:
    """Name the node of an assessment by its id; without one, a blank node."""
    if identifier is None:
        return BNode()
    return URIRef(identifier) if _is_iri(identifier) else URIRef(SKOLEM + quote(identifier, safe=""))


def _is_iri(text: str) -> bool:
    """Say whether a text is an IRI that every format can write; what only looks like one would spoil a document."""
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def _identifier(subject: Node) -> str | None:
    if not isinstance(subject, URIRef):
        return None
    return unquote(subject[len(SKOLEM) :]) if subject.startswith(SKOLEM) else str(subject)
