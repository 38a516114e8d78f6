"""Whatever fails around an assessment is named with its remedy, leaves no answers behind, and never lowers a tier."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rdflib import OWL, RDF, RDFS, Graph, URIRef

import caretier
from caretier import JavaError, KnowledgeError, ReasonerError, hermit
from caretier.errors import KnowledgeChangedError
from caretier.files import replace_text
from caretier.hermit import java_executable, logical_part, realise
from caretier.limits import MAXIMUM_MODEL_BYTES
from caretier.lockfile import NAME, parse, read_file, read_model
from caretier.ontology import digest, load_ontology
from tests.full_disk import files_of_at_most
from tests.reasoner.conftest import EditedCopy
from tests.soon import soon

pytestmark = pytest.mark.slow

NOTHING_CONCLUDED = "nothing may be concluded"
ZEROS = "0" * 64


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a run a temporary folder, and check that nothing is left in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield folder
    for process in _processes(str(folder)):  # a test has failed
        os.kill(process, signal.SIGKILL)
    assert list(folder.iterdir()) == []


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """Give a folder to run in, and check that nothing is left in that either, such as the trace of a crash."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def graph() -> Graph:
    """Return a class, a class above it, and something of which only a reasoner can tell that it is in both."""
    made = Graph()
    for name in ("urn:lower", "urn:upper"):
        made.add((URIRef(name), RDF.type, OWL.Class))
    made.add((URIRef("urn:lower"), RDFS.subClassOf, URIRef("urn:upper")))
    made.add((URIRef("urn:thing"), RDF.type, OWL.NamedIndividual))
    made.add((URIRef("urn:thing"), RDF.type, URIRef("urn:lower")))
    return made


def _asked_of_the_reference(checkout: Path) -> list[str]:
    """Return the command that assesses an example by the reference reasoner."""
    example = str(checkout / "examples" / "saddle-numbness.json")
    return [sys.executable, "-m", "caretier.cli", "assess", example, "--engine", "reference", "--format", "json"]


