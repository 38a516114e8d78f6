"""Input of every format is read, and hostile or broken input ends in one clear error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rdflib import Graph

from caretier.documents import FORMATS, format_named, format_of, parse, read_file
from caretier.errors import UnreadableInputError
from caretier.limits import MAXIMUM_BYTES, MAXIMUM_DEPTH, MAXIMUM_TERMS
from caretier.rdf_documents import render_rdf

TURTLE = "@prefix ct: <https://w3id.org/caretier/core#> . <urn:a> a ct:Assessment ; ct:ageInYears 47 ."


@pytest.mark.parametrize("name", ["turtle", "ntriples", "rdfxml", "jsonld", "trig", "nquads"])
def test_every_rdf_format_gives_the_same_graph(name: str) -> None:
    given = Graph().parse(data=TURTLE, format="turtle")
    parsed = parse(render_rdf(given, name).encode(), format_named(name))
    assert isinstance(parsed, Graph)
    assert set(parsed) == set(given)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'  {"answers": {}}', "json"),
        (b"answers:\n  fever: true\n", "yaml"),
        (TURTLE.encode(), "turtle"),
        (b"PREFIX ct: <urn:x>\n", "turtle"),
        (b'<?xml version="1.0"?><rdf:RDF/>', "rdfxml"),
        (b"<urn:a> <urn:b> <urn:c> .", "turtle"),
    ],
)
def test_the_format_is_told_from_the_content(content: bytes, name: str) -> None:
    assert format_of(None, content).name == name


def test_every_ending_belongs_to_one_format() -> None:
    endings = [ending for known in FORMATS for ending in known.endings]
    assert len(endings) == len(set(endings))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("json", b"", "empty"),
        ("json", b"  \n ", "empty"),
        ("json", b'{"answers": {', "line 1, column 14"),
        ("json", b'{"answers": {"fever": true, "fever": false}}', '"fever" is given twice'),
        ("json", b'{"answers": {"age": NaN}}', "NaN"),
        ("json", b"[" * 100_000, "nested too deeply"),
        ("json", b'{"answers": {"age": ' + b"9" * 5000 + b"}}", "not usable JSON"),
        ("json", b"\xff\xfe{", "not UTF-8"),
        ("yaml", b"answers: [", "line"),
        ("yaml", b"answers: {fever: true, fever: false}", "given twice"),
        ("yaml", b"answers: {1: true}", "not the name"),
        ("yaml", b"answers: !!python/object/apply:os.system [ls]", "not well-formed"),
        ("turtle", b"@prefix ct: <urn:x> .\n<urn:a> ct:b", "line 2"),
        ("turtle", b"\n\n<urn:a> nothing:b <urn:c> .", "line 3"),
        ("ntriples", b"<urn:a> <urn:b> <urn:c> .\n<urn:a> <urn:b>\n", "line 3"),
        ("nquads", b"<urn:a> <urn:b> <urn:c> <urn:g> .\nnonsense", "line 2"),
        ("trig", b"<urn:g> { <urn:a> <urn:b> }} ", "line 1"),
        ("rdfxml", b"<rdf:RDF", "not well-formed RDF"),
        (
            "rdfxml",
            b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="urn:x"><x:A><x:b><x:C/></x:b>',
            "line 1",
        ),
        ("jsonld", b'{"@context": {"ct": "urn:ct:"}, "@type": "ct:A", "answers": {}}', '"answers" has no meaning'),
        ("yaml", b"a: &x [1]\nb: *x", "aliases"),
        ("yaml", b"answers: {fever: !!bool maybe}", "not usable YAML"),
        ("json", b'{"answers": {}, "id": "\\ud800"}', "surrogate"),
        ("rdfxml", b'<!DOCTYPE x [<!ENTITY a "b">]><rdf:RDF/>', "DOCTYPE"),
        ("jsonld", b'{"@context": "http://example.org/context"}', "nothing is fetched"),
        ("jsonld", b'{"@context": [{"a": "urn:a"}, "http://example.org/c"]}', "nothing is fetched"),
        ("jsonld", b'{"@context": {"@import": "http://example.org/c"}}', "nothing is fetched"),
        ("json", b'{"@context": "http://example.org/context", "@id": "urn:a"}', "nothing is fetched"),
        (
            "turtle",
            b'<urn:a> <https://w3id.org/caretier/core#ageInYears> "old"^^<http://www.w3.org/2001/XMLSchema#integer> .',
            '"old" is no',
        ),
    ],
)
def test_broken_input_ends_in_one_line_that_says_where(name: str, content: bytes, said: str) -> None:
    with pytest.raises(UnreadableInputError, match="(?s)" + said.replace("(", r"\(")) as caught:
        parse(content, format_named(name))
    assert "\n" not in str(caught.value)


def test_yaml_dates_and_a_byte_order_mark_are_read() -> None:
    data = parse("\ufeffdate: 2026-05-31\nanswers: {}\n".encode(), format_named("yaml"))
    assert str(data["date"]) == "2026-05-31"


def test_yaml_numbers_are_read_as_people_write_them() -> None:
    data = parse(b"a: 010\nb: 1:30\nc: 12\nd: -3\n", format_named("yaml"))
    assert data == {"a": "010", "b": "1:30", "c": 12, "d": -3}


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(MAXIMUM_BYTES + 1)
    with pytest.raises(UnreadableInputError, match="too large"):
        read_file(path)


@pytest.mark.parametrize("name", ["yaml", "turtle", "trig", "rdfxml"])
def test_the_limit_of_depth_is_exact(name: str) -> None:
    assert parse(_nested(name, MAXIMUM_DEPTH), format_named(name)) is not None
    with pytest.raises(UnreadableInputError, match="nested too deeply"):
        parse(_nested(name, MAXIMUM_DEPTH + 1), format_named(name))


def _nested(name: str, depth: int) -> bytes:
    """Write a document that is nested so deep."""
    match name:
        case "yaml":
            return b"[" * depth + b"]" * depth
        case "turtle":
            return b"<urn:a> <urn:p> " + b"(" * depth + b")" * depth + b" ."
        case "trig":
            return b"{ <urn:a> <urn:p> " + b"(" * (depth - 1) + b")" * (depth - 1) + b" }"
    kinds = ("rdf:Description", "x:p")
    names = ["rdf:RDF", *(kinds[number % 2] for number in range(depth - 1))]
    spaces = ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="urn:x:"'
    begun = "".join(f"<{each}{spaces if each == 'rdf:RDF' else ''}>" for each in names)
    return (begun + "".join(f"</{each}>" for each in reversed(names))).encode()


def test_the_limit_of_terms_in_contexts_is_exact() -> None:
    def document(terms: int) -> bytes:
        return json.dumps({"@context": {f"t{number}": f"urn:t:{number}" for number in range(terms)}}).encode()

    assert parse(document(MAXIMUM_TERMS), format_named("jsonld")) is not None
    with pytest.raises(UnreadableInputError, match="more than 1,000 terms"):
        parse(document(MAXIMUM_TERMS + 1), format_named("jsonld"))


@pytest.mark.parametrize(("name", "said"), [("missing.json", "no such file"), (".", "folder")])
def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(UnreadableInputError, match=said):
        read_file(tmp_path / name)
