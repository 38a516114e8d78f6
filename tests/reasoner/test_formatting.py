"""`caretier format`: what it reads, what it undoes, what it refuses, and that nothing is ever lost without a word."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import Graph, Literal

from caretier import cli
from caretier.errors import KnowledgeError
from caretier.formatting import bring_to_form

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "ontology").glob("*.ttl"), *(ROOT / "shapes").glob("*.ttl")])
PREFIXES = """@prefix ex: <https://example.org/terms#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
RDF_XML = """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [ <!ENTITY owl "http://www.w3.org/2002/07/owl#" > ]>
<rdf:RDF xmlns="https://example.org/terms#" xml:base="https://example.org/one" xmlns:owl="&owl;"
    xmlns:other="https://example.org/other#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <owl:Ontology rdf:about="https://example.org/one"/>
  <!-- https://example.org/terms#A -->
  <rdf:Description rdf:about="https://example.org/other#A"><rdf:type rdf:resource="&owl;Class"/></rdf:Description>
</rdf:RDF>
"""
SAME = """@prefix other: <https://example.org/other#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .

<https://example.org/one> a owl:Ontology .

other:A a owl:Class .
"""


def _text(path: Path) -> str:
    (file,) = bring_to_form([path])
    return file.text


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], str]:
    """Return a function that gives the canonical text of some Turtle."""

    def write(text: str) -> str:
        path = tmp_path / "some.ttl"
        path.write_text(text, encoding="utf-8")
        return _text(path)

    return write


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_committed_files_are_canonical_in_any_order(path: Path, tmp_path: Path) -> None:
    committed = path.read_text(encoding="utf-8")
    assert _text(path) == committed
    lines = ox.serialize(ox.parse(committed, format=ox.RdfFormat.TURTLE), format=ox.RdfFormat.N_TRIPLES)
    assert lines is not None
    shuffled = lines.decode().replace("_:", "_:other").splitlines(keepends=True)
    random.Random(5).shuffle(shuffled)
    head = "".join(f"{line}\n" for line in committed.splitlines() if line.startswith("@prefix"))
    (tmp_path / path.name).write_text(head + "".join(shuffled), encoding="utf-8")
    assert _text(tmp_path / path.name) == committed


@pytest.mark.parametrize(
    "text",
    [
        "@prefix ct: <http://other.example/> . ct:x ct:y <https://w3id.org/caretier/core#x> .",
        "_:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> 1 ; <urn:extra> 2 ; "
        "<http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> () . <urn:a> <urn:p> _:l .",
        '<urn:a> <urn:p> "yes"^^<http://www.w3.org/2001/XMLSchema#boolean> , "INF"^^'
        "<http://www.w3.org/2001/XMLSchema#double> , 1.5 , 1.0E3 .",
        '<urn:a> <urn:p> "--5"^^<http://www.w3.org/2001/XMLSchema#integer> .',
        "@prefix ex: <http://example.org/> . ex:a- ex:a.b ex:%41 .",
        "<urn:a> <urn:p> () , ( () ( 1 ) ) .",
    ],
)
def test_odd_turtle_is_kept_as_it_stands(text: str, written: Callable[[str], str]) -> None:
    once = written(text)
    terms = set(ox.parse(text, format=ox.RdfFormat.TURTLE))
    again = set(ox.parse(once, format=ox.RdfFormat.TURTLE))
    assert len(terms) == len(again)
    assert {quad for quad in terms if "_:" not in str(quad)} == {quad for quad in again if "_:" not in str(quad)}
    assert written(once) == once


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ('"5"^^xsd:integer', "5"),
        ("+05", "5"),
        ("-0", "0"),
        ("-050", "-50"),
        ("1.50", '"1.5"^^xsd:decimal'),
        ('"7"^^xsd:decimal', '"7.0"^^xsd:decimal'),
        ("-.0", '"0.0"^^xsd:decimal'),
        (
            '"12345678901234567890123456789012345678901.10"^^xsd:decimal',
            '"12345678901234567890123456789012345678901.1"^^xsd:decimal',
        ),
        ("1e3", '"1.0E3"^^xsd:double'),
        ('"1000"^^xsd:float', '"1.0E3"^^xsd:float'),
        ("-0.00120e0", '"-1.2E-3"^^xsd:double'),
        ("-0.0e7", '"-0.0E0"^^xsd:double'),
        ('"1"^^xsd:boolean', "true"),
        ('"x"^^xsd:string', '"x"'),
        ('"x"@en-GB', '"x"@en-gb'),
        ('"007"', '"007"'),
        ('"05"^^xsd:byte', '"05"^^xsd:byte'),
    ],
)
def test_numbers_and_truth_values_have_one_spelling(given: str, canonical: str, written: Callable[[str], str]) -> None:
    text = written(f"{PREFIXES} ex:a ex:p {given} .")
    assert text.endswith(f"ex:a ex:p {canonical} .\n")
    (before,) = Graph().parse(data=f"{PREFIXES} ex:a ex:p {given} .", format="turtle").objects()
    (after,) = Graph().parse(data=text, format="turtle").objects()
    assert isinstance(before, Literal)
    assert before.eq(after)


