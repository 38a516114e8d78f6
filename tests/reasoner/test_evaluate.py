"""Evaluation: measures derived by hand, vignettes read strictly, and the shipped ones told as they come out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import caretier
from caretier import cli
from caretier.appraisal import Appraisal, appraise, as_data
from caretier.appraisal_html import appraisal_html
from caretier.appraisal_text import MEANING, as_text, percent
from caretier.triage_metrics import Share, Triaged, capability_scores, clopper_pearson, metrics
from caretier.vignettes import read_vignettes

RANKS = st.integers(0, 4)


@pytest.fixture(scope="module")
def shipped(kb: caretier.KnowledgeBase, checkout: Path) -> Appraisal:
    content = (checkout / "tests" / "ontology" / "vignettes.jsonl").read_bytes()
    return appraise(kb, read_vignettes(content, kb.knowledge))


def vignette(**changed: Any) -> dict[str, Any]:
    tiers = dict.fromkeys(("tier_at_least", "tier_at_most"), "EmergencyCare")
    expected = {**tiers, "conditions": ["CaudaEquinaSyndrome"]}
    return {"id": "v", "answers": {"saddle-numbness": True}, "expected": expected, "clarity": "clear"} | changed


def lines(*vignettes: Mapping[str, Any]) -> bytes:
    return "\n".join(map(json.dumps, vignettes)).encode()


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [  # as tables of exact binomial bounds give them
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (0, 100, 0.0, 0.0362),
        (45, 48, 0.8280, 0.9869),
    ],
)
def test_bounds_are_exact(count: int, total: int, low: float, high: float) -> None:
    assert clopper_pearson(count, total) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 200).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_bounds_hold_the_share_and_mirror_each_other(pair: tuple[int, int]) -> None:
    count, total = pair
    low, high = Share(count, total).bounds
    assert 0 <= low <= count / total <= high <= 1
    other_low, other_high = Share(total - count, total).bounds
    assert (1 - other_high, 1 - other_low) == pytest.approx((low, high), abs=1e-9)


def test_measures_are_those_worked_out_by_hand() -> None:
    """Ranks 0 to 4. Right, right within a range, one too low, two too low, one too high, and no advice."""
    cases = [
        Triaged(4, 4, 4), Triaged(2, 1, 3), Triaged(3, 4, 4), Triaged(1, 3, 3), Triaged(1, 0, 0), Triaged(None, 4, 4),
    ]  # fmt: skip
    found = metrics(cases, 4)
    assert [case.error for case in cases] == [0, 0, -1, -2, 1, 0]
    assert (found.accuracy.count, found.accuracy.total) == (2, 5)
    assert (found.safety_of_advice.count, found.undertriage.count, found.overtriage.count) == (3, 2, 1)
    assert (found.far_under.count, found.comprehensiveness.count, found.comprehensiveness.total) == (1, 5, 6)
    assert found.inclination_to_overtriage.value == pytest.approx(1 / 3)
    assert (found.emergency_sensitivity.count, found.emergency_sensitivity.total) == (1, 3), "no advice finds nothing"
    assert {rank: (share.count, share.total) for rank, share in found.by_tier.items()} == {
        4: (1, 2), 3: (0, 1), 1: (1, 1), 0: (0, 1),
    }  # fmt: skip


@given(st.lists(st.tuples(RANKS, RANKS, RANKS), min_size=1))
def test_every_case_is_right_too_high_or_too_low(ranks: list[tuple[int, int, int]]) -> None:
    cases = [Triaged(one, min(two, three), max(two, three)) for one, two, three in ranks]
    found = metrics(cases, 4)
    assert found.accuracy.count + found.overtriage.count + found.undertriage.count == len(cases)
    assert found.safety_of_advice.count == len(cases) - found.undertriage.count
    assert sum(share.total for share in found.by_tier.values()) == len(cases)


def test_the_capability_score_rewards_what_few_get_right() -> None:
    """By hand: of three cases the first is solved by all, the second by two of three, the third by one."""
    solved = {
        "a": {"1": True, "2": True, "3": True},
        "b": {"1": True, "2": True, "3": False},
        "c": {"1": True, "2": False, "3": False},
    }
    scores = capability_scores(solved)
    assert scores["a"] == pytest.approx(50 * (1 + (0 + 1 / 3 + 2 / 3) / 3))
    assert scores["b"] == pytest.approx(50 * (1 + (0 + 1 / 3 - 1 / 3) / 3))
    assert scores["c"] == pytest.approx(50 * (1 + (0 - 2 / 3 - 1 / 3) / 3))
    assert capability_scores({"a": {"1": True}}) == {}


def test_ratings_of_others_are_compared(kb: caretier.KnowledgeBase) -> None:
    rated = [
        vignette(id="one", ratings={"reader": "ContactDoctor", "other": "EmergencyCare"}),
        vignette(id="two", ratings={"reader": "EmergencyCare", "other": "EmergencyCare"}),
        vignette(id="three"),
    ]
    found = appraise(kb, read_vignettes(lines(*rated), kb.knowledge)).capability
    assert set(found) == {"caretier", "reader", "other"}
    assert found["caretier"] == found["other"] > found["reader"]


def test_ratings_are_compared_by_tier_in_every_form(kb: caretier.KnowledgeBase) -> None:
    """By hand: of emergencies both readers solve "one" and we alone "two"; the third nobody but the other reader."""
    low = {"tier_at_least": "ContactDoctor", "tier_at_most": "ContactDoctor", "conditions": []}
    rated = [
        vignette(id="one", ratings={"reader": "EmergencyCare"}),
        vignette(id="two", ratings={"reader": "ContactDoctor"}),
        vignette(id="three", expected=low, ratings={"reader": "ContactDoctor"}),
    ]
    found = appraise(kb, read_vignettes(lines(*rated), kb.knowledge))
    ranks = kb.knowledge.ranks
    assert found.capability == {"caretier": 50.0, "reader": 50.0}
    assert found.capability_by_tier == {
        ranks["EmergencyCare"]: {"caretier": 62.5, "reader": 37.5},
        ranks["ContactDoctor"]: {"caretier": 25.0, "reader": 75.0},
    }
    assert "  contact doctor: reader 75.0, caretier 25.0\n" in as_text(found, [], 80)
    assert "reader 75.0, caretier 25.0" in _Text(appraisal_html(found, [])).said
    data = as_data(found, [])["capability_comparison_score_by_tier"]
    assert data == {tier: found.capability_by_tier[ranks[tier]] for tier in ("EmergencyCare", "ContactDoctor")}


def test_where_there_is_no_advice_nothing_is_compared(kb: caretier.KnowledgeBase) -> None:
    refused = {"sex": "male", "post-menopause": True}
    both = {"reader": "EmergencyCare", "other": "ContactDoctor"}
    found = appraise(kb, read_vignettes(lines(vignette(answers=refused, ratings=both)), kb.knowledge))
    assert found.metrics.comprehensiveness.count == 0
    assert found.capability == {"reader": 75.0, "other": 25.0}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"expected": 3}, "a vignette is an object"),
        ({"clarity": "sure"}, '"clarity" has to be'),
        ({"answers": {"saddle-numness": True}}, "saddle-numbness"),
        ({"expected": {"tier_at_least": "Soon", "tier_at_most": "EmergencyCare"}}, "the care tiers are EmergencyCare"),
        ({"expected": {"tier_at_least": "EmergencyCare", "tier_at_most": "ContactDoctor"}}, "is above"),
        ({"expected": vignette()["expected"] | {"conditions": ["Flu"]}}, "'Flu' is no condition"),
        ({"expected": vignette()["expected"] | {"may_also": "Cancer"}}, "is no condition"),
        ({"expectd": {}}, '"expectd" is not part of a vignette'),
        ({"ratings": []}, '"ratings" is an object'),
        ({"tags": None}, '"tags" is a list'),
        ({"tags": 5}, '"tags" is a list'),
        ({"ratings": {"a": "Soon"}}, "ratings of a"),
        ({"id": 7}, "a vignette is an object"),
    ],
)
def test_a_vignette_that_is_wrong_is_named_by_its_line(
    wrong: dict[str, Any], says: str, kb: caretier.KnowledgeBase
) -> None:
    with pytest.raises(caretier.UnreadableInputError, match="line 3: ") as caught:
        read_vignettes(lines(vignette(id="good")) + b"\n\n" + lines(vignette(**wrong)), kb.knowledge)
    assert says in str(caught.value)


def test_files_that_say_nothing_or_too_much_are_refused(kb: caretier.KnowledgeBase) -> None:
    for content, says in ((b"\n", "no vignette"), (lines(vignette(), vignette()), "given to two"), (b"[]", "line 1")):
        with pytest.raises(caretier.UnreadableInputError, match=says):
            read_vignettes(content, kb.knowledge)


def test_what_is_wrong_is_said(kb: caretier.KnowledgeBase) -> None:
    expected = {"tier_at_least": "ContinueProgram", "tier_at_most": "ContactDoctor", "conditions": ["Cancer"]}
    cases = [
        vignette(id="too-high", expected=expected),
        vignette(id="too-low", answers={"fever": True}),
        vignette(id="refused", answers={"sex": "male", "post-menopause": True}),
    ]
    found = appraise(kb, read_vignettes(lines(*cases), kb.knowledge))
    high, low, refused = (each.faults for each in found.appraised)
    assert high == ("Cancer is missing", "CaudaEquinaSyndrome is too much", "EmergencyCare is 3 tiers too high")
    assert low == ("CaudaEquinaSyndrome is missing", "SpinalInfection is too much", "ContactDoctor is 3 tiers too low")
    assert refused[0].startswith("refused: ")
    assert found.metrics.comprehensiveness.count == 2
    assert len(found.wrong) == 3
    assert "too-low: CaudaEquinaSyndrome is missing" in as_text(found, (), 200)


def test_the_shipped_vignettes_come_out_as_published(shipped: Appraisal, checkout: Path) -> None:
    """The README tells these numbers; each clear vignette is right, and what lies beyond the source counts apart."""
    assert {standing: len(shipped.of(standing)) for standing in shipped.by_standing} == {
        "clear": 28, "arguable": 19, "beyond the source": 1,
    }  # fmt: skip
    assert shipped.wrong == []
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    right = {standing: sum(not each.faults for each in shipped.of(standing)) for standing in shipped.by_standing}
    assert f"all {right['clear']} whose wording leaves one reading" in readme
    assert f"{right['arguable']} arguable ones" in readme
    found = shipped.metrics.emergency_sensitivity
    assert f"{found.count} of {found.total} emergencies" in readme


def test_what_no_vignette_exercises_is_named(shipped: Appraisal, kb: caretier.KnowledgeBase) -> None:
    flags, sets, axioms, questions = shipped.exercises
    seen = {found.red_flag.label for each in shipped.appraised for condition in each.outcome.conditions  # type: ignore[union-attr]
            for found in condition.red_flags}  # fmt: skip
    assert set(flags.left) == {flag.label for flag in kb.knowledge.red_flags} - seen
    assert (flags.total, sets.total) == (len(kb.knowledge.red_flags), 179)
    assert 0 < len(sets.left) < 179
    assert 0 < len(axioms.left) < axioms.total
    assert "pain-limits-talking" in questions.left


def test_json_and_text_tell_the_same(shipped: Appraisal, capsys: pytest.CaptureFixture[str], checkout: Path) -> None:
    file = str(checkout / "tests" / "ontology" / "vignettes.jsonl")
    assert cli.main(["evaluate", file, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["metrics"] == json.loads(json.dumps(as_data(shipped, None)))["metrics"]
    assert len(told["vignettes"]) == 48
    assert all(study["url"].startswith("https://") and study["read"] for study in told["published"])
    assert cli.main(["evaluate", file]) == 0
    said = capsys.readouterr().out
    assert percent(shipped.metrics.emergency_sensitivity) in said
    assert MEANING[:40] in said
    assert "they can be compared in kind only" in said


class _Text(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def test_the_page_tells_all_of_it_and_needs_nothing_else(shipped: Appraisal) -> None:
    study = {"study": "<b>", "measured": "x", "figures": {"a": "1 %"}, "url": "#", "read": "abstract"}
    page = _Text(appraisal_html(shipped, [study]))
    said = " ".join(page.said)
    for each in shipped.appraised:
        assert each.vignette.id in said
    assert percent(shipped.metrics.accuracy) in said
    assert MEANING in said
    assert not {"script", "img", "link", "iframe", "b"} & set(page.tags)


def test_a_wrong_clear_vignette_fails_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "some.jsonl"
    file.write_bytes(lines(vignette(answers={"fever": True})))
    assert cli.main(["evaluate", str(file)]) == 1
    file.write_bytes(lines(vignette(answers={"fever": True}, clarity="arguable")))
    assert cli.main(["evaluate", str(file)]) == 0
    file.write_bytes(b"{}")
    assert cli.main(["evaluate", str(file)]) == 2
    assert "some.jsonl: line 1: a vignette is an object" in capsys.readouterr().err


def test_another_domain_is_evaluated_too(checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    headache = checkout / "examples" / "headache" / "headache.ttl"
    kb = caretier.load(headache)
    flag = kb.knowledge.red_flags[0]
    atoms = next(iter(flag.patterns))
    case = vignette(
        answers={atom.question: atom.value for atom in atoms},
        expected={"tier_at_least": flag.tier, "tier_at_most": "EmergencyCare", "conditions": [flag.condition]},
    )
    file = tmp_path / "headache.jsonl"
    file.write_bytes(lines(case))
    assert cli.main(["evaluate", str(file), "--ontology", str(headache)]) == 0
    said = capsys.readouterr().out
    assert f" of {len(kb.knowledge.red_flags)}" in said.partition("red flags: ")[2][:8]
    assert f"knowledge {kb.knowledge.version}" in said
