"""What a person types at a question, and what it means."""

from __future__ import annotations

from caretier.interview import Screen
from caretier.questionnaire import Answer, Question, is_answer

DONT_KNOW = frozenset({"d", "don't know", "dont know", "don’t know"})

_YES_OR_NO = {"y": True, "yes": True, "n": False, "no": False}
_NONE = frozenset({"0", "n", "no", "none", "none of these"})
_LONGEST_NUMBER = 9


class NotUnderstoodError(Exception):
    """What was typed is no answer to what was asked."""


def asked_for(screen: Screen) -> str:
    """Say what to type at a screen."""
    if screen.lead_in is not None:
        return f"the numbers that apply, such as 1 {len(screen.questions)}, or 0 for none"
    question = screen.questions[0]
    if question.type == "boolean":
        return "yes or no"
    if question.type == "choice":
        return f"a number from 1 to {len(question.options)}"
    return f"a whole number from {question.minimum} to {question.maximum}"


def understood(screen: Screen, typed: str) -> dict[str, Answer]:
    """Return the answers that a line gives to the questions of a screen; NotUnderstoodError when it gives none."""
    said = " ".join(typed.lower().replace(",", " ").split())
    if said in DONT_KNOW:
        return {question.id: None for question in screen.questions}
    if screen.lead_in is not None:
        return _ticked(screen, said)
    question = screen.questions[0]
    answer = _answer(question, said)
    if answer is None:
        raise NotUnderstoodError
    return {question.id: answer}


def _answer(question: Question, said: str) -> Answer:
    """Return the answer that is said; None when it is none."""
    if question.type == "boolean":
        return _YES_OR_NO.get(said)
    if question.type == "choice":
        for number, option in enumerate(question.options, 1):
            if said in (str(number), option.id, option.label.lower()):
                return option.id
        return None
    whole = _number(said)
    return whole if is_answer(question, whole) else None


def _ticked(screen: Screen, said: str) -> dict[str, Answer]:
    """Read the numbers of a checklist: each alone is a yes, after a d it is not known, and all others are a no."""
    if said in _NONE:
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
