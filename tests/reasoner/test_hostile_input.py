"""Input that was made to do harm is refused at once, or read as what it says and nothing more."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph

import caretier
from caretier.assessment import Assessment
from caretier.assessments import answers_graph, from_graph
from caretier.documents import format_named, parse
from caretier.errors import InputError
from caretier.rdf_documents import render_rdf
from caretier.result import Result

KB = caretier.load()
SECONDS = 10

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="urn:x:"'
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x"}">' for n in range(12))
ALIASES = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'x'}]\n" for n in range(12))


@contextmanager
def _soon() -> Iterator[None]:
    """Fail what takes longer than any input may."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"not done after {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("rdfxml", f"<!DOCTYPE r [{ENTITIES}]><rdf:RDF {RDF}><x:p>&e11;</x:p></rdf:RDF>", "entities are not read"),
        ("rdfxml", f'<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><rdf:RDF {RDF}/>', "entities are not read"),
        ("rdfxml", f"<rdf:RDF {RDF}>" + "<rdf:Description><x:p>" * 50_000, "nested too deeply"),
        ("turtle", "<urn:a> <urn:p> " + "(" * 2_000_000, "nested too deeply"),
        ("turtle", "<urn:a> <urn:p> " + "[ <urn:p> " * 500_000, "nested too deeply"),
        ("trig", "<urn:g> { <urn:a> <urn:p> " + "(" * 2_000_000, "nested too deeply"),
        ("json", '{"answers": ' + "[" * 5_000_000, "nested too deeply"),
        ("json", '{"answers": {"age": ' + "9" * 1_000_000 + "}}", "not usable JSON"),
        ("jsonld", '{"@graph": ' * 500_000, "nested too deeply"),
        ("jsonld", '{"@context": "http://127.0.0.1:9/context", "@id": "urn:a"}', "nothing is fetched"),
        ("jsonld", '{"@context": {"@import": "file:///etc/passwd"}, "@id": "urn:a"}', "nothing is fetched"),
        ("turtle", '<urn:a> <urn:p> """' + '\\"' * 500_000, "not well-formed"),
        ("turtle", "<urn:a> <urn:p> '" + "\\'" * 500_000, "not well-formed"),
        ("yaml", f"{ALIASES}answers: *a11\n", "aliases are not read"),
        ("yaml", "answers: &a {x: *a}\n", "aliases are not read"),
        ("yaml", "answers: " + "[" * 500_000, "nested too deeply"),
        ("yaml", '!!python/object/apply:os.system ["true"]', "not well-formed YAML"),
    ],
    ids=lambda value: value if len(value) < 30 else "input",
)
def test_what_would_blow_up_is_refused_at_once(name: str, text: str, said: str) -> None:
    with _soon(), pytest.raises(InputError, match=said):
        parse(text.encode(), format_named(name))


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
    answers = KB.questionnaire.read({"id": subject, "answers": dict.fromkeys(_telling(), True)})
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


def _sound(name: str) -> bytes:
    """Write a sound answers document in a format."""
    answers = {**dict.fromkeys(_telling(), True), "age": 47}
    if name == "json":
        return b'{"id": "x", "answers": {"age": 47, "' + _telling()[0].encode() + b'": true}}'
    if name == "yaml":
        return "".join(["answers:\n", *(f"  {key}: {str(value).lower()}\n" for key, value in answers.items())]).encode()
    document = KB.questionnaire.read({"id": "urn:x", "answers": answers})
    return render_rdf(answers_graph(document, KB.knowledge)[0], name).encode()


@st.composite
def _spoilt(draw: st.DrawFn, sound: bytes) -> bytes:
    """Draw a sound document with some bytes cut, repeated, exchanged or put in."""
    content = sound
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + 12)))
        odd = st.sampled_from(
            [b"", b"\0", b"\xff", b'"', b"<", b"[", b"{", b"\\u", b"@", b"^^", b"1e999", b"!!", b"&a"]
        )
        put = draw(odd | st.binary(max_size=6) | st.just(content[start:end] * 3))
        content = content[:start] + put + content[end:]
    return content


@pytest.mark.parametrize("name", ["json", "yaml", "jsonld", "turtle", "ntriples", "rdfxml", "trig", "nquads"])
@given(data=st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_whatever_is_spoilt_is_read_or_refused_and_nothing_else(name: str, data: st.DataObject) -> None:
    content = data.draw(_spoilt(_sound(name)))
    try:
        found = parse(content, format_named(name))
        if isinstance(found, Graph):
            from_graph(found, KB.questionnaire)
        else:
            outcome = KB.assess_many([Assessment(KB.read(found))])[0]
            assert isinstance(outcome, Result | InputError)
    except InputError:
        pass  # the one error that there may be
