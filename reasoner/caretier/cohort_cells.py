"""What one cell of a table says: an answer, nothing, or something that its question does not allow.

Each kind of cell is read twice and alike: by an expression over the column, for every row, and in Python, to word the
error of a row that has a cell which is not allowed. What is allowed is what `assess` allows, and no more: 1 is no yes,
and 47.0 no whole number. Only CSV, which writes every value as text, has its text read as what it spells.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caretier.cohort_columns import Cell
from caretier.errors import InvalidAnswersError
from caretier.questionnaire import Answer, Questionnaire, is_answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WHOLE = "-?(0|[1-9][0-9]*)"
_DECIMAL = _WHOLE + r"(\.[0-9]+)?([eE][-+]?[0-9]+)?"
"""Numbers with a unit: what engines and Python read alike, who differ in 1_0, in digits of other scripts and more."""

_NO_FRACTION = r"\.0+$"
"""Of a number in a column with decimals, where it is whole: what a mapping calls 1 is stored as 1.0."""

_TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Read:
    """The expressions of one cell: its answer (null when unknown or not allowed), and whether it is not allowed."""

    answer: Any
    odd: Any


def stored(cell: Cell) -> str:
    """Name the type in which the cells of a column come to the expression."""
    if cell.values or cell.scale:
        return "string"
    return {"boolean": "boolean", "whole": "int64"}.get(cell.column.kind, "string")


def read(cell: Cell, column: Any) -> Read:
    """Read a cell by expressions over its column, which has the type that `stored` names."""
    import ibis

    values = _values(cell)
    if values and cell.column.kind == "decimal":
        column = column.re_replace(_NO_FRACTION, "")
    text = column
    if values:
        branches = [(column == listed, ibis.literal(_spelt(answer), "string")) for listed, answer in values.items()]
        text = ibis.cases(*branches, else_=column)
    if cell.scale is not None:
        scaled = _scaled(text, cell.scale)
        return _checked(cell, text, ibis.ifelse(column.isin(list(values)), _number(text), scaled) if values else scaled)
    if values:
        return _literal(cell, text)
    if cell.column.kind == "literal":
        return _literal(cell, column)
    kind = {"boolean": "boolean", "whole": "integer", "text": "choice"}.get(cell.column.kind)
    if kind == cell.question.type:
        return _checked(cell, column, column)
    if cell.column.kind == "json":
        return _json(cell, ibis.ifelse(column == "null", ibis.null("string"), column))
    nothing = ibis.null({"boolean": "boolean", "integer": "int64", "choice": "string"}[cell.question.type])
    return Read(nothing, column.notnull())


def decoded(cell: Cell, text: str) -> object:
    """Return the value that a cell gave, from its text, as an answers document would have it."""
    values = _values(cell)
    if values and cell.column.kind == "decimal":
        text = re.sub(_NO_FRACTION, "", text)
    if text in values:
        text = _spelt(values[text]) or ""
    elif cell.scale is not None:
        if re.fullmatch(_DECIMAL, text) is None:
            return text
        number = float(text)
        return math.floor(number * cell.scale[0] / cell.scale[1]) if abs(number) <= 1e15 else text
    if values or cell.column.kind == "literal":
        if cell.question.type == "boolean" and text.lower() in _TRUTHS:
            return _TRUTHS[text.lower()]
        return int(text) if cell.question.type != "choice" and _is_whole(text) else text
    match cell.column.kind:
        case "boolean":
            return _TRUTHS[text]
        case "whole":
            return int(text)
        case "decimal":
            return float(text)
        case "json":
            return json.loads(text)
        case "other" if is_answer(cell.question, text):  # such as bytes that spell it
            return f"{text}, stored as another type than text"
        case _:
            return text


class Problems:
    """Words the problems of a row from its cells that are not allowed, exactly as `assess` does."""

    def __init__(self, questionnaire: Questionnaire, cells: Sequence[Cell]) -> None:
        self._questionnaire = questionnaire
        self._cells: Mapping[str, Cell] = {cell.question.id: cell for cell in cells}
        self._remembered: dict[str, str] = {}

    def __call__(self, odd: str | None) -> str | None:
        """Return the problems, a line each; `odd` is JSON with the text of each cell that is not allowed."""
        if odd is None:
            return None
        if odd not in self._remembered:
            if len(self._remembered) >= 10_000:
                self._remembered.clear()
            self._remembered[odd] = self._told(odd)
        return self._remembered[odd]

    def _told(self, odd: str) -> str:
        texts = {question: text for question, text in json.loads(odd).items() if text is not None}
        answers = {question: decoded(self._cells[question], text) for question, text in texts.items()}
        try:
            self._questionnaire.read({"answers": answers})
        except InvalidAnswersError as error:
            return "\n".join(problem.message for problem in error.problems)
        raise AssertionError("a cell that the expression does not allow is allowed")


def _checked(cell: Cell, column: Any, value: Any) -> Read:
    """Keep a value that is among the allowed ones, where its type is right already."""
    import ibis

    question = cell.question
    if question.type == "boolean":
        return Read(value, column.notnull() & value.isnull())
    if question.type == "choice":
        allowed = value.isin([option.id for option in question.options])
    else:
        allowed = value.between(question.minimum, question.maximum)
    return Read(ibis.ifelse(allowed, value, ibis.null(value.type())), column.notnull() & ~allowed.fill_null(False))


def _literal(cell: Cell, text: Any) -> Read:
    import ibis

    match cell.question.type:
        case "boolean":
            truths = ibis.cases((text.lower() == "true", True), (text.lower() == "false", False))
            return _checked(cell, text, truths)
        case "integer":
            return _checked(cell, text, _number(text))
        case _:
            return _checked(cell, text, text)


def _json(cell: Cell, text: Any) -> Read:
    import ibis

    match cell.question.type:
        case "boolean":
            return _checked(cell, text, ibis.cases((text == "true", True), (text == "false", False)))
        case "integer":
            return _checked(cell, text, _number(text))
        case _:
            options = [(text == json.dumps(option.id), option.id) for option in cell.question.options]
            return _checked(cell, text, ibis.cases(*options))


def _number(text: Any) -> Any:
    import ibis

    return ibis.ifelse(text.re_search(rf"^{_WHOLE}\z"), text.try_cast("int64"), ibis.null("int64"))


def _scaled(text: Any, scale: tuple[float, float]) -> Any:
    """Convert numbers in another unit, and round them down; null for what is none."""
    import ibis

    number = ibis.ifelse(text.re_search(rf"^{_DECIMAL}\z"), text.try_cast("float64"), ibis.null("float64"))
    factor, divisor = (ibis.literal(str(one)).cast("float64") for one in scale)  # a float fails on Spark
    finite = number.between(-(10**15), 10**15)
    return ibis.ifelse(finite, (number * factor / divisor).floor().cast("int64"), ibis.null("int64"))


def _values(cell: Cell) -> Mapping[str, Answer]:
    """Return the values that a mapping translates, spelt as the cells of the column are read."""
    if cell.column.kind != "decimal":
        return cell.values
    return {re.sub(_NO_FRACTION, "", text): answer for text, answer in cell.values.items()}


def _is_whole(text: str) -> bool:
    return re.fullmatch(_WHOLE, text) is not None and len(text) < 1000


def _spelt(answer: Answer) -> str | None:
    """Spell an answer as CSV would."""
    return None if answer is None else str(answer).lower() if isinstance(answer, bool) else str(answer)


def is_possible(cell: Cell) -> bool:
    """Say whether a column of this kind can hold an answer to its question at all."""
    if cell.values or cell.scale or cell.column.kind in ("literal", "json"):
        return True
    examples: dict[str, object] = {"boolean": True, "whole": cell.question.minimum, "text": None}
    if cell.column.kind == "text":
        return cell.question.type == "choice"
    return cell.column.kind in examples and is_answer(cell.question, examples[cell.column.kind])
