"""Who answers: the decision model all that answers can say, the reference reasoner everything else."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import caretier
from caretier.assessment import Assessment
from caretier.assessments import answers_graph, from_graph
from caretier.documents import format_named, parse
from caretier.errors import InputError
from caretier.presentation import present
from caretier.questionnaire import Answer
from caretier.result import Result

RandomAnswers = Callable[[random.Random], dict[str, Answer]]

PREFIXES = """@prefix ct: <https://w3id.org/caretier/core#> . @prefix bp: <https://w3id.org/caretier/back-pain#> .
@prefix ex: <http://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
TRANSLATED = {
    "the example of the contract": "ex:a a ct:Assessment ; ct:ageInYears 47 ; ct:denies bp:Fever ; ct:reports "
    "[ a bp:LowerBackPain ] , [ a bp:SaddleNumbness ] , [ a bp:LegWeakness ; ct:hasCourse ct:Worsening ] .",
    "a blank node for the person": "[] a ct:Assessment ; ct:reports [ a bp:WeightLoss ] .",
    "two people": "ex:a a ct:Assessment ; ct:reports [ a bp:Fever ] . ex:b a ct:Assessment ; ct:hasSex ct:Male .",
    "nothing said yet": "ex:a a ct:Assessment .",
}
FOREIGN = {
    "a further type": "ex:a a ct:Assessment ; ct:reports [ a bp:LegWeakness , ex:Mine ] . "
    "ex:Mine a owl:Class ; rdfs:subClassOf ct:Finding .",
    "two findings of one class": "ex:a a ct:Assessment ; ct:reports [ a bp:LegWeakness ; ct:hasCourse ct:Worsening ] , "
    "[ a bp:LegWeakness ; ct:hasCourse ct:Improving ] .",
    "a value that no option has": "ex:a a ct:Assessment ; ct:reports "
    "[ a bp:LegWeakness ; ct:hasLaterality ct:OneSided ] .",
    "a class that no question asks about": "ex:a a ct:Assessment ; ct:reports "
    "[ a bp:Numbness ; ct:hasSite bp:SaddleArea ] .",
    "a class of one's own": "ex:a a ct:Assessment ; ct:reports [ a ex:Numb ] . "
    "ex:Numb a owl:Class ; rdfs:subClassOf bp:SaddleNumbness .",
    "an axiom about all": "ex:a a ct:Assessment ; ct:reports [ a bp:Tiredness ] . [ a owl:Restriction ; "
    "owl:onProperty ct:reports ; owl:someValuesFrom bp:Tiredness ] rdfs:subClassOf bp:FeverRedFlag .",
    "an axiom that another person brings": "ex:b a ct:Assessment ; ct:reports [ a bp:Tiredness ] . "
    "ex:a a ct:Assessment ; ct:reports [ a ex:Tired ] . "
    "ex:Tired a owl:Class ; owl:equivalentClass bp:Tiredness ; rdfs:subClassOf bp:SaddleNumbness .",
    "a number written otherwise": 'ex:a a ct:Assessment ; ct:ageInYears "047"^^xsd:integer .',
    "a named finding": "ex:a a ct:Assessment ; ct:reports ex:f . ex:f a bp:Fever .",
    "an unrelated remark": "ex:a a ct:Assessment ; ct:reports [ a bp:Fever ; rdfs:label 'hot' ] .",
    "reported and denied": "ex:a a ct:Assessment ; ct:reports [ a bp:Fever ] ; ct:denies bp:Fever .",
    "a number out of range": "ex:a a ct:Assessment ; ct:ageInYears 130 .",
}


def _read(kb: caretier.KnowledgeBase, text: str) -> list[Assessment]:
    return from_graph(parse((PREFIXES + text).encode(), format_named("turtle")), kb.questionnaire)


def _told(outcome: Result | InputError) -> object:
    """Reduce an outcome to what it says, without who says it."""
    if isinstance(outcome, InputError):
        return type(outcome), str(outcome)
    conditions = [(each.id, [found.red_flag.id for found in each.red_flags]) for each in outcome.conditions]
    return outcome.id, outcome.tier, outcome.ceiling, conditions, outcome.notes, outcome.next_questions


