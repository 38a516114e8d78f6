"""What is read has the limits of docs/limits.md, wherever it comes from; those of a format are tested with it."""

from __future__ import annotations

import gzip
import io
import json
import re
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

import caretier
from caretier import cli, limits, lockfile
from caretier.cohort_gathering import gather_csv, gather_ndjson
from caretier.cohort_input import MAXIMUM_CELL, find_source
from caretier.documents import format_named, parse
from caretier.errors import KnowledgeError, UnreadableInputError
from caretier.ontology import read_catalog
from caretier.parser import parser
from caretier_api.settings import Settings
from tests.hostile.parsers import signed


def test_the_figures_are_those_of_the_page() -> None:
    """Whoever changes one has to change docs/limits.md as well."""
    assert limits.MAXIMUM_BYTES == Settings().body_bytes == 10_000_000
    assert limits.MAXIMUM_ONTOLOGY_BYTES == limits.MAXIMUM_MODEL_BYTES == 50_000_000
    assert (limits.MAXIMUM_DEPTH, limits.MAXIMUM_TERMS, limits.MAXIMUM_ENTITY_LENGTH) == (100, 1_000, 300)
    assert (limits.MAXIMUM_MODEL_SETS, MAXIMUM_CELL) == (1_000_000, 1_000_000)
    assert signature(caretier.load).parameters["time_limit"].default == 600
    assert [parser().parse_args([name, "x"]).time_limit for name in ("assess", "query", "replay")] == [600] * 3


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Return a file that is far larger than input may be, and takes no room."""
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(8 * limits.MAXIMUM_BYTES)
    return path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(arguments) == 2
    return capsys.readouterr().err


@contextmanager
def in_little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 6 * limits.MAXIMUM_BYTES
    finally:
        tracemalloc.stop()


def test_the_map_of_a_table(large: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text("id,fever\n1,true\n")
    with in_little_memory():
        told = refused(capsys, "cohort", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), "--map", str(large))
    assert "too large" in told


def test_cases_to_compare(tmp_path: Path, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, large = str(checkout / "examples" / "headache" / "headache.ttl"), tmp_path / "large.jsonl"
    large.write_bytes(b"\n" * (limits.MAXIMUM_BYTES + 1))
    assert "too large" in refused(capsys, "diff", root, root, "--cases", str(large))


def test_vignettes(large: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with in_little_memory():
        assert "too large" in refused(capsys, "evaluate", str(large))


@pytest.mark.parametrize("command", ["assess", "query"])
def test_standard_input(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read up to a limit, and one byte more tells that it is too large, and not that it was cut off."""
    given = io.BytesIO(b"ASK {} #".ljust(3 * limits.MAXIMUM_BYTES))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=given))
    assert re.search("too large|more than 10,000,000 bytes", refused(capsys, command, "-"))
    assert given.tell() == limits.MAXIMUM_BYTES + 1


def test_what_is_read_is_not_too_large_whoever_read_it() -> None:
    with pytest.raises(UnreadableInputError, match="too large"):
        parse(b"{}".ljust(limits.MAXIMUM_BYTES + 1), format_named("json"))


def test_a_catalog(tmp_path: Path) -> None:
    with (tmp_path / "catalog-v001.xml").open("wb") as file:
        file.truncate(limits.MAXIMUM_ONTOLOGY_BYTES + 1)
    with pytest.raises(KnowledgeError, match="more than 50,000,000 bytes"):
        read_catalog(tmp_path)


def test_a_cell_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    rows = [f'{"x" * length},"true"' for length in (MAXIMUM_CELL, MAXIMUM_CELL + 1)]
    path.write_text("\n".join(["id,fever", *rows]))
    told = told_in(gather_csv(find_source(str(path)), tmp_path / "gathered").files)
    assert told[0] is None
    assert "a cell has more than 1,000,000 characters" in str(told[1])


def test_the_sets_of_a_decision_model(checkout: Path) -> None:
    """Twenty choices of two answers are just more."""
    text = (checkout / "examples" / "headache" / lockfile.NAME).read_text(encoding="utf-8")
    data = json.loads(text)
    question = next(each["id"] for each in data["questionnaire"]["questions"] if each["type"] == "boolean")
    data["red_flags"][0]["patterns"] = [[[f"{question}: yes", f"{question}: no"]] * 20]
    data["red_flags"][0]["proofs"] = []
    with pytest.raises(KnowledgeError, match="more than 1,000,000 sets of answers"):
        lockfile.parse(signed(json.dumps(data).encode()))


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_small_table_that_unpacks_to_a_line_without_end_does_not_fill_the_memory(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"in.{form}.gz"
    first, last = {"csv": (b"id,fever\na,true\n", b"b,true\n"), "ndjson": (b'{"id": "a"}\n', b'{"id": "b"}\n')}[form]
    with gzip.open(path, "wb", compresslevel=1) as file:
        for content in (first, *[b"x" * limits.MAXIMUM_BYTES] * 15, b"\n", last):
            file.write(content)
    source, gather = find_source(str(path)), {"csv": gather_csv, "ndjson": gather_ndjson}[form]
    with in_little_memory():
        gathered = gather(source, tmp_path / "gathered")
    first_told, long_told, last_told = told_in(gathered.files)
    assert first_told is last_told is None
    assert re.search("too large|more than 10,000,000 characters", str(long_told))


def told_in(files: Sequence[str]) -> list[str | None]:
    """Return what is told of each row that was read, and None where nothing is wrong with it."""
    rows = pq.read_table(list(files), columns=["caretier_unreadable"]).to_pylist()
    return [row["caretier_unreadable"] for row in rows]
