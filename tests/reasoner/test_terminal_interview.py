"""The interview as a person meets it: in a real terminal, and with answers piped in."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from caretier import KnowledgeBase
from caretier.interview import Screen
from caretier.language import ENGLISH
from caretier.typed_answers import NotUnderstoodError, asked_for, understood

COMMAND = [sys.executable, "-m", "caretier.cli", "interview"]
PROMPT = "; ? for help] "
SECONDS = 60

WITH_CONTRADICTIONS = """
import sys
from dataclasses import replace
import caretier
from caretier.knowledge import Atom, Contradiction
from caretier.knowledge_base import KnowledgeBase
from caretier.terminal_interview import hold

kb = caretier.load()
conflict = frozenset({Atom("bladder-problem", False), Atom("urinary-retention", True)})
added = Contradiction("urn:test#bladder", "You said both that it is well and that it is not.", (conflict,))
knowledge = replace(kb.knowledge, contradictions=(*kb.knowledge.contradictions, added))
sys.exit(hold(KnowledgeBase(kb.root, replace(kb.model, knowledge=knowledge)), None))
"""


def _heed_control_characters() -> None:
    """Make the terminal the process's own, and undo that a shell lets what it runs behind it ignore control-C."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A program that runs in a terminal of its own, as when a person started it there."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._own, theirs = pty.openpty()
        environment = {**os.environ, "COLUMNS": "80", "HOME": str(folder), "TMPDIR": str(folder)}
        self._process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env=environment,
            start_new_session=True,
            preexec_fn=_heed_control_characters,
        )
        os.close(theirs)
        self.shown = ""

    @property
    def over(self) -> bool:
        """Say whether the program has ended."""
        return not self.shown.endswith(PROMPT)

    def prompted(self) -> str:
        """Return what is shown until the next prompt, or to the end."""
        return self._read(until=PROMPT)

    def say(self, *lines: str) -> str:
        """Type lines, one at each prompt, and return what the last of them leads to, to the next prompt or the end."""
        for line in lines:
            self.type(line + "\n")
            shown = self.prompted()
        return shown

    def type(self, text: str) -> None:
        """Type characters."""
        os.write(self._own, text.encode())

    def ended(self, typed: str) -> tuple[str, int]:
        """Type what ends the program; return what it shows from then on, and its exit code."""
        self.type(typed)
        shown = self._read(until=None)
        return shown, self._process.wait(SECONDS)

    def close(self) -> None:
        """End the program if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._own)

    def _read(self, until: str | None) -> str:
        start, deadline = len(self.shown), time.monotonic() + SECONDS
        while until is None or until not in self.shown[start:]:
            assert time.monotonic() < deadline, self.shown
            if not select.select([self._own], [], [], 1)[0]:
                continue
            try:
                read = os.read(self._own, 65536)
            except OSError:  # how Linux says that the other side is closed
                read = b""
            if not read:
                break
            self.shown += re.sub(r"\033\[[\d;]*m", "", read.decode()).replace("\r\n", "\n")
        return self.shown[start:]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Return an interview under way, at its first prompt; nothing may be written by it."""
    started = Terminal(COMMAND, tmp_path)
    started.prompted()
    yield started
    started.close()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def screens(kb: KnowledgeBase) -> dict[str, Screen]:
    """Return a checklist of eight and a screen for each question."""
    checklist = kb.interview().next({}).screen
    assert checklist is not None
    return {"checklist": checklist} | {question.id: Screen((question,)) for question in kb.questions}


