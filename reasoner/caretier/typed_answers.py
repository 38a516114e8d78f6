"""What a person types at a question, and what it means."""

from __future__ import annotations

from caretier.interview import Screen
from caretier.language import Language
from caretier.questionnaire import Answer, Question, is_answer

_LONGEST_NUMBER = 9


class NotUnderstoodError(Exception):
    """What was typed is no answer to what was asked."""


def asked_for(screen: Screen, language: Language) -> str:
    """Say what to type at a screen."""
    if screen.lead_in is not None:
        return language("the numbers that apply, such as 1 %(last)s, or 0 for none", last=len(screen.questions))
    question = screen.questions[0]
    if question.type == "boolean":
        return language("yes or no")
    if question.type == "choice":
        return language("a number from 1 to %(most)s", most=len(question.options))
    return language("a whole number from %(least)s to %(most)s", least=question.minimum, most=question.maximum)


def is_said(words: str, typed: str, language: Language) -> bool:
    """Say whether what was typed is one of some words, which are told apart by `|`; the English ones always count.

    >>> from caretier.language import ENGLISH
    >>> is_said("y|yes", "Yes", ENGLISH)
    True
    """
    return typed.lower() in {*words.split("|"), *language(words).split("|")}


def understood(screen: Screen, typed: str, language: Language) -> dict[str, Answer]:
    """Return the answers that a line gives to the questions of a screen; NotUnderstoodError when it gives none."""
    said = " ".join(typed.lower().replace(",", " ").replace("’", "'").split())
    if is_said("d|don't know|dont know", said, language):
        return {question.id: None for question in screen.questions}
    if screen.lead_in is not None:
        return _ticked(screen, said, language)
    question = screen.questions[0]
    answer = _answer(question, said, language)
    if answer is None:
        raise NotUnderstoodError
    return {question.id: answer}


def _answer(question: Question, said: str, language: Language) -> Answer:
    """Return the answer that is said; None when it is none."""
    if question.type == "boolean":
        return True if is_said("y|yes", said, language) else False if is_said("n|no", said, language) else None
    if question.type == "choice":
        for number, option in enumerate(question.options, 1):
            if said in (str(number), option.id, option.label.lower()):
                return option.id
        return None
    whole = _number(said)
    return whole if is_answer(question, whole) else None


def _ticked(screen: Screen, said: str, language: Language) -> dict[str, Answer]:
    """Read the numbers of a checklist: each alone is a yes, after a d it is not known, and all others are a no."""
    if is_said("0|n|no|none|none of these", said, language):
        return screen.ticked(())
    yes, unknown = set[str](), set[str]()
    for word in said.split():
        number = _number(word.removeprefix("d"))
        if number is None or not 1 <= number <= len(screen.questions):
            raise NotUnderstoodError
        (unknown if word.startswith("d") else yes).add(screen.questions[number - 1].id)
    if not yes | unknown or yes & unknown:
        raise NotUnderstoodError
    return screen.ticked(yes, unknown)


def _number(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _LONGEST_NUMBER else None
