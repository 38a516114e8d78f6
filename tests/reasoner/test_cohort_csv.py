"""CSV is read in one way only, whether it leaves something to guess or not: no row is lost, moved or made up."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import caretier
from caretier import cohort_plain
from caretier.cohort import assess_table
from caretier.cohort_duckdb import DuckDBEngine
from caretier.cohort_gathering import gather_csv
from caretier.cohort_input import find_source
from caretier.cohort_plain import is_plain

NUMB = "saddle-numbness"
Assess = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def assess(kb: caretier.KnowledgeBase, tmp_path: Path) -> Assess:
    """Return a function that assesses CSV, with its column `note` kept, and gives the rows that came out."""

    def assess(text: str) -> list[dict[str, Any]]:
        source, target = tmp_path / "in.csv", tmp_path / "out.parquet"
        source.write_text(text, encoding="utf-8", newline="")
        assess_table(kb, str(source), target, keep=["note"] if "note" in text.splitlines()[0] else [])
        rows: list[dict[str, Any]] = pq.read_table(target).to_pylist()
        return rows

    return assess


def tiers(rows: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    return [(row["id"], row["tier"]) for row in rows]


def test_a_cell_too_many_is_no_answer_to_another_question(assess: Assess) -> None:
    """Without quotes a comma in a text moves what comes after it, and a no may stand where the yes belongs."""
    rows = assess(f'id,note,{NUMB},fever,leg-weakness\na,"pain, bad",true,,\nb,pain, bad,true,,\nc,1,true,,,\n')
    assert tiers(rows) == [("a", "EmergencyCare"), (None, None), (None, None)]
    assert [row["error"] for row in rows[1:]] == [
        f"Line {line} cannot be read: it has 6 cells, and the header 5." for line in (3, 4)
    ]


@pytest.mark.parametrize("broken", ["", "q\n"], ids=["whole", "with a line that cannot be read"])
@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ('a, "true",\n', [("a", None)]),  # a quote that does not begin its cell is a part of it
        ('a,"true" ,\n', [(None, None)]),
        ('"a" ,true,"x\ny,false,z"\nb,true,\n', [(None, None), (None, None), ("b", "EmergencyCare")]),
        ('a,true,"x\ny,false,z"\n', [("a", "EmergencyCare")]),
        ("a,true,\r\n\nb,true,\n", [("a", "EmergencyCare"), ("b", "EmergencyCare")]),
        ("a,true,x\rb,true,\n", [("a", "EmergencyCare"), ("b", "EmergencyCare")]),
        ('a,true,"' + "x\ny,false,z\n" * 100_000 + '"\n', [(None, None)] * 200_001),
    ],
    ids=["space before", "space after", "odd quote", "line break", "mixed ends", "old line end", "a long text"],
)
def test_a_line_means_the_same_whatever_stands_elsewhere(
    assess: Assess, lines: str, found: list[Any], broken: str
) -> None:
    rows = tiers(assess(f"id,{NUMB},note\n" + lines + broken))
    assert rows == found + [(None, None)] * bool(broken)


@pytest.mark.parametrize(
    ("lines", "errors"),
    [
        (
            ['a,"true,50', "b,true,50", "c,true,50"],
            ["Lines 2 to 4 cannot be read: a quote is opened and not closed."] * 3,
        ),
        (["a,true,50", 'b,"true,50', "c,true,"], ["", *["Lines 3 to 4 cannot be read: a quote is opened and"] * 2]),
        (['a,"tr"ue,50', "b,true,50"], ["Line 2 cannot be read: ',' expected after '\"'; look for a quote", ""]),
        (['a,"true', 'b,true",50,60', "c,true,50"], [*["Lines 2 to 3 cannot be read: it has 4 cells"] * 2, ""]),
    ],
)
def test_an_open_quote_costs_nobody_their_place(assess: Assess, lines: list[str], errors: list[str]) -> None:
    rows = assess("\n".join([f"id,{NUMB},age", *lines]) + "\n")
    assert len(rows) == len(lines)
    for row, error in zip(rows, errors, strict=True):
        assert (row["error"] or "").startswith(error)
        assert row["tier"] == (None if error else "EmergencyCare")


def test_a_quote_that_is_open_to_the_end_of_a_long_table_is_told_for_each_line(
    assess: Assess,
) -> None:
    """Longer than a cell may be, and than what is written at once."""
    rows = assess(f"id,{NUMB}\n" + "a,true\n" * 50_000 + 'a,"true\n' + "b,true\n" * 300_000)
    assert tiers(rows) == [("a", "EmergencyCare")] * 50_000 + [(None, None)] * 300_001
    assert all("Lines 50002 to 350002 cannot be read" in row["error"] for row in rows[50_000:])


def test_rows_on_several_lines_are_counted(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    """A quote too many in one line and another in the next make one person of two, which is well-formed."""
    source = tmp_path / "in.csv"
    source.write_text(f'id,note,{NUMB}\na,"quoted,true\nb,also",false\nc,,true\n')
    assert assess_table(kb, str(source), tmp_path / "out.csv", keep=["note"]).spanning == 1


@pytest.mark.parametrize(
    ("content", "plain"),
    [
        (b"a,b\n1,2\n3,4", True),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n3,4\r\n", True),
        (b"a,b\n1,2\n\n3,4", False),
        (b"a,b\r\n1,2\r\n\r\n3,4", False),
        (b"a\n1\n", False),  # of one column nobody can say whether a blank line is a row
        (b'a,b\n1,"2"\n', False),
        (b"a,b\r\n1,2\n", False),
        (b"a,b\n1,2\r\n", False),
        (b"a,b\n1,2\r3,4\n", False),
        (b"a,b\r\n1,2\r", False),
        (b"a,b\n1\r,2\r\n", False),
        (b"a,b\n1,2,\n", False),
        (b"a,b\n1\n", False),
        (b"a,b\n1,2\n3", False),
        (b"a,b\n1,\xff\n", False),
        (b"a,b\n1," + b"2" * 1_000_001 + b"\n", False),
        (b"a,b\n1," + b"2" * 1_000_001, False),
    ],
    ids=lambda value: repr(value)[:24],
)
@pytest.mark.parametrize("chunk", [1, 2, 3, 1 << 24])
def test_what_leaves_something_to_guess_is_not_plain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, plain: bool, chunk: int
) -> None:
    monkeypatch.setattr(cohort_plain, "_CHUNK", chunk if len(content) < 100 else 1 << 18)
    file = tmp_path / "in.csv"
    file.write_bytes(content)
    assert is_plain(find_source(str(file))) == plain


CELLS = st.sampled_from(
    ["", "a", "true", " x", "x ", "ä", "#", "\\N", "NULL", "'", "1.10", "a b", "\\", "\x00", "\x0b"]
)


@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6),
    end=st.sampled_from(["\n", "\r\n"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
    last=st.booleans(),
    mark=st.booleans(),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_what_is_plain_is_read_by_the_engine_as_it_is_row_by_row(
    rows: list[list[str]], end: str, delimiter: str, last: bool, mark: bool
) -> None:
    lines = [delimiter.join(row) for row in [["id", "b", "c"], *rows]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "in.csv")
        file.write_text("\ufeff" * mark + end.join(lines) + end * last, encoding="utf-8", newline="")
        source = find_source(str(file))
        assert is_plain(source)
        engine = DuckDBEngine(Path(folder))
        try:
            engine.open(source, caretier.load(), lambda _: None)
            found = engine.ask(f"SELECT id, b, c FROM {engine._reader}")  # noqa: S608
        finally:
            engine.close()
        gathered = gather_csv(source, Path(folder, "gathered"))
        table = pq.read_table(list(gathered.files)).to_pylist()
        assert found == [(row["id"], row["b"], row["c"]) for row in table]
        assert found == [tuple(cell or None for cell in row) for row in rows]


@given(text=st.text(st.sampled_from('a,"\n\r \x00'), max_size=40))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_every_line_has_a_place_and_what_is_well_formed_is_read(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "in.csv")
        file.write_text("id,b\n" + text, encoding="utf-8", newline="")
        gathered = gather_csv(find_source(str(file)), Path(folder, "gathered"))
        rows = pq.read_table(list(gathered.files)).to_pylist()
    try:
        wanted = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        assert any(row["caretier_unreadable"] for row in rows)
        return
    if all(len(row) == 2 for row in wanted):
        assert [[row["id"] or "", row["b"] or ""] for row in rows] == wanted
    else:
        assert any(row["caretier_unreadable"] for row in rows)