def piped(*lines: str, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    given = "".join(f"{line}\n" for line in lines)
    command = [*COMMAND, *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=SECONDS, check=False)


def question_of(shown: str) -> str:
    """Return the line after the last progress line: what is asked."""
    lines = shown.splitlines()
    return lines[max(number for number, line in enumerate(lines) if " of at most " in line) + 1]


def test_an_emergency_is_told_at_once_with_what_to_do_first_and_last(terminal: Terminal) -> None:
    shown, code = terminal.ended("1\n")
    assert code == 0
    assert shown.splitlines()[2:5] == [
        " EMERGENCY CARE ",
        "",
        "Get emergency care now. Go to the nearest emergency department, or call your",
    ]
    assert shown.splitlines()[-2].startswith("What to do first: Get emergency care now.")
    assert shown.index("EMERGENCY CARE") < shown.index("numbness where a saddle would touch") < shown.index("Source")


def test_an_interview_in_a_terminal_from_beginning_to_end(terminal: Terminal) -> None:
    """Nothing is wrong: each screen says how far one is, never further from the end, and the result is settled."""
    assert "not a diagnosis" in terminal.shown
    assert "Your answers are not kept." in " ".join(terminal.shown.split())
    said = {"How strong": "1", "How is your pain": "1", "How old": "30", "For how many months": "0", "use tobacco": "1",
            "inject": "1", "have cancer": "1"}  # fmt: skip
    number = 0
    while True:
        number += 1
        done, whole = map(int, re.findall(r"Question (\d+) of at most (\d+)", terminal.shown)[-1])
        assert done == number <= whole <= 20
        answer = next((answer for words, answer in said.items() if words in question_of(terminal.shown)), "0")
        shown = terminal.say(answer)
        if terminal.over:
            break
    assert "CONTINUE PROGRAM" in shown
    assert "NOT SETTLED" not in shown
    assert "no further answer can raise this result" in shown
    wholes = [int(whole) for whole in re.findall(r"of at most (\d+)", terminal.shown)]
    assert wholes == sorted(wholes, reverse=True)


def test_back_goes_to_the_screen_before_and_takes_its_answers_back(terminal: Terminal) -> None:
    first = question_of(terminal.shown)
    assert "This is the first question." in terminal.say("b")
    assert question_of(terminal.say("0")) == "How strong is your back or neck pain?"
    assert question_of(terminal.say("back")) == first
    assert terminal.say("0", "1").count("Question 3 of") == 1
    assert question_of(terminal.say("b", "b")) == first
    shown, _ = terminal.ended("q\n")
    assert "NOT SETTLED YET" in shown


def test_help_says_what_is_meant_and_what_can_be_typed(terminal: Terminal) -> None:
    shown = " ".join(terminal.say("?").split())
    assert "Numbness where a saddle would touch: These are your buttocks" in shown
    assert "Ordinary constipation does not count here." in shown
    assert "type a d before its number, such as d2" in shown
    assert "d don't know, b back, q stop" in shown
    assert "Question" not in shown
    assert "Mild: you notice it" in " ".join(terminal.say("0", "help").split())
    terminal.ended("q\n")


def test_what_is_not_understood_is_explained_and_asked_again(terminal: Terminal) -> None:
    for typed in ("9", "1-3", "yes please", "0 1", "d0", "1 d1", "\x1b[A", "x" * 900):
        shown = " ".join(terminal.say(typed).split())
        assert "is not an answer here. Please type the numbers that apply, such as 1 8, or 0 for none;" in shown
        assert "Question" not in shown
    assert "\x1b[A" not in terminal.shown.replace("\\x1b[A", "").replace("^[[A", "")
    assert "Please type the numbers" in terminal.say("")
    assert '"5" is not an answer here. Please type a number from 1 to 4;' in terminal.say("0", "5")
    terminal.ended("q\n")


def test_dont_know_is_not_asked_again_and_named_at_the_end_with_what_it_could_lead_to() -> None:
    done = piped("d1", "1", "0", "0", "0", "0", "0", "1", "1", "0", "0", "30", "1", "0")
    assert done.returncode == 0
    assert done.stdout.count("Numbness where a saddle would touch") == 1
    assert "NOT SETTLED YET (SO FAR: CONTINUE PROGRAM)" in done.stdout
    end = " ".join(done.stdout[done.stdout.index("Knowledge") :].split())
    assert "You did not know about numbness where a saddle would touch. It could lead to: emergency care." in end
    assert end.endswith("please answer the questions again or ask a doctor.")
    assert "trouble with the bladder" not in end


def test_what_is_proven_already_is_told_while_questions_go_on(terminal: Terminal) -> None:
    shown = " ".join(terminal.say("2").split())
    assert "Your answers already mean: urgent appointment. Call your doctor's office now" in shown
    assert "Please go on" in shown
    assert "already mean" not in terminal.say("1")
    shown, code = terminal.ended("q\n")
    assert (" URGENT APPOINTMENT " in shown, code) == (True, 0)


def test_control_d_and_q_end_with_the_result_so_far(terminal: Terminal) -> None:
    terminal.say("0")
    shown, code = terminal.ended("\x04")
    assert code == 0
    assert "NOT SETTLED YET (SO FAR: CONTINUE PROGRAM)" in shown
    assert "Please answer them before you rely on this result." in " ".join(shown.split())


def test_control_c_ends_with_one_line(terminal: Terminal) -> None:
    terminal.say("0")
    shown, code = terminal.ended("\x03")
    assert code == 130
    assert shown.replace("^C", "").split("\n") == ["", "caretier: stopped.", ""]


def test_a_contradiction_is_told_after_the_emergency_and_either_answer_can_be_changed(tmp_path: Path) -> None:
    started = Terminal([sys.executable, "-c", WITH_CONTRADICTIONS], tmp_path)
    started.prompted()
    shown = " ".join(started.say("1 4").split())
    told = (
        "Your other answers already mean: emergency care. Get emergency care now",
        "that it is not",
        "Which of these",
    )
    assert [shown.index(each) for each in told] == sorted(shown.index(each) for each in told)
    assert "1 Do you have any trouble with your bladder? You said: no trouble with the bladder" in shown
    assert "2 Are you unable to pee? You said: not being able to pass urine (pee)" in shown
    assert '"3" is not an answer here. Please type a number from 1 to 2' in started.say("3")
    assert "Type the number of one answer" in started.say("?")
    assert "Which of these" in started.say("2", "y")
    assert question_of(started.say("b", "b")).startswith("These are private")
    started.say("4")
    assert "[yes or no" in started.say("2")
    assert question_of(started.say("no")) == "How strong is your back or neck pain?"
    assert "Which of these" in started.say("b")
    assert "[yes or no" in started.say("1")
    shown, code = started.ended("yes\n")
    assert code == 0
    assert " EMERGENCY CARE " in shown
    started.close()


def test_stopping_at_a_contradiction_leaves_it_out_of_the_result(tmp_path: Path) -> None:
    started = Terminal([sys.executable, "-c", WITH_CONTRADICTIONS], tmp_path)
    started.prompted()
    assert "Your other answers" not in started.say("4")
    shown, code = started.ended("q\n")
    assert code == 0
    assert "are left out of this result" in shown
    assert "NOT SETTLED YET" in shown
    assert 'could raise it to "emergency care"' in " ".join(shown.split())
    started.close()


def test_answers_are_saved_only_where_asked_and_for_the_person_alone(tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    done = piped("0", "b", "d3", "2", arguments=("--save", str(file)))
    assert done.returncode == 0
    assert f"Your answers will be saved in {file}." in done.stdout.replace("\n", " ")
    assert f"Your answers are in {file}." in done.stdout.replace("\n", " ")
    saved = json.loads(file.read_text())["answers"]
    assert (saved["urinary-incontinence"], saved["saddle-numbness"], saved["pain-severity"]) == (
        None,
        False,
        "moderate",
    )
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]
    assessed = subprocess.run(
        [sys.executable, "-m", "caretier.cli", "assess", str(file)], capture_output=True, text=True, check=True
    )
    assert assessed.stdout.splitlines()[0] == "NOT SETTLED YET (SO FAR: CONTINUE PROGRAM)"


@pytest.mark.parametrize("name", [".", "no/such/folder/answers.json"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_asked(tmp_path: Path, name: str) -> None:
    done = piped("0", arguments=("--save", str(tmp_path / name)))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"caretier: Answers cannot be saved in {tmp_path}")


def test_piped_answers_are_shown_after_their_prompts() -> None:
    done = piped("0", "very severe")
    assert done.stderr == ""
    assert "or 0 for none; ? for help] 0\n" in done.stdout
    assert "1 to 4; ? for help] very severe\n" in done.stdout
    assert "\033" not in done.stdout


@pytest.mark.parametrize("given", [b"", b"\xff\xfe\n\x00\n", b"a" * 5000])
def test_no_input_and_binary_input_end_with_a_result(given: bytes) -> None:
    strict = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(COMMAND, input=given, capture_output=True, timeout=SECONDS, check=False, env=strict)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"NOT SETTLED YET" in done.stdout


def test_without_standard_input_one_line_says_so() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{' '.join(COMMAND)} <&-"], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "caretier: there is no standard input.\n")


@pytest.mark.parametrize(
    ("screen", "typed", "meant"),
    [
        ("fever", "y", True),
        ("fever", " NO ", False),
        ("fever", "don’t know", None),
        ("pain-severity", "4", "very-severe"),
        ("pain-severity", "Very Severe", "very-severe"),
        ("pain-severity", "very-severe", "very-severe"),
        ("age", "047", 47),
        ("age", "d", None),
    ],
)
def test_typed_answers_are_understood(screens: dict[str, Screen], screen: str, typed: str, meant: object) -> None:
    assert understood(screens[screen], typed, ENGLISH) == {screen: meant}


@pytest.mark.parametrize(
    ("screen", "typed"),
    [("fever", "1"), ("fever", ""), ("pain-severity", "0"), ("pain-severity", "sever"), ("age", "121"), ("age", "-1"),
     ("age", "4.5"), ("age", "9" * 5000), ("age", "٤"), ("checklist", ""), ("checklist", "d9"), ("checklist", "dd1"),
     ("checklist", "1 d"), ("checklist", "1 0")],
)  # fmt: skip
def test_what_is_no_answer_is_not_guessed(screens: dict[str, Screen], screen: str, typed: str) -> None:
    with pytest.raises(NotUnderstoodError):
        understood(screens[screen], typed, ENGLISH)
    assert asked_for(screens[screen], ENGLISH)


@pytest.mark.parametrize(
    ("typed", "yes", "unknown"),
    [
        ("0", "", ""),
        ("none", "", ""),
        ("1,3", "13", ""),
        ("1 d3", "1", "3"),
        ("d1 D2", "", "12"),
        ("d", "", "12345678"),
    ],
)
def test_a_checklist_says_no_to_what_is_not_named(
    screens: dict[str, Screen], typed: str, yes: str, unknown: str
) -> None:
    questions = screens["checklist"].questions
    expected = {
        question.id: True if str(number) in yes else None if str(number) in unknown else False
        for number, question in enumerate(questions, 1)
    }
    assert understood(screens["checklist"], typed, ENGLISH) == expected


def test_the_page_fits_the_width() -> None:
    environment = {**os.environ, "COLUMNS": "40"}
    done = subprocess.run(
        COMMAND, input="0\n?\n4\n", capture_output=True, text=True, timeout=SECONDS, check=False, env=environment
    )
    asked = done.stdout[: done.stdout.index("NOT SETTLED YET")]
    lines = [line for line in asked.splitlines() if PROMPT not in line]
    assert len(lines) > 40
    assert max(map(len, lines)) <= 40
