"""What Protégé saves comes back: the OWL API of Protégé 5 opens and saves each module, and `caretier format` undoes it.

Protégé saves Turtle with the prefixes that it read. The other ways to save are those of other versions, of `Save as`,
and of a module that was opened where its imports are missing.
"""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from caretier import cli
from caretier.ontology import read_catalog
from tests.ontology.owlapi import OwlApi, Session, fetch_owl_api

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MODULES = sorted(path.stem for path in (ROOT / "ontology").glob("*.ttl"))
WAYS = {  # the writer of the OWL API, whether it is given the prefixes that were read, and how the file is called
    "Turtle": ("TurtleDocumentFormat", True, ".ttl"),
    "Turtle, prefixes lost": ("TurtleDocumentFormat", False, ".ttl"),
    "Turtle of another writer": ("RioTurtleDocumentFormat", True, ".ttl"),
    "RDF/XML": ("RDFXMLDocumentFormat", True, ".owl"),
    "RDF/XML, prefixes lost": ("RDFXMLDocumentFormat", False, ".owl"),
}
EVERYTHING = """@prefix ex: <https://example.org/everything#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix vann: <http://purl.org/vocab/vann/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<https://example.org/everything> a owl:Ontology ;
  vann:preferredNamespacePrefix "ex" ;
  vann:preferredNamespaceUri "https://example.org/everything#" ;
  owl:versionInfo "1.0" ;
  rdfs:comment "a"@en-GB , "two\\nlines" , "quote \\" and backslash \\\\"@es , "a token"^^xsd:token .

vann:preferredNamespacePrefix a owl:AnnotationProperty .
vann:preferredNamespaceUri a owl:AnnotationProperty .
ex:note a owl:AnnotationProperty ; rdfs:subPropertyOf rdfs:comment .
ex:p a owl:ObjectProperty , owl:TransitiveProperty ; owl:inverseOf ex:q ; rdfs:domain ex:B ;
  rdfs:range [ a owl:Class ; owl:unionOf ( ex:Z ex:A ) ] .
ex:q a owl:ObjectProperty ; owl:propertyChainAxiom ( ex:q ex:p ) ; owl:propertyDisjointWith ex:r .
ex:r a owl:ObjectProperty ; owl:equivalentProperty ex:a .
ex:a a owl:ObjectProperty .
ex:d a owl:DatatypeProperty , owl:FunctionalProperty ; rdfs:range xsd:integer .
ex:e a owl:DatatypeProperty .
ex:Percent a rdfs:Datatype ; owl:equivalentClass [ a rdfs:Datatype ; owl:onDatatype xsd:integer ;
  owl:withRestrictions ( [ xsd:minInclusive 0 ] [ xsd:maxInclusive 100 ] ) ] .
ex:A a owl:Class ; rdfs:label "A" ; owl:disjointWith ex:Z , ex:B .
ex:Z a owl:Class ; owl:disjointWith ex:C ; owl:equivalentClass ex:B ; owl:hasKey ( ex:p ex:d ) ;
  rdfs:subClassOf ex:C , [ a owl:Restriction ; owl:onProperty ex:p ; owl:someValuesFrom ex:A ] .
ex:B a owl:Class ; owl:disjointUnionOf ( ex:Z ex:C ) ; rdfs:subClassOf
  [ a owl:Restriction ; owl:onProperty ex:q ; owl:onClass ex:C ;
    owl:minQualifiedCardinality "2"^^xsd:nonNegativeInteger ] ,
  [ a owl:Restriction ; owl:onProperty ex:q ; owl:maxCardinality "2"^^xsd:nonNegativeInteger ] ,
  [ a owl:Restriction ; owl:onProperty ex:q ; owl:hasSelf true ] ,
  [ a owl:Restriction ; owl:onProperty [ owl:inverseOf ex:p ] ; owl:allValuesFrom ex:C ] .
ex:C a owl:Class ; owl:deprecated true ;
  owl:equivalentClass [ a owl:Class ; owl:oneOf ( ex:z ex:i ) ] , [ a owl:Class ; owl:complementOf ex:A ] .
ex:D a owl:Class ; rdfs:subClassOf _:one , [ a owl:Restriction ; owl:onProperty ex:e ; owl:hasValue 1.50 ] ,
  [ a owl:Restriction ; owl:onProperty ex:e ; owl:someValuesFrom [ a rdfs:Datatype ; owl:oneOf ( "z" "a" ) ] ] .
_:one a owl:Restriction ; owl:onProperty ex:p ; owl:hasValue ex:z .
ex:E a owl:Class ; rdfs:subClassOf _:two .
_:two a owl:Restriction ; owl:onProperty ex:p ; owl:hasValue ex:z .
ex:i a owl:NamedIndividual , ex:A ; ex:p ex:z , [ a ex:B ; ex:d 3 ] ; owl:sameAs ex:h ; owl:differentFrom ex:z ;
  ex:e 05 , -0 , 1.50 , 1e3 , 0.00012e0 , "1"^^xsd:boolean , false , "x" , "y"^^xsd:string , "1.0"^^xsd:float ,
    "2020-01-01T00:00:00"^^xsd:dateTime ;
  ex:note "e"@en , <https://example.org/everything#i> , <https://example.org/elsewhere> .
ex:z a owl:NamedIndividual .
ex:h a owl:NamedIndividual .
[] a owl:AllDifferent ; owl:distinctMembers ( ex:z ex:i ex:h ) .
[] a owl:AllDisjointClasses ; owl:members ( ex:Z ex:D ex:A ) .
[] a owl:NegativePropertyAssertion ; owl:sourceIndividual ex:i ; owl:assertionProperty ex:p ;
  owl:targetIndividual ex:h .
[] a owl:Axiom ; owl:annotatedSource ex:Z ; owl:annotatedProperty rdfs:subClassOf ; owl:annotatedTarget ex:C ;
  ex:note "why"@en , "2" .
[] a owl:Axiom ; owl:annotatedSource ex:Z ; owl:annotatedProperty owl:disjointWith ; owl:annotatedTarget ex:C ;
  ex:note "why apart"@en .
[] a owl:Axiom ; owl:annotatedSource ex:A ; owl:annotatedProperty rdfs:label ; owl:annotatedTarget "A" ;
  ex:note "why"@en .
[] a owl:Axiom ; owl:annotatedSource ex:D ; owl:annotatedProperty rdfs:subClassOf ; owl:annotatedTarget _:one ;
  ex:note "why one"@en .
[] a owl:Axiom ; owl:annotatedSource ex:E ; owl:annotatedProperty rdfs:subClassOf ; owl:annotatedTarget _:two ;
  ex:note "why two"@en .
[ a owl:Restriction ; owl:onProperty ex:p ; owl:hasValue ex:i ] rdfs:subClassOf ex:A .
"""
"""A module with all that OWL 2 can say, in orders and spellings that are not the canonical ones."""

