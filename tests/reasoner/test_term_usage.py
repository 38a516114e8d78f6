"""Terms in RDF where they would count for nothing are told by name; what people write beside answers is left alone."""

from __future__ import annotations

import pytest

import caretier
from caretier.documents import format_named, parse
from caretier.extraction import told_superclasses
from caretier.term_usage import TermUsage

PREFIXES = """@prefix ct: <https://w3id.org/caretier/core#> . @prefix bp: <https://w3id.org/caretier/back-pain#> .
@prefix ex: <http://example.org/> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix prov: <http://www.w3.org/ns/prov#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<urn:a> a ct:Assessment ; ct:reports <urn:f> . <urn:f> a bp:LowerBackPain .
"""


@pytest.fixture(scope="module")
def usage(kb: caretier.KnowledgeBase) -> TermUsage:
    graph = kb.ontology.graph
    return TermUsage(graph, kb.knowledge, told_superclasses(graph))


def _told(usage: TermUsage, text: str) -> str:
    graph = parse((PREFIXES + text).encode(), format_named("turtle"))
    return "\n".join(problem.message for problem in usage.problems(graph))


@pytest.mark.parametrize(
    "iri",
    [
        "https://w3id.org:443/caretier/back-pain#SaddleNumbness",
        "https://w3id.org//caretier/back-pain#SaddleNumbness",
        "https://w3id.org/./caretier/back-pain#SaddleNumbness",
        "https://w3id.org./caretier/back-pain#SaddleNumbness",
        "https://w3id.org/%63aretier/back-pain#SaddleNumbness",
        "https://w3di.org/caretier/back-pain#Saddle%4eumbness",
        "https://w3id.org/cartier/back-pain#SaddleNumbness/",
        "http://example.org/saddle-numbness",
        "http://example.org/hasSaddleNumbness",
        "http://example.org/saddle_numbness",
        "http://example.org/\uff33addleNumbness",
        "urn:SaddleNumbness",
        "bp:SaddleNumbness",
        "SaddleNumbness",
    ],
)
@pytest.mark.parametrize("place", ["<urn:f> a <{}> .", "<urn:a> <{}> true .", "<urn:a> ex:has <{}> ."])
def test_an_iri_with_the_name_of_a_term_is_no_other_thing(usage: TermUsage, iri: str, place: str) -> None:
    told = _told(usage, place.format(iri))
    assert "does not declare" in told
    assert "Did you mean <https://w3id.org/caretier/back-pain#SaddleNumbness" in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<urn:a> ex:has bp:SaddleNumbness .", "says nothing here"),
        ("<urn:a> rdfs:seeAlso bp:SaddleNumbness .", "says nothing here"),
        ("<urn:a> skos:related bp:SaddleNumbness .", "says nothing here"),
        ("<urn:a> ex:has ( bp:SaddleNumbness ) .", "says nothing here"),
        ("<urn:f> a ( bp:SaddleNumbness ) .", "says nothing here"),
        ("<urn:f> ex:is bp:SaddleNumbness .", "says nothing here"),
        ("<urn:f> ex:strength ct:Severe .", "says nothing here"),
        ("[] ex:of <urn:a> ; ex:question bp:SaddleNumbnessQuestion ; ex:value true .", "says nothing here"),
        ("[] rdf:subject <urn:f> ; rdf:predicate rdf:type ; rdf:object bp:SaddleNumbness .", "says nothing here"),
        ("<urn:a> bp:SaddleNumbness true .", "is no property"),
        ("<urn:f> bp:SaddleNumbness <urn:x> .", "is no property"),
        ("<urn:f> rdf:Type bp:SaddleNumbness .", "no term of RDF"),
        ("<urn:f> rdfs:type bp:SaddleNumbness .", "no term of RDF"),
        ("<urn:f> a ex:Unheard .", "means nothing here"),
        ("<urn:f> a ex:Own . ex:Own a owl:Class ; rdfs:label 'my own' .", "means nothing here"),
        ("<urn:f> a ex:Own . ex:Own rdfs:subClassOf ex:Other .", "means nothing here"),
        ("<urn:f> a ex:Fever . ex:Fever rdfs:subClassOf ex:Other .", "does not declare"),
        ("<urn:a> ex:symptom 'bp:SaddleNumbness' .", "says nothing here"),
        ("<urn:a> ex:symptoms 'saddle-numbness' , 'neck' .", "says nothing here"),
        ("<urn:f> ex:code 'https://w3id.org/caretier/back-pain#SaddleNumbness' .", "says nothing here"),
        ("<urn:f> a ct:Severe .", "means nothing here"),
        ("<urn:f> a [ rdfs:label 'my own' ] .", "means nothing here"),
        ("<urn:f> rdfs:subClassOf bp:SaddleNumbness .", "no class"),
        ("<urn:F> ct:hasSeverity ct:Severe .", "no assessment reports"),
        ("_:F ct:hasCourse ct:Worsening .", "no assessment reports"),
        ("<urn:person> ct:ageInYears 70 .", "no assessment reports"),
        ("<urn:a> ex:severity 9 .", "Did you mean <https://w3id.org/caretier/core#hasSeverity>"),
        ("<urn:a> ex:ageInYears 70 .", "Did you mean <https://w3id.org/caretier/core#ageInYears>"),
        ("<urn:a> ex:age 70 .", "Did you mean"),
        (
            "<urn:a> a [ owl:onProperty ct:reports ; owl:someValuesFrom bp:SaddleNumbness ] .",
            "needs the type owl:Restriction",
        ),
        (
            "ex:C rdfs:subClassOf bp:SaddleNumbness ; owl:equivalentClass [ a owl:Restriction ; owl:onProperty ex:p ; "
            "owl:hasValue 1 ] . <urn:f> ex:p 1 .",
            "give it the type owl:ObjectProperty",
        ),
    ],
)
def test_a_term_that_says_nothing_where_it_stands_is_told(usage: TermUsage, text: str, said: str) -> None:
    assert said in _told(usage, text)


