"""The report on a cohort: its figures against a count by hand, what it leaves out, and what it compares."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import caretier
from caretier import cli
from caretier.cohort import assess_table
from caretier.cohort_report import Report
from caretier.presentation import sentence
from caretier.questionnaire import Answer
from tests.reasoner.cohort_rows import parquet_of, rows_of

RandomAnswers = Callable[[random.Random], dict[str, Answer]]
PEOPLE = 3000


class Tables(HTMLParser):
    """The tables of a page: by the heading of their section, the texts of each row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self._in = ""
        self._heading = ""
        self.feed(page)

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """Begin a heading, a row or a cell."""
        self._in = tag if tag in ("h2", "th", "td") else self._in
        if tag == "h2":
            self._heading = ""
        if tag == "tr":
            self.found.setdefault(self._heading, []).append([])
        elif tag in ("th", "td"):
            self.found[self._heading][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """End a heading or a cell."""
        self._in = "" if tag in ("h2", "th", "td") else self._in

    def handle_data(self, data: str) -> None:
        """Add to the heading or the cell that is open."""
        if self._in == "h2":
            self._heading += data
        elif self._in in ("th", "td"):
            self.found[self._heading][-1][-1] += data

    def column(self, heading: str, number: int = 1) -> dict[str, str]:
        """Return a column of a table by the first cell of each row."""
        return {cells[0]: cells[number] for cells in self.found[heading][1:] if cells[number:]}


def told(count: int, of: int) -> str:
    return f"{count:,} ({100 * count / of:.1f} %)" if of else f"{count:,}"


@pytest.fixture(scope="module")
def people(kb: caretier.KnowledgeBase, random_answers: RandomAnswers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with an answer in a hundred that is not allowed, and all of one question open."""
    folder = tmp_path_factory.mktemp("people")
    rows = rows_of(kb, random_answers, ())[:PEOPLE]
    open_question = kb.questions[-1].id
    for place, row in enumerate(rows):
        row.pop(open_question, None)
        if place % 100 == 7:
            row[next(question.id for question in kb.questions if question.type == "integer")] = 999
    parquet_of(kb, rows, folder / "people.parquet")
    return folder / "people.parquet"


@pytest.fixture(scope="module")
def made(kb: caretier.KnowledgeBase, people: Path) -> tuple[list[dict[str, Any]], str]:
    """The results in that table and the report on them."""
    report = Report(people.with_name("report.html"))
    assess_table(kb, str(people), people.with_name("results.parquet"), report=report)
    return pq.read_table(people.with_name("results.parquet")).to_pylist(), report.target.read_text(encoding="utf-8")


def test_figures_are_what_is_counted_by_hand(
    kb: caretier.KnowledgeBase, people: Path, made: tuple[list[dict[str, Any]], str]
) -> None:
    rows, page = made
    tables, knowledge = Tables(page), kb.knowledge
    usable = [row for row in rows if row["error"] is None]
    assert 0 < len(usable) < len(rows) == PEOPLE
    tiers = Counter(row["tier"] for row in usable)
    final = Counter(row["tier"] for row in usable if row["tier"] == row["ceiling"])
    shown = tables.column("Care tiers")
    assert shown.pop("Unusable, see their errors") == told(PEOPLE - len(usable), PEOPLE)
    assert shown == {sentence(tier.label): told(tiers[tier.id], PEOPLE) for tier in knowledge.tiers}
    assert tables.column("Care tiers", 2) == {
        sentence(tier.label): told(final[tier.id], tiers[tier.id]) for tier in knowledge.tiers
    } | {"Unusable, see their errors": ""}
    names = {name: sentence(condition.label) for name, condition in knowledge.conditions.items()}
    conditions = Counter(name for row in usable for name in row["conditions"])
    assert tables.column("Conditions suggested") == {names[name]: told(n, PEOPLE) for name, n in conditions.items()}
    pairs = Counter(pair for row in usable for pair in combinations(sorted(row["conditions"]), 2))
    assert len(pairs) > 10
    header, *lines = tables.found["Conditions together"]
    together = {(line[0], name): cell for line in lines for name, cell in zip(header[1:], line[1:], strict=True)}
    for one, other in combinations(sorted(conditions), 2):
        assert together[names[one], names[other]] == together[names[other], names[one]] == f"{pairs[one, other]:,}"
    missing = pq.read_table(people)
    integers = {question.id for question in kb.questions if question.type == "integer"}
    assert tables.column("Missing answers") == {
        question.id: told(
            PEOPLE - sum(cell not in (None, 999) for cell in missing[question.id].to_pylist())
            if question.id in integers
            else missing[question.id].null_count,
            PEOPLE,
        )
        for question in kb.questions
    }
    assert tables.column("Missing answers")[kb.questions[-1].id] == told(PEOPLE, PEOPLE)
    bands = {
        tuple(map(int, re.findall(r"\d+", band))): n
        for band, n in tables.column("Open questions and certainty").items()
    }
    assert bands
    for (first, last), cell in bands.items():
        assert cell == told(sum(first <= row["open_questions"] <= last for row in usable), PEOPLE)


def test_answers_that_decide_are_those_of_the_results(
    kb: caretier.KnowledgeBase, made: tuple[list[dict[str, Any]], str]
) -> None:
    rows, page = made
    integers = {question.id for question in kb.questions if question.type == "integer"}
    labels = {flag.id: sentence(flag.label) for flag in kb.knowledge.red_flags}
    counted = Counter[tuple[str, str]]()
    for row in rows:
        for flag, because in zip(row["red_flags"], row["because"], strict=True):
            answers = [each.split("=") for each in because.split(", ")]
            told_as = "".join(name if name in integers else f"{name}={value}" for name, value in answers)
            counted[labels[flag], told_as] += 1
    lines = Tables(page).found["Answers that decide"][1:]
    assert len(lines) == 40 < len(counted)
    assert all(cell == told(counted[flag, answers], PEOPLE) for flag, answers, cell in lines)
    assert min(counted[flag, answers] for flag, answers, _ in lines) >= sorted(counted.values())[-40]


def test_open_questions_are_counted(
    kb: caretier.KnowledgeBase, people: Path, made: tuple[list[dict[str, Any]], str]
) -> None:
    answers = pq.read_table(people).to_pylist()
    for row, given in zip(made[0], answers, strict=True):
        given_open = sum(given[question.id] is None for question in kb.questions)
        assert row["open_questions"] == (given_open if row["error"] is None else None)


def test_a_question_without_a_column_is_open(kb: caretier.KnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,fever\na,true\nb,\n")
    assess_table(kb, str(tmp_path / "in.csv"), tmp_path / "out.parquet", explain=True)
    found = pq.read_table(tmp_path / "out.parquet")["open_questions"].to_pylist()
    assert found == [len(kb.questions) - 1, len(kb.questions)]


def test_the_page_needs_nothing_else(made: tuple[list[dict[str, Any]], str]) -> None:
    assert not re.search(r"https?://|<script|<img|<link|url\(", made[1])


def test_equal_shares_are_equally_long_in_every_column(made: tuple[list[dict[str, Any]], str]) -> None:
    """A bar that filled its column would be longer under a longer heading."""
    (rule,) = re.findall(r"\.bar \{([^}]*)\}", made[1])
    assert re.search(r"(?<![-\w])width: \d+rem;", rule)


def numbers(page: str) -> set[int]:
    """Return the counts in the cells of a page, without their shares."""
    tables = Tables(page).found
    cells = [cell for heading, rows in tables.items() for row in rows[1:] for cell in row[1:] if heading]
    return {int(cell.split(" ")[0].replace(",", "")) for cell in cells if re.match(r"[0-9,]+( \(|$)", cell)}


@pytest.fixture
def suppressed(kb: caretier.KnowledgeBase, tmp_path: Path) -> Callable[[str], str]:
    """Return a function that makes the page on a table of CSV, with counts below 5 left out."""

    def made(table: str) -> str:
        source, report = tmp_path / "in.csv", Report(tmp_path / "report.html", suppress_below=5)
        source.write_text(table)
        assess_table(kb, str(source), tmp_path / "out.csv", report=report)
        return report.target.read_text(encoding="utf-8")

    return made


def test_small_counts_are_left_out_and_not_given_away(
    kb: caretier.KnowledgeBase, suppressed: Callable[[str], str], tmp_path: Path
) -> None:
    page = suppressed("id,saddle-numbness,fever\n" + "".join(f"{n},{str(n < 3).lower()},\n" for n in range(100)))
    tables = Tables(page)
    shown = tables.column("Care tiers")
    assert list(shown.values()).count("not shown") == 2
    assert set(shown.values()) == {"not shown", "0 (0.0 %)"}
    assert set(tables.column("Conditions suggested").values()) == {"not shown"}
    assert "not shown" in {cells[2] for cells in tables.found["Answers that decide"][1:]}
    assert not re.search(r"\b(3|97)\b( \(|</)", page)
    everything = Report(tmp_path / "report.html")
    assess_table(kb, str(tmp_path / "in.csv"), tmp_path / "out.csv", report=everything)
    assert "3 (3.0 %)" in everything.target.read_text(encoding="utf-8")


def test_what_is_left_out_of_one_table_is_no_difference_of_another(suppressed: Callable[[str], str]) -> None:
    """Of 123 people 2 are left out, and 39 beside them, who are the only ones with a fever."""
    page = suppressed(
        "id,saddle-numbness,fever\n" + "".join(f"{n},{str(n < 2).lower()},{str(n > 83).lower()}\n" for n in range(123))
    )
    tables = Tables(page)
    assert list(tables.column("Care tiers").values()).count("not shown") == 2
    assert "40 (32.0 %)" in tables.column("Conditions suggested").values()
    assert numbers(page)
    assert all(number % 5 == 0 for number in numbers(page))
    assert "125 people" in page
    assert not re.search(r"\b(2|39|41|82|84|121|123)\b( \(| people|</)", page)
    widths = {float(width) for width in re.findall(r"width:([\d.]+)%", page)}
    assert widths <= {round(100 * part / 125, 2) for part in range(0, 126, 5)} | {0, 100}


def test_counts_that_are_left_out_have_a_sum_that_tells_nothing(suppressed: Callable[[str], str]) -> None:
    """One person has the highest tier and one is unusable; two of at least one each that sum to two would be known."""
    page = suppressed("id,saddle-numbness,fever\n1,true,\n2,,often\n" + "".join(f"{n},,\n" for n in range(98)))
    assert list(Tables(page).column("Care tiers").values()).count("not shown") == 3


def test_few_people_are_not_counted_either(suppressed: Callable[[str], str]) -> None:
    page = suppressed("id,fever\n1,true\n2,true\n")
    assert "Fewer than 5 people, assessed" in page
    assert not numbers(page) - {0}


def test_other_results_of_the_same_table_are_compared(
    kb: caretier.KnowledgeBase, people: Path, made: tuple[list[dict[str, Any]], str], tmp_path: Path
) -> None:
    rows = [dict(row) for row in made[0]]
    lowest, *_, highest = sorted(kb.knowledge.tiers, key=lambda tier: tier.rank)
    changed = [row for row in rows if row["tier"] == highest.id][:4]
    for row in changed:
        row["tier"], row["conditions"] = lowest.id, []
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "before.parquet")
    report = Report(tmp_path / "report.html", tmp_path / "before.parquet")
    assess_table(kb, str(people), tmp_path / "now.parquet", report=report)
    page = report.target.read_text(encoding="utf-8")
    assert f"higher: 4; lower: 0; the same: {PEOPLE - 4:,}; unusable in one of them: 0." in page
    header, *lines = Tables(page).found["Compared with other results"]
    moved = {(line[0], name): cell for line in lines for name, cell in zip(header[1:], line[1:], strict=True)}
    assert moved[sentence(lowest.label), highest.label] == "4"
    now, then = (Tables(page).column("Conditions suggested", number) for number in (1, 2))
    assert sum(now[name] != then[name] for name in now) >= 1


@pytest.mark.parametrize("damage", ["shorter", "others", "no results"])
def test_results_of_another_table_are_not_compared(kb: caretier.KnowledgeBase, tmp_path: Path, damage: str) -> None:
    source, before, target = tmp_path / "in.csv", tmp_path / "before.parquet", tmp_path / "out.parquet"
    source.write_text("id,fever\na,true\nb,\n")
    assess_table(kb, str(source), before)
    table = pq.read_table(before)
    if damage == "shorter":
        table = table.slice(0, 1)
    elif damage == "others":
        table = table.set_column(0, "id", pa.array(["a", "c"]))
    else:
        table = table.drop_columns(["conditions"])
    pq.write_table(table, before)
    with pytest.raises(caretier.UnreadableInputError, match=r"before\.parquet: this is"):
        assess_table(kb, str(source), target, report=Report(tmp_path / "report.html", before))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["before.parquet", "in.csv"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--against", "before.parquet"], "name one with --report"),
        (["--suppress-below", "5"], "name one with --report"),
        (["--report", "no/such/report.html"], "there is no folder"),
        (["--report", "out.parquet"], "a page of HTML"),
        (["--report", "in.csv"], "a page of HTML"),
        (["--report", "before.parquet", "--against", "before.parquet"], "a page of HTML"),
        (["--report", "report.html", "--against", "none.parquet"], "no such file"),
        (["--report", "report.html", "--suppress-below", "2"], "name 0, or at least 3"),
    ],
)
def test_what_a_report_lacks_is_said_before_work(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text("id,fever\na,true\n")
    assert cli.main(["cohort", "in.csv", "out.parquet", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["in.csv"]
    assert cli.main(["cohort", "in.csv", "out.parquet", "--report", "report.html"]) == 0
    assert "Care tiers" in Path("report.html").read_text(encoding="utf-8")
