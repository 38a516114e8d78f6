"""The questions, and an answers document read and checked against them.

Nothing here knows RDF: a question carries the IRIs that its answers stand for, and `assessments` writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field

from caretier.errors import InvalidAnswersError, Problem
from caretier.language import ENGLISH, Language
from caretier.limits import MAXIMUM_ID_LENGTH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    QuestionType = Literal["boolean", "choice", "integer"]

_HINTS = 20
"""Words of an answers document for which near matches are looked for; it takes time for each."""

Answer = bool | str | int | None
"""Yes or no, an option id, a whole number, or None for asked and not known."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that a choice question allows.

    It stands for a value that the question's property takes, a class of findings reported, or one denied.
    """

    id: str
    label: str
    text: str
    value: str | None = None
    reports: str | None = None
    denies: str | None = None

    def to_dict(self) -> dict[str, str]:
        """Give the option as plain data for an application."""
        return {"id": self.id, "label": self.label, "text": self.text}


@dataclass(frozen=True, slots=True)
class Question:
    """One question: how it is asked, which answers it allows and what they stand for.

    `answer_text` is a short phrase for lists of reasons. The IRIs: `asks_about` is the class of findings that yes
    reports and no denies; `describes` the class of the one finding that several questions describe together;
    `qualifies` the classes of findings, reported by other answers, that the answer qualifies; `sets` the property
    that an answer fills.
    """

    id: str
    iri: str
    type: QuestionType
    group: str
    text: str
    help: str | None
    answer_text: str
    lead_in: str | None = None
    options: tuple[Option, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    unit: str | None = None
    asks_about: str | None = None
    describes: str | None = None
    qualifies: frozenset[str] = frozenset()
    sets: str | None = None

    def option(self, option_id: Answer) -> Option:
        """Return the option with this id; KeyError when the question has none such."""
        for option in self.options:
            if option.id == option_id:
                return option
        raise KeyError(option_id)

    def plain(self, answer: Answer) -> Answer:
        """Return an allowed answer as a plain value; some libraries have kinds of text and number of their own."""
        if answer is None or type(answer) in (bool, int, str):
            return answer
        return self.option(answer).id if self.type == "choice" else int(answer)

    def denies(self, answer: Answer) -> bool:
        """Say whether an answer only denies something."""
        if self.type != "choice" or answer is None:
            return answer is False
        option = self.option(answer)
        return option.denies is not None and option.reports is None

    def allowed(self, language: Language = ENGLISH) -> str:
        """Say which answers the question allows, as programs give them."""
        if self.type == "boolean":
            return language("allowed are true, false and null")
        if self.type == "choice":
            return language("allowed are %(ids)s and null", ids=", ".join(f'"{option.id}"' for option in self.options))
        least, most = self.minimum, self.maximum
        return language("allowed is a whole number from %(least)s to %(most)s, or null", least=least, most=most)

    def to_dict(self) -> dict[str, object]:
        """Give the question as plain data for an application."""
        entry: dict[str, object] = {"id": self.id, "type": self.type, "group": self.group, "text": self.text}
        entry["answer_text"] = self.answer_text
        if self.help:
            entry["help"] = self.help
        if self.lead_in:
            entry["lead_in"] = self.lead_in
        if self.options:
            entry["options"] = [option.to_dict() for option in self.options]
        if self.type == "integer":
            entry |= {"minimum": self.minimum, "maximum": self.maximum, "unit": self.unit}
        return entry


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that are shown together."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Answers:
    """One answers document, read and checked: question id to answer, with its id and date if it has them."""

    values: Mapping[str, Answer]
    id: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """All questions of one domain in the order in which they are shown, with the texts that every result carries.

    All texts are in `language`.
    """

    questions: tuple[Question, ...]
    groups: tuple[Group, ...]
    safety_net: str
    disclaimer: str
    language: Language = ENGLISH
    by_id: Mapping[str, Question] = field(init=False, repr=False, compare=False)
    _places: Mapping[str, int] = field(init=False, repr=False, compare=False)
    _allowed: Mapping[str, tuple[type, Container[object]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the questions by their ids."""
        object.__setattr__(self, "by_id", {question.id: question for question in self.questions})
        object.__setattr__(self, "_allowed", {question.id: _allowed(question) for question in self.questions})
        object.__setattr__(self, "_places", {question.id: place for place, question in enumerate(self.questions)})

    def place(self, question: Question) -> int:
        """Say at which place a question stands, from 0."""
        return self._places[question.id]

    def phrase(self, question: Question, answer: Answer) -> str:
        """Say in a short phrase what an answer to one of the questions means."""
        if answer is None:
            return self.language("%(what)s: not known", what=question.answer_text)
        if isinstance(answer, bool):
            return question.answer_text if answer else self.language("no %(what)s", what=question.answer_text)
        return question.option(answer).text if question.type == "choice" else f"{question.answer_text}: {answer}"

    def read(self, document: object) -> Answers:
        """Check an answers document, as it comes out of JSON or YAML, and return its answers.

        Raises InvalidAnswersError with every problem at once: each names the question, what is wrong, what is allowed.
        """
        if not isinstance(document, Mapping):
            raise _invalid("", 'An answers document is an object such as {"answers": {"<question id>": <answer>}}.')
        problems = [
            Problem((), f'"{key}" is not part of an answers document; its parts are "answers", "id" and "date".')
            for key in document
            if key not in ("answers", "id", "date")
        ]
        values = document.get("answers")
        if not isinstance(values, Mapping):
            problems.append(Problem((), '"answers" is missing or is not an object of question ids and answers.'))
            values = {}
        identifier, date = document.get("id"), document.get("date")
        if date is not None and hasattr(date, "isoformat"):  # YAML reads a date as one
            date = date.isoformat()
        if identifier is not None and not isinstance(identifier, str):
            problems.append(Problem((), f'"id" is {_shown(identifier)}; it has to be a text or null.'))
        elif identifier is not None and len(identifier) > MAXIMUM_ID_LENGTH:
            told = f"{len(identifier):,} characters; at most {MAXIMUM_ID_LENGTH:,} are allowed"
            problems.append(Problem((), f'"id" has {told}.'))
        if date is not None and not _is_date(date):
            problems.append(
                Problem((), f'"date" is {_shown(date)}; it has to be a date such as "2026-05-31", or null.')
            )
        allowed = self._allowed
        odd = [
            key
            for key, answer in values.items()
            if key not in allowed
            or (answer is not None and (type(answer) is not allowed[key][0] or answer not in allowed[key][1]))
        ]
        problems += [
            problem
            for number, key in enumerate(odd)
            if (problem := self._problem(key, values[key], _near if number < _HINTS else _no_hint))
        ]
        if problems:
            wrong = {subject for problem in problems for subject in problem.subjects}
            readable = {key: self.by_id[key].plain(answer) for key, answer in values.items() if str(key) not in wrong}
            raise InvalidAnswersError(tuple(problems), readable=readable)
        plain = {key: self.by_id[key].plain(values[key]) for key in odd}
        return Answers({**values, **plain} if plain else dict(values), identifier, date)

    def _problem(self, key: object, answer: object, near: Callable[[str, Iterable[str]], str]) -> Problem | None:
        question = self.by_id.get(key) if isinstance(key, str) else None
        if question is None:
            return Problem((str(key),), f'There is no question "{key}".{near(str(key), self.by_id)}')
        if answer is None or is_answer(question, answer):
            return None
        hint = ""
        if question.type == "choice" and isinstance(answer, str):
            hint = near(answer, [option.id for option in question.options])
        message = f'The answer to "{question.id}" is {_shown(answer)}; {question.allowed()}.{hint}'
        return Problem((question.id,), message)