@pytest.mark.parametrize(
    "text",
    [
        "<urn:a> ct:reports [ a bp:SaddleNumbness ; ct:hasSeverity ct:Mild ] ; ct:denies bp:Fever ; ct:ageInYears 4 .",
        "<urn:a> ct:doesNotKnow bp:FeverQuestion .",
        "<urn:a> rdfs:label 'Saddle numbness'@en ; rdfs:comment 'since May' ; ex:seen '2026-05-31' ; ex:score 1.5 .",
        "<urn:a> a prov:Entity ; prov:wasAttributedTo <urn:person> . <urn:person> a prov:Agent , ex:Person .",
        "<urn:a> <http://purl.org/dc/terms/creator> ex:me ; <http://purl.org/dc/terms/identifier> '7' .",
        "<urn:f> a owl:NamedIndividual , owl:Thing . ex:back-pain-clinic ex:knows ex:other .",
        "<urn:a> ct:reports ex:fever . ex:fever a bp:Fever . ex:note ex:about ex:fever .",
        "<urn:a> <http://purl.org/dc/terms/title> 'Fever' ; ex:title 'Back pain' ; rdfs:label 'SaddleNumbness' .",
        "<urn:f> a ex:Own . ex:Own rdfs:subClassOf bp:SaddleNumbness .",
        "<urn:f> a ex:Own . ex:Own rdfs:subClassOf ex:Other . ex:Other owl:equivalentClass bp:SaddleNumbness .",
        "<urn:f> a ex:SaddleNumbness . ex:SaddleNumbness a owl:Class ; rdfs:subClassOf bp:Numbness .",
        "<urn:f> ex:course ct:Worsening . ex:course rdfs:subPropertyOf ct:hasCourse .",
        "<urn:f> a [ a owl:Class ; owl:unionOf ( bp:SaddleNumbness bp:Fever ) ] .",
        "<urn:f> a [ a owl:Restriction ; owl:onProperty ct:hasSite ; owl:hasValue bp:SaddleArea ] .",
        "ex:My rdfs:subClassOf ct:Assessment . ex:m a ex:My ; ct:reports [ a bp:Fever ] ; ct:ageInYears 40 .",
        "ex:s rdf:subject <urn:a> ; rdf:predicate ct:reports ; rdf:object <urn:f> ; ex:sure true .",
        "<urn:list> rdf:_1 <urn:a> ; rdf:value 1 .",
    ],
)
def test_what_people_write_beside_answers_is_left_alone(usage: TermUsage, text: str) -> None:
    assert _told(usage, text) == ""
