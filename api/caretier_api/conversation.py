"""A conversation on the web: all that a person has answered so far, kept in the page itself and nowhere else.

Each page brings the whole conversation back as the fields of a form; each step makes a new one. What comes back may
have been changed on the way, so it is read as strictly as any other answers.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal
from urllib.parse import parse_qsl

from caretier.documents import parse_json
from caretier.errors import UnreadableInputError
from caretier.interview import Screen
from caretier.language import ENGLISH
from caretier.questionnaire import Answer, Question, Questionnaire, is_answer

FORM = "application/x-www-form-urlencoded"
"""The media type in which a form sends its fields."""

Given = Mapping[str, Answer]
"""Question id to answer."""

Fields = Mapping[str, Sequence[str]]
"""The fields of a form by name, each with its values in order."""

Fault = Literal["nothing", "nothing-ticked", "ticked-and-none", "both", "not-a-number", "out-of-range"]
"""What keeps a screen from being read."""

_MOST_FIELDS = 1_000
_LONGEST_NUMBER = 9
_WORDS: Mapping[str, Answer] = MappingProxyType({"yes": True, "no": False})
UNKNOWN = "?"
"""What an input says for "I don't know"; it is not the id of any option."""


class NotAnsweredError(Exception):
    """Report a screen that was sent without answers that can be read; `question` is the one it is about."""

    def __init__(self, fault: Fault, question: Question) -> None:
        super().__init__(fault)
        self.fault: Fault = fault
        self.question = question


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the inputs of a screen: the text or option of a question, the ticks of a checklist."""

    text: str = ""
    yes: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    def answers(self, screen: Screen, *, none: bool = False) -> dict[str, Answer]:
        """Return the answers that a screen filled in like this gives; `none` is "none of these".

        Raises NotAnsweredError. A checklist without a tick is no answer: only who says "none of these" denies them all.
        """
        first = screen.questions[0]
        if screen.lead_in is None:
            return {first.id: self._answer(first)}
        for question in screen.questions:
            if question.id in self.yes and none:
                raise NotAnsweredError("ticked-and-none", question)
            if question.id in self.yes & self.unknown:
                raise NotAnsweredError("both", question)
        if not (self.yes or self.unknown or none):
            raise NotAnsweredError("nothing-ticked", first)
        return screen.ticked(self.yes, self.unknown)

    def said(self, screen: Screen) -> dict[str, Answer]:
        """Return what is said on a screen that is left half-way: what has no tick is not denied but open.

        Raises NotAnsweredError for what is said and cannot be read, but not for a screen on which nothing is said.
        """
        try:
            answers = self.answers(screen)
        except NotAnsweredError as error:
            if error.fault in ("nothing", "nothing-ticked"):
                return {}
            raise
        if screen.lead_in is None:
            return answers
        return {question: answer for question, answer in answers.items() if answer is not False}

    def _answer(self, question: Question) -> Answer:
        text = self.text.strip() or ("yes" if question.id in self.yes else "")
        if not text:
            raise NotAnsweredError("nothing", question)
        if text == UNKNOWN:
            return None
        if question.type == "integer":
            if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
                raise NotAnsweredError("not-a-number", question)
            if not is_answer(question, int(text)):
                raise NotAnsweredError("out-of-range", question)
            return int(text)
        answer = _WORDS.get(text, text) if question.type == "boolean" else text
        if not is_answer(question, answer):
            raise UnreadableInputError(f"the page sent an answer that {question.id} does not allow.")
        return answer


