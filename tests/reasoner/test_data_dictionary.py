"""The data dictionary has every column and value of a table, and what each stands for."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

import caretier
from caretier import cli
from caretier.data_dictionary import COLUMNS, data_dictionary
from caretier.questionnaire import is_answer


@pytest.fixture(scope="module")
def rows(kb: caretier.KnowledgeBase) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data_dictionary(kb.questionnaire, kb.codes))))


def test_every_question_has_its_row_and_every_answer_one(
    rows: list[dict[str, str]], kb: caretier.KnowledgeBase
) -> None:
    assert [row["column"] for row in rows if not row["value"]] == [question.id for question in kb.questions]
    for row in rows:
        if row["value"]:
            question = kb.questionnaire.by_id[row["column"]]
            answer = {"true": True, "false": False}.get(row["value"], row["value"])
            assert is_answer(question, answer)
            assert row["means"] == kb.questionnaire.phrase(question, answer)
    values = sum(len(question.options) or 2 * (question.type == "boolean") for question in kb.questions)
    assert len(rows) == len(kb.questions) + values


def test_terms_are_in_the_ontology_and_codes_are_its_mappings(
    rows: list[dict[str, str]], kb: caretier.KnowledgeBase
) -> None:
    terms = {str(term) for term in kb.ontology.graph.subjects()}
    assert {row["term"] for row in rows if row["term"]} <= terms
    fever = next(row for row in rows if row["column"] == "fever")
    assert fever["term"] == "https://w3id.org/caretier/back-pain#Fever"
    assert fever["codes"].split("; ") == [f"{code.system}|{code.code}" for code in kb.codes[fever["term"]]]
    age = next(row for row in rows if row["column"] == "age")
    assert (age["minimum"], age["maximum"], age["unit"]) == ("0", "120", "years")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_text_becomes_a_formula(kb: caretier.KnowledgeBase, start: str) -> None:
    text = f"{start}cmd|'/c calc'!A1"
    given = kb.questionnaire
    questions = tuple(
        replace(
            question, text=text, help=text, answer_text=text, unit=text,
            options=tuple(replace(option, text=text) for option in question.options),
        )
        for question in given.questions
    )  # fmt: skip
    hostile = replace(given, questions=questions, groups=tuple(replace(group, label=text) for group in given.groups))
    table = list(csv.DictReader(io.StringIO(data_dictionary(hostile, kb.codes), newline="")))
    for row in table:
        assert not any(cell.startswith(start) for cell in row.values())
    assert {row[column] for row in table if not row["value"] for column in ("group", "question", "help", "unit")} == {
        f"'{text}"
    }


def test_the_command_line_prints_it_in_the_language_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["questions", "--format", "csv", "--lang", "es"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head == ",".join(COLUMNS)
    assert any("¿Tiene fiebre?" in line for line in lines)