def test_what_holds_both_ways_has_one_direction_and_keeps_its_reason(written: Callable[[str], str]) -> None:
    text = written(
        f"{PREFIXES} ex:b owl:disjointWith ex:a . ex:b rdfs:subClassOf ex:a . "
        "ex:b owl:equivalentClass [ a owl:Class ; owl:complementOf ex:c ] . "
        "[] a owl:Axiom ; owl:annotatedSource ex:b ; owl:annotatedProperty owl:disjointWith ; "
        "owl:annotatedTarget ex:a ; ex:why 1 . "
        "[] a owl:Axiom ; owl:annotatedSource ex:b ; owl:annotatedProperty rdfs:subClassOf ; "
        "owl:annotatedTarget ex:a ; ex:why 2 ."
    )
    assert "ex:a owl:disjointWith ex:b ." in text
    assert "ex:b rdfs:subClassOf ex:a ;\n  owl:equivalentClass [ a owl:Class ; owl:complementOf ex:c ] ." in text
    assert "owl:annotatedSource ex:a ;\n  owl:annotatedTarget ex:b ;\n  ex:why 1 ." in text
    assert "owl:annotatedSource ex:b ;\n  owl:annotatedTarget ex:a ;\n  ex:why 2 ." in text


@pytest.fixture
def modules(tmp_path: Path) -> Callable[[str, str], str]:
    """Return a function that formats module `one` beside `two` and `three`, to which statements are added."""
    names = ("one", "two", "three")
    entries = "".join(f'<uri name="https://example.org/{name}" uri="{name}.ttl"/>' for name in names)
    catalog = f'<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">{entries}</catalog>'
    (tmp_path / "catalog-v001.xml").write_text(catalog, encoding="utf-8")

    def write(one: str, others: str) -> str:
        parts = {"one": f"one: owl:imports two: . {one}", "two": "two: owl:imports three: .", "three": others}
        for name, part in parts.items():
            iris = " ".join(f"@prefix {other}: <https://example.org/{other}> ." for other in names)
            text = f"{PREFIXES} {iris} {name}: a owl:Ontology . {part}"
            (tmp_path / f"{name}.ttl").write_text(text, encoding="utf-8")
        return _text(tmp_path / "one.ttl")

    return write


@pytest.mark.parametrize(
    ("one", "three"),
    [
        ("ex:A a owl:Class .", "ex:A a owl:Class ."),
        ("ex:A a owl:Class ; rdfs:label 'said elsewhere' .", "ex:A a owl:Class ; rdfs:label 'A' ."),
        ("ex:A a owl:NamedIndividual .", "ex:A a owl:NamedIndividual , ex:C ."),
        ("ex:A a owl:AnnotationProperty .", "ex:A a owl:ObjectProperty ."),
        ("ex:A a owl:AnnotationProperty .", "ex:A a owl:DatatypeProperty ."),
    ],
)
def test_a_stub_of_a_term_that_an_import_declares_is_left_out(
    modules: Callable[[str, str], str], one: str, three: str
) -> None:
    assert "ex:A a" not in modules(one, three)


