"""Takes each control away in a copy of the project, and sees the tests fail that stand for it; `make controls`.

The controls are in the files `controls/*.yaml`, by what they are against.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import yaml

from mutation.scratch import ROOT, copy_folders

FILES = ROOT / "mutation" / "controls"
_COPIED = ("reasoner", "api", "tests", "ontology", "shapes", "examples", "mutation")
_OPTIONS = ("-pmutation.examples", "--tb=native", "-oaddopts=--import-mode=importlib", "-ojunit_family=xunit1")
_QUICK = {"PYTHONDONTWRITEBYTECODE": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Most of the time goes into starting: what is compiled is kept, and plugins that no test needs are not loaded."""

_SECONDS = 300
"""What the tests of one control may take: some wait for what never comes once it is taken away."""

_AFTERWARDS = 'failed on teardown with "AssertionError'
"""What a test says of which a fixture sees that it left something behind."""

_MISTAKES = ("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError")
"""What a test fails with where not the control is gone, but the program."""

_DESCRIPTION = """Take each control against hostile input and against faults away, one at a time, in a copy of the
project, and see that each test named for it fails. Exits 1 where one does not."""


@dataclass(frozen=True, slots=True)
class Control:
    """A control: the text that makes it, which stands once in its file, and the text in its place when it is gone.

    `against` is what it is against, `fails` are the tests that have to fail then. `limits` are those of
    docs/limits.md that it keeps.
    """

    against: str
    name: str
    file: str
    text: str
    gone: str
    fails: tuple[str, ...]
    limits: tuple[str, ...] = ()


def main() -> int:
    """Take the controls away, print what came of it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mutation.controls", description=_DESCRIPTION)
    parser.add_argument("words", nargs="*", help="only controls with one of these in name, file or tests; default: all")
    words = parser.parse_args().words
    chosen = [each for each in read_controls() if not words or any(word in _told(each) for word in words)]
    tests = list(dict.fromkeys(test for control in chosen for test in control.fails))
    started, unseen = time.monotonic(), 0
    with TemporaryDirectory(prefix="caretier-") as name:
        scratch = Path(name)
        copy_folders(scratch, {folder: folder for folder in _COPIED})
        shutil.copy(ROOT / "pyproject.toml", scratch)
        ran = outcomes(scratch, tests)
        if bad := [test for test in tests if set(_of(ran, test)) != {None}]:
            sys.exit("\n".join(["These do not pass with every control in place:", *bad]))
        _say(f"{len(tests)} tests pass with every control in place, after {time.monotonic() - started:.0f} s.")
        for number, control in enumerate(chosen, 1):
            began, missing = time.monotonic(), unnoticed(scratch, control)
            unseen += bool(missing)
            word = "NOT SEEN" if missing else "seen"
            _say(f"{number}/{len(chosen)} {word} in {time.monotonic() - began:.0f} s: {control.name}")
            for test in missing:
                _say(f"    does not fail: {test}")
    seconds = time.monotonic() - started
    _say(f"{len(chosen) - unseen} of {len(chosen)} controls are missed once they are gone; it took {seconds:.0f} s.")
    return 1 if unseen or not chosen else 0


def read_controls() -> list[Control]:
    """Read all controls."""
    controls = []
    for path in sorted(FILES.glob("*.yaml")):
        for against, entries in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            for entry in entries:
                fails, limits = tuple(entry["fails"]), tuple(entry.get("limits", ()))
                controls.append(Control(**entry | {"against": against, "fails": fails, "limits": limits}))
    return controls


def without(control: Control, content: str) -> str:
    """Return the content of a file without a control; ValueError where its text does not stand in it once."""
    if content.count(control.text) != 1:
        raise ValueError(f"{control.file} has it {content.count(control.text)} times: {control.text}")
    return content.replace(control.text, control.gone)


def unnoticed(scratch: Path, control: Control) -> list[str]:
    """Take a control away, run the tests for it, and return those that do not fail."""
    path = scratch / control.file
    content = path.read_text(encoding="utf-8")
    compiled = Path(cache_from_source(str(path)))  # might be taken for that of the other content, of the same second
    try:
        path.write_text(without(control, content), encoding="utf-8")
        compiled.unlink(missing_ok=True)
        ran = outcomes(scratch, control.fails, _SECONDS)
    finally:
        path.write_text(content, encoding="utf-8")
        compiled.unlink(missing_ok=True)
    return [test for test in control.fails if not any(_of(ran, test))]


def outcomes(scratch: Path, tests: Iterable[str], seconds: float | None = None) -> Mapping[str, str | None]:
    """Run tests; return what each that failed said, and None for each that passed.

    Left out are those that could not be run, or were stopped, or met a mistake instead of what they look for.
    """
    report, path = scratch / "report.xml", os.pathsep.join(str(scratch / name) for name in ("reasoner", "api"))
    report.unlink(missing_ok=True)
    environment = os.environ | _QUICK | {"PYTHONPATH": path}
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", *_OPTIONS, f"--junitxml={report}", f"--basetemp={scratch / 'made'}", *tests],
        cwd=scratch, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:  # fmt: skip
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        _end_what_runs_on(scratch)
    return dict(_read(report)) if report.is_file() else {}


def _end_what_runs_on(scratch: Path) -> None:
    """Kill what was started from the copy in a session of its own, and without its control ends by nothing else."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):  # where there is no such folder, it may run on
        with suppress(OSError):
            if os.fsencode(scratch) in path.read_bytes():
                os.kill(int(path.parent.name), signal.SIGKILL)


def _read(report: Path) -> Iterator[tuple[str, str | None]]:
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 -- pytest wrote it
        said = {part.tag: part.get("message", "") for part in case}
        told = said.get("failure", said.get("error"))
        is_test = "error" not in said or "failure" in said or said["error"].startswith(_AFTERWARDS)
        if is_test and "skipped" not in said and not (told or "").startswith(_MISTAKES):
            yield f"{case.get('file')}::{case.get('name')}", told


def _of(ran: Mapping[str, str | None], test: str) -> list[str | None]:
    """Return what came of a test, whichever parameters it had unless one is named."""
    return [said for name, said in ran.items() if name == test or name.startswith(f"{test}[")]


def _told(control: Control) -> str:
    return " ".join((control.against, control.name, control.file, *control.fails))


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
