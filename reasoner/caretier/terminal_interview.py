"""The interview at a terminal: one question or checklist after the other, with a way back and "don't know"."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from contextlib import nullcontext
from io import TextIOWrapper
from pathlib import Path

from caretier.errors import CaretierError, ContradictionError, UnreadableInputError, visible
from caretier.files import replace_text
from caretier.interview import Screen, Step
from caretier.knowledge_base import KnowledgeBase
from caretier.language import Language
from caretier.presentation import present, sentence
from caretier.progress import progress
from caretier.questionnaire import Answer
from caretier.terminal import page
from caretier.typed_answers import NotUnderstoodError, asked_for, is_said, understood

_LONGEST_LINE = 1_000
_BAR = 20
_BOLD, _DIM, _PLAIN = "\033[1m", "\033[2m", "\033[0m"

Given = dict[str, Answer]


class _BackError(Exception):
    """The person wants to go back."""


class _StopError(Exception):
    """The person wants to stop."""


def hold(kb: KnowledgeBase, save: Path | None) -> int:
    """Hold an interview on standard input and output, print the result, and return the exit code.

    `save` names a file for the answers; without it they are not written anywhere.
    """
    if sys.stdin is None:
        raise UnreadableInputError("there is no standard input.")
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    if save is not None:
        _require_place_for(save)
    width, color = page()
    step = _Conversation(kb, width, color=color).run(save)
    print("\n" + present(step.result, width=width, color=color), end="")
    if save is not None:
        answers = {"answers": dict(step.result.answers.values)}
        replace_text(save, json.dumps(answers, indent=2) + "\n", mode=0o600)
    for line in _last_words(kb, step, save):
        print("\n" + "\n".join(_wrapped(line, width)))
    return 0


def _require_place_for(save: Path) -> None:
    """Refuse a file that cannot be written before anything is asked, not after everything was answered."""
    if save.is_dir() or not os.access(save.resolve().parent, os.W_OK | os.X_OK):
        raise CaretierError(
            f"Answers cannot be saved in {visible(str(save))}: it is a folder, or lies in none to write in."
        )


def _last_words(kb: KnowledgeBase, step: Step, save: Path | None) -> list[str]:
    """Say what a reader of the last lines has to know: what is not known and could matter, and what to do now."""
    words, language = [], kb.questionnaire.language
    for each in step.unknown:
        question, tier = kb.questionnaire.by_id[each.id], step.result.knowledge.tier(each.could_raise_to)
        told = language(
            "You did not know about %(what)s. It could lead to: %(tier)s.", what=question.answer_text, tier=tier.label
        )
        words.append(told)
    if step.unknown:
        words.append(
            language("If you find out, or if you are worried, please answer the questions again or ask a doctor.")
        )
    if save is not None:
        words.append(language("Your answers are in %(file)s.", file=visible(str(save))))
    if step.stop == "emergency":
        words.append(language("What to do first: %(advice)s", advice=step.result.advice))
    return words


class _Conversation:
    """One interview under way: the answers of each screen, so that each can be taken back."""

    def __init__(self, kb: KnowledgeBase, width: int, *, color: bool) -> None:
        self._kb = kb
        self._language = kb.questionnaire.language
        self._interview = kb.interview()
        self._width = width
        self._color = color
        self._given: list[Given] = []
        self._rank_told = 0

    @property
    def _answers(self) -> Given:
        """All answers so far; a later one to the same question counts."""
        return {question: answer for given in self._given for question, answer in given.items()}

    def run(self, save: Path | None) -> Step:
        """Ask until the interview is over, or until the person stops."""
        self._welcome(save)
        while True:
            try:
                turn = self._turn()
            except _BackError:
                if self._given:
                    self._given.pop()
                else:
                    self._say(self._language("This is the first question."))
            except _StopError:
                return self._step_so_far()
            else:
                if isinstance(turn, Step):
                    return turn
                self._given.append(turn)

    def _turn(self) -> Step | Given:
        """Ask what is to be asked next and return the answers to it, or return the last step."""
        try:
            step = self._step(self._answers)
        except ContradictionError as error:
            return self._settled(error)
        if step.screen is None:
            return step
        self._say_progress(step)
        return self._asked(step.screen)

    def _step(self, answers: Given) -> Step:
        with progress("reasoning") if self._kb.engine == "reference" else nullcontext():
            return self._interview.next(answers)

    def _step_so_far(self) -> Step:
        """Return where the interview stands, without answers that contradict each other."""
        answers = self._answers
        try:
            return self._step(answers)
        except ContradictionError as error:
            self._say(self._language("The answers that do not fit together are left out of this result."))
            involved = {subject for problem in error.problems for subject in problem.subjects}
            return self._step({question: answer for question, answer in answers.items() if question not in involved})

    def _settled(self, error: ContradictionError) -> Given:
        """Tell of a contradiction, after what is proven in spite of it; ask again the answer that is not right."""
        language, questionnaire = self._language, self._kb.questionnaire
        if error.proven is not None:
            told = language("Your other answers already mean: %(tier)s.", tier=error.proven.label)
            self._say(f"{told} {error.proven.advice}", _BOLD)
        problem = error.problems[0]
        self._say(problem.message)
        involved = [question for question in self._kb.questions if question.id in problem.subjects]
        if not involved:
            raise _BackError
        self._say(language("Which of these answers is not right?"), _BOLD)
        for number, question in enumerate(involved, 1):
            answer = questionnaire.phrase(question, self._answers[question.id])
            self._say(f"{number} {question.text} {language('You said: %(answer)s', answer=answer)}", indent="  ")
        numbers = {str(number): question for number, question in enumerate(involved, 1)}
        prompt = language("a number from 1 to %(most)s", most=len(involved))
        how = language("Type the number of one answer, and you can give it again.")
        while (said := self._read(prompt, how)) not in numbers:
            self._say_not_understood(said, prompt)
        return self._asked(Screen((numbers[said],)))

    def _asked(self, screen: Screen) -> Given:
        """Ask the questions of a screen until they are answered."""
        self._say(screen.lead_in or screen.questions[0].text, _BOLD)
        if screen.lead_in is None:
            choices = [option.label for option in screen.questions[0].options]
        else:
            choices = [question.answer_text for question in screen.questions]
        for number, choice in enumerate(choices, 1):
            self._say(f"{number} {sentence(choice)}", indent="  ")
        if screen.lead_in is not None:
            self._say(f"0 {self._language('None of these')}", indent="  ")
        prompt = asked_for(screen, self._language)
        while True:
            said = self._read(prompt, *_help(screen, self._language))
            try:
                return understood(screen, said, self._language)
            except NotUnderstoodError:
                self._say_not_understood(said, prompt)

    def _read(self, prompt: str, *help_lines: str) -> str:
        """Read a line that is an answer; what goes back, stops or asks for help is dealt with here."""
        while True:
            try:
                print(f"[{self._language('%(prompt)s; ? for help', prompt=prompt)}] ", end="", flush=True)
                line = sys.stdin.readline(_LONGEST_LINE)
            except KeyboardInterrupt:
                print()
                raise
            said = line.strip()
            if not line or not sys.stdin.isatty():
                print(visible(said))
            if not line or is_said("q|quit|stop", said, self._language):
                raise _StopError
            if is_said("b|back", said, self._language):
                raise _BackError
            if not is_said("?|h|help", said, self._language):
                return said
            for words in help_lines:
                self._say(words, indent="  ")
            self._say(self._language("Type %(prompt)s.", prompt=prompt) + f" {self._keys}", indent="  ")

    @property
    def _keys(self) -> str:
        return self._language("You can always type: ? help, d don't know, b back, q stop.")

    def _welcome(self, save: Path | None) -> None:
        language = self._language
        self._say(self._kb.questionnaire.disclaimer)
        self._say(language("If you think that you are in danger, do not go on here. Get help now."), _BOLD)
        print()
        kept = language("Your answers are not kept.")
        if save is not None:
            kept = language("Your answers will be saved in %(file)s.", file=visible(str(save)))
        self._say(language("We ask first what matters most, and no more than we need.") + f" {kept}")
        self._say(self._keys)

    def _say_progress(self, step: Step) -> None:
        """Say how far the interview is, and what is proven already; the lowest tier is never told before the end."""
        language, most = self._language, step.done + step.left
        filled = _BAR * step.done // most
        print()
        place = language("Question %(number)s of at most %(most)s", number=step.done + 1, most=most)
        self._say(f"[{'#' * filled}{'-' * (_BAR - filled)}] {place}", _DIM)
        tier = step.result.tier
        if tier.rank > self._rank_told:
            told = language("Your answers already mean: %(tier)s.", tier=tier.label)
            self._say(f"{told} {tier.advice_while_open}", _BOLD)
            self._say(language("Please go on: more answers can show whether you need help even sooner."))
            print()
        self._rank_told = tier.rank

    def _say_not_understood(self, said: str, prompt: str) -> None:
        language = self._language
        what = language('"%(said)s" is not an answer here.', said=visible(said[:40])) + " " if said else ""
        self._say(what + language("Please type %(prompt)s; d if you don't know, ? for help.", prompt=prompt))

    def _say(self, text: str, style: str = "", indent: str = "") -> None:
        for line in _wrapped(text, self._width, indent):
            print(f"{style}{line}{_PLAIN}" if style and self._color else line)


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Break a text into lines; those after the first of an indented one are indented further."""
    following = indent and indent + "  "
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=following, break_long_words=False, break_on_hyphens=False
    )


def _help(screen: Screen, language: Language) -> list[str]:
    """Return what helps to answer the questions of a screen."""
    if screen.lead_in is None:
        return [question.help for question in screen.questions if question.help]
    helped = [f"{sentence(each.answer_text)}: {each.help}" for each in screen.questions if each.help]
    how = language("To say that you do not know one of them, type a d before its number, such as d2.")
    return [*helped, how]
