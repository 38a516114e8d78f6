"""The decision table: all of the knowledge is in it, in every format, and its words mean what they are made of."""

from __future__ import annotations

import csv
import html
import io
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, combinations, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretier.decision_table import Needs, alike, in_words, needs, own_raises, sections
from caretier.explanation import said
from caretier.knowledge import Atom, Knowledge, minimal
from caretier.model import Certificate, DecisionModel
from caretier.questionnaire import Question, Questionnaire
from caretier.table_csv import table_csv
from caretier.table_html import table_html
from caretier.table_text import table_text

Table = Callable[[Knowledge, Certificate | None], str]
FORMATS: dict[str, Table] = {"text": table_text, "csv": table_csv, "html": table_html}
every_format = pytest.mark.parametrize("format_name", FORMATS)


def _read(format_name: str, table: str) -> str:
    """Return the words of a table as a person reads them: without markup, case, ends of lines."""
    if format_name == "html":
        table = html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", table, flags=re.DOTALL))
    elif format_name == "csv":
        table = " ".join(chain.from_iterable(csv.reader(io.StringIO(table, newline=""))))
    return _plain(table)


def _plain(text: str) -> str:
    return "".join(text.split()).lower()


@every_format
def test_all_of_the_knowledge_is_in_the_table(model: DecisionModel, format_name: str) -> None:
    knowledge = model.knowledge
    table = _read(format_name, FORMATS[format_name](knowledge, model.certificate))
    expected = [knowledge.version, knowledge.sha256]
    expected += [text for tier in knowledge.tiers for text in (tier.label, tier.advice) if tier.rank == 0]
    expected += [tier.label for tier in knowledge.tiers]
    expected += [condition.label for condition in knowledge.conditions.values()]
    expected += [contradiction.message for contradiction in knowledge.contradictions]
    for flag in knowledge.red_flags:
        expected += [flag.id, flag.label, flag.reason, flag.definition]
        expected += [text for source in flag.sources for text in (source.title, source.section or "")]
    assert len(expected) > 150
    assert [text for text in expected if _plain(text) not in table] == []


@every_format
def test_every_answer_that_matters_is_named_in_words(model: DecisionModel, format_name: str) -> None:
    knowledge = model.knowledge
    table = _read(format_name, FORMATS[format_name](knowledge, model.certificate))
    sets = [pattern for flag in knowledge.red_flags for pattern in flag.patterns]
    sets += [conflict for contradiction in knowledge.contradictions for conflict in contradiction.conflicts]
    words = {in_words(knowledge.questionnaire, atom) for atoms in sets for atom in atoms}
    assert len(words) > 50
    assert {each for each in words if _plain(each) not in table} == set()


@every_format
def test_the_highest_tier_comes_first_and_nothing_found_last(model: DecisionModel, format_name: str) -> None:
    table = FORMATS[format_name](model.knowledge, model.certificate)
    advice = [_plain(tier.advice) for tier in model.knowledge.tiers]
    if format_name == "csv":
        kinds = [row["kind"] for row in csv.DictReader(io.StringIO(table, newline=""))]
        assert list(dict.fromkeys(kinds)) == ["red flag", "refused", "otherwise"]
        tiers = [row["tier"] for row in csv.DictReader(io.StringIO(table, newline="")) if row["tier"]]
        assert list(dict.fromkeys(tiers)) == [tier.id for tier in model.knowledge.tiers]
    else:
        places = [_read(format_name, table).index(each) for each in advice]
        assert places == sorted(places)


@every_format
def test_whether_it_is_proven_is_said_plainly(model: DecisionModel, format_name: str) -> None:
    proven = _read(format_name, FORMATS[format_name](model.knowledge, model.certificate))
    proposed = _read(format_name, FORMATS[format_name](model.knowledge, None))
    assert _plain("Proposed, not proven") in proposed
    assert _plain("Proposed") not in proven
    if format_name != "csv":
        assert _plain(model.certificate.summary) in proven
        assert _plain(model.certificate.summary) not in proposed
        assert _plain("Run `caretier compile`") in proposed