ADDED = """@prefix bp: <https://w3id.org/caretier/back-pain#> .
@prefix ct: <https://w3id.org/caretier/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<https://example.org/added> a owl:Ontology ; owl:imports <https://w3id.org/caretier/findings> .
bp:Tiredness rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ct:symptomOf ; owl:hasValue bp:SpinalInfection ] .
"""


def _catalog(folder: Path) -> dict[str, str]:
    return {name: str(path) for name, path in read_catalog(folder).items() if "shapes" not in name}


@pytest.fixture(scope="module")
def owl_api(request: pytest.FixtureRequest) -> OwlApi:
    """Return the OWL API; its jars are kept between runs."""
    return fetch_owl_api(request.config.cache.mkdir("owlapi"))


@pytest.fixture(scope="module")
def saved(owl_api: OwlApi, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str, str], Path]:
    """Save every module in every way, with its imports and without; return a function that finds the file."""
    folder = tmp_path_factory.mktemp("saved")
    everything = folder / "everything.ttl"
    everything.write_text(EVERYTHING, encoding="utf-8")
    added = folder / "added.ttl"
    added.write_text(ADDED, encoding="utf-8")
    catalog = _catalog(ROOT / "ontology")

    def place(imports: str, way: str, name: str) -> Path:
        return folder / f"{imports}-{list(WAYS).index(way)}-{name}{WAYS[way][2]}"

    def saves(imports: str, name: str) -> dict[str, tuple[str, bool]]:
        return {str(place(imports, way, name)): chosen[:2] for way, chosen in WAYS.items()}

    sessions = [Session(str(everything), {}, saves("found", "everything"))]
    for name in MODULES:
        module = str(ROOT / "ontology" / f"{name}.ttl")
        sessions.append(Session(module, catalog, saves("found", name)))
        sessions.append(Session(module, {}, saves("missing", name), missing=list(catalog)))
    findings = str(ROOT / "ontology" / "findings.ttl")
    edited = {str(place("edited", "Turtle", "findings")): WAYS["Turtle"][:2]}
    sessions.append(Session(findings, catalog, edited, added=str(added)))
    owl_api.save(sessions)
    return place