def _started(command: list[str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _processes(*words: str) -> list[int]:
    """Return the processes that have all these words on their command line and have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (path / "cmdline").read_bytes().decode(errors="replace")
            if all(word in command for word in words):
                found.append(int(path.name))
    return found


def _until(said: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait until a function says something, and return that."""
    until = time.monotonic() + seconds
    while not (found := said()):
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.01)
    return found


@pytest.mark.parametrize("of", ["org.semanticweb.HermiT", "caretier.hermit"], ids=["java", "python"])
def test_a_reasoner_that_is_killed_is_no_result(of: str, checkout: Path, temporary: Path, elsewhere: Path) -> None:
    running = _started(_asked_of_the_reference(checkout), elsewhere)
    (process,) = _until(lambda: _processes(of, str(temporary)))
    _until(lambda: _processes("org.semanticweb.HermiT", str(temporary)))
    os.kill(process, signal.SIGKILL)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (2, "")
    (line,) = err.splitlines()
    assert "killed by SIGKILL" in line
    assert NOTHING_CONCLUDED in line
    assert "free memory" in line
    assert not _processes(str(temporary))


def test_a_crash_of_java_leaves_no_trace_with_answers(checkout: Path, temporary: Path, elsewhere: Path) -> None:
    """Java writes what it was doing into a file where it was started, unless it is told another place."""
    running = _started(_asked_of_the_reference(checkout), elsewhere)
    (process,) = _until(lambda: _processes("org.semanticweb.HermiT", str(temporary)))
    time.sleep(0.3)  # it takes over the signal once it has started
    os.kill(process, signal.SIGSEGV)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (2, "")
    (line,) = err.splitlines()
    assert NOTHING_CONCLUDED in line


def test_when_whoever_asked_is_killed_the_reasoner_ends_and_the_answers_are_gone(
    checkout: Path, temporary: Path, elsewhere: Path
) -> None:
    running = _started(_asked_of_the_reference(checkout), elsewhere)
    (java,) = _until(lambda: _processes("org.semanticweb.HermiT", str(temporary)))
    assert list(temporary.iterdir())
    os.kill(java, signal.SIGSTOP)  # so that it does not come to its end by itself
    running.kill()
    running.communicate(timeout=60)
    _until(lambda: not _processes(str(temporary)) and not list(temporary.iterdir()), 10)


def test_a_reasoner_that_hangs_is_stopped(checkout: Path, temporary: Path, elsewhere: Path) -> None:
    running = _started([*_asked_of_the_reference(checkout), "--time-limit", "4"], elsewhere)
    (process,) = _until(lambda: _processes("org.semanticweb.HermiT", str(temporary)))
    os.kill(process, signal.SIGSTOP)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (2, "")
    assert "stopped after 4 seconds" in err
    assert NOTHING_CONCLUDED in err
    assert "more time" in err
    assert not _processes(str(temporary))


@pytest.mark.parametrize("memory", ["2m", "900000g"], ids=["while it reasons", "at the start"])
def test_a_reasoner_without_memory_is_no_result(
    memory: str, graph: Graph, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_JAVA_OPTIONS", f"-Xmx{memory}")
    with pytest.raises(ReasonerError, match=f"ran out of memory; {NOTHING_CONCLUDED}: free memory"):
        realise(graph)
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("size", [0, 200, 100_000, 300_000])
def test_a_full_disk_under_the_reasoner_is_no_result(size: int, kb: caretier.KnowledgeBase, temporary: Path) -> None:
    """Wherever it fills up: at the first byte, or halfway through what the reasoner is given."""
    with files_of_at_most(size), pytest.raises(ReasonerError) as raised:
        realise(logical_part(kb.ontology.graph))
    assert NOTHING_CONCLUDED in str(raised.value)
    assert "name another folder in TMPDIR" in str(raised.value)
    assert str(temporary) in str(raised.value) or size == 0


def test_a_full_disk_under_what_the_reasoner_keeps_of_that_is_no_result(temporary: Path) -> None:
    """It writes what it is given once more, a little longer, and that is where it fills up."""
    graph = Graph()
    for number in range(1_000):
        graph.add((URIRef(f"urn:name-{number}"), RDF.type, OWL.Class))
    given = len(hermit._told(graph).serialize(format="nt", encoding="utf-8"))
    with files_of_at_most(given), pytest.raises(ReasonerError, match="temporary files could not be written"):
        realise(graph)
    assert not list(temporary.iterdir())


def test_a_full_disk_under_what_the_reasoner_found_is_no_result(temporary: Path) -> None:
    """Of many names for one class, the reasoner finds far more pairs than it is told."""
    names = [URIRef(f"urn:name-{number}") for number in range(60)]
    graph = Graph()
    for one, other in pairwise(names):
        graph.add((one, RDF.type, OWL.Class))
        graph.add((other, RDF.type, OWL.Class))
        graph.add((one, OWL.equivalentClass, other))
    assert len(realise(graph).superclasses[str(names[0])]) >= 60
    with files_of_at_most(60_000), pytest.raises(ReasonerError, match="temporary files could not be written"):
        realise(graph)
    assert not list(temporary.iterdir())


def test_a_temporary_folder_that_is_gone_is_named(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(ReasonerError, match=f"{tmp_path / 'gone'}.*TMPDIR"):
        realise(graph)


@pytest.mark.parametrize("arguments", [["questions"], ["assess", "examples/saddle-numbness.json"]], ids=str)
def test_a_full_disk_under_the_output_is_said(arguments: list[str], checkout: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "caretier.cli", *arguments],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60, cwd=checkout,
            env=os.environ | {"PYTHONUNBUFFERED": ""},
        )  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert os.strerror(errno.ENOSPC) in line
    assert "Make room" in line


def test_a_full_disk_under_a_file_names_it_and_leaves_what_stood_there(tmp_path: Path) -> None:
    target = tmp_path / "written.txt"
    target.write_text("before")
    with files_of_at_most(1_000), pytest.raises(OSError, match="File too large") as raised:
        replace_text(target, "after" * 1_000)
    assert raised.value.filename == str(target)
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("content", "mode", "error", "said"),
    [
        ("#!/bin/sh\nexit 0\n", 0o644, JavaError, "no program that can be run"),
        ("#!/nowhere/sh\n", 0o755, JavaError, "Unset CARETIER_JAVA or name another"),
        ("\0\0\0\0", 0o755, JavaError, "Unset CARETIER_JAVA or name another"),
        ("#!/bin/sh\nexit 3\n", 0o755, JavaError, "Unset CARETIER_JAVA or name another"),
        ("#!/bin/sh\nexit 0\n", 0o755, ReasonerError, f"{NOTHING_CONCLUDED}. Does its Java work"),
        ("#!/bin/sh\necho Error: strange\nexit 3\n", 0o755, ReasonerError, f"{NOTHING_CONCLUDED}: Error: strange"),
        ("#!/bin/sh\nJAVA \"$@\"\nexit 3\n", 0o755, ReasonerError, NOTHING_CONCLUDED),
        ("#!/bin/sh\nJAVA \"$@\" | head -n 3\n", 0o755, ReasonerError, NOTHING_CONCLUDED),
    ],
    ids=["not executable", "no interpreter", "no program", "fails", "silent", "complains", "fails late", "cut short"],
)  # fmt: skip
def test_a_broken_java_is_no_result(
    content: str, mode: int, error: type[ReasonerError], said: str, kb: caretier.KnowledgeBase, temporary: Path,
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    java = elsewhere / "java"
    java.write_text(content.replace("JAVA", java_executable()))
    java.chmod(mode)
    monkeypatch.setenv("CARETIER_JAVA", str(java))
    with pytest.raises(error) as raised:
        realise(logical_part(kb.ontology.graph))
    assert said in str(raised.value)
    assert not list(temporary.iterdir())
    java.unlink()


def _signed(data: dict[str, Any]) -> str:
    """Write a model with the right digest of itself."""
    text = json.dumps({**data, "digest": ZEROS})
    return text.replace(ZEROS, hashlib.sha256(text.encode()).hexdigest(), 1)


@pytest.fixture
def root(edited_copy: EditedCopy) -> Path:
    """Return the root of a copy of the ontology with its shapes and its decision model."""
    copied = edited_copy({})
    assert read_model(str(copied)) is not None
    return copied


@pytest.fixture
def data(root: Path) -> dict[str, Any]:
    """Return the shipped decision model as plain data."""
    read: dict[str, Any] = json.loads(root.with_name(NAME).read_text(encoding="utf-8"))
    return read


def _is_no_model(root: Path) -> bool:
    """Say whether the file is passed over, so that the reference reasoner answers, which is slow and right."""
    started = time.monotonic()
    passed_over = read_model(str(root)) is None and caretier.load(root).engine == "reference"
    return passed_over and time.monotonic() - started < 30


def test_a_model_that_is_far_too_large_is_not_read(root: Path) -> None:
    with root.with_name(NAME).open("wb") as file:
        file.truncate(MAXIMUM_MODEL_BYTES + 1)
    assert _is_no_model(root)
    with pytest.raises(KnowledgeError, match=f"{NAME} cannot be a decision model.*caretier compile"):
        read_file(str(root.with_name(NAME)))


def test_a_pipe_in_place_of_the_model_is_not_waited_for(root: Path) -> None:
    root.with_name(NAME).unlink()
    os.mkfifo(root.with_name(NAME))
    with soon():
        assert _is_no_model(root)
    with pytest.raises(KnowledgeError, match=f"{NAME} cannot be read .*compile again"):
        read_file(str(root.with_name(NAME)))


def test_a_model_that_stands_for_more_than_memory_holds_is_not_used(root: Path, data: dict[str, Any]) -> None:
    """Forty choices of two answers are a trillion sets, in four lines."""
    (question, *_) = [each["id"] for each in data["questionnaire"]["questions"] if each["type"] == "boolean"]
    data["red_flags"][0]["patterns"] = [[[f"{question}: yes", f"{question}: no"]] * 40]
    root.with_name(NAME).write_text(_signed(data), encoding="utf-8")
    assert _is_no_model(root)
    with pytest.raises(KnowledgeError, match=r"sets of answers.*caretier compile"):
        read_file(str(root.with_name(NAME)))


def test_a_model_nested_without_end_is_not_used(root: Path) -> None:
    deep = f'{{"digest": "{ZEROS}", "red_flags": {"[" * 200_000}{"]" * 200_000}}}'
    signed = deep.replace(ZEROS, hashlib.sha256(deep.encode()).hexdigest(), 1)
    root.with_name(NAME).write_text(signed, encoding="utf-8")
    assert _is_no_model(root)
    with pytest.raises(KnowledgeError, match="caretier compile"):
        read_file(str(root.with_name(NAME)))


@pytest.mark.parametrize("other", [None, 0, "", True, [None], [[]], [{}], {"a": 1}], ids=json.dumps)
def test_a_model_of_another_shape_is_not_used_though_its_digest_is_right(data: dict[str, Any], other: object) -> None:
    for name in set(data) - {"digest", "title", "translations"}:
        with pytest.raises(KnowledgeError, match="caretier compile"):
            parse(_signed({**data, name: other}))


@pytest.mark.parametrize("cut", ["all red flags", "one red flag", "one set of answers", "the tiers", "the conditions"])
def test_a_model_that_was_cut_and_signed_anew_is_not_used(root: Path, data: dict[str, Any], cut: str) -> None:
    """It would know less of what is an emergency than its certificate says."""
    longest = max(range(len(data["red_flags"])), key=lambda number: len(data["red_flags"][number]["proofs"]))
    match cut:
        case "all red flags":
            data["red_flags"] = []
        case "one red flag":
            del data["red_flags"][0]
        case "one set of answers":
            flag = data["red_flags"][longest]
            flag["patterns"][0][-1].pop()
            flag["proofs"] = []
        case "the tiers":
            data["tiers"] = []
        case "the conditions":
            data["conditions"] = []
    root.with_name(NAME).write_text(_signed(data), encoding="utf-8")
    assert read_file(str(root.with_name(NAME))), "it can be read, so that it can be compared with what is proven"
    assert _is_no_model(root)


@pytest.mark.parametrize("name", ["red-flags.ttl", "../shapes/answers.ttl", "catalog-v001.xml"])
@pytest.mark.parametrize("change", ["edited", "half", "gone"])
def test_a_loaded_domain_never_answers_from_files_that_were_changed_since(root: Path, name: str, change: str) -> None:
    """The reference reasoner reads them when it is first needed."""
    kb = caretier.load(root)
    path = root.parent / name
    before = path.read_bytes()
    spoil(path, change)
    with pytest.raises(KnowledgeChangedError, match=r"changed since .*load them again, or put them back"):
        kb.assess({}, engine="reference")
    assert kb.assess({}).engine == "model", "what was loaded is whole"
    path.write_bytes(before)
    assert kb.ontology.sha256 == kb.sha256


def spoil(path: Path, change: str) -> None:
    """Change a file as an editor might, or a copy that is under way, or somebody who clears up."""
    content = path.read_bytes()
    match change:
        case "edited":
            path.write_bytes(content + b"\n")
        case "half":  # a copy that stops at the end of a statement can be read, and says less
            path.write_bytes(
                content[: content.rindex(b"\n\n", 0, len(content) // 2) + 1] if b"\n\n" in content else b""
            )
        case "gone":
            path.unlink()


def test_the_hash_is_of_the_bytes_that_were_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is saved while it is read must not have its old content under its new hash."""
    edited, parsed = root.with_name("red-flags.ttl"), Graph.parse
    whole, before = load_ontology(root), edited.read_bytes()

    def save_afterwards(graph: Graph, *given: Any, **named: Any) -> Graph:
        found = parsed(graph, *given, **named)
        if named["data"] == before:
            edited.write_bytes(before + b"\n")
        return found

    monkeypatch.setattr(Graph, "parse", save_afterwards)
    assert load_ontology(root).sha256 == whole.sha256
    assert digest(whole.files) != whole.sha256
