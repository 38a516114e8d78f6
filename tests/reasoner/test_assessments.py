"""Answers become RDF as the contract says, come back as the same answers, and a further answer only adds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, Graph
from rdflib.compare import isomorphic

import caretier
from caretier.assessments import answers_graph, from_graph
from caretier.questionnaire import Answer, Question
from caretier.statements import Statements, atoms_of, state
from caretier.vocabulary import CT

KB = caretier.load()
QUESTIONS = KB.questionnaire.by_id

CONTRACT = """
@prefix ct: <https://w3id.org/caretier/core#> . @prefix bp: <https://w3id.org/caretier/back-pain#> .
@prefix ex: <http://example.org/> .
ex:a a ct:Assessment ; ct:ageInYears 47 ; ct:reports [ a bp:LowerBackPain ] , [ a bp:SaddleNumbness ] ,
  [ a bp:LegWeakness ; ct:hasCourse ct:Worsening ] ; ct:denies bp:Fever .
"""


def _answer(question: Question) -> st.SearchStrategy[Answer]:
    if question.type == "boolean":
        return st.none() | st.booleans()
    if question.type == "choice":
        return st.none() | st.sampled_from([option.id for option in question.options])
    return st.none() | st.integers(question.minimum, question.maximum)


ANSWERS = st.fixed_dictionaries({}, optional={question.id: _answer(question) for question in KB.questions})


def test_the_example_of_the_contract_is_written_as_it_stands() -> None:
    document = KB.questionnaire.read(
        {
            "id": "http://example.org/a",
            "answers": {
                "age": 47,
                "pain-lower-back": True,
                "saddle-numbness": True,
                "leg-weakness": True,
                "leg-deficit-course": "worsening",
                "fever": False,
            },
        }
    )
    graph, _ = answers_graph(document, KB.reference.knowledge)
    assert isomorphic(graph, Graph().parse(data=CONTRACT, format="turtle"))


@given(ANSWERS)
@settings(max_examples=200, deadline=None)
def test_answers_come_back_from_rdf(answers: dict[str, Answer]) -> None:
    document = KB.questionnaire.read({"answers": answers, "id": "person 1/a"})
    graph, _ = answers_graph(document, KB.reference.knowledge)
    (assessment,) = from_graph(graph, KB.reference.knowledge.questionnaire)
    qualifying = {question.id for question in KB.questions if question.id.endswith(("-severity", "-course"))}
    kept = {key: value for key, value in answers.items() if key not in qualifying or key.startswith("pain-")}
    told = {key: value for key, value in assessment.answers.values.items() if key in kept}
    assert told == kept
    assert assessment.answers.id == "person 1/a"
    assert all(answers[key] == value for key, value in assessment.answers.values.items())


@given(ANSWERS, st.data())
@settings(max_examples=200, deadline=None)
def test_a_further_answer_only_adds_statements(answers: dict[str, Answer], data: st.DataObject) -> None:
    fewer = {key: value for key, value in answers.items() if data.draw(st.booleans())}
    questionnaire = KB.reference.knowledge.questionnaire
    less, more = state(atoms_of(fewer), questionnaire), state(atoms_of(answers), questionnaire)
    assert less.denied <= more.denied
    assert less.values <= more.values
    assert all(_within(less, more))


def _within(less: Statements, more: Statements) -> list[bool]:
    return [
        any(finding.types <= other.types and finding.values <= other.values for other in more.findings)
        for finding in less.findings
    ]


def test_a_severity_without_a_reported_deficit_states_nothing() -> None:
    questionnaire = KB.reference.knowledge.questionnaire
    assert not state(atoms_of({"leg-deficit-severity": "severe"}), questionnaire).findings
    assert len(state(atoms_of({"pain-severity": "severe"}), questionnaire).findings) == 1


def test_one_severity_holds_for_each_deficit_of_its_limb() -> None:
    answers: dict[str, Answer] = {
        "leg-weakness": True,
        "leg-numbness": True,
        "arm-numbness": True,
        "leg-deficit-severity": "severe",
    }
    findings = state(atoms_of(answers), KB.reference.knowledge.questionnaire).findings
    assert sorted(len(finding.values) for finding in findings) == [0, 1, 1]


def test_ambiguous_rdf_leaves_the_question_open() -> None:
    text = CONTRACT.replace(
        "ct:denies",
        "ct:reports [ a bp:BackPain ; ct:hasSeverity ct:Mild ] , "
        "[ a bp:BackPain ; ct:hasSeverity ct:Severe ] ; ct:denies",
    )
    (assessment,) = from_graph(Graph().parse(data=text, format="turtle"), KB.reference.knowledge.questionnaire)
    assert "pain-severity" not in assessment.answers.values


def test_a_graph_without_an_assessment_is_refused() -> None:
    with pytest.raises(caretier.InvalidAnswersError, match="no assessment"):
        from_graph(Graph(), KB.questionnaire)


def test_assessments_of_one_graph_are_kept_apart() -> None:
    text = CONTRACT + "ex:b a ct:Assessment ; ct:reports [ a bp:Fever ] . ex:other ex:says 'more' ."
    first, second = from_graph(Graph().parse(data=text, format="turtle"), KB.questionnaire)
    assert first.graph is not None
    assert second.graph is not None
    assert len(list(first.graph.objects(first.subject, CT.reports))) == 3
    assert len(list(second.graph.objects(None, CT.reports))) == 1
    assert len(list(second.graph.subjects(RDF.type, CT.Assessment))) == 1
