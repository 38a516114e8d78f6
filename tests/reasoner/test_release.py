"""What is released says what the modules say, verifies, and is the same each time."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path

import pyoxigraph as ox
import pytest
import yaml
from rdflib import OWL, RDF, RDFS, SKOS, Graph, Namespace, URIRef

import caretier
from caretier import cli
from caretier.errors import CaretierError
from caretier.files import write_folder
from caretier.hermit import Entailments
from caretier.lockfile import parse
from caretier.mapping_table import mapping_table
from caretier.merging import reasoned
from caretier.ontology import load_ontology, parse_file
from caretier.profile import owl2dl_violations
from caretier.release import CHECKSUMS, release_files

pytestmark = pytest.mark.slow

BP = Namespace("https://w3id.org/caretier/back-pain#")
SYNTAXES = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld"}


@pytest.fixture(scope="module")
def files(kb: caretier.KnowledgeBase) -> Mapping[str, str]:
    return release_files(kb)


@pytest.fixture(scope="module")
def stated(files: Mapping[str, str]) -> Graph:
    return Graph().parse(data=files["back-pain.ttl"], format="turtle")


def test_the_merged_ontology_says_what_its_modules_say(kb: caretier.KnowledgeBase, stated: Graph) -> None:
    expected, headers = Graph(), set(kb.ontology.modules)
    for module in kb.ontology.modules.values():
        for triple in parse_file(module):
            if triple[0] not in headers:
                expected.add(triple)
    for triple in parse_file(kb.ontology.root).triples((kb.ontology.iri, None, None)):
        if triple[1] != OWL.imports:
            expected.add(triple)
    assert _canonical(stated) == _canonical(expected)
    assert list(stated.subjects(RDF.type, OWL.Ontology)) == [kb.ontology.iri]


@pytest.mark.parametrize("name", ["back-pain", "back-pain-reasoned"])
def test_every_format_says_the_same(name: str, files: Mapping[str, str]) -> None:
    turtle, *others = (Graph().parse(data=files[f"{name}.{end}"], format=kind) for end, kind in SYNTAXES.items())
    for other in others:
        assert _canonical(turtle) == _canonical(other)


def _canonical(graph: Graph) -> set[str]:
    """Return the triples of a graph with the same names for the same blank nodes."""
    triples = ox.parse(graph.serialize(format="nt"), format=ox.RdfFormat.N_TRIPLES)
    dataset = ox.Dataset(triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in dataset}


@pytest.mark.parametrize("name", ["back-pain.ttl", "back-pain.rdf", "back-pain-reasoned.rdf"])
def test_it_is_owl_2_dl(name: str, files: Mapping[str, str], tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(files[name], encoding="utf-8")
    assert owl2dl_violations(parse_file(file)) == ()


def test_the_reasoned_ontology_has_what_follows_and_nothing_else(
    kb: caretier.KnowledgeBase, files: Mapping[str, str], stated: Graph
) -> None:
    found = Graph().parse(data=files["back-pain-reasoned.ttl"], format="turtle")
    # what only the reasoner knows: a site or a qualifier makes a finding one of a kind, and so joins it to a group
    assert (BP.SaddleNumbness, RDFS.subClassOf, BP.CaudaEquinaSign) in found
    assert (BP.SaddleNumbness, RDFS.subClassOf, BP.CaudaEquinaSign) not in stated
    above = kb.reference.entailments.superclasses
    for one, _, other in found.triples((None, RDFS.subClassOf, None)):
        if isinstance(other, URIRef) and (one, RDFS.subClassOf, other) not in stated:
            assert str(other) in above[str(one)]
    for name, classes in above.items():
        reached = {str(each) for each in found.transitive_objects(URIRef(name), RDFS.subClassOf)}
        equal = {str(each) for each in found.objects(URIRef(name), OWL.equivalentClass)}
        assert classes - {str(OWL.Thing)} <= reached | equal, name


def test_equal_classes_are_said_to_be_equal() -> None:
    above = {"urn:a": {"urn:a", "urn:b", "urn:c"}, "urn:b": {"urn:a", "urn:b", "urn:c"}, "urn:c": {"urn:c"}}
    entailments = Entailments(
        {name: frozenset({*classes, str(OWL.Thing)}) for name, classes in above.items()},
        {"urn:i": frozenset({"urn:a", "urn:b", "urn:c", str(OWL.Thing)})},
        frozenset(),
    )
    found = reasoned(Graph(), entailments)
    a, b, c, i = (URIRef(f"urn:{name}") for name in "abci")
    assert set(found) == {
        (a, OWL.equivalentClass, b), (b, OWL.equivalentClass, a), (a, RDFS.subClassOf, c), (b, RDFS.subClassOf, c),
        (i, RDF.type, a), (i, RDF.type, b),
    }  # fmt: skip


def test_the_mappings_are_those_of_their_module(files: Mapping[str, str], checkout: Path) -> None:
    head, rows = _sssom(files["back-pain.sssom.tsv"])
    mappings = parse_file(checkout / "ontology" / "mappings.ttl")
    prefixes = head["curie_map"]
    found = {
        tuple(_expanded(row[column], prefixes) for column in ("subject_id", "predicate_id", "object_id"))
        for row in rows
    }
    matches = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")
    expected = {
        (str(subject), str(SKOS[match]), str(value))
        for match in matches
        for subject, value in mappings.subject_objects(SKOS[match])
    }
    assert found == expected
    assert len(rows) == len(expected) > 100


def test_the_mapping_table_keeps_to_sssom(files: Mapping[str, str]) -> None:
    """The slots that SSSOM requires are there, and every prefix that is used is declared."""
    head, rows = _sssom(files["back-pain.sssom.tsv"])
    assert {"curie_map", "mapping_set_id", "license"} <= head.keys()
    assert str(head["license"]).startswith("https://creativecommons.org/")
    for row in rows:
        for column in ("subject_id", "subject_label", "predicate_id", "object_id", "mapping_justification"):
            assert row[column], row
        for column in ("subject_id", "predicate_id", "object_id", "mapping_justification"):
            assert row[column].partition(":")[0] in head["curie_map"]
    assert "HP:0002315" in {row["object_id"] for row in rows} or any(row["object_id"][:3] == "HP:" for row in rows)


def test_a_terminology_that_is_not_known_gets_a_prefix_too() -> None:
    turtle = """<urn:m> a <http://www.w3.org/2002/07/owl#Ontology> .
        <urn:x#a> <http://www.w3.org/2004/02/skos/core#exactMatch> <http://example.org/codes/7> ."""
    head, rows = _sssom(mapping_table(Graph().parse(data=turtle, format="turtle"), Graph(), {"x": "urn:x#"}))
    [row] = rows
    assert _expanded(row["object_id"], head["curie_map"]) == "http://example.org/codes/7"
    with pytest.raises(caretier.KnowledgeError, match=r"declares no owl:Ontology"):
        mapping_table(Graph(), Graph(), {})