@pytest.mark.parametrize(
    ("one", "three"),
    [
        ("ex:A a owl:Class .", ""),
        ("ex:A a owl:Class .", "ex:A rdfs:label 'A' ."),
        ("ex:A a owl:Class .", "ex:A a owl:NamedIndividual ."),
        ("ex:A a owl:ObjectProperty .", "ex:A a owl:AnnotationProperty ."),
        ("ex:A a owl:AnnotationProperty .", "ex:A a owl:Class ."),
        ("ex:A a owl:Class ; rdfs:isDefinedBy one: .", "ex:A a owl:Class ."),
        ("ex:A a owl:Class .", "ex:A a owl:Class . three: owl:imports one: ."),
        ("ex:A a owl:Class .", "ex:A a owl:Class . nonsense"),
        ("ex:A a ex:C .", "ex:A a ex:C ."),
    ],
)
def test_a_declaration_that_might_be_needed_stays(modules: Callable[[str, str], str], one: str, three: str) -> None:
    assert "ex:A a " in modules(one, three)


def test_a_file_without_catalog_keeps_its_declarations(written: Callable[[str], str]) -> None:
    header = "<https://example.org/one> a owl:Ontology ; owl:imports <https://example.org/two> ."
    assert "ex:A a owl:Class ." in written(f"{PREFIXES} {header} ex:A a owl:Class .")


def test_a_prefix_that_got_lost_is_the_one_that_a_module_names(
    modules: Callable[[str, str], str], tmp_path: Path
) -> None:
    named = (
        '<https://example.org/three> <http://purl.org/vocab/vann/preferredNamespacePrefix> "dom" ; '
        '<http://purl.org/vocab/vann/preferredNamespaceUri> "https://example.org/domain#" .'
    )
    domain = "https://example.org/domain#"
    assert "dom:A a owl:Class ." in modules(f"<{domain}A> a owl:Class .", named)
    assert "dom:A a owl:Class ." in modules(f"@prefix old: <{domain}> . old:A a owl:Class .", named)
    assert f"ex:A ex:p <{domain}A> ." in modules(f"ex:A ex:p <{domain}A> .", named), "says nothing of its terms"
    stolen = modules(
        f"@prefix dom: <https://example.org/else#> . dom:B a <{domain}C> . <{domain}A> a owl:Class .", named
    )
    assert Graph().parse(data=stolen).isomorphic(Graph().parse(tmp_path / "one.ttl"))


def test_rdf_xml_is_written_as_turtle_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given, target = tmp_path / "one.owl", tmp_path / "one.ttl"
    given.write_text(RDF_XML, encoding="utf-8")
    assert cli.main(["format", "--check", str(given)]) == 1
    assert f"is RDF/XML and belongs in {target}: {given}" in capsys.readouterr().out
    assert not target.exists()
    assert cli.main(["format", str(given)]) == 0
    assert capsys.readouterr().out == f"written: {target}, from {given}\n"
    assert target.read_text(encoding="utf-8") == SAME
    assert given.read_text(encoding="utf-8") == RDF_XML
    assert cli.main(["format", str(given)]) == 0
    assert capsys.readouterr().out.startswith(f"unchanged: {target}")
    target.write_text(SAME.replace("other:A", "other:B"), encoding="utf-8")
    assert cli.main(["format", str(given)]) == 0
    assert target.read_text(encoding="utf-8") == SAME