@pytest.mark.slow
def test_rdf_that_answers_say_all_of_goes_to_the_model(kb: caretier.KnowledgeBase) -> None:
    read = [each for text in TRANSLATED.values() for each in _read(kb, text)]
    outcomes, by_reference = kb.assess_many(read), kb.assess_many(read, engine="reference")
    assert [_told(each) for each in outcomes] == [_told(each) for each in by_reference]
    assert {each.engine for each in outcomes if isinstance(each, Result)} == {"model"}
    assert {each.engine for each in by_reference if isinstance(each, Result)} == {"reference"}


@pytest.mark.slow
def test_rdf_that_says_more_goes_to_the_reference_whichever_engine_is_named(kb: caretier.KnowledgeBase) -> None:
    named = [(name, each) for name, text in FOREIGN.items() for each in _read(kb, text)]
    outcomes = kb.assess_many([each for _, each in named], engine="model")
    results = [(name, each) for (name, _), each in zip(named, outcomes, strict=True) if isinstance(each, Result)]
    assert FOREIGN.keys() - {name for name, _ in results} == {"reported and denied", "a number out of range"}
    assert {name: each.engine for name, each in results} == {name: "reference" for name, _ in results}
    tiers = [(name, each.tier.rank) for name, each in results if each.tier.rank == 4]
    assert sorted(tiers) == [
        ("a class of one's own", 4),
        ("a class that no question asks about", 4),
        ("an axiom that another person brings", 4),
        ("an axiom that another person brings", 4),
    ]


def test_answers_say_the_same_as_json_and_as_rdf(kb: caretier.KnowledgeBase, random_answers: RandomAnswers) -> None:
    """What is lost on the way, such as the severity of something that is not reported, can only leave more open."""
    generator = random.Random(300)
    documents = [random_answers(generator) for _ in range(300)]
    as_json = [Assessment(kb.questionnaire.read({"answers": each})) for each in documents]
    as_rdf = [from_graph(answers_graph(each.answers, kb.knowledge)[0], kb.questionnaire)[0] for each in as_json]
    whole = 0
    for document, one, other in zip(as_json, kb.assess_many(as_json), kb.assess_many(as_rdf), strict=True):
        if isinstance(one, InputError) or isinstance(other, InputError):
            assert _told(one) == _told(other)
            continue
        assert one.engine == other.engine == "model"
        assert (one.tier, one.conditions, one.notes) == (other.tier, other.conditions, other.notes)
        assert one.ceiling.rank <= other.ceiling.rank
        if other.answers.values == document.answers.values:
            assert _told(one) == _told(other)
            whole += 1
    assert whole > 100


def test_the_result_keeps_the_graph_that_the_answers_came_in(kb: caretier.KnowledgeBase) -> None:
    (assessment,) = _read(kb, TRANSLATED["the example of the contract"])
    (result,) = kb.assess_many([assessment])
    assert isinstance(result, Result)
    assert assessment.graph is not None
    assert all(triple in result.to_graph() for triple in assessment.graph)