def is_answer(question: Question, answer: object) -> bool:
    """Say whether a question allows this answer (other than None, which every question allows)."""
    match question.type:
        case "boolean":
            return isinstance(answer, bool)
        case "choice":
            return isinstance(answer, str) and any(option.id == answer for option in question.options)
        case "integer":
            if isinstance(answer, bool) or not isinstance(answer, int):
                return False
            assert question.minimum is not None
            assert question.maximum is not None
            return question.minimum <= answer <= question.maximum


def _allowed(question: Question) -> tuple[type, Container[object]]:
    """Return the type of a question's answers, and all of them."""
    match question.type:
        case "boolean":
            return bool, (True, False)
        case "choice":
            return str, frozenset(option.id for option in question.options)
        case "integer":
            assert question.minimum is not None
            assert question.maximum is not None
            return int, range(question.minimum, question.maximum + 1)


def _invalid(subject: str, message: str) -> InvalidAnswersError:
    return InvalidAnswersError((Problem((subject,) if subject else (), message),))


def _is_date(text: object) -> bool:
    if not isinstance(text, str) or len(text) > MAXIMUM_ID_LENGTH:  # a fraction of a second may have any digits
        return False
    import datetime

    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _no_hint(_word: str, _words: Iterable[str]) -> str:
    return ""


def _near(word: str, words: Iterable[str]) -> str:
    import difflib

    matches = difflib.get_close_matches(word, list(words), n=3, cutoff=0.6)
    return " Did you mean " + " or ".join(f'"{match}"' for match in matches) + "?" if matches else ""


def _shown(value: object) -> str:
    """Show a value as JSON would write it, cut to a readable length."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = f'"{value[:100]}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
