"""The interview at a terminal: one question or checklist after the other, with a way back and "don't know"."""

from __future__ import annotations

import json
import textwrap

from caretier.commands import page
from caretier.errors import ContradictionError
from caretier.files import replace_text
from caretier.interview import Screen, Step
from caretier.knowledge_base import KnowledgeBase
from caretier.presentation import present, sentence
from caretier.questionnaire import Answer, Question, is_answer

Given = dict[str, Answer]


class _BackError(Exception):
    """The person wants to go back."""


class _QuitError(Exception):
    """The person wants to stop."""


def hold(kb: KnowledgeBase, save: str | None) -> int:
    """Hold an interview on standard input and output, print the result, and return the exit code.

    `save` names a JSON file for the answers, so that nothing has to be answered twice.
    """
    conversation = _Conversation(kb)
    step = conversation.run()
    answers = conversation.answers
    width, color = page()
    print("\n" + present(step.result, width=width, color=color), end="")
    if save is not None:
        from pathlib import Path

        replace_text(Path(save), json.dumps({"answers": answers}, indent=2) + "\n")
        print(f"\nYour answers are in {save}.")
    return 0


class _Conversation:
    """One interview under way: the answers of each screen, so that each can be taken back."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self._kb = kb
        self._interview = kb.interview()
        self._given: list[Given] = []
        self._width = page()[0]

    @property
    def answers(self) -> Given:
        """All answers so far."""
        return {question: answer for given in self._given for question, answer in given.items()}

    def run(self) -> Step:
        """Ask until nothing is left to ask, or until the person stops."""
        self._say(self._kb.questionnaire.disclaimer)
        self._say("At each question: ? for help, d for don't know, b to go back, q to stop.")
        step = self._interview.next(self.answers)
        while step.screen is not None:
            self._say_progress(step)
            try:
                self._given.append(self._asked(step.screen))
            except _BackError:
                if self._given:
                    self._given.pop()
                else:
                    self._say("This is the first question.")
            except _QuitError:
                return step
            try:
                step = self._interview.next(self.answers)
            except ContradictionError as error:
                for line in str(error).splitlines():
                    self._say(line)
                self._say("Please answer again.")
                self._given.pop()
        return step

    def _asked(self, screen: Screen) -> Given:
        if screen.lead_in is None:
            question = screen.questions[0]
            return {question.id: self._one(question)}
        return self._several(screen)

    def _one(self, question: Question) -> Answer:
        """Ask one question until there is an answer to it."""
        self._say(question.text)
        for number, option in enumerate(question.options, 1):
            self._say(f"{number} {sentence(option.label)}", "  ")
        prompt = {
            "boolean": "yes or no",
            "choice": f"1 to {len(question.options)}",
            "integer": f"a whole number from {question.minimum} to {question.maximum}",
        }[question.type]
        while True:
            said = self._read(f"[{prompt}] ", [question])
            if said in ("d", "don't know", "dont know"):
                return None
            answer = _understood(question, said)
            if answer is not None:
                return answer
            self._say(f'"{said}" is no answer to this; please give {prompt}, or d for don\'t know.')

    def _several(self, screen: Screen) -> Given:
        """Ask a checklist: the numbers of all that apply, those not known after a d, or none of these."""
        self._say(str(screen.lead_in))
        for number, question in enumerate(screen.questions, 1):
            self._say(f"{number} {sentence(question.answer_text)}", "  ")
        self._say("0 None of these", "  ")
        while True:
            said = self._read(
                "[all that apply, such as 1 3; d2 if you don't know 2; 0 for none] ", list(screen.questions)
            )
            given = _ticked(screen, said)
            if given is not None:
                return given
            self._say(f'"{said}" is not understood; please give numbers from 0 to {len(screen.questions)}.')

    def _read(self, prompt: str, questions: list[Question]) -> str:
        while True:
            try:
                said = input(prompt).strip().lower()
            except EOFError:
                print()
                raise _QuitError from None
            if said in ("b", "back"):
                raise _BackError
            if said in ("q", "quit"):
                raise _QuitError
            if said != "?":
                return said
            helped = [question for question in questions if question.help]
            for question in helped:
                name = "" if len(questions) == 1 else f"{sentence(question.answer_text)}: "
                self._say(f"{name}{question.help}")
            if not helped:
                self._say("There is no more to say about this; answer as well as you can.")

    def _say_progress(self, step: Step) -> None:
        whole = step.answered + step.open
        filled = round(20 * step.answered / whole) if whole else 0
        bar = "#" * filled + "-" * (20 - filled)
        print(f"\n[{bar}] at most {step.open} questions left; so far: {step.result.tier.label}")

    def _say(self, text: str, indent: str = "") -> None:
        for line in textwrap.wrap(
            text, self._width, initial_indent=indent, subsequent_indent=indent + "  " * bool(indent)
        ):
            print(line)


def _understood(question: Question, said: str) -> Answer:
    """Return the answer that a line gives to a question; None when it gives none."""
    if question.type == "boolean":
        return {"y": True, "yes": True, "n": False, "no": False}.get(said)
    if question.type == "choice":
        for number, option in enumerate(question.options, 1):
            if said in (str(number), option.id, option.label.lower()):
                return option.id
        return None
    answer = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None
    return answer if is_answer(question, answer) else None


def _ticked(screen: Screen, said: str) -> Given | None:
    """Return the answers that a line gives to a checklist; None when it cannot be understood."""
    ticked, unknown = set[int](), set[int]()
    for word in said.replace(",", " ").split():
        target = unknown if word.startswith("d") else ticked
        number = word.removeprefix("d")
        if word == "d":
            unknown |= set(range(1, len(screen.questions) + 1))
        elif number.isascii() and number.isdigit() and int(number) <= len(screen.questions):
            target.add(int(number))
        else:
            return None
    if not said or (0 in ticked and len(ticked) > 1) or 0 in unknown:
        return None
    return {
        question.id: True if number in ticked else None if number in unknown else False
        for number, question in enumerate(screen.questions, 1)
    }
