"""The reference reasoner: what it concludes does not depend on how, with whom or in what order it is asked."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rdflib import RDF, Graph, URIRef

import caretier
from caretier import batch
from caretier.assessment import Assessment
from caretier.assessments import from_graph
from caretier.documents import format_named, parse
from caretier.evaluation import Evaluator
from caretier.questionnaire import Answer, Questionnaire
from caretier.reference import Reference
from caretier.result import Result
from caretier.vocabulary import CT

pytestmark = pytest.mark.slow
PREFIXES = """@prefix ct: <https://w3id.org/caretier/core#> . @prefix ex: <http://example.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
BP = "https://w3id.org/caretier/back-pain#"
AssessRdf = Callable[..., list[Result | caretier.InputError]]


def _summary(outcome: Result | caretier.InputError) -> object:
    if isinstance(outcome, caretier.InputError):
        return type(outcome).__name__, str(outcome)
    entry = outcome.to_dict()
    return {key: value for key, value in entry.items() if key != "id"}


def _random_answers(questionnaire: Questionnaire, generator: random.Random, share: float) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    for question in questionnaire.questions:
        if generator.random() > share:
            continue
        if question.type == "boolean":
            answers[question.id] = generator.choice([True, False, False, None])
        elif question.type == "choice":
            answers[question.id] = generator.choice([*(option.id for option in question.options), None])
        else:
            assert question.minimum is not None
            answers[question.id] = generator.randint(question.minimum, 100)
    return answers


def _assessments(kb: caretier.KnowledgeBase, documents: list[dict[str, Answer]]) -> list[Assessment]:
    return [Assessment(kb.questionnaire.read({"answers": each})) for each in documents]


def test_the_example_of_the_contract(assess_rdf: AssessRdf) -> None:
    (outcome,) = assess_rdf(
        "ex:a a ct:Assessment ; ct:ageInYears 47 ; ct:reports [ a bp:LowerBackPain ] , [ a bp:SaddleNumbness ] , "
        "[ a bp:LegWeakness ; ct:hasCourse ct:Worsening ] ; ct:denies bp:Fever .",
    )
    assert isinstance(outcome, Result)
    entry = outcome.to_dict()
    assert entry["id"] == "http://example.org/a"
    assert entry["tier"] == entry["ceiling"] == "EmergencyCare"
    assert entry["final"] is True
    assert [condition.id for condition in outcome.conditions] == [
        "CaudaEquinaSyndrome",
        "SevereOrProgressiveNeurologicDeficit",
    ]
    assert entry["engine"] == "reference"


def test_a_slip_in_rdf_never_hides_what_the_rest_proves(kb: caretier.KnowledgeBase) -> None:
    found = {}
    for name in ("SaddleNumbness", "LowerBackPain"):
        text = f"ex:a a ct:Assessment ; ct:ageInYears 200 ; ct:reports [ a bp:{name} ] ."
        graph = parse((PREFIXES + f"@prefix bp: <{BP}> .\n" + text).encode(), format_named("turtle"))
        (found[name],) = kb.assess_many(from_graph(graph, kb.questionnaire))
    slip, harmless = found["SaddleNumbness"], found["LowerBackPain"]
    assert isinstance(slip, caretier.InvalidAnswersError)
    assert slip.proven is not None
    assert slip.proven.id == "EmergencyCare"
    assert str(slip).startswith("The other answers alone already mean: emergency care.")
    assert isinstance(harmless, caretier.InvalidAnswersError)
    assert harmless.proven is None


def test_every_key_of_the_contract_is_there(kb: caretier.KnowledgeBase) -> None:
    entry = kb.assess({"pain-lower-back": True, "saddle-numbness": True}, id="a", engine="reference").to_dict()
    assert set(entry) >= {
        "id",
        "tier",
        "ceiling",
        "final",
        "advice",
        "conditions",
        "next_questions",
        "notes",
        "engine",
        "knowledge",
        "software",
    }
    (condition,) = entry["conditions"]  # type: ignore[misc]
    assert set(condition) >= {"id", "label", "tier", "red_flags", "course"}  # type: ignore[has-type]
    assert condition["course"]["within_hours"] == 48  # type: ignore[has-type]
    assert {"tests", "treatments", "referrals"} <= set(condition["course"])  # type: ignore[has-type]
    (flag,) = condition["red_flags"]  # type: ignore[has-type]
    assert flag["because"] == [
        {"question": "saddle-numbness", "answer": True, "text": kb.questionnaire.by_id["saddle-numbness"].answer_text}
    ]
    assert flag["source"]["section"].startswith("9.")


