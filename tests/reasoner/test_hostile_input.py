"""Odd names, texts and brackets are read as what they say and nothing more; what is refused is in `tests/hostile/`."""

from __future__ import annotations

import json

import pytest
from rdflib import Graph, Literal

import caretier
from caretier.assessments import answers_graph, from_graph
from caretier.documents import format_named, parse
from caretier.errors import InputError
from caretier.questionnaire import Answers
from caretier.rdf_documents import render_rdf
from caretier.result import Result

KB = caretier.load()


@pytest.mark.parametrize(
    "text",
    [
        '<urn:a> <urn:p> "' + "[(" * 500 + '" , """' + "([\n" * 500 + '""" .',
        "<urn:a> <urn:p> '" + "[(" * 500 + "' , '''" + "([\n" * 500 + "''' . # " + "((" * 500,
        "<urn:a#" + "(" * 500 + '> <urn:p> "\\"' + "((" * 200 + '" .',
        "<urn:a> <urn:p> " + " , ".join(["[ <urn:q> ( 1 ) ]"] * 500) + " .",
    ],
)
def test_brackets_that_nest_nothing_are_no_nesting(text: str) -> None:
    graph = parse(text.encode(), format_named("turtle"))
    assert isinstance(graph, Graph)
    assert len(graph) > 0


@pytest.mark.parametrize(
    ("subject", "label"),
    [
        ("http://example.org/" + "a" * 100_000, "x"),
        ("javascript:alert(1)", "<script>alert(1)</script>"),
        ("file:///etc/passwd", "=HYPERLINK(1)"),
        ("urn:x:%00%0a%1b%5B2J", "\u202e\u2066[2J"),
        ("http://example.org/ünïcode/\u4e2d", "\U0001f4a9"),
    ],
)
def test_odd_names_and_texts_change_no_result(subject: str, label: str) -> None:
    """A hostile IRI, text or language tag beside an assessment is carried along, and written so that it reads back."""
    answers = Answers(dict.fromkeys(_telling(), True), subject)
    graph = answers_graph(answers, KB.knowledge)[0]
    lines = graph.serialize(format="nt")
    escaped = label.encode("unicode_escape").decode().replace("\\x", "\\u00")
    lines += f'<urn:x> <urn:says> "{escaped}"@{"x-" + "-".join(["abcdefgh"] * 30)} .\n'
    read = from_graph(parse(lines.encode(), format_named("ntriples")), KB.questionnaire)
    (outcome,) = KB.assess_many(read)
    assert isinstance(outcome, Result)
    assert outcome.tier == KB.assess(answers.values).tier
    for name in ("turtle", "jsonld", "rdfxml", "nquads"):
        again = parse(render_rdf(outcome.to_graph(), name).encode(), format_named(name))
        assert len(again) == len(outcome.to_graph())


@pytest.mark.parametrize(
    "iri", ["http://example.org/" + "a" * 100_000, "javascript:alert(1)", "urn:x:%00%0a%1b%5B2J", "http://ü.example/中"]
)
def test_an_iri_is_read_as_it_stands(iri: str) -> None:
    for name in ("turtle", "ntriples", "jsonld", "rdfxml", "nquads"):
        graph = parse(f'<{iri}> <urn:says> "x" .'.encode(), format_named("turtle"))
        again = parse(render_rdf(graph, name).encode(), format_named(name))
        assert list(map(str, again.subjects())) == [iri]


@pytest.mark.parametrize("tag", ["en", "x-" + "-".join(["abcdefgh"] * 30), "de-ch-1996"])
def test_a_language_tag_is_read_as_it_stands(tag: str) -> None:
    for name in ("turtle", "ntriples", "jsonld", "rdfxml", "nquads"):
        graph = parse(f'<urn:x> <urn:says> "x"@{tag} .'.encode(), format_named("turtle"))
        again = parse(render_rdf(graph, name).encode(), format_named(name))
        assert [value.language for value in again.objects() if isinstance(value, Literal)] == [tag]


@pytest.mark.parametrize("tag", ["", "e n", "toolongforone", "en\u202e", "<script>", "en_US"])
def test_a_language_tag_that_is_none_is_refused(tag: str) -> None:
    """A reader would leave out what is said in it."""
    document = {"@id": "urn:x", "urn:says": {"@value": "x", "@language": tag}}
    with pytest.raises(InputError, match="is the tag of no language"):
        parse(json.dumps(document).encode(), format_named("jsonld"))


def test_what_a_format_cannot_hold_is_said() -> None:
    graph = parse(b'<urn:x> <urn:says> "\\u0000\\u001B[2J" .', format_named("ntriples"))
    with pytest.raises(InputError, match="ask for another format"):
        render_rdf(graph, "rdfxml")
    assert len(parse(render_rdf(graph, "turtle").encode(), format_named("turtle"))) == 1


@pytest.mark.parametrize(
    "identifier", ["urn:x:[2J", "urn:x:\x1b", "http://a:b:c/", "urn:x:%zz", "http://a/<b>", "a b", "=1+1", "../../etc"]
)
def test_an_id_that_only_looks_like_an_iri_spoils_no_document(identifier: str) -> None:
    result = KB.assess(dict.fromkeys(_telling(), True), id=identifier)
    for name in ("turtle", "jsonld", "rdfxml", "nquads", "trig", "ntriples"):
        graph = parse(render_rdf(result.to_graph(), name).encode(), format_named(name))
        assert len(graph) == len(result.to_graph())
        (again,) = from_graph(graph, KB.questionnaire)
        assert again.answers.id == identifier


def _telling() -> list[str]:
    flag = next(flag for flag in KB.knowledge.red_flags if all(atom.value is True for atom in flag.patterns[0]))
    return [atom.question for atom in flag.patterns[0]]
