"""Other languages than English: all is translated, and nothing but words changes."""

from __future__ import annotations

import ast
import json
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from jinja2 import Environment

import caretier
from caretier import cli, lockfile
from caretier.assessment import Assessment
from caretier.errors import InvalidAnswersError
from caretier.knowledge import Knowledge
from caretier.language import Language, chosen, read_language
from caretier.model import DecisionModel
from caretier.questionnaire import Answer
from caretier.result import Result
from caretier_api.problems import KINDS
from tests.reasoner.conftest import RandomAnswers

LANGUAGES = [path.stem for path in sorted(Path(caretier.__file__).parent.joinpath("languages").glob("*.json"))]
APPOINTMENT: Mapping[str, Answer] = {"fever": True, "age": 63, "cancer": "past", "weight-loss": None}
CONTRADICTION: Mapping[str, Answer] = {"sex": "male", "post-menopause": True, "saddle-numbness": True}


def _said_in_code(path: Path) -> Iterator[str]:
    """Go through the English words that a module gives to a language."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in ("language", "_language", "is_said"):
                words = node.args[0]
                for each in (words.body, words.orelse) if isinstance(words, ast.IfExp) else (words,):
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        yield each.value


def _said_on_pages(folder: Path) -> Iterator[str]:
    """Go through the words of the pages for people; those for editors and researchers are in English alone."""
    templates = Environment(extensions=["jinja2.ext.i18n"], autoescape=True, trim_blocks=True, lstrip_blocks=True)
    for path in sorted(folder.glob("*.html")):
        text = path.read_text(encoding="utf-8")
        if path.name != "browse.html" and '{% extends "browse.html" %}' not in text:
            for _, _, words in templates.extract_translations(text):  # type: ignore[attr-defined]
                yield from [each for each in (words if isinstance(words, tuple) else (words,)) if each]


@pytest.fixture(scope="module")
def words(checkout: Path) -> set[str]:
    """Return all words that programs say to people."""
    code = [*(checkout / "reasoner").rglob("*.py"), *(checkout / "api").rglob("*.py")]
    return {
        "English",
        "at least",
        "below",
        *(kind.title for kind in KINDS.values()),
        *(words for path in code for words in _said_in_code(path)),
        *_said_on_pages(checkout / "api" / "caretier_api" / "templates"),
    }


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_word_of_the_programs_is_translated_and_no_other(tag: str, words: set[str]) -> None:
    catalogue = read_language(tag).words
    assert set(catalogue) == words


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_translation_has_the_same_values_in_it(tag: str) -> None:
    for english, other in read_language(tag).words.items():
        values, own = (sorted(re.findall(r"%\(\w+\)s|<\w+|href=", each)) for each in (english, other))
        assert own == [value for value in values if value != "%(article)s"], english
        assert other == other.strip() or english != english.strip()


def test_the_knowledge_speaks_the_languages_that_the_programs_speak(kb: caretier.KnowledgeBase) -> None:
    assert kb.languages == ("en", *LANGUAGES)
    assert [read_language(tag).name for tag in kb.languages] == ["English", "Español"]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_text_for_people_is_translated(tag: str, kb: caretier.KnowledgeBase) -> None:
    english, other = _texts(kb.knowledge), _texts(kb.in_language(tag).knowledge)
    assert english.keys() == other.keys()
    alike = {place for place in english if english[place] == other[place]}
    assert alike == {("groups", "pain", "label")} & english.keys() or not alike, sorted(alike)
    for place in english:
        numbers = re.findall(r"\d+", english[place])
        assert numbers == re.findall(r"\d+", other[place]), place


def _texts(knowledge: Knowledge) -> dict[tuple[str, ...], str]:
    """Return all that a person may read, by where it stands."""
    questionnaire = knowledge.questionnaire
    texts: dict[tuple[str, ...], str | None] = {
        ("title",): knowledge.title,
        ("safety net",): questionnaire.safety_net,
        ("disclaimer",): questionnaire.disclaimer,
        ("scope",): knowledge.scope.message if knowledge.scope else None,
    }
    for group in questionnaire.groups:
        texts["groups", group.id, "label"] = group.label
    for question in questionnaire.questions:
        for name in ("text", "help", "answer_text", "lead_in", "unit"):
            texts["questions", question.id, name] = getattr(question, name)
        for option in question.options:
            texts["options", question.id, option.id, "label"] = option.label
            texts["options", question.id, option.id, "text"] = option.text
    for tier in knowledge.tiers:
        for name in ("label", "advice", "advice_while_open"):
            texts["tiers", tier.id, name] = getattr(tier, name)
    for condition in knowledge.conditions.values():
        texts["conditions", condition.id, "label"] = condition.label
        texts["conditions", condition.id, "definition"] = condition.definition
    for flag in knowledge.red_flags:
        for name in ("label", "reason", "definition"):
            texts["red flags", flag.id, name] = getattr(flag, name)
        for proof in flag.proofs:
            for axiom in proof:
                texts["axioms", axiom.manchester] = axiom.text
    for (condition_id, tier_id), found in knowledge.recommendations.items():
        texts["recommendations", condition_id, tier_id, "advice"] = found.advice
        texts["recommendations", condition_id, tier_id, "course"] = found.course
        for step in found.steps:
            for name in ("label", "likelihood", "urgency", "note"):
                texts["steps", condition_id, tier_id, step.id, name] = getattr(step, name)
    for contradiction in knowledge.contradictions:
        texts["contradictions", contradiction.iri] = contradiction.message
    for tension in knowledge.tensions:
        texts["tensions", str(tension.denial)] = tension.label
    return {place: text for place, text in texts.items() if text}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_translation_changes_nothing_but_texts(tag: str, model: DecisionModel) -> None:
    other = lockfile.translated(model, tag)
    assert _without(other.knowledge) == _without(model.knowledge)
    assert other.certificate == model.certificate
    assert lockfile.translation(model, other.knowledge) == model.translations[tag]


def _without(knowledge: Knowledge) -> object:
    """Reduce knowledge to what decides."""
    questions = knowledge.questionnaire.questions
    return (
        [(each.id, each.iri, each.type, each.minimum, each.maximum, each.sets, each.qualifies,
          [(option.id, option.value, option.reports, option.denies) for option in each.options]) for each in questions],
        [(tier.id, tier.rank) for tier in knowledge.tiers],
        [(each.id, each.condition, each.tier, each.patterns, each.sources,
          [[axiom.manchester for axiom in proof] for proof in each.proofs]) for each in knowledge.red_flags],
        [(each.iri, each.conflicts) for each in knowledge.contradictions],
        [(each.denial, each.reports) for each in knowledge.tensions],
        [(key, [step.within_hours for step in each.steps]) for key, each in knowledge.recommendations.items()],
        knowledge.scope and knowledge.scope.within,
    )  # fmt: skip


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_same_answers_come_to_the_same_result(
    tag: str, kb: caretier.KnowledgeBase, random_answers: RandomAnswers
) -> None:
    made, other = random.Random(19), kb.in_language(tag)
    for _ in range(500):
        answers = random_answers(made)
        one, two = (_outcome(each, answers) for each in (kb, other))
        assert one == two


def _outcome(kb: caretier.KnowledgeBase, answers: Mapping[str, Answer]) -> object:
    try:
        result = kb.assess(answers)
    except InvalidAnswersError as error:
        return [each.subjects for each in error.problems], error.proven and error.proven.id
    return (
        result.tier.id, result.ceiling.id, result.final, len(result.notes), [each.id for each in result.next_questions],
        [(each.id, each.tier, [found.red_flag.id for found in each.red_flags]) for each in result.conditions],
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("tag", LANGUAGES)
def test_model_and_reference_say_the_same_in_each_language(tag: str, kb: caretier.KnowledgeBase) -> None:
    spoken = kb.in_language(tag)
    people = [Assessment(kb.read({"answers": each})) for each in (APPOINTMENT, {"pain-neck": False, "fever": False})]
    contradicting = Assessment(kb.questionnaire.read({"answers": CONTRADICTION}))
    by_model = spoken.assess_many([*people, contradicting])
    by_reference = spoken.assess_many([*people, contradicting], engine="reference")
    for one, two in zip(by_model[:2], by_reference[:2], strict=True):
        assert isinstance(one, Result)
        assert isinstance(two, Result)
        assert _told(one) == _told(two)
    assert str(by_model[2]) == str(by_reference[2])


def _told(result: Result) -> object:
    """Return what a result says, but for the proofs and the engine, which the reference does not name."""
    told = json.loads(json.dumps(result.to_dict()))
    for condition in told["conditions"]:
        for flag in condition["red_flags"]:
            del flag["proof"]
    return {**told, "engine": ""}


def test_an_explanation_and_a_refusal_are_in_the_language_too(kb: caretier.KnowledgeBase) -> None:
    spanish = kb.in_language("es")
    assert spanish.explain(APPOINTMENT).why_not[0].text.startswith("Las respuestas no sugieren: ")
    with pytest.raises(caretier.ContradictionError) as caught:
        spanish.assess(CONTRADICTION)
    assert "se contradicen" in caught.value.problems[0].message
    assert caught.value.proven == spanish.knowledge.tiers[0]
    assert caught.value.proven != kb.knowledge.tiers[0]


def test_languages_are_found_by_their_tags(kb: caretier.KnowledgeBase) -> None:
    spanish = kb.in_language("es")
    assert kb.in_language("es-MX") is kb.in_language("ES") is spanish
    assert spanish.in_language("es") is spanish
    assert spanish.in_language("en-GB") is kb
    assert chosen("e", ["en", "es"]) is None
    with pytest.raises(caretier.InputError, match=r'no texts in the language "fr"; there are: en, es'):
        kb.in_language("fr")
    with pytest.raises(caretier.InputError):
        kb.in_language("../../x")
    assert read_language("../../x").words == {}


def test_a_language_of_one_country_can_have_words_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pt-br.json").write_text('{"and": "e"}', encoding="utf-8")
    monkeypatch.setattr("caretier.language._FOLDER", str(tmp_path))
    assert read_language("pt-br")("and") == "e"


def test_words_without_a_translation_stay_english() -> None:
    language = Language("xx", {"no %(what)s": "nix %(what)s"})
    assert language("no %(what)s", what="100 %") == "nix 100 %"
    assert language("and %(number)s more.", number=3) == "and 3 more."
    assert language.name == "xx"


def test_the_command_line_speaks_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"answers": APPOINTMENT}), encoding="utf-8")
    assert cli.main(["assess", "--lang", "es", "--explain", str(answers)]) == 0
    said = capsys.readouterr().out
    for words in ("Nos dijo:", "Por qué", "Sea cual sea el resultado", "Qué subiría este resultado", "Fuente:"):
        assert words in said
    for word in ("You ", "What ", "Source", "Why"):
        assert word not in said, word
    assert cli.main(["questions", "--lang", "es"]) == 0
    questions = capsys.readouterr().out
    assert "¿Tiene fiebre?" in questions
    assert "allowed" not in questions
    assert cli.main(["assess", "--lang", "fr", str(answers)]) == 2
    assert "there are: en, es" in capsys.readouterr().err
