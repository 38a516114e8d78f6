"""Whoever asks for another language that the knowledge speaks gets it, on pages and as data."""

from __future__ import annotations

import json

import httpx
import pytest

import caretier
from caretier.fhir import MEDIA_TYPE as FHIR
from caretier.presentation import sentence
from tests.api.visitor import Page, Visitor

SPANISH = {"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}
ANSWERS = {"pain-lower-back": True, "saddle-numbness": True}


@pytest.fixture(scope="module")
def spanish(kb: caretier.KnowledgeBase) -> caretier.KnowledgeBase:
    return kb.in_language("es")


def _language_of(page: Page) -> str:
    language = page.response.headers["content-language"]
    assert f'<html lang="{language}">' in page.html
    return language


def test_the_pages_speak_the_language_of_the_browser(visitor: Visitor, spanish: caretier.KnowledgeBase) -> None:
    start = visitor.get("/", **SPANISH)
    assert _language_of(start) == "es"
    assert spanish.questionnaire.disclaimer in start.text
    assert _language_of(visitor.get("/", **{"Accept-Language": "fr, de;q=0.5"})) == "en"
    assert _language_of(visitor.get("/")) == "en"


def test_what_goes_wrong_is_told_in_the_language_chosen(visitor: Visitor) -> None:
    page = visitor.post(("lang", "es"), ("given", '{"no-such-question":true}'))
    assert page.status == 422
    assert _language_of(page) == "es"
    assert "/?lang=es" in page.links


def test_a_translation_says_on_every_page_for_people_that_nobody_has_reviewed_it(
    visitor: Visitor, spanish: caretier.KnowledgeBase
) -> None:
    warning = "una traducción que nadie ha revisado todavía"
    assert warning in spanish.questionnaire.disclaimer
    page = visitor.post(*visitor.get("/?lang=es").hidden, ("for", "me"))
    contradiction = visitor.post(("given", '{"sex":"female","erectile-failure":true}'), ("lang", "es"))
    for each in (visitor.get("/?lang=es"), *visitor.walk_on(page, {"age": 40}), contradiction):
        assert _language_of(each) == "es"
        assert warning in each.text


def test_who_chooses_a_language_keeps_it(visitor: Visitor, spanish: caretier.KnowledgeBase) -> None:
    """The interview is held in the language chosen, whatever the browser asks for."""
    start = visitor.get("/")
    assert "/?lang=es" in start.links
    page = visitor.get("/?lang=es")
    page = visitor.post(*page.hidden, ("for", "me"))
    assert _language_of(page) == "es"
    result = visitor.answer(page, ANSWERS)
    while result.asked:
        result = visitor.answer(result, ANSWERS)
    assert _language_of(result) == "es"
    tier = spanish.knowledge.tiers[0]
    assert sentence(tier.label) in result.text
    assert tier.advice in result.text
    assert "Resumen para el médico" in result.text
    assert not [word for word in ("Why", "You told us", "Source:", "Print") if word in result.text]


def test_the_language_can_be_changed_on_the_way_and_nothing_is_lost(
    visitor: Visitor, kb: caretier.KnowledgeBase, spanish: caretier.KnowledgeBase
) -> None:
    page = visitor.answer(visitor.start(), {"fever": True})
    while len(page.asked) == 1:
        page = visitor.answer(page, {"fever": True})
    ticked = page.asked[1]
    other = visitor.post(*page.hidden, ("yes", ticked), ("lang", "es"))
    assert _language_of(other) == "es"
    assert other.asked == page.asked
    assert other.checked == [f"yes={ticked}"]
    assert spanish.questionnaire.by_id[ticked].answer_text in other.text.lower()
    assert [each for each in other.hidden if each[0] == "given"] == [each for each in page.hidden if each[0] == "given"]
    result = visitor.press(other, "stop", ("yes", ticked))
    assert _language_of(result) == "es"
    back = visitor.post(*[each for each in result.hidden if each[0] != "do"], ("do", "stop"), ("lang", "en"))
    assert "Summary for the doctor" in back.text
    assert kb.questionnaire.by_id[ticked].answer_text in back.text


def test_a_contradiction_is_told_in_the_language(visitor: Visitor, spanish: caretier.KnowledgeBase) -> None:
    given = json.dumps({"sex": "male", "post-menopause": True, "saddle-numbness": True})
    page = visitor.post(("given", given), ("lang", "es"))
    assert page.status == 409
    assert any(each.message in page.text for each in spanish.knowledge.contradictions)
    assert sentence(spanish.knowledge.tiers[0].label) in page.text


def test_a_problem_is_told_in_the_language_of_the_browser(visitor: Visitor) -> None:
    page = visitor.get("/nowhere", **SPANISH)
    assert page.status == 404
    assert _language_of(page) == "es"
    assert "Aquí no hay nada." in page.text


def test_pages_for_editors_are_in_english(visitor: Visitor) -> None:
    for path in ("/conditions", "/findings", "/decision-table", "/terms", "/query"):
        assert _language_of(visitor.get(path, **SPANISH)) == "en"
        assert f'href="{path}" hreflang="en"' in visitor.get("/", **SPANISH).html
        assert f'href="{path}">' in visitor.get("/").html


def test_texts_in_another_language_on_pages_for_editors_say_so(visitor: Visitor, kb: caretier.KnowledgeBase) -> None:
    tier = kb.knowledge.tiers[0]
    page = visitor.get("/terms/ct/" + tier.id).html
    assert f'<span lang="es">{kb.in_language("es").knowledge.tiers[0].label}</span>' in page


@pytest.mark.parametrize("path", ["/v1/assessments", "/v1/next-question", "/v1/explanations"])
def test_a_problem_says_in_which_languages_it_is(path: str, client: httpx.Client) -> None:
    answers = {"sex": "male", "post-menopause": True}
    english = client.post(path, json={"answers": answers})
    other = client.post(path, json={"answers": answers}, headers=SPANISH)
    assert english.status_code == other.status_code == 409
    assert english.headers["content-language"] == "en"
    assert other.headers["content-language"] == "es, en"
    assert "accept-language" in english.headers["vary"].lower()
    assert english.json()["errors"] != other.json()["errors"]


@pytest.mark.parametrize("path", ["/v1/assessments", "/v1/next-question", "/v1/explanations"])
def test_results_are_in_the_language_asked_for(
    path: str, client: httpx.Client, spanish: caretier.KnowledgeBase
) -> None:
    english = client.post(path, json={"answers": ANSWERS})
    other = client.post(path, json={"answers": ANSWERS}, headers=SPANISH)
    assert english.headers["content-language"] == "en"
    assert other.headers["content-language"] == "es"
    assert "accept-language" in other.headers["vary"].lower()
    one, two = (each.json().get("result", each.json()) for each in (english, other))
    assert one["tier"] == two["tier"] == "EmergencyCare"
    assert two["advice"] == spanish.knowledge.tiers[0].advice != one["advice"]


def test_what_the_reference_answers_is_in_the_language_too(
    client: httpx.Client, spanish: caretier.KnowledgeBase
) -> None:
    turtle = "@prefix ct: <https://w3id.org/caretier/core#> . [] a ct:Assessment ; ct:ageInYears 200 ."
    told = client.post("/v1/assessments", content=turtle, headers={"Content-Type": "text/turtle", **SPANISH})
    assert told.status_code == 422
    turtle = turtle.replace("200", "40")
    told = client.post("/v1/assessments", content=turtle, headers={"Content-Type": "text/turtle", **SPANISH})
    assert told.json()["safety_net"] == spanish.questionnaire.safety_net


def test_a_stream_is_in_one_language(client: httpx.Client, spanish: caretier.KnowledgeBase) -> None:
    lines = json.dumps({"answers": ANSWERS}) + "\n"
    told = client.post("/v1/assessments", content=lines, headers={"Content-Type": "application/x-ndjson", **SPANISH})
    assert told.headers["content-language"] == "es"
    assert json.loads(told.text)["safety_net"] == spanish.questionnaire.safety_net
    assert json.loads(told.text)["disclaimer"] == spanish.questionnaire.disclaimer


@pytest.mark.parametrize("media_type", ["application/json", FHIR])
def test_the_questionnaire_is_kept_apart_by_language(media_type: str, client: httpx.Client) -> None:
    english = client.get("/v1/questionnaire", headers={"Accept": media_type})
    other = client.get("/v1/questionnaire", headers={"Accept": media_type, **SPANISH})
    assert english.headers["etag"] != other.headers["etag"]
    assert "¿Tiene fiebre?" in other.text
    assert "¿Tiene fiebre?" not in english.text
    known = {"Accept": media_type, "If-None-Match": english.headers["etag"]}
    assert client.get("/v1/questionnaire", headers=known).status_code == 304
    assert client.get("/v1/questionnaire", headers=known | SPANISH).status_code == 200
    if media_type == FHIR:
        assert (english.json()["language"], other.json()["language"]) == ("en", "es")


def test_fhir_has_its_own_address_in_the_language(client: httpx.Client, spanish: caretier.KnowledgeBase) -> None:
    given = client.get("/fhir/Questionnaire/back-pain", headers=SPANISH).json()
    assert given["title"] == sentence(spanish.knowledge.title)
    conditions = client.get("/v1/conditions/CaudaEquinaSyndrome", headers=SPANISH).json()
    assert conditions["label"] == spanish.knowledge.conditions["CaudaEquinaSyndrome"].label


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*",
        ";q=1",
        "es;q=0",
        "es;q=x",
        "x" * 5000,
        "-, --, en--",
        "es-",
    ],
)
def test_no_header_breaks_it(accept: str, visitor: Visitor) -> None:
    assert _language_of(visitor.get("/", **{"Accept-Language": accept})) in ("en", "es")


def test_a_language_that_is_none_is_not_spoken(visitor: Visitor) -> None:
    for tag in ("xx", "../es", "<script>", ""):
        page = visitor.post(("for", "me"), ("lang", tag))
        assert page.status == 200
        assert _language_of(page) == "en"
