"""An ontology that was made to do harm fetches nothing, reads what the catalog names as files, and ends at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import OWL, RDF, Graph, URIRef

import caretier
from caretier import limits
from caretier.errors import InputError, KnowledgeError
from caretier.hermit import logical_part, realise
from caretier.inconsistency import fewest_axioms
from caretier.knowledge_base import load
from caretier.lockfile import read_model
from caretier.mappings import read_codes
from caretier.ontology import load_ontology, parse_file, read_catalog
from caretier.ontology_syntax import read_saved
from caretier.profile import owl2dl_violations
from caretier.sparql_store import add_file, shipped_queries
from tests.listening import listener
from tests.reasoner.conftest import EditedCopy
from tests.soon import soon

RDF_XML = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="urn:x:"'
BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x"}">' for n in range(12))
CATALOG = """<?xml version="1.0"?>
<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog"><uri name="urn:other" uri="{}"/></catalog>"""
ROOT = "<urn:root> a <http://www.w3.org/2002/07/owl#Ontology> ; <http://www.w3.org/2002/07/owl#imports> <{}> ."


def test_an_import_is_resolved_by_the_catalog_and_never_online(tmp_path: Path) -> None:
    with listener() as (port, came):
        for address in (f"http://127.0.0.1:{port}/x", f"http://127.0.0.1:{port}/x.ttl", "file:///etc/passwd"):
            (tmp_path / "root.ttl").write_text(ROOT.format(address))
            with pytest.raises(KnowledgeError, match=r"catalog-v001\.xml beside the root does not list"):
                load(tmp_path / "root.ttl")
    assert came == []


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1:{}/x.ttl", "file:///etc/passwd", "FILE:x.ttl", "/etc/passwd", "\\\\host\\x.ttl", "C:\\x.ttl"],
)
def test_a_catalog_names_files_by_their_path_from_its_folder(tmp_path: Path, uri: str) -> None:
    with listener() as (port, came):
        (tmp_path / "catalog-v001.xml").write_text(CATALOG.format(uri.format(port)))
        with pytest.raises(KnowledgeError, match="no path from its folder"):
            read_catalog(tmp_path)
    assert came == []


def test_a_catalog_may_name_files_of_other_folders_but_only_ontologies(tmp_path: Path) -> None:
    """The vocabulary that domains share lies beside them. What is no ontology by its name is not opened at all."""
    shared, domain = tmp_path / "shared.ttl", tmp_path / "domain"
    domain.mkdir()
    shared.write_text("<urn:other> a <http://www.w3.org/2002/07/owl#Ontology> .")
    (tmp_path / "secret").write_text("secret words")
    (domain / "link.ttl").symlink_to(tmp_path / "secret")
    (domain / "root.ttl").write_text(ROOT.format("urn:other"))
    for uri, said in {
        "../shared.ttl": "names no shapes",
        "../secret": "has to be Turtle",
        "link.ttl": "has to be Turtle",
        "../../../../../../../../../../etc/passwd": "has to be Turtle",
    }.items():
        (domain / "catalog-v001.xml").write_text(CATALOG.format(uri))
        with pytest.raises(KnowledgeError, match=said) as error:
            load(domain / "root.ttl")
        assert "secret words" not in str(error.value)


@pytest.mark.slow
def test_no_reasoner_follows_an_import() -> None:
    """Neither owlready2, which reads files as well, nor the OWL API, whoever passes the graph on."""
    with listener() as (port, came):
        url = f"http://127.0.0.1:{port}/x"
        for header in (f"<urn:o> a owl:Ontology ; owl:imports <{url}> .", f"<urn:o> owl:imports <{url}> ."):
            graph = Graph().parse(
                data=f"@prefix owl: <{OWL}> . {header} <urn:a> a owl:Class . <urn:i> a <urn:a>, owl:NamedIndividual .",
                format="turtle",
            )
            assert realise(graph, 60).types["urn:i"] == {"urn:a"}
            assert isinstance(owl2dl_violations(graph, 60), tuple)
            graph.add((URIRef("urn:i"), RDF.type, OWL.Nothing))
            assert fewest_axioms(logical_part(graph), None, 60) != []
    assert came == []


@pytest.mark.slow
def test_answers_that_import_are_refused(assess_rdf: Callable[..., list[caretier.Result | InputError]]) -> None:
    """What they import could say more than they do; it is not read, so nothing may be concluded without it."""
    with listener() as (port, came):
        url = f"http://127.0.0.1:{port}/x"
        outcomes = assess_rdf(
            f"ex:o a owl:Ontology ; owl:imports <{url}> . ex:a a ct:Assessment .",
            f"ex:o owl:imports <{url}> . ex:a a ct:Assessment .",
            f"ex:a a ct:Assessment, owl:Ontology ; owl:imports <{url}> .",
            "ex:o a owl:Ontology ; owl:imports <file:///etc/passwd> . ex:a a ct:Assessment .",
        )
    assert ["Answers may import nothing" in str(outcome) for outcome in outcomes] == [True] * 4
    assert came == []


CALLS = (
    "SERVICE <URL> { ?s ?p ?o }",
    "SERVICE SILENT <URL> { ?s ?p ?o }",
    "?x ?y trueSERVICE SILENT <URL> { ?s ?p ?o }",
    "\\\\u0053ERVICE SILENT <URL> { ?s ?p ?o }",
)


