"""Which column of a table answers which question, decided before any work starts.

A column that is neither a question, nor mapped, nor kept is an error that names its near matches: a misspelt column
would otherwise count as unknown for everybody.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from caretier.errors import InvalidAnswersError, UnreadableInputError
from caretier.questionnaire import Answer, Question, Questionnaire

Kind = Literal["boolean", "whole", "decimal", "text", "literal", "json", "other"]
"""What the cells of a column are: `text` is text as stored, `literal` text that a CSV file wrote for any value, `json`
the JSON of a value; `other` is shown in errors and never an answer."""

RESULTS = ("id", "tier", "ceiling", "conditions", "error")
"""The columns of every result."""

EXPLANATIONS = ("red_flags", "because", "open_questions")
"""The columns that explaining adds: the red flags shown, for each of them the answers that decided, and how many
questions have no answer."""

UNREADABLE = "caretier_unreadable"
"""A column of tables that are written anew, which tells of each row that could not be read."""

_MOST_TOLD = 20
"""Of problems with columns."""

_DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the input."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Reading:
    """What a mapping says of one column: its question, how its values are translated, and the unit of its numbers."""

    question: str
    values: Mapping[str, Answer] = field(default_factory=dict)
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A mapping file: what it says of each column, and the column that holds the ids."""

    columns: Mapping[str, Reading] = field(default_factory=dict)
    id: str = "id"


