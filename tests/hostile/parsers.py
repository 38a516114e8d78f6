"""Every parser of input, with sound input to be spoilt, and what may come of it: a value, or an error of caretier."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pyoxigraph as ox
from rdflib import Graph

from caretier import KnowledgeBase, lockfile
from caretier.assessment import Assessment
from caretier.assessments import answers_graph, from_graph
from caretier.documents import format_named, parse, parse_json
from caretier.errors import CaretierError, InputError
from caretier.fhir_response import read_response, response_resource
from caretier.formatting import bring_to_form
from caretier.ontology import parse_file, read_catalog
from caretier.query import Query
from caretier.questionnaire import Answer, Answers
from caretier.rdf_documents import render_rdf
from caretier.result import Result
from caretier.sparql import run_query
from caretier.vignettes import read_vignettes
from tests.hostile.target import Target

ROOT = Path(__file__).parents[2]
_RDF = ("jsonld", "turtle", "ntriples", "rdfxml", "trig", "nquads")
_QUERY = (
    b'PREFIX x: <urn:x:> SELECT DISTINCT ?s (COUNT(*) AS ?n) { ?s x:p "a"@en, 1 ; a ?c FILTER(?c != x:d) } GROUP BY ?s'
)
_DIGEST = re.compile(r'(?<="digest": ")[0-9a-f]{64}')


def parsers(kb: KnowledgeBase) -> Iterator[Target]:
    """Go through the parsers."""
    for name in ("json", "yaml", *_RDF):
        yield Target(f"answers in {name}", (sound_answers(kb, name),), _reading_answers(kb, name))
    response = response_resource(told(kb), kb.knowledge)
    reading_fhir = _allowing(lambda content: read_response(parse_json(content), kb.knowledge))
    yield Target("a QuestionnaireResponse", (json.dumps(response).encode(),), reading_fhir)
    vignettes = (ROOT / "tests" / "ontology" / "vignettes.jsonl").read_bytes().splitlines()[:2]
    yield Target(
        "vignettes", (b"\n".join(vignettes),), _allowing(lambda content: read_vignettes(content, kb.knowledge))
    )
    model = (ROOT / "examples" / "headache" / lockfile.NAME).read_bytes()
    yield Target("a decision model", (model,), _allowing(lambda content: lockfile.parse(signed(content))))
    headache = ROOT / "examples" / "headache"
    turtle = (headache / "headache.ttl").read_bytes()[:6_000].rpartition(b" .\n")[0] + b" .\n"
    as_xml = Graph().parse(data=turtle, format="turtle").serialize(format="xml").encode()
    for suffix, content in ((".ttl", turtle), (".owl", as_xml)):
        yield Target(f"an ontology in {suffix}", (content,), _allowing(_from_file(f"x{suffix}", parse_file)))
        yield Target(
            f"a saved ontology in {suffix}",
            (content,),
            _allowing(_from_file(f"x{suffix}", lambda path: bring_to_form([path]))),
        )
    catalog = (headache / "catalog-v001.xml").read_bytes()
    yield Target(
        "a catalog", (catalog,), _allowing(_from_file("catalog-v001.xml", lambda path: read_catalog(path.parent)))
    )
    store = ox.Store()
    asking = _allowing(lambda content: run_query(store, Query(content.decode("utf-8", "replace")), 1_000))
    yield Target("a query", (_QUERY,), asking)


def telling(kb: KnowledgeBase) -> dict[str, Answer]:
    """Return few answers that show a red flag, of the highest tier that there is."""
    flags = sorted(kb.knowledge.red_flags, key=lambda flag: -kb.knowledge.tier(flag.tier).rank)
    flag = next(flag for flag in flags if all(atom.value is True for atom in flag.patterns[0]))
    return {atom.question: True for atom in flag.patterns[0]}


def told(kb: KnowledgeBase) -> Answers:
    """Return telling answers with some of each kind beside them."""
    answers = telling(kb)
    for question in kb.questions:
        if question.type == "integer":
            answers.setdefault(question.id, question.minimum)
        elif question.type == "choice" and len(answers) < 5:
            answers.setdefault(question.id, question.options[0].id)
    return kb.questionnaire.read({"id": "urn:x", "date": "2026-05-31", "answers": answers})


def sound_answers(kb: KnowledgeBase, name: str) -> bytes:
    """Write sound answers in a format."""
    answers = told(kb)
    document = {"id": answers.id, "answers": dict(answers.values)}
    if name == "json":
        return json.dumps(document).encode()
    if name == "yaml":
        lines = (f"  {question}: {json.dumps(answer)}\n" for question, answer in answers.values.items())
        return "".join(["answers:\n", *lines]).encode()
    return render_rdf(answers_graph(answers, kb.knowledge)[0], name).encode()


def _reading_answers(kb: KnowledgeBase, name: str) -> Callable[[bytes], None]:
    def read(content: bytes) -> None:
        found = parse(content, format_named(name))
        if isinstance(found, Graph):
            from_graph(found, kb.questionnaire)
        else:
            outcome = kb.assess_many([Assessment(kb.read(found))])[0]
            assert isinstance(outcome, Result | InputError)

    return _allowing(read)


def _allowing(read: Callable[[bytes], object]) -> Callable[[bytes], None]:
    """Make a check of a parser: the errors of caretier are the only ones that there may be, and they say something."""

    def check(content: bytes) -> None:
        with suppress(CaretierError):
            read(content)

    return check


def _from_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def from_file(content: bytes) -> object:
        with tempfile.TemporaryDirectory(prefix="caretier-") as folder:
            path = Path(folder, name)
            path.write_bytes(content)
            return read(path)

    return from_file


def signed(content: bytes) -> str:
    """Put the digest of a decision model right, so that it is read at all."""
    text = content.decode("utf-8", "replace")
    blank = _DIGEST.sub("0" * 64, text, count=1)
    return _DIGEST.sub(hashlib.sha256(blank.encode()).hexdigest(), text, count=1)