@pytest.mark.parametrize("call", CALLS)
def test_shapes_call_no_server(edited_copy: EditedCopy, call: str) -> None:
    with listener() as (port, came):
        pattern = call.replace("URL", f"http://127.0.0.1:{port}/")
        root = edited_copy(
            {
                "shapes/derivation.ttl": "cs:Hostile a sh:NodeShape ; sh:targetClass ct:Assessment ; sh:rule [ "
                'a sh:SPARQLRule ; sh:construct "CONSTRUCT { $this <urn:p> ?o } WHERE { '
                f'$this ?is ?any . {pattern} }}" ] .'
            }
        )
        with pytest.raises(KnowledgeError, match="SPARQL with the word SERVICE"):
            load(root, time_limit=60).assess({})
    assert came == []


def test_shapes_call_no_server_by_a_prefix(edited_copy: EditedCopy) -> None:
    """A namespace is put into a query as it stands, so that all could be in it that makes a query."""
    namespace = "urn:x> SELECT * { SERVICE <urn:y> {} }"
    root = edited_copy({"shapes/answers.ttl": f'[] sh:declare [ sh:prefix "x" ; sh:namespace "{namespace}" ] .'})
    with pytest.raises(KnowledgeError, match="SPARQL with the word SERVICE"):
        load(root)


@pytest.mark.slow
def test_shapes_import_nothing(edited_copy: EditedCopy) -> None:
    with listener() as (port, came):
        imports = f"<https://w3id.org/caretier/shapes/answers> owl:imports <http://127.0.0.1:{port}/x> ."
        assert load(edited_copy({"shapes/answers.ttl": imports}), time_limit=60).assess({}).tier.rank == 0
    assert came == []


@pytest.mark.parametrize(
    "entities",
    [
        BOMB,
        '<!ENTITY e11 SYSTEM "file:///etc/passwd">',
        f'<!ENTITY e11 "{"x" * 301}">',
        '<!ENTITY % p "x"> <!ENTITY e11 "x">',
    ],
    ids=["bomb", "file", "long", "parameter"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_stand_for_namespaces_and_nothing_else(tmp_path: Path, entities: str, encoding: str) -> None:
    document = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE r [{entities}]>{{}}'
    rdf = tmp_path / "x.owl"
    rdf.write_text(document.format(f"<rdf:RDF {RDF_XML}><x:p>&e11;</x:p></rdf:RDF>"), encoding)
    (tmp_path / "catalog-v001.xml").write_text(document.format("<catalog>&e11;</catalog>"), encoding)
    for read in (parse_file, read_saved, lambda path: add_file(ox.Store(), path, path.name)):
        with pytest.raises(KnowledgeError, match=r"x\.owl declares the XML entity .* more than a namespace"):
            read(rdf)
    with pytest.raises(KnowledgeError, match=r"xml declares the XML entity .* more than a namespace"):
        read_catalog(tmp_path)


def test_xml_in_an_encoding_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.owl"
    path.write_text(f'<?xml version="1.0" encoding="none"?><rdf:RDF {RDF_XML}/>')
    for read in (parse_file, read_saved):
        with pytest.raises(KnowledgeError, match=r"x\.owl cannot be read: unknown encoding"):
            read(path)


def test_entities_as_editors_write_them_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.owl"
    path.write_text(
        f'<!DOCTYPE r [<!ENTITY x "urn:x:">]><rdf:RDF {RDF_XML}><x:c rdf:about="&x;a"><x:p>&x;</x:p></x:c></rdf:RDF>'
    )
    assert (URIRef("urn:x:a"), RDF.type, URIRef("urn:x:c")) in parse_file(path)
    assert len(read_saved(path).statements) == 2


def test_what_is_no_file_is_not_waited_for(tmp_path: Path, checkout: Path) -> None:
    """Neither in place of an ontology, nor of what lies beside one or is named in its decision model."""
    for name in ("ontology", "shapes"):
        shutil.copytree(checkout / name, tmp_path / name)
    folder = tmp_path / "ontology"
    root = folder / "back-pain.ttl"
    assert read_model(str(root)) is not None
    (folder / "core.ttl").unlink()
    os.mkfifo(folder / "core.ttl")
    with soon():
        assert read_model(str(root)) is None
        with pytest.raises(KnowledgeError, match=r"core\.ttl is no file"):
            load_ontology(root)
    (folder / "core.ttl").unlink()
    (folder / "core.ttl").symlink_to("/dev/zero")
    assert read_model(str(root)) is None
    with pytest.raises(KnowledgeError, match="zero: an ontology has to be Turtle"):
        load_ontology(root)
    with pytest.raises(KnowledgeError, match="is no file"):
        read_saved(folder / "core.ttl")


def test_what_is_larger_than_any_ontology_is_not_read(tmp_path: Path, checkout: Path) -> None:
    for folder in ("ontology", "shapes"):
        shutil.copytree(checkout / folder, tmp_path / folder)
    root = tmp_path / "ontology" / "back-pain.ttl"
    query = next((tmp_path / "ontology" / "queries").glob("*.rq"))
    ontology = load_ontology(root)
    for path in (root.with_name("mappings.ttl"), query, root):
        with path.open("ab") as file:
            file.truncate(limits.MAXIMUM_ONTOLOGY_BYTES + 1)
    for read in (load_ontology, lambda path: read_codes(str(path)), lambda _: shipped_queries(ontology), read_saved):
        with pytest.raises(KnowledgeError, match="more than 50,000,000 bytes"):
            read(root)


@pytest.mark.parametrize("text", ["(" * 200_000, "[ <urn:p> " * 100_000])
def test_an_ontology_nested_without_end_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "root.ttl").write_text(f"<urn:a> <urn:p> {text}")
    with pytest.raises(KnowledgeError, match="cannot be parsed"):
        load_ontology(tmp_path / "root.ttl")