@dataclass(frozen=True, slots=True)
class Conversation:
    """One person's conversation: the answers of each screen in order, so that each can be taken back.

    `language` is the tag of the language in which it is held.
    `draft` holds answers that were taken back; they count for nothing, and fill in a screen that asks for them again.
    """

    given: tuple[Given, ...] = ()
    draft: Given = field(default_factory=dict)
    for_other: bool = False
    language: str = ENGLISH.tag

    @property
    def answers(self) -> dict[str, Answer]:
        """All answers that count."""
        return {question: answer for given in self.given for question, answer in given.items()}

    def answered(self, answers: Given, *, asked: Collection[str] = ()) -> Conversation:
        """Add the answers of a screen; answers to what was asked before take the place of the former ones.

        Whatever was `asked` on the screen is not filled in again as it was before, even where it is left open.
        """
        seen = {*answers, *asked}
        draft = {question: answer for question, answer in self.draft.items() if question not in seen}
        if not answers:
            return replace(self, draft=draft)
        for number, given in enumerate(self.given):
            if given.keys() & answers.keys():
                changed = (*self.given[:number], {**given, **answers}, *self.given[number + 1 :])
                return replace(self, given=changed, draft=draft)
        return replace(self, given=(*self.given, answers), draft=draft)

    def kept(self, answers: Given) -> Conversation:
        """Keep answers that do not count yet."""
        return replace(self, draft={**self.draft, **answers})

    def taken_back(self) -> tuple[Conversation, tuple[str, ...]]:
        """Take the last screen back; return what is left, and the ids of the questions that were on it."""
        *before, last = self.given
        return replace(self, given=tuple(before), draft={**self.draft, **last}), tuple(last)

    def filled(self, screen: Screen) -> Filled:
        """Fill in a screen with what is known of it."""
        known = {**self.draft, **self.answers}
        first = screen.questions[0].id
        ids = {question.id for question in screen.questions}
        if screen.lead_in is None:
            return Filled(text=_text(known[first]) if first in known else "")
        return Filled(
            yes=frozenset(question for question in ids if known.get(question) is True),
            unknown=frozenset(question for question in ids if known.get(question, False) is None),
        )

    def fields(self) -> Iterator[tuple[str, str]]:
        """Go through the hidden fields that keep the conversation in a page."""
        for given in self.given:
            yield "given", _written(given)
        if self.draft:
            yield "draft", _written(self.draft)
        if self.for_other:
            yield "for", "other"
        yield "lang", self.language


def read_fields(body: bytes) -> Fields:
    """Read the body of a form (application/x-www-form-urlencoded)."""
    fields: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        ):
            fields.setdefault(name, []).append(value)
    except ValueError:
        raise UnreadableInputError("it is not what a form of these pages sends.") from None
    return fields


def read_conversation(fields: Fields, questionnaire: Questionnaire) -> Conversation:
    """Read a conversation out of the fields of a form, and check every answer in it.

    It goes on in the language of the questionnaire.
    """
    given = tuple(_read(text, questionnaire) for text in fields.get("given", ()))
    asked = [question for screen in given for question in screen]
    if len(set(asked)) != len(asked):
        raise UnreadableInputError("the page sent two answers to one question.")
    draft: Given = {}
    for text in fields.get("draft", ()):
        draft = {**draft, **_read(text, questionnaire)}
    for_other = fields.get("for", ())[-1:] == ["other"]
    return Conversation(given, draft, for_other, questionnaire.language.tag)


def read_filled(fields: Fields) -> Filled:
    """Read what stands in the inputs of a screen."""
    return Filled(
        text=next(iter(fields.get("answer", ())), ""),
        yes=frozenset(fields.get("yes", ())),
        unknown=frozenset(fields.get("unknown", ())),
    )


def screen_of(questions: Iterable[str], questionnaire: Questionnaire) -> Screen:
    """Make the screen that asks these questions: one, or several of a checklist."""
    try:
        asked = sorted({questionnaire.by_id[question] for question in questions}, key=questionnaire.place)
    except KeyError as error:
        raise UnreadableInputError(f"there is no question {error}.") from None
    if not asked or (len(asked) > 1 and not all(each.type == "boolean" and each.lead_in for each in asked)):
        raise UnreadableInputError("these questions are not asked together.")
    return Screen(tuple(asked))


def _read(text: str, questionnaire: Questionnaire) -> Given:
    answers = questionnaire.read({"answers": parse_json(text.encode())}).values
    if not answers:
        raise UnreadableInputError("the page sent a screen without answers.")
    return answers


def _written(given: Given) -> str:
    return json.dumps(given, separators=(",", ":"))


def _text(answer: Answer) -> str:
    if answer is None:
        return UNKNOWN
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return str(answer)
