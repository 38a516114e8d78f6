"""Whatever an ontology or a person says is shown as it stands: no page gets an element, a handler or a link from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

import caretier
from caretier.appraisal import appraise
from caretier.appraisal_html import appraisal_html
from caretier.assessment import Assessment
from caretier.cohort import assess_table
from caretier.cohort_report import Report
from caretier.decision_log import DecisionLog
from caretier.decisions import Desk
from caretier.ontology_html import ontology_html
from caretier.records import read_records
from caretier.replay import replay
from caretier.replay_html import replay_html
from caretier.table_html import table_html
from caretier.terms import Terms
from caretier.vignettes import read_vignettes
from caretier_api.app import create_app
from caretier_api.settings import Settings
from tests.api.visitor import HTML, Visitor
from tests.hostile.parsers import telling
from tests.hostile.poison import MARKUP, Elements, poisoned


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> caretier.KnowledgeBase:
    made = poisoned(tmp_path_factory.mktemp("hostile"))
    assert made.model is not None
    return made


@pytest.fixture(scope="module")
def client(hostile: caretier.KnowledgeBase) -> Iterator[TestClient]:
    with TestClient(create_app(hostile, Settings())) as made:
        yield made


def assert_harmless(page: str, *, shows: bool = True) -> None:
    read = Elements(page)
    assert read.hostile == []
    assert "49{%" not in page, "the text was taken for a template"
    assert bool(read.shows) >= shows, "the page does not show what might have done harm"


def test_written_pages(hostile: caretier.KnowledgeBase) -> None:
    assert hostile.model is not None
    assert_harmless(table_html(hostile.knowledge, hostile.model.certificate))
    ontology = hostile.ontology
    assert_harmless(ontology_html(Terms(hostile), ontology.graph, hostile.knowledge, ontology.iri))


def test_pages_of_the_knowledge(client: TestClient, hostile: caretier.KnowledgeBase) -> None:
    paths = ["/", "/conditions", "/decision-table", "/findings", "/terms", "/v1/decision-table"]
    paths += [f"/conditions/{quote(condition)}" for condition in hostile.knowledge.conditions]
    (prefix, namespace), *_ = hostile.knowledge.prefixes.items()
    terms = [name.iri for names in Terms(hostile).by_kind.values() for name in names if name.iri.startswith(namespace)]
    paths += [f"/terms/{prefix}/{quote(iri.removeprefix(namespace), safe='')}" for iri in terms]
    for path in paths:
        answer = client.get(path, headers=HTML)
        assert answer.status_code == 200, path
        assert_harmless(answer.text)
    assert len(terms) > 50


def test_the_interview_and_its_result(client: TestClient, hostile: caretier.KnowledgeBase) -> None:
    visitor = Visitor(client)
    telling: dict[str, Any] = {question.id: True for question in hostile.questions if question.type == "boolean"}
    for answers in ({}, telling):
        for page in visitor.walk(answers):
            assert_harmless(page.html)


@pytest.mark.parametrize(
    "field", ["answer", "yes", "unknown", "given", "draft", "asked", "change", "do", "lang", "for"]
)
def test_what_a_person_sends(client: TestClient, hostile: caretier.KnowledgeBase, field: str) -> None:
    """Also where a page has to be filled in once more, and shows what was sent."""
    number = next(question for question in hostile.questions if question.type == "integer")
    form = {"asked": [number.id], "do": ["continue"], "answer": ["7"]}
    for sent in (MARKUP, '{"' + MARKUP.replace('"', '\\"') + '": 1}'):
        answer = client.post("/interview", data={**form, field: [sent]}, headers=HTML)
        assert answer.status_code in (200, 400, 422)
        assert_harmless(answer.text, shows=False)
    again = client.post("/interview", data={**form, "answer": [MARKUP]}, headers=HTML)
    assert "onhostile" in again.text, "what was sent is not shown, and so nothing is tested"


def test_the_report_of_a_table(hostile: caretier.KnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "in.ndjson").write_text(json.dumps(telling(hostile)) + "\n")
    report = Report(tmp_path / "report.html")
    assess_table(hostile, str(tmp_path / "in.ndjson"), tmp_path / "out.parquet", explain=True, report=report)
    assert_harmless((tmp_path / "report.html").read_text(encoding="utf-8"))


def test_addresses_and_queries(client: TestClient) -> None:
    for path in (
        f"/terms/{quote(MARKUP, safe='')}/x",
        f"/conditions/{quote(MARKUP, safe='')}",
        f"/{quote(MARKUP, safe='')}",
    ):
        assert_harmless(client.get(path, headers=HTML).text, shows=False)
    for query in (f"SELECT * {{ }} # {MARKUP}", MARKUP):
        assert_harmless(client.post("/query", data={"query": query}, headers=HTML).text, shows=False)
    for path in (f"/query?example={quote(MARKUP)}", f"/?lang={quote(MARKUP)}", f"/terms?x={quote(MARKUP)}"):
        assert_harmless(client.get(path, headers=HTML).text, shows=False)


def test_an_evaluation(hostile: caretier.KnowledgeBase) -> None:
    tier = hostile.assess(telling(hostile)).tier.id
    expected = {"tier_at_least": tier, "tier_at_most": tier}
    vignette = {"id": MARKUP, "answers": telling(hostile), "expected": expected, "clarity": "clear"}
    appraisal = appraise(hostile, read_vignettes(json.dumps(vignette).encode(), hostile.knowledge))
    published = json.loads(Path(caretier.__file__).with_name("symptom_checkers.json").read_text(encoding="utf-8"))
    assert_harmless(appraisal_html(appraisal, published))


def test_decisions_run_again(hostile: caretier.KnowledgeBase, tmp_path: Path) -> None:
    """Also where somebody wrote something else into the records."""
    desk = Desk(hostile)
    desk.assess([Assessment(desk.read({"answers": telling(hostile), "id": MARKUP}))])
    told: Any = desk.decisions[0].to_dict()
    flags = [{"id": MARKUP, "red_flags": [{"id": MARKUP}]}]
    altered = told | {"result": told["result"] | {"conditions": flags, "ceiling": MARKUP}, "software": MARKUP}
    elsewhere = told | {"knowledge": told["knowledge"] | {"ontology": MARKUP}}
    for each in (told, altered, elsewhere):
        DecisionLog(tmp_path).append(each)
    (path,) = tmp_path.iterdir()
    found = replay(hostile, read_records([path.rename(tmp_path / "<script>hostile")]))
    assert (found.count, len(found.changed), len(found.left_out)) == (2, 1, 1)
    assert_harmless(replay_html(found))
