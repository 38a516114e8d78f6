"""The data dictionary of a domain: a row for each question and each answer, with what it stands for in the ontology.

It is what somebody needs who makes a table for `caretier cohort`, or reads one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from caretier.fhir import Codes
from caretier.questionnaire import Question, Questionnaire
from caretier.spreadsheet import inert

COLUMNS = (
    "column", "type", "group", "question", "help", "value", "means", "minimum", "maximum", "unit", "term", "codes",
)  # fmt: skip


def data_dictionary(questionnaire: Questionnaire, codes: Codes) -> str:
    """Write the data dictionary as CSV (RFC 4180).

    A row without a `value` is about the question; the rows after it are about the values that its column may hold.
    `term` is the IRI of the class that is reported, or of the property or value that is stated; `codes` are those of
    clinical terminologies that mean the same.
    """
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, COLUMNS, restval="")
    table.writeheader()

    def write(row: Mapping[str, str]) -> None:
        table.writerow({column: inert(cell) for column, cell in row.items()})

    labels = {group.id: group.label for group in questionnaire.groups}
    for question in questionnaire.questions:
        write(
            {
                "column": question.id,
                "type": question.type,
                "group": labels[question.group],
                "question": question.text,
                "help": question.help or "",
                "means": question.answer_text,
                "minimum": "" if question.minimum is None else str(question.minimum),
                "maximum": "" if question.maximum is None else str(question.maximum),
                "unit": question.unit or "",
                **_term(question.asks_about or question.sets or question.describes, codes),
            }
        )
        for value, means, term in _values(questionnaire, question):
            write({"column": question.id, "value": value, "means": means, **_term(term, codes)})
    return text.getvalue()


def _values(questionnaire: Questionnaire, question: Question) -> Iterator[tuple[str, str, str | None]]:
    if question.type == "boolean":
        yield "true", questionnaire.phrase(question, True), question.asks_about
        yield "false", questionnaire.phrase(question, False), None
    for option in question.options:
        yield option.id, option.text, option.value or option.reports


def _term(iri: str | None, codes: Codes) -> dict[str, str]:
    return {"term": iri or "", "codes": "; ".join(f"{code.system}|{code.code}" for code in codes.get(iri or "", ()))}
