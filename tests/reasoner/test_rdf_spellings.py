"""What JSON-LD and RDF/XML allow to be written in many ways is read, each way, as another reader reads it."""

from __future__ import annotations

import json

import pytest
from rdflib import Dataset, Graph
from rdflib.compare import isomorphic

from caretier.documents import format_named, parse

BP, CT = "https://w3id.org/caretier/back-pain#", "https://w3id.org/caretier/core#"
CONTEXT = {"bp": BP, "ct": CT, "reports": {"@id": "ct:reports", "@type": "@id"}, "type": "@type"}
NUMB = {"@type": "bp:SaddleNumbness"}
PAIN = {"@id": "urn:f", "@type": ["bp:LowerBackPain"]}


@pytest.mark.parametrize(
    "added",
    [
        {"ct:reports": NUMB},
        {"ct:reports": [NUMB, PAIN, {"@id": "urn:f", "@index": "i"}]},
        {"ct:reports": [[NUMB], {"@set": [PAIN, None]}]},
        {"ct:reports": {"@list": [NUMB, PAIN]}},
        {"reports": ["urn:f", "ex#f", {"type": "bp:Fever"}], "@included": [PAIN]},
        {"@context": {"s": {"@id": "ct:reports", "@container": "@set"}}, "s": [NUMB]},
        {"@context": {"l": {"@id": "ct:reports", "@container": "@list", "@type": "@id"}}, "l": ["urn:f", NUMB]},
        {"@context": {"l": {"@id": "ct:reports", "@container": "@list"}}, "l": []},
        {"@context": {"by": {"@reverse": "ct:reports", "@type": "@id"}}, "by": ["urn:x", {"@id": "urn:y"}]},
        {"@context": {"more": "@nest"}, "more": {"ct:reports": NUMB}},
        {"@context": {"@vocab": CT}, "ageInYears": 47, "seen": None, "reports": []},
        {"@reverse": {"ct:reports": {"@id": "urn:x"}}},
        {"@graph": [{"@id": "urn:x", "ct:reports": NUMB}]},
        {"ct:reports": {"@context": {"x": BP}, "@type": ["x:SaddleNumbness", "x:Numbness"]}},
        {"ct:ageInYears": {"@value": "47", "@type": "http://www.w3.org/2001/XMLSchema#integer"}},
        {"urn:p": [{"@value": "b", "@language": "en"}, True, {"@value": 7, "@index": "i"}]},
    ],
)
def test_json_ld(added: dict[str, object]) -> None:
    within = added.pop("@context", {})
    document = {"@context": [CONTEXT, within], "@id": "urn:a", "type": "ct:Assessment"} | added
    text = json.dumps(document)
    quads = Dataset().parse(data=text, format="json-ld", publicID="https://caretier.invalid/input/").quads()
    other = Graph()
    for subject, predicate, value, _ in quads:
        other.add((subject, predicate, value))
    assert isomorphic(parse(text.encode(), format_named("jsonld")), other)


@pytest.mark.parametrize(
    "within",
    [
        "<ct:reports><bp:SaddleNumbness/></ct:reports>",
        '<ct:reports><rdf:Description><rdf:type rdf:resource="urn:C"/></rdf:Description></ct:reports>',
        '<ct:reports rdf:parseType="Resource"><rdf:type rdf:resource="urn:C"/><ct:p>x</ct:p></ct:reports>',
        '<ct:reports rdf:parseType="Collection"><bp:A/><bp:B rdf:about="#b"/><rdf:Description/></ct:reports>',
        '<ct:reports rdf:parseType="Collection"/>',
        '<ct:reports rdf:ID="s"><bp:SaddleNumbness xml:lang="en" ct:p="x"/></ct:reports>',
        '<ct:reports rdf:type="urn:C" ct:p="x"/><ct:reports rdf:nodeID="n"/><ct:q rdf:nodeID="n" ct:p="x"/>',
        '<ct:reports rdf:resource="#f"/><ct:p xml:lang="en">x</ct:p><ct:p/><rdf:li>y</rdf:li><rdf:li><bp:A/></rdf:li>',
        '<ct:p rdf:datatype="urn:D">x</ct:p><x:p xmlns:x="urn:x:" x:q="1" rdf:resource="urn:f"/>',
    ],
)
def test_rdf_xml(within: str) -> None:
    text = (
        '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns:ct="{CT}" xmlns:bp="{BP}" xml:base="http://example.org/x">'
        f'<ct:Assessment rdf:about="urn:a" xml:lang="de" ct:note="x">{within}</ct:Assessment></rdf:RDF>'
    )
    assert isomorphic(parse(text.encode(), format_named("rdfxml")), Graph().parse(data=text, format="xml"))