def test_a_batch_says_the_same_as_one_at_a_time_and_sharing_changes_nothing(
    kb: caretier.KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = random.Random(7)
    documents = [_random_answers(kb.questionnaire, generator, generator.choice([0.1, 0.3, 0.8])) for _ in range(12)]
    together = [_summary(each) for each in kb.reference.assess(_assessments(kb, documents))]
    alone = [_summary(kb.reference.assess([each])[0]) for each in _assessments(kb, documents[:4])]
    assert together[:4] == alone
    backwards = kb.reference.assess(_assessments(kb, [dict(reversed(each.items())) for each in reversed(documents)]))
    assert [_summary(each) for each in reversed(backwards)] == together
    monkeypatch.setattr(kb.reference, "_share", False)
    assert [_summary(each) for each in kb.reference.assess(_assessments(kb, documents))] == together


def test_the_same_names_in_two_files_do_not_meet(assess_rdf: AssessRdf) -> None:
    finding = "ex:a a ct:Assessment ; ct:reports ex:f . ex:f a bp:{} ."
    first, second = assess_rdf(finding.format("LegWeakness"), finding.format("LegNumbness"))
    sudden = "ex:a a ct:Assessment ; ct:reports _:f . _:f a bp:BackPain ; ct:has{} ct:{} ."
    third, fourth = assess_rdf(sudden.format("Severity", "Severe"), sudden.format("Onset", "SuddenOnset"))
    for outcome in (first, second, third, fourth):
        assert isinstance(outcome, Result)
        assert outcome.tier.rank == 0


def test_a_class_of_the_researchers_own_is_understood(kb: caretier.KnowledgeBase, assess_rdf: AssessRdf) -> None:
    named, defined = assess_rdf(
        "ex:Numb rdfs:subClassOf bp:SaddleNumbness ; a owl:Class . ex:a a ct:Assessment ; ct:reports [ a ex:Numb ] .",
        "ex:Numb a owl:Class ; owl:equivalentClass [ owl:intersectionOf ( bp:Numbness [ a owl:Restriction ; "
        "owl:onProperty ct:hasSite ; owl:hasValue bp:SaddleArea ] ) ; a owl:Class ] . "
        "ex:a a ct:Assessment ; ct:reports [ a bp:Numbness ; ct:hasSite bp:SaddleArea ] .",
    )
    for outcome in (named, defined):
        assert isinstance(outcome, Result)
        assert outcome.tier == kb.reference.knowledge.tiers[0]
        assert outcome.conditions[0].red_flags[0].because


def test_class_expressions_of_one_file_hold_for_all_its_people(assess_rdf: AssessRdf) -> None:
    outcomes = assess_rdf(
        "ex:p a owl:ObjectProperty . ex:i a owl:NamedIndividual . "
        "ex:C a owl:Class ; rdfs:subClassOf bp:SaddleNumbness ; owl:equivalentClass [ a owl:Class ; "
        "owl:intersectionOf ( bp:Numbness [ a owl:Restriction ; owl:onProperty ex:p ; owl:hasValue ex:i ] ) ] . "
        "ex:a a ct:Assessment ; ct:reports [ a bp:Numbness ; ex:p ex:i ] . "
        "ex:b a ct:Assessment ; ct:reports [ a bp:Numbness ; ex:p ex:i ] . "
        "ex:My rdfs:subClassOf ct:Assessment . ex:c a ex:My ; ct:reports [ a bp:SaddleNumbness ] .",
    )
    tiers = [each.tier.rank if isinstance(each, Result) else str(each) for each in outcomes]
    assert tiers == [4, 4, 4]


def test_a_property_of_the_researchers_own_is_understood(assess_rdf: AssessRdf) -> None:
    (outcome,) = assess_rdf(
        "ex:c rdfs:subPropertyOf ct:hasCourse . "
        "ex:a a ct:Assessment ; ct:reports [ a bp:LegWeakness ; ex:c ct:Worsening ] .",
    )
    assert isinstance(outcome, Result)
    assert outcome.tier.rank == 3


def test_unrelated_triples_change_nothing(assess_rdf: AssessRdf) -> None:
    plain = "ex:a a ct:Assessment ; ct:reports [ a bp:WeightLoss ] ."
    more = plain + 'ex:a ex:seen "2026-05-31"^^xsd:date ; rdfs:label "a" . ex:x ex:y [ ex:z 1.5 ] . ex:z a ex:Thing .'
    first, second = assess_rdf(plain, more)
    assert _summary(first) == _summary(second)


def test_a_denial_beside_a_report_is_a_note_and_changes_nothing(kb: caretier.KnowledgeBase) -> None:
    told, denied = kb.reference.assess(
        _assessments(kb, [{"steroids-long-term": True}, {"steroids-long-term": True, "immune-suppressed": False}])
    )
    assert isinstance(told, Result)
    assert isinstance(denied, Result)
    assert (told.tier, told.conditions) == (denied.tier, denied.conditions)
    assert not told.notes
    assert len(denied.notes) == 1


def test_the_ceiling_is_the_highest_tier_of_any_valid_further_answers(kb: caretier.KnowledgeBase) -> None:
    """Compare with brute force: all answers but a few are given, and every way to answer those is tried."""
    generator = random.Random(11)
    evaluator = Evaluator(kb.reference.knowledge)
    asked: list[Mapping[str, Answer]] = []
    extensions: list[list[Mapping[str, Answer]]] = []
    while len(asked) < 12:
        answers = _random_answers(kb.questionnaire, generator, 1.0)
        booleans = [each.id for each in kb.questions if each.type == "boolean"]
        answers |= {key: False for key in booleans if answers[key] is None or generator.random() < 0.8}
        answers |= {each.id: each.options[0].id for each in kb.questions if each.options and answers[each.id] is None}
        answers["saddle-numbness"] = answers["urinary-incontinence"] = False
        answers["bowel-incontinence"] = answers["urinary-retention"] = False
        still_open = generator.sample(sorted(answers), 3)
        given = {key: value for key, value in answers.items() if key not in still_open}
        if evaluator.is_contradictory(evaluator.given(given)):
            continue
        asked.append(given)
        extended = _extensions(kb, given, still_open)
        extensions.append([each for each in extended if not evaluator.is_contradictory(evaluator.given(each))])
    flat = [each for group in extensions for each in group]
    outcomes = kb.reference.assess(
        [Assessment(kb.questionnaire.read({"answers": dict(each)})) for each in [*asked, *flat]]
    )
    ranks = [each.tier.rank if isinstance(each, Result) else -1 for each in outcomes[len(asked) :]]
    place = 0
    lower = 0
    for outcome, group in zip(outcomes, extensions, strict=False):
        assert isinstance(outcome, Result)
        reached = max(ranks[place : place + len(group)])
        place += len(group)
        assert outcome.ceiling.rank >= reached, "an upper bound is never wrongly low"
        assert outcome.final == (outcome.ceiling == outcome.tier)
        lower += outcome.ceiling.rank == reached
        if outcome.next_questions:
            assert outcome.ceiling.rank > outcome.tier.rank
    assert lower >= len(asked) - 1


def _extensions(
    kb: caretier.KnowledgeBase, given: Mapping[str, Answer], still_open: list[str]
) -> list[Mapping[str, Answer]]:
    extended: list[Mapping[str, Answer]] = [given]
    for name in still_open:
        question = kb.questionnaire.by_id[name]
        if question.type == "boolean":
            choices: list[Answer] = [True]
        elif question.type == "choice":
            choices = [option.id for option in question.options]
        else:
            choices = [0, 3, 39, 40, 50, 120]
        extended += [{**each, name: choice} for each in extended for choice in choices]
    return extended


def test_a_question_answered_with_not_known_is_not_asked_again(kb: caretier.KnowledgeBase) -> None:
    outcome = kb.assess({"pain-lower-back": True, "saddle-numbness": None}, engine="reference")
    assert "saddle-numbness" not in {question.id for question in outcome.next_questions}
    assert not outcome.final


def test_the_lowest_tier_is_shown_as_settled_only_when_final(kb: caretier.KnowledgeBase) -> None:
    no_to_all = {
        question.id: False
        for question in kb.questions
        if question.type == "boolean" and question.id != "pain-lower-back"
    }
    rest: dict[str, Answer] = {
        "pain-lower-back": True,
        "age": 30,
        "sex": "female",
        "pain-severity": "mild",
        "pain-course": "stable",
    }
    rest |= {
        "pain-course": "unchanged",
        "tobacco": "never",
        "iv-drug-use": "never",
        "cancer": "never",
        "treatment-months": 0,
        "treatment-response": "partial",
    }
    settled, still_open = kb.reference.assess(_assessments(kb, [{**no_to_all, **rest}, {"pain-lower-back": True}]))
    assert isinstance(settled, Result)
    assert isinstance(still_open, Result)
    assert settled.final
    assert not settled.next_questions
    assert settled.tier.rank == still_open.tier.rank == 0
    assert settled.advice != still_open.advice
    assert not still_open.final


def test_a_result_as_rdf_says_what_it_rests_on(kb: caretier.KnowledgeBase) -> None:
    graph = kb.assess(
        {"pain-lower-back": True, "saddle-numbness": True}, id="http://example.org/a", engine="reference"
    ).to_graph()
    subject = URIRef("http://example.org/a")
    tiers = list(graph.objects(subject, CT.careTier))
    assert tiers == [URIRef(kb.reference.knowledge.tiers[0].iri)]
    rows = graph.query(
        """PREFIX ct: <https://w3id.org/caretier/core#> PREFIX prov: <http://www.w3.org/ns/prov#>
        PREFIX dcterms: <http://purl.org/dc/terms/>
        SELECT ?flag ?question ?source ?version ?engine ?hash WHERE {
          ?conclusion ct:concludes ?flag ; prov:wasDerivedFrom ?a ; ct:restsOnAnswerTo ?question ;
            dcterms:source ?source ; prov:wasGeneratedBy ?run .
          ?run prov:used ?a , ?version ; ct:engine ?engine . ?version ct:sha256 ?hash . ?a a ct:Assessment }"""
    )
    assert len(list(rows)) == 1
    assert Graph().parse(data=graph.serialize(format="turtle"), format="turtle").value(subject, RDF.type) is not None


@pytest.mark.parametrize(
    "text",
    [
        "ex:p owl:inverseOf ex:q .",
        "ex:p a owl:SymmetricProperty .",
        "ex:p a owl:FunctionalProperty .",
        "ex:A rdfs:subClassOf [ owl:onProperty ct:reports ; owl:allValuesFrom ex:B ] .",
        "ex:A rdfs:subClassOf [ owl:complementOf ex:B ] .",
        "ex:A rdfs:subClassOf [ owl:onProperty ct:reports ; owl:maxQualifiedCardinality 1 ; owl:onClass ex:B ] .",
        "ex:A owl:hasKey ( ex:p ) .",
        "ex:p owl:propertyChainAxiom ( ex:q ct:reports ) .",
        "ex:p owl:propertyChainAxiom ( ct:reports ex:q ) .",
    ],
)
def test_findings_are_shared_only_where_nothing_can_flow_back_through_them(text: str) -> None:
    assert batch.findings_can_be_shared(Graph())
    assert not batch.findings_can_be_shared(Graph().parse(data=PREFIXES + text, format="turtle"))


def test_an_axiom_that_says_only_does_not_leak_from_one_person_to_another(tmp_path: Path, checkout: Path) -> None:
    shutil.copytree(checkout / "ontology", tmp_path / "ontology")
    shutil.copytree(checkout / "shapes", tmp_path / "shapes")
    with (tmp_path / "ontology" / "red-flags.ttl").open("a", encoding="utf-8") as file:
        file.write(
            "bp:PastCancerRedFlag rdfs:subClassOf "
            "[ a owl:Restriction ; owl:onProperty ct:reports ; owl:allValuesFrom bp:CaudaEquinaSign ] .\n"
        )
    reference = Reference(caretier.load(tmp_path / "ontology" / "back-pain.ttl").ontology)
    read = reference.knowledge.questionnaire.read
    both, plain = reference.assess(
        [Assessment(read({"answers": each})) for each in ({"cancer": "past", "tiredness": True}, {"tiredness": True})]
    )
    assert isinstance(both, Result)
    assert isinstance(plain, Result)
    assert both.tier == reference.knowledge.tiers[0]
    assert plain.tier.rank == 0


def test_axioms_that_answers_bring_hold_for_them_alone(kb: caretier.KnowledgeBase, assess_rdf: AssessRdf) -> None:
    plain = "ex:a a ct:Assessment ; ct:reports [ a bp:Tiredness ] ."
    axiom = (
        "[ a owl:Restriction ; owl:onProperty ct:reports ; owl:someValuesFrom bp:Tiredness ] "
        "rdfs:subClassOf bp:CaudaEquinaSignRedFlag ."
    )
    first, second, third = assess_rdf(plain, plain + axiom, plain)
    assert isinstance(first, Result)
    assert isinstance(second, Result)
    assert isinstance(third, Result)
    assert first.tier.rank == third.tier.rank == 0
    assert second.tier == kb.reference.knowledge.tiers[0]


def test_an_inconsistent_ontology_is_refused(tmp_path: Path, checkout: Path) -> None:
    for folder in ("ontology", "shapes"):
        shutil.copytree(checkout / folder, tmp_path / folder)
    with (tmp_path / "ontology" / "conditions.ttl").open("a", encoding="utf-8") as file:
        file.write("\nbp:Cancer a ct:Finding .\n")
    with pytest.raises(caretier.KnowledgeError, match="contradicts itself"):
        Reference(caretier.load(tmp_path / "ontology" / "back-pain.ttl").ontology)