def test_a_certificate_says_what_was_asked_of_whom() -> None:
    certificate = Certificate(2, 5, 31, "0" * 64, {"one": "1.0", "another": "2.0"}, {})
    for said_there in ("2 red flags", "5 minimal sets", "31 points", "one 1.0 and another 2.0"):
        assert said_there in certificate.summary


def test_what_raises_a_row_is_told_whole_in_two_parts(model: DecisionModel) -> None:
    table = sections(model.knowledge)
    shared = {section.tier.id: section.raises for section in table}
    parts = 0
    for row in (row for section in table for entry in section.entries for row in entry.rows):
        assert row.reached is not None
        own = own_raises(row, shared[row.reached.id])
        if own is not None:
            parts += bool(own)
            everything = {change.answers for change in own} | {change.answers for change in shared[row.reached.id]}
            assert everything == {change.answers for change in row.raises}
            assert set(own) <= set(row.raises)
            assert set(row.raises) - set(own) <= set(shared[row.reached.id])
    assert parts > 50


def test_shared_raises_that_a_row_lacks_are_not_claimed_of_it(model: DecisionModel) -> None:
    table = sections(model.knowledge)
    lower = table[1]
    row = replace(lower.entries[0].rows[0], raises=lower.raises[1:])
    assert own_raises(row, lower.raises) is None
    assert own_raises(replace(row, raises=lower.raises), lower.raises) == ()


@pytest.mark.parametrize("likeness", ["reached", "raises"])
def test_rows_that_are_alike_are_told_together(model: DecisionModel, likeness: str) -> None:
    questionnaire = model.knowledge.questionnaire
    for section in sections(model.knowledge):
        for entry in section.entries:
            groups = alike(questionnaire, entry.rows, lambda row: getattr(row, likeness))
            told = Counter(words for alternatives, _ in groups for words in _meant(alternatives))
            assert told == Counter(_in_words(questionnaire, frozenset(row.atoms)) for row in entry.rows)
            assert len({shared for _, shared in groups}) == len(groups)


def _meant(alternatives: tuple[Needs, ...]) -> list[frozenset[str]]:
    """Write out every set of answers that words stand for."""
    return [
        frozenset(chain.from_iterable(chosen))
        for several in alternatives
        for chosen in product(*(combinations(need.answers, need.count) for need in several))
    ]


def _in_words(questionnaire: Questionnaire, atoms: frozenset[Atom]) -> frozenset[str]:
    return frozenset(in_words(questionnaire, atom) for atom in atoms)


def test_the_words_of_a_red_flag_mean_its_minimal_sets_and_no_other(model: DecisionModel) -> None:
    questionnaire = model.knowledge.questionnaire
    for flag in model.knowledge.red_flags:
        told = _meant(needs(questionnaire, flag.patterns))
        assert len(told) == len(flag.patterns)
        assert set(told) == {_in_words(questionnaire, pattern) for pattern in flag.patterns}


def _questionnaire(count: int) -> Questionnaire:
    questions = [Question(f"q{n}", f"#q{n}", "boolean", "all", f"{n}?", None, f"thing {n}") for n in range(count)]
    return Questionnaire(tuple(questions), (), "", "")


@given(st.sets(st.frozensets(st.integers(0, 5), min_size=1, max_size=4), max_size=12))
def test_words_mean_exactly_the_sets_that_they_are_made_of(family: set[frozenset[int]]) -> None:
    questionnaire = _questionnaire(6)
    sets = minimal(frozenset(Atom(f"q{number}", True) for number in chosen) for chosen in family)
    told = _meant(needs(questionnaire, sets))
    assert Counter(told) == Counter(_in_words(questionnaire, atoms) for atoms in sets)


def test_any_few_of_many_are_counted() -> None:
    few = [
        frozenset({Atom("q0", True), *chosen})
        for chosen in combinations([Atom(f"q{n}", True) for n in (4, 3, 2, 1)], 2)
    ]
    (only,) = needs(_questionnaire(5), few)
    assert [str(need) for need in only] == ["thing 0", "at least 2 of: thing 1; thing 2; thing 3; thing 4"]
    assert len(needs(_questionnaire(5), few[1:])) > 1