@pytest.mark.parametrize("odd", ['"a text"', "[]", "<urn:oid:1.2>", "<http://example.org/a/>"])
def test_the_mapping_table_names_what_it_cannot_hold(odd: str) -> None:
    turtle = f"""@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        <http://example.org/m> a <http://www.w3.org/2002/07/owl#Ontology> . <urn:x#a> skos:exactMatch {odd} ."""
    with pytest.raises(caretier.KnowledgeError, match="no IRI of a term"):
        mapping_table(Graph().parse(data=turtle, format="turtle"), Graph(), {"x": "urn:x#"})


def test_the_longest_prefix_shortens_and_none_is_given_twice() -> None:
    turtle = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        <http://example.org/m> a <http://www.w3.org/2002/07/owl#Ontology> .
        <http://example.org/long#a> skos:exactMatch <http://other.example/c> ."""
    prefixes = {"short": "http://example.org/", "long": "http://example.org/long#", "ns1": "urn:y#"}
    head, rows = _sssom(mapping_table(Graph().parse(data=turtle, format="turtle"), Graph(), prefixes))
    assert rows[0]["subject_id"] == "long:a"
    assert rows[0]["object_id"] == "ns2:c"
    assert head["curie_map"]["ns2"] == "http://other.example/"


def _sssom(text: str) -> tuple[dict[str, dict[str, str]], list[dict[str, str]]]:
    lines = text.splitlines(keepends=True)
    head = yaml.safe_load("".join(line[1:] for line in lines if line.startswith("#")))
    table = "".join(line for line in lines if not line.startswith("#"))
    return head, list(csv.DictReader(io.StringIO(table), delimiter="\t"))


def _expanded(curie: str, prefixes: Mapping[str, str]) -> str:
    prefix, _, local = curie.partition(":")
    return prefixes[prefix] + local