@pytest.mark.slow
def test_the_command_line_says_who_answered(tmp_path: Path) -> None:
    def assess(text: str) -> Mapping[str, object]:
        (tmp_path / "answers.ttl").write_text(PREFIXES + text, encoding="utf-8")
        command = [sys.executable, "-m", "caretier.cli", "assess", str(tmp_path / "answers.ttl"), "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: dict[str, object] = json.loads(done.stdout)
        return found

    assert assess(TRANSLATED["the example of the contract"])["engine"] == "model"
    assert assess(FOREIGN["a class of one's own"])["engine"] == "reference"


def test_a_slip_never_hides_what_the_other_answers_prove(kb: caretier.KnowledgeBase) -> None:
    with pytest.raises(caretier.InvalidAnswersError) as caught:
        kb.assess({"saddle-numbness": True, "age": 400})
    assert caught.value.proven == kb.knowledge.tier("EmergencyCare")
    assert str(caught.value).startswith("The other answers alone already mean: emergency care.")
    assert caught.value.readable == {"saddle-numbness": True}
    for answers in ({"fever": None, "age": 400}, {"age": 400}, {"nonsense": True}):
        with pytest.raises(caretier.InvalidAnswersError) as caught:
            kb.assess(answers)
        assert caught.value.proven is None
    nowhere = dict.fromkeys(("pain-neck", "pain-upper-back", "pain-lower-back"), False)
    with pytest.raises(caretier.InvalidAnswersError) as caught:
        kb.assess({**nowhere, "saddle-numbness": True, "x": 1})
    assert caught.value.proven == kb.knowledge.tier("EmergencyCare")


def test_a_named_engine_answers(kb: caretier.KnowledgeBase) -> None:
    assert (
        kb.engine == kb.assess({"fever": True}).engine == kb.assess({"fever": True}, engine="model").engine == "model"
    )


@pytest.mark.parametrize(
    "use",
    [
        "kb.triage(answers)",
        "kb.assess(answers).to_dict()",
        "kb.explain(answers).to_dict()",
        "kb.interview().next(answers).to_dict()",
        "[question.to_dict() for question in kb.questions]",
        "cli.main(['assess', file])",
        "cli.main(['assess', file, '--format', 'json', '--explain'])",
        "cli.main(['questions'])",
        "cli.main(['assess', '/nowhere.json'])",
    ],
)
def test_the_fast_path_imports_no_rdf_and_no_reasoner(use: str, tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    file.write_text('{"answers": {"pain-lower-back": true, "saddle-numbness": true}}', encoding="utf-8")
    code = f"""if True:
        import sys, caretier
        from caretier import cli
        kb, answers, file = caretier.load(), {{"pain-lower-back": True, "saddle-numbness": True}}, {str(file)!r}
        {use}
        heavy = ("rdflib", "pyshacl", "owlready2", "pyoxigraph", "jpype", "yaml")
        print([name for name in heavy if name in sys.modules], file=sys.stderr)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]", done.stderr


@pytest.mark.slow
def test_nobody_for_whom_it_is_not_meant_is_told_that_all_is_well(kb: caretier.KnowledgeBase) -> None:
    calm: dict[str, Answer] = {each.id: False for each in kb.questions if each.type == "boolean"}
    calm |= {each.id: each.options[0].id for each in kb.questions if each.type == "choice"}
    calm |= {"pain-lower-back": True, "treatment-months": 0}
    scope = kb.knowledge.scope
    assert scope is not None
    limit = int(scope.within.value)
    for engine in ("model", "reference"):
        adult, child = (kb.assess(calm | {"age": age}, engine=engine) for age in (limit, limit - 1))
        assert (adult.final, adult.settled, adult.notes) == (True, True, ())
        assert adult.advice == adult.tier.advice
        assert adult.to_dict()["settled"] is True
        assert (child.final, child.settled, child.notes) == (True, False, (scope.message,))
        assert child.advice == scope.message
        assert "NOT SETTLED YET" in present(child)
        for unknown in (kb.assess(answers, engine=engine) for answers in (calm, calm | {"age": None})):
            assert (unknown.final, unknown.settled, unknown.notes) == (True, False, ())
            assert unknown.advice == scope.message
            assert (unknown.to_dict()["final"], unknown.to_dict()["settled"]) == (True, False)
            assert "NOT SETTLED YET" in present(unknown)
            assert kb.questionnaire.by_id[scope.within.question].text in present(unknown)
            assert "no further answer" not in present(unknown)
        assert "no further answer" not in present(child)
        assert "NOT SETTLED YET" not in present(adult)
    urgent = kb.assess({"saddle-numbness": True, "age": limit - 1})
    assert urgent.advice == urgent.tier.advice
    assert scope.message in urgent.notes
    assert kb.assess({"age": None}).notes == ()