@dataclass(frozen=True, slots=True)
class Cell:
    """One question and the column that answers it.

    `scale` is, for numbers in another unit than the question's, by what they are multiplied and then divided.
    """

    question: Question
    column: Column
    values: Mapping[str, Answer] = field(default_factory=dict)
    scale: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What every column of a table is for; `missing` are the questions without one, unknown for everybody."""

    id: Column | None
    cells: tuple[Cell, ...]
    kept: tuple[Column, ...]
    missing: tuple[Question, ...]


def read_map(data: object, questionnaire: Questionnaire) -> ColumnMap:
    """Check a mapping, as it comes out of JSON or YAML; UnreadableInputError names everything wrong with it at once.

    >>> import caretier
    >>> read_map({"columns": {"Alter": "age"}, "id": "nr"}, caretier.load().questionnaire).columns["Alter"].question
    'age'
    """
    problems: list[str] = []
    if not isinstance(data, Mapping):
        raise UnreadableInputError('a mapping is an object such as {"columns": {"<column>": "<question id>"}}.')
    for key in data:
        if key not in ("columns", "id"):
            problems.append(f'"{key}" is not part of a mapping; its parts are "columns" and "id".')
    identifier, columns = data.get("id", "id"), data.get("columns", {})
    if not isinstance(identifier, str):
        problems.append('"id" has to be the name of a column.')
    if not isinstance(columns, Mapping):
        problems.append('"columns" has to be an object of column names, each with a question id or an object.')
        columns = {}
    found: dict[str, Reading] = {}
    for name, entry in columns.items():
        entry = {"question": entry} if isinstance(entry, str) else entry
        said = _entry(entry, questionnaire)
        if isinstance(said, str):
            problems.append(f'column "{name}": {said}')
        else:
            found[str(name)] = said
    if problems:
        raise UnreadableInputError("\n".join(problems))
    return ColumnMap(found, str(identifier))


def _entry(entry: object, questionnaire: Questionnaire) -> Reading | str:
    """Read what a mapping says of a column, or say what is wrong with it."""
    if not isinstance(entry, Mapping):
        return 'it has to be a question id, or an object with "question", "values" and "unit".'
    for key in entry:
        if key not in ("question", "values", "unit"):
            return f'"{key}" is not part of it; its parts are "question", "values" and "unit".'
    question = questionnaire.by_id.get(str(entry.get("question")))
    if question is None:
        return (
            f'there is no question "{entry.get("question")}".{_near(str(entry.get("question")), questionnaire.by_id)}'
        )
    values = entry.get("values", {})
    if not isinstance(values, Mapping):
        return '"values" has to be an object of what stands in the column, each with the answer that it means.'
    for value, answer in values.items():
        try:
            questionnaire.read({"answers": {question.id: answer}})
        except InvalidAnswersError as error:
            return f'"{value}" cannot be translated so: {error}'
    unit = entry.get("unit")
    if unit is not None:
        if question.type != "integer" or _days(question.unit) is None:
            return f'"unit" is for numbers of days, weeks, months or years, and "{question.id}" has none such.'
        if not isinstance(unit, str) or _days(unit) is None:
            return f'"unit" is {unit!r}; allowed are "days", "weeks", "months" and "years".'
    return Reading(question.id, {_written(value): answer for value, answer in values.items()}, unit)


def plan(
    columns: Sequence[Column], questionnaire: Questionnaire, mapping: ColumnMap, keep: Sequence[str], *, explain: bool
) -> Plan:
    """Say what every column is for; UnreadableInputError names every column that has no place, with near matches."""
    by_name = {column.name: column for column in columns}
    problems = list(name_problems([column.name for column in columns]))
    for name in [*mapping.columns, *keep, *([mapping.id] if mapping.id != "id" else [])]:
        if name not in by_name:
            problems.append(f'There is no column "{name}".{_near(name, by_name)}')
    taken = {*RESULTS, *(EXPLANATIONS if explain else ())}
    for name in keep:
        if name.lower() in taken:
            problems.append(f'The column "{name}" cannot be kept, since the result has one of this name; rename it.')
    cells: dict[str, Cell] = {}
    for column in columns:
        said = mapping.columns.get(column.name)
        if said is None and column.name not in questionnaire.by_id:
            if column.name and column.name != mapping.id and column.name not in keep:
                near = _near(column.name, (mapping.id, *questionnaire.by_id))
                problems.append(
                    f'The column "{column.name}" is no question.{near} Map it with --map, or carry it through '
                    f"with --keep."
                )
            continue
        said = said or Reading(column.name)
        question = questionnaire.by_id[said.question]
        if question.id in cells:
            other = cells[question.id].column.name
            problems.append(f'The columns "{other}" and "{column.name}" both answer "{question.id}"; keep one of them.')
        scale = (_days(said.unit) or 1.0, _days(question.unit) or 1.0) if said.unit else None
        cells[question.id] = Cell(question, column, said.values, scale)
    if not problems and not cells:
        problems.append("No column is a question; `caretier questions` lists their ids, and --map renames columns.")
    require_none(problems)
    return Plan(
        id=by_name.get(mapping.id),
        cells=tuple(cells[question.id] for question in questionnaire.questions if question.id in cells),
        kept=tuple(by_name[name] for name in dict.fromkeys(keep)),
        missing=tuple(question for question in questionnaire.questions if question.id not in cells),
    )


def name_problems(names: Iterable[str]) -> Iterator[str]:
    """Say which names of columns cannot stand beside each other; engines take Age and age for one."""
    seen: dict[str, str] = {}
    nameless = 0
    for name in names:
        if not name:
            nameless += 1
            continue
        other = seen.get(name.lower())
        seen[name.lower()] = name
        if other is not None:
            same = "twice" if other == name else f'and "{name}", which count as one name'
            yield f'The table has the column "{other}" {same}; rename one of them.'
        if name.lower() == UNREADABLE:
            yield f'The column "{name}" has a name that is needed here; rename it.'
    if nameless:
        yield (
            f"The table has {'a column' if nameless == 1 else f'{nameless:,} columns'} without a name; name what is "
            "needed and leave out the rest, such as row numbers of R (row.names = FALSE) and pandas (index=False)."
        )


def require_none(problems: Sequence[str]) -> None:
    """Raise UnreadableInputError that tells problems of columns, a line each, but no more than can be read."""
    told = [*problems[:_MOST_TOLD]]
    if len(problems) > _MOST_TOLD:
        told.append(f"There are {len(problems) - _MOST_TOLD:,} more such columns.")
    if told:
        raise UnreadableInputError("\n".join(told))


def _written(value: object) -> str:
    """Write a value of a mapping as it stands in a column."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _days(unit: str | None) -> float | None:
    return _DAYS.get(unit.rstrip("s")) if unit is not None else None


def _near(word: str, words: Iterable[str]) -> str:
    matches = difflib.get_close_matches(word, list(words), n=3, cutoff=0.6)
    return " Did you mean " + " or ".join(f'"{match}"' for match in matches) + "?" if matches else ""