class _Links(HTMLParser):
    """The places of a page, and where it links to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.places: list[str] = []
        self.links: list[str] = []
        self.labels: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.add(tag)
        self.places += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name == "href" and value]
        self.labels += str(attributes.get("aria-labelledby", "")).split()


def test_every_term_has_its_place_on_the_page(files: Mapping[str, str], kb: caretier.KnowledgeBase) -> None:
    page = _Links(files["back-pain.html"])
    assert len(page.places) == len(set(page.places))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.places)
    assert set(page.labels) <= set(page.places)
    assert not page.tags & {"script", "img", "link", "iframe", "form"}
    for flag in kb.knowledge.red_flags:
        assert f"bp:{flag.id}" in page.places
        assert flag.definition in files["back-pain.html"]
    for tier in kb.in_language("es").knowledge.tiers:
        assert f'<span lang="es">{tier.label}</span>' in files["back-pain.html"]
    own = {prefix: URIRef(namespace) for prefix, namespace in kb.knowledge.prefixes.items()}
    for prefix, namespace in own.items():
        terms = {str(term) for term in kb.ontology.graph.subjects(RDFS.label) if str(term).startswith(namespace)}
        assert {f"{prefix}:{term.removeprefix(namespace)}" for term in terms} <= set(page.places)


def test_the_rest_is_what_the_commands_print(files: Mapping[str, str], kb: caretier.KnowledgeBase) -> None:
    assert kb.model
    assert parse(files["decision-model.json"]) == kb.model
    assert "LICENSE" in files
    assert files["decision-table.csv"].count("red flag,") > 100


def test_the_checksums_verify_and_find_a_changed_byte(files: Mapping[str, str], tmp_path: Path) -> None:
    write_folder(tmp_path / "made", files)
    check = ["sha256sum", "--check", "--strict", "--quiet", CHECKSUMS]
    assert subprocess.run(check, cwd=tmp_path / "made", check=False).returncode == 0
    listed = {line.split("  ")[1] for line in files[CHECKSUMS].splitlines()}
    assert listed == {path.name for path in (tmp_path / "made").iterdir()} - {CHECKSUMS}
    changed = tmp_path / "made" / "back-pain.ttl"
    changed.write_text(changed.read_text(encoding="utf-8").replace("fever", "feber", 1), encoding="utf-8")
    assert subprocess.run(check, cwd=tmp_path / "made", check=False, capture_output=True).returncode == 1


def test_the_same_knowledge_gives_the_same_bytes(files: Mapping[str, str], checkout: Path, tmp_path: Path) -> None:
    """A copy elsewhere, read anew by another process, is released alike."""
    for folder in ("ontology", "shapes"):
        shutil.copytree(checkout / folder, tmp_path / folder)
    assert cli.main(["release", str(tmp_path / "out"), "--ontology", str(tmp_path / "ontology" / "back-pain.ttl")]) == 0
    made = {path.name: path.read_bytes().decode() for path in (tmp_path / "out").iterdir()}
    assert made == dict(files)


def test_what_is_not_proven_or_wrong_is_not_released(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("ontology", "shapes"):
        shutil.copytree(checkout / folder, tmp_path / folder)
    root, out = tmp_path / "ontology" / "back-pain.ttl", tmp_path / "out"
    text = root.read_text(encoding="utf-8")
    root.write_text(text.replace("ten serious conditions", "some serious conditions"), encoding="utf-8")
    assert cli.main(["release", str(out), "--ontology", str(root)]) == 2
    assert "run `caretier compile`" in capsys.readouterr().err
    root.write_text(re.sub(r'owl:versionInfo "1.0.0" ;', "", text), encoding="utf-8")
    assert cli.main(["release", str(out), "--ontology", str(root)]) == 1
    assert "error" in capsys.readouterr().out
    assert not out.exists()


def test_a_folder_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    def failing() -> Iterator[tuple[str, str]]:
        yield "one", "1"
        raise KeyboardInterrupt

    class Files(dict[str, str]):
        def items(self) -> Iterator[tuple[str, str]]:  # type: ignore[override]
            return failing()

    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "out", Files())
    assert list(tmp_path.iterdir()) == []
    write_folder(tmp_path / "out", {"one": "1"})
    assert [path.read_text() for path in (tmp_path / "out").iterdir()] == ["1"]
    with pytest.raises(CaretierError, match="there already"):
        write_folder(tmp_path / "out", {"two": "2"})
    (tmp_path / "empty").mkdir()  # somebody may stand in it, or have closed it to others
    with pytest.raises(CaretierError, match="there already"):
        write_folder(tmp_path / "empty", {"two": "2"})
    with pytest.raises(CaretierError, match="no folder"):
        write_folder(tmp_path / "no" / "out", {"two": "2"})


def test_another_domain_is_released_too(checkout: Path) -> None:
    """It has no mappings, and its own name."""
    headache = caretier.load(checkout / "examples" / "headache" / "headache.ttl")
    files = release_files(headache)
    assert {"headache.ttl", "headache-reasoned.ttl", "headache.html", CHECKSUMS} <= files.keys()
    assert not [name for name in files if "sssom" in name]
    assert hashlib.sha256(files["headache.ttl"].encode()).hexdigest() in files[CHECKSUMS]
    merged = load_ontology(headache.ontology.root)
    assert len(Graph().parse(data=files["headache.ttl"], format="turtle")) < len(merged.graph)