@pytest.mark.parametrize(
    ("name", "unit", "atom", "expected"),
    [
        ("age in years", "years", Atom("q", 50, "at least"), "age at least 50 years"),
        ("months on a plan", "months", Atom("q", 3, "at least"), "at least 3 months on a plan"),
        ("temperature", "degrees", Atom("q", 36, "below"), "temperature below 36 degrees"),
        ("score", None, Atom("q", 7, "at least"), "score: at least 7"),
        ("age in years", "years", Atom("q", 50), "age in years: 50"),
    ],
)
def test_a_number_is_said_with_its_unit(name: str, unit: str | None, atom: Atom, expected: str) -> None:
    question = Question("q", "#q", "integer", "all", "?", None, name, minimum=0, maximum=120, unit=unit)
    assert said(Questionnaire((question,), (), "", ""), atom) == expected


@pytest.mark.parametrize("width", [24, 40, 80, 100])
def test_no_line_of_the_text_is_too_long_and_no_word_is_lost(model: DecisionModel, width: int) -> None:
    def words(text: str) -> str:
        return "".join(line.strip() for line in text.splitlines() if set(line) != {"="}).replace(" ", "")

    text = table_text(model.knowledge, model.certificate, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert words(text) == words(table_text(model.knowledge, model.certificate, width=10_000))


def test_answers_that_contradict_each_other_are_told_to_be_refused(model: DecisionModel) -> None:
    knowledge = model.knowledge
    conflict = next(each for one in knowledge.contradictions for each in one.conflicts)
    flags = (replace(knowledge.red_flags[0], patterns=(conflict,)), *knowledge.red_flags[1:])
    changed = replace(knowledge, red_flags=flags)
    (row,) = (
        row
        for row in csv.DictReader(io.StringIO(table_csv(changed, None), newline=""))
        if row["red_flag"] == flags[0].id
    )
    assert (row["reaches"], row["raised_by"], row["lowered_by"]) == ("refused", "", "")
    assert _plain("These answers contradict each other and are refused:") in _read("html", table_html(changed, None))
    assert _plain("contradict each other and are refused:") not in _read("html", table_html(knowledge, None))


@every_format
def test_a_red_flag_that_no_answers_show_is_in_the_table(model: DecisionModel, format_name: str) -> None:
    first = model.knowledge.red_flags[0]
    flags = (replace(first, patterns=()), *model.knowledge.red_flags[1:])
    table = _read(format_name, FORMATS[format_name](replace(model.knowledge, red_flags=flags), None))
    assert _plain(first.definition) in table
    if format_name != "csv":
        assert _plain("No answers are known to show it.") in table


@every_format
def test_a_tier_without_red_flags_is_in_the_table(model: DecisionModel, format_name: str) -> None:
    knowledge = replace(model.knowledge, red_flags=(), contradictions=())
    table = _read(format_name, FORMATS[format_name](knowledge, None))
    for tier in knowledge.tiers:
        assert _plain(tier.label) in table
        assert _plain(tier.advice) in table
    if format_name != "csv":
        assert table.count(_plain("No red flag leads to this tier.")) == len(knowledge.tiers) - 1
        assert _plain("No answers contradict each other.") in table


@every_format
def test_the_command_prints_the_table_without_importing_rdf(model: DecisionModel, format_name: str) -> None:
    """It is the same in another process, whose sets have another order."""
    command = [sys.executable, "-X", "importtime", "-m", "caretier.cli", "table", "--format", format_name]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=True)
    assert done.stdout.decode() == FORMATS[format_name](model.knowledge, model.certificate)
    imported = set(re.findall(r"\| +([\w.]+)$", done.stderr.decode(), re.MULTILINE))
    assert "caretier.decision_table" in imported
    assert not imported & {"rdflib", "pyshacl", "owlready2", "pyoxigraph", "rich", "yaml"}


@pytest.mark.slow
def test_without_a_model_the_command_prints_what_is_proposed(checkout: Path, tmp_path: Path) -> None:
    for folder in ("ontology", "shapes"):
        shutil.copytree(checkout / folder, tmp_path / folder)
    (tmp_path / "ontology" / "decision-model.json").unlink()
    root = str(tmp_path / "ontology" / "back-pain.ttl")
    command = [sys.executable, "-m", "caretier.cli", "table", "--ontology", root]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert "Proposed, not proven: No decision model fits these files." in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