@pytest.mark.parametrize("there", [SAME.replace("/one>", "/two>"), "<urn:a> <urn:b> <urn:c> .", "nonsense"])
def test_rdf_xml_never_takes_the_place_of_another_ontology(
    there: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.owl").write_text(RDF_XML, encoding="utf-8")
    target = tmp_path / "one.ttl"
    target.write_text(there, encoding="utf-8")
    assert cli.main(["format", str(tmp_path / "one.owl")]) == 2
    assert str(target) in capsys.readouterr().err
    assert target.read_text(encoding="utf-8") == there


def test_a_file_is_what_stands_in_it_whatever_it_is_called(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.ttl").write_text(RDF_XML, encoding="utf-8")
    (tmp_path / "two.owl").write_text(SAME, encoding="utf-8")
    assert cli.main(["format", str(tmp_path / "one.ttl"), str(tmp_path / "two.owl")]) == 0
    assert (tmp_path / "one.ttl").read_text(encoding="utf-8") == SAME
    assert (tmp_path / "two.ttl").read_text(encoding="utf-8") == SAME
    assert cli.main(["format", str(tmp_path / "two.ttl"), str(tmp_path / "two.owl")]) == 2
    assert "belong in the same file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "syntax"),
    [
        ("a.ttl", "Prefix(:=<urn:a#>)\nOntology(<urn:a>)", "OWL functional syntax"),
        ("a.ofn", "# a comment first\nOntology(<urn:a>)", "OWL functional syntax"),
        ("a.omn", "Prefix: : <urn:a#>\nOntology: <urn:a>", "Manchester syntax"),
        ("a.owl", '<?xml version="1.0"?>\n<Ontology xmlns="http://www.w3.org/2002/07/owl#"/>', "OWL/XML"),
        ("a.owl", '<!-- old -->\n<catalog xmlns="urn:x"/>', "XML that is no RDF"),
        ("a.jsonld", '[ {\n  "@id" : "urn:a"\n} ]', "JSON-LD"),
        ("a.owl", '{"@context": {}}', "JSON-LD"),
        ("a.obo", "format-version: 1.2\n", "OBO format"),
        ("a.txt", "<urn:a> <urn:b> <urn:c> .", "not named as Turtle or RDF/XML"),
    ],
)
def test_another_syntax_is_refused_by_its_name(
    name: str, text: str, syntax: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert cli.main(["format", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(path) in line
    assert syntax in line
    assert "File > Save as… > Turtle" in line
    assert path.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.ttl", "<#a> a <urn:b> ."),
        ("a.ttl", "nonsense"),
        ("a.ttl", '<urn:a> <urn:p> "'),
        ("a.ttl", "<urn:a> <urn:p> <<( <urn:a> <urn:b> <urn:c> )>> ."),
        ("a.ttl", "<urn:a> <urn:p> '\udcff' ."),
        ("a.owl", RDF_XML.replace("</rdf:RDF>", "")),
        ("a.owl", RDF_XML.replace("&owl;Class", "&rdf;Class")),
        ("a.owl", ""),
        ("a.ttl", "# nothing but a comment"),
    ],
)
def test_a_broken_file_is_refused_and_nothing_is_written(name: str, text: str, tmp_path: Path) -> None:
    path, good = tmp_path / name, tmp_path / "good.ttl"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    good.write_text(f"{PREFIXES} ex:b a ex:c . ex:a a ex:c .", encoding="utf-8")
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(KnowledgeError, match=name):
        bring_to_form([good, path])
    assert cli.main(["format", str(good), str(path)]) == 2
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_statement_that_would_get_lost_is_noticed(
    written: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("caretier.formatting.write_turtle", lambda _: f"{PREFIXES} ex:a a ex:c .")
    assert "ex:a a ex:c" in written(f"{PREFIXES} ex:a a ex:c .")
    with pytest.raises(KnowledgeError, match="would not survive"):
        written(f"{PREFIXES} ex:a a ex:c . ex:b a ex:c .")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "some.ttl"
    path.write_text(f"{PREFIXES} ex:b a ex:c . ex:a a ex:c .", encoding="utf-8")
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        assert cli.main(["format", str(path)]) == 2
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_comments_that_get_lost_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "some.ttl"
    path.write_text(
        f"{PREFIXES}# Why this is here.\nex:a a owl:Class ; # at the end\n"
        '  rdfs:label "no # comment" , \'# nor this\' , """nor\n# this \\"\\"\\" # """@en .\n'
        f"ex:b a <http://example.org/no#comment> .\n# {'long ' * 30}\n# https://example.org/a-paper\n",
        encoding="utf-8",
    )
    for options in (["--check"], []):
        cli.main(["format", *options, str(path)])
        told = capsys.readouterr().err.splitlines()
        assert [line.split(": ")[0] for line in told] == [f"{path}:{number}" for number in (5, 6, 10, 11)]
        assert told[0].endswith(": Why this is here.")
        assert told[1].endswith(": at the end")
        assert told[2].endswith("long…")
        assert "skos:editorialNote" in told[3]
    cli.main(["format", str(path)])
    assert capsys.readouterr().err == ""


def test_the_banners_of_protege_are_no_comments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "some.ttl"
    path.write_text(
        f"{PREFIXES}{'#' * 65}\n#    Object Properties\n{'#' * 65}\n\n###  https://example.org/terms#a\n"
        "ex:a a owl:ObjectProperty .\n# \n# # https://example.org/terms#b\nex:b a owl:Class .\n"
        "###  Generated by the OWL API (version 4.5.29) https://github.com/owlcs/owlapi\n",
        encoding="utf-8",
    )
    assert cli.main(["format", str(path)]) == 0
    assert capsys.readouterr().err == ""
