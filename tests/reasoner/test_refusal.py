"""Answers as RDF that cannot be used are refused with a reason, and never hide what the rest of them proves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import caretier
from caretier.assessments import from_graph
from caretier.documents import format_named, parse
from caretier.result import Result
from caretier.vocabulary import CT

pytestmark = pytest.mark.slow

AssessRdf = Callable[..., list[Result | caretier.InputError]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "ex:a a ct:Assessment ; ct:reports [ a bp:SadleNumbness ] .",
            "Did you mean <https://w3id.org/caretier/back-pain#SaddleNumbness>",
        ),
        (
            "ex:a a ct:Assessment ; ct:report [ a bp:SaddleNumbness ] .",
            "Did you mean <https://w3id.org/caretier/core#reports>",
        ),
        ("ex:a a ct:Assessment ; ct:reports [ a ex:Thing ] .", "has to be a finding"),
        ("ex:a a ct:Assessment ; ct:reports [ ] .", "has to be a finding"),
        ("ex:a a ct:Assessment ; ct:reports 'pain' .", "needs a node with a type"),
        ("ex:a a ct:Assessment ; ct:denies ex:Thing .", "class of findings"),
        ("ex:a a ct:Assessment ; ct:ageInYears 130 .", "from 0 to 120"),
        ("ex:a a ct:Assessment ; ct:ageInYears 47.0 .", "from 0 to 120"),
        ("ex:a a ct:Assessment ; ct:ageInYears true .", "from 0 to 120"),
        ("ex:a a ct:Assessment ; ct:ageInYears 40 , 50 .", "two values"),
        ("ex:a a ct:Assessment ; ct:hasSex ct:Male , ct:Female .", "at most one sex"),
        ("ex:a a ct:Assessment ; ct:reports [ a bp:Fever ; ct:hasSeverity ct:Mild , ct:Severe ] .", "one severity"),
        ("ex:a a ct:Assessment ; ct:reports [ a bp:Fever ; ct:hasCourse ct:Stable , ct:Worsening ] .", "one course"),
        ("ex:a a ct:Assessment ; ct:reports [ a bp:Fever ; ct:hasSeverity ct:Worsening ] .", "severity of a finding"),
        ("ex:a a ct:Assessment ; ct:reports [ a bp:Fever ] ; ct:denies bp:Fever .", "both reported and denied"),
        ("ex:a a ct:Assessment ; ct:careTier ct:ContinueProgram .", "may not state a care tier"),
        ("ex:a a ct:Assessment , bp:FeverRedFlag .", "may not state a red flag"),
        ("ex:a a ct:Assessment ; ct:meets bp:AgeFiftyOrOver .", "threshold is met"),
        ("ex:a a ct:Assessment ; owl:sameAs ex:b .", "owl:sameAs"),
        (
            "ex:a a ct:Assessment ; ct:reports [ a bp:Fever ] . bp:Fever rdfs:subClassOf bp:SaddleNumbness .",
            "may say nothing about",
        ),
        ("ex:a a ct:Assessment . [ a bp:SaddleNumbness ] .", "no assessment reports"),
        ("ex:a a ct:Assessment ; ex:knows [ a bp:SaddleNumbness ] .", "no assessment reports"),
        ("ex:a a ct:Assessment . ex:b ct:reports [ a bp:SaddleNumbness ] .", "has to be an assessment"),
        ("ex:a a ct:Assessment ; ct:hasSeverity ct:Severe .", "put it on the finding"),
        ("ex:a a ct:Assessment ; ct:reports [ a bp:Fever ; ct:ageInYears 3 ] .", "put it on the assessment"),
        ("ex:a a ct:Assessment ; ct:denies bp:BackPain .", "no back pain at all"),
        ("ex:a a ct:Assessment , 'text' .", "needs a node"),
        (
            "ex:a a ct:Assessment ; ct:reports [ a bp:LegWeakness ; "
            "<http://w3id.org/caretier/core#hasCourse> ct:Worsening ] .",
            "does not declare <http://w3id.org",
        ),
        (
            "ex:a a ct:Assessment ; ct:reports [ a bp:LowerBackPain , <https://w3id.org/caretier/Back-Pain#Fever> ] .",
            "does not declare",
        ),
        ("ex:a a ct:Assessment ; ct:reports [ a bp:LegWeakness ; ct:hasQualifier ct:Worsening ] .", "which qualifier"),
        ("ex:a a ct:Assessment ; ct:reports [ a ct:Finding ] .", "which finding"),
        (
            "ex:a a ct:Assessment ; ct:reports [ a bp:Fever ; ct:hasSeverity ex:E ] . ex:E a ct:Severity .",
            "of their own",
        ),
        ("ex:a a ct:Assessment . ex:t a ct:CareTier ; ct:rank 4 .", "of their own"),
        ("ex:a a ct:Assessment . ex:x a ct:Contradiction ; ct:message 'boo' .", "of their own"),
        ("ex:a a ct:Assessment , owl:Nothing .", "contradict the ontology"),
        ("ex:a a ct:Assessment ; ct:reports [ a bp:Fever , ct:Assessment ] .", "assessment"),
    ],
)
def test_rdf_that_cannot_be_used_is_refused(assess_rdf: AssessRdf, text: str, said: str) -> None:
    (outcome,) = assess_rdf(text)[:1]
    assert isinstance(outcome, caretier.InputError)
    assert said in str(outcome)


@pytest.mark.parametrize(
    "lost",
    ["a <https://w3id.org:443/caretier/back-pain#Fever>", "ex:is bp:Fever", "bp:Fever true", "a ex:Thing"],
)
def test_a_term_that_would_be_lost_is_refused_and_hides_nothing(kb: caretier.KnowledgeBase, lost: str) -> None:
    """What the rest of the answers proves is told with the refusal."""
    prefixes = f"PREFIX ct: <{CT}> PREFIX bp: <https://w3id.org/caretier/back-pain#> PREFIX ex: <http://example.org/> "
    proven = {}
    for name in ("SaddleNumbness", "UpperBackPain"):
        text = f"ex:a a ct:Assessment ; ct:reports [ a bp:{name} ] , [ a bp:LowerBackPain ; {lost} ] ."
        graph = parse((prefixes + text).encode(), format_named("turtle"))
        (outcome,) = kb.assess_many(from_graph(graph, kb.questionnaire))
        assert isinstance(outcome, caretier.InvalidAnswersError)
        proven[name] = outcome.proven.id if outcome.proven else None
    assert proven == {"SaddleNumbness": "EmergencyCare", "UpperBackPain": None}


def test_one_bad_assessment_does_not_spoil_the_others(assess_rdf: AssessRdf) -> None:
    good = "ex:a a ct:Assessment ; ct:reports [ a bp:Fever ] ."
    outcomes = assess_rdf(
        good, "ex:a a ct:Assessment , owl:Nothing .", good, "ex:a a ct:Assessment ; ct:ageInYears -1 .", good
    )
    assert [isinstance(each, Result) for each in outcomes] == [True, False, True, False, True]


@pytest.mark.parametrize(
    "text",
    [
        "ex:a a ct:Assessment ; ct:hasSex ct:Female ; ct:reports [ a bp:ErectileFailure ] , [ a bp:SaddleNumbness ] .",
        "ex:a a ct:Assessment ; ct:reports [ a bp:Fever ] , [ a bp:SaddleNumbness ] ; ct:denies bp:Fever .",
        "ex:a a ct:Assessment ; ct:reports [ a bp:Fever ; ct:hasCourse ct:Stable , ct:Worsening ] , "
        "[ a bp:SaddleNumbness ] .",
        "ex:a a ct:Assessment ; ct:ageInYears 3 , 4 ; ct:reports [ a bp:SaddleNumbness ] .",
        "ex:a a ct:Assessment ; ct:reports [ a bp:SaddleNumbness ; ct:hasSeverity ct:Mild , ct:Severe ] .",
        "ex:a a ct:Assessment ; ct:reports [ a bp:SaddleNumbness , bp:Fever ] ; ct:denies bp:Fever .",
        "ex:a a ct:Assessment ; ct:hasSex ct:Male , ct:Female ; ct:ageInYears 200 ; "
        "ct:reports [ a bp:SaddleNumbness ] .",
    ],
)
def test_a_contradiction_never_hides_what_the_rest_proves(
    kb: caretier.KnowledgeBase, assess_rdf: AssessRdf, text: str
) -> None:
    (outcome,) = assess_rdf(text)
    assert isinstance(outcome, caretier.ContradictionError)
    assert outcome.proven == kb.reference.knowledge.tiers[0]
    assert str(outcome).startswith("The other answers alone already mean")


def test_what_contradicts_is_not_counted_as_proven(kb: caretier.KnowledgeBase) -> None:
    with pytest.raises(caretier.ContradictionError) as caught:
        kb.assess({"sex": "female", "erectile-failure": True, "pain-severity": "severe"})
    assert caught.value.proven is None
    assert caught.value.problems[0].subjects == ("sex", "erectile-failure")
