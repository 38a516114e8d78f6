"""The same answers by two ways come to the same result: reasoners, SHACL on two stores, formats, one by one or many."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pyoxigraph as ox
import pyshacl
import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

import caretier
from caretier.assessment import Assessment
from caretier.assessments import answers_graph, from_graph
from caretier.changes import answered
from caretier.cohort import assess_table
from caretier.documents import format_named, parse
from caretier.errors import InputError
from caretier.fhir_response import read_response, response_resource
from caretier.hermit import realise_all
from caretier.model import DecisionModel
from caretier.questionnaire import Answer, Answers
from caretier.result import Result

pytestmark = pytest.mark.slow

RandomAnswers = Callable[[random.Random], dict[str, Answer]]
TABLE_ROWS = 60


@pytest.fixture(scope="module")
def documents(kb: caretier.KnowledgeBase, model: DecisionModel, random_answers: RandomAnswers) -> list[Answers]:
    """Return documents that show every red flag, each in one way, and some at random, of which some contradict."""
    generator = random.Random(11)
    every = [answered({}, generator.choice(flag.patterns)) for flag in model.knowledge.red_flags]
    every += [random_answers(generator) for _ in range(TABLE_ROWS - len(every))]
    return [
        kb.questionnaire.read({"id": f"urn:person:{number}", "answers": dict(answers)})
        for number, answers in enumerate(every)
    ]


@pytest.fixture(scope="module")
def by_reference(kb: caretier.KnowledgeBase, documents: list[Answers]) -> list[Result | InputError]:
    """Return what the reference reasoner says, all documents in one run."""
    outcomes = kb.assess_many([Assessment(each) for each in documents], engine="reference")
    assert 5 < sum(isinstance(each, InputError) for each in outcomes) < TABLE_ROWS / 2
    assert len({each.tier.id for each in outcomes if isinstance(each, Result)}) == len(kb.knowledge.tiers)
    return outcomes


def whole(outcome: Result | InputError) -> object:
    """Give all that an outcome says but by which engine it was found, and how a compiled model proves it."""
    if isinstance(outcome, InputError):
        return type(outcome), str(outcome)
    told: Any = outcome.to_dict()
    for condition in told["conditions"]:
        for flag in condition["red_flags"]:
            del flag["proof"]
    return {name: said for name, said in told.items() if name != "engine"}


def concluded(outcome: Result | InputError) -> object:
    """Give what an outcome concludes, but for what further answers could lead to."""
    if isinstance(outcome, InputError):
        return type(outcome)
    flags = [(flag.red_flag.id, flag.because) for each in outcome.conditions for flag in each.red_flags]
    return outcome.tier, [each.id for each in outcome.conditions], flags


def test_pellet_concludes_of_people_what_hermit_concludes(
    kb: caretier.KnowledgeBase,
    documents: list[Answers],
    by_reference: list[Result | InputError],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def by_pellet(graphs: Any, time_limit: float) -> Any:
        asked.append(len(graphs))
        return realise_all(graphs, time_limit, reasoner="pellet")

    monkeypatch.setattr("caretier.reference.realise_all", by_pellet)
    few = documents[::3]
    outcomes = kb.assess_many([Assessment(each) for each in few], engine="reference")
    assert asked
    assert list(map(whole, outcomes)) == list(map(whole, by_reference[::3]))


def test_shapes_say_the_same_on_a_graph_of_rdflib_as_on_a_store_of_oxigraph(
    kb: caretier.KnowledgeBase,
    documents: list[Answers],
    by_reference: list[Result | InputError],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran = []

    def on_rdflib(run: Callable[..., Any], data: ox.Store, **options: Any) -> Any:
        graph = Graph()
        for quad in data:
            graph.add((_node(quad.subject), _node(quad.predicate), _node(quad.object)))
        before = len(graph)
        outcome = run(graph, **options)
        data.extend(ox.Quad(_term(one), _term(two), _term(three)) for one, two, three in graph)  # type: ignore[arg-type]
        ran.append(len(graph) - before)
        return outcome

    for name in ("validate", "shacl_rules"):
        monkeypatch.setattr(pyshacl, name, partial(on_rdflib, getattr(pyshacl, name)))
    few = documents[1::3]
    outcomes = kb.assess_many([Assessment(each) for each in few], engine="reference")
    assert any(ran), "rules derive something"
    assert list(map(whole, outcomes)) == list(map(whole, by_reference[1::3]))


def _node(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Node:
    if isinstance(term, ox.Literal):
        return Literal(term.value, lang=term.language, datatype=None if term.language else term.datatype.value)
    assert not isinstance(term, ox.Triple)
    return URIRef(term.value) if isinstance(term, ox.NamedNode) else BNode(term.value)


def _term(node: Node) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    if isinstance(node, Literal):
        datatype = ox.NamedNode(node.datatype) if node.datatype else None
        return ox.Literal(str(node), language=node.language, datatype=None if node.language else datatype)
    return ox.NamedNode(str(node)) if isinstance(node, URIRef) else ox.BlankNode(str(node))


def test_json_rdf_and_fhir_lead_to_one_result(kb: caretier.KnowledgeBase, documents: list[Answers]) -> None:
    """RDF cannot say how severe a finding is that nobody reported: that question stays open, which is never less."""
    exact = 0
    for document in documents:
        plain = kb.assess_many([Assessment(document)])[0]
        response = json.loads(json.dumps(response_resource(document, kb.knowledge)))
        assert whole(kb.assess_many([Assessment(read_response(response, kb.knowledge))])[0]) == whole(plain)
        (read,) = from_graph(answers_graph(document, kb.knowledge)[0], kb.questionnaire)
        by_rdf = kb.assess_many([Assessment(read.answers)])[0]
        assert concluded(by_rdf) == concluded(plain)
        if read.answers.values == document.values:
            exact += 1
            assert whole(by_rdf) == whole(plain)
        elif isinstance(by_rdf, Result) and isinstance(plain, Result):
            assert by_rdf.ceiling.rank >= plain.ceiling.rank
    assert exact > len(documents) / 3


@pytest.mark.parametrize("name", ["turtle", "ntriples", "jsonld", "rdfxml", "trig", "nquads"])
def test_how_a_graph_is_written_changes_nothing(
    name: str, kb: caretier.KnowledgeBase, documents: list[Answers]
) -> None:
    """Other order, other names of blank nodes, statements said twice, unrelated triples: by the reference reasoner."""
    generator = random.Random(name)
    graphs = [answers_graph(each, kb.knowledge)[0] for each in generator.sample(documents, 6)]
    graphs += [_rewritten(graph, name, generator) for graph in graphs]
    read = [assessment for graph in graphs for assessment in from_graph(graph, kb.questionnaire)]
    outcomes = list(map(whole, kb.assess_many(read, engine="reference")))
    assert outcomes[:6] == outcomes[6:]


def _rewritten(graph: Graph, name: str, generator: random.Random) -> Graph:
    from caretier.rdf_documents import render_rdf

    unrelated = Graph().parse(
        data='<urn:x> <urn:knows> _:b0 , "x"@en , 7 . _:b0 a <urn:Other> . <urn:person:0> <urn:likes> <urn:x> .',
        format="turtle",
    )
    renamed = {node: BNode(f"b{generator.randrange(10**9)}") for node in graph.all_nodes() if isinstance(node, BNode)}
    triples = [tuple(renamed.get(node, node) for node in triple) for triple in (graph + unrelated)]  # type: ignore[call-overload]
    generator.shuffle(triples)
    other = Graph()
    for triple in triples:
        other.add(triple)
    text = render_rdf(other, name)
    if name in ("turtle", "ntriples", "nquads"):  # formats in which statements can stand twice
        text += "\n".join(line for line in text.splitlines() if line.endswith(" .") and line.startswith("<urn:"))
    return parse(text.encode(), format_named(name))


def test_one_by_one_all_at_once_and_as_a_table_is_the_same(
    kb: caretier.KnowledgeBase, documents: list[Answers], tmp_path: Path
) -> None:
    together = kb.assess_many([Assessment(each) for each in documents])
    alone = [kb.assess_many([Assessment(each)])[0] for each in documents]
    assert list(map(whole, together)) == list(map(whole, alone))
    source, target = tmp_path / "people.ndjson", tmp_path / "results.parquet"
    source.write_text("".join(json.dumps({"id": each.id, **each.values}) + "\n" for each in documents))
    assess_table(kb, str(source), target)
    rows = [(row["tier"], row["ceiling"], row["conditions"], row["error"]) for row in pq.read_table(target).to_pylist()]
    assert rows == [
        (None, None, [], str(each))
        if isinstance(each, InputError)
        else (each.tier.id, each.ceiling.id, [condition.id for condition in each.conditions], None)
        for each in alone
    ]