@pytest.fixture
def ontology(tmp_path: Path) -> Path:
    """Return the folder of a copy of the knowledge."""
    shutil.copytree(ROOT / "shapes", tmp_path / "shapes")
    shutil.copytree(ROOT / "ontology", tmp_path / "ontology")
    return tmp_path / "ontology"


def test_the_files_look_as_protege_writes_them(saved: Callable[[str, str, str], Path]) -> None:
    text = saved("found", "Turtle", "red-flags").read_text(encoding="utf-8")
    assert "#################################################################\n#    Classes\n" in text
    assert "@prefix : <https://w3id.org/caretier/red-flags#> .\n" in text
    assert "@base <https://w3id.org/caretier/red-flags> .\n" in text
    assert "###  Generated by the OWL API (version 4.5." in text
    assert "ct:RedFlag rdf:type owl:Class" not in text
    stubs = saved("missing", "Turtle", "red-flags").read_text(encoding="utf-8")
    assert "ct:RedFlag rdf:type owl:Class" in stubs
    assert "ct:atLeast rdf:type owl:AnnotationProperty" in stubs
    assert "xmlns:terms=" in saved("found", "RDF/XML, prefixes lost", "red-flags").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize(
    ("imports", "way"),
    [*(("found", way) for way in WAYS), ("missing", "Turtle"), ("missing", "RDF/XML, prefixes lost")],
)
def test_a_module_that_was_only_opened_and_saved_is_what_was_committed(
    saved: Callable[[str, str, str], Path],
    ontology: Path,
    imports: str,
    way: str,
    name: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    committed = (ontology / f"{name}.ttl").read_bytes()
    file = ontology / f"{name}{WAYS[way][2]}"
    shutil.copy(saved(imports, way, name), file)
    assert file.read_bytes() != committed
    assert cli.main(["format", str(file)]) == 0
    assert (ontology / f"{name}.ttl").read_bytes() == committed
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("way", WAYS)
def test_all_that_owl_can_say_comes_back(saved: Callable[[str, str, str], Path], tmp_path: Path, way: str) -> None:
    committed = tmp_path / "everything.ttl"
    committed.write_text(EVERYTHING, encoding="utf-8")
    assert cli.main(["format", str(committed)]) == 0
    text = committed.read_bytes()
    file = tmp_path / f"everything{WAYS[way][2]}"
    shutil.copy(saved("found", way, "everything"), file)
    assert cli.main(["format", str(file)]) == 0
    assert committed.read_bytes() == text


def test_an_axiom_added_in_protege_is_all_that_changes(saved: Callable[[str, str, str], Path], ontology: Path) -> None:
    file = ontology / "findings.ttl"
    before = file.read_text(encoding="utf-8").splitlines()
    shutil.copy(saved("edited", "Turtle", "findings"), file)
    assert cli.main(["format", str(file)]) == 0
    after = file.read_text(encoding="utf-8").splitlines()
    changes = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    assert any("bp:SpinalInfection" in line for line in changes)
    assert len(changes) <= 5, changes


def test_all_modules_together_are_owl_2_dl(owl_api: OwlApi) -> None:
    folder = ROOT / "ontology"
    assert set(MODULES) == {Path(path).stem for path in _catalog(folder).values()}
    assert owl_api.violations(folder / "mappings.ttl", _catalog(folder)) == []


def test_a_violation_in_an_import_is_seen(owl_api: OwlApi, ontology: Path) -> None:
    module = ontology / "core.ttl"
    text = module.read_text(encoding="utf-8")
    module.write_text(text + "ct:hasSite a owl:DatatypeProperty .\n", encoding="utf-8")
    told = owl_api.violations(ontology / "mappings.ttl", _catalog(ontology))
    assert any("core#hasSite" in line for line in told)
