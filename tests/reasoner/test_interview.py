"""The interview settles what all questions together would settle, with fewer of them and emergencies first."""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from caretier import ContradictionError, KnowledgeBase
from caretier.interview import Interview, Screen, Step
from caretier.knowledge import Atom, Contradiction, holding
from caretier.questionnaire import Answer

Answers = Mapping[str, Answer]

SITES = ("pain-neck", "pain-upper-back", "pain-lower-back")
HARMLESS: Answers = {
    "age": 30,
    "sex": "male",
    "pain-severity": "mild",
    "pain-course": "improving",
    "leg-deficit-severity": "mild",
    "leg-deficit-course": "improving",
    "arm-deficit-severity": "mild",
    "arm-deficit-course": "improving",
    "treatment-months": 0,
    "treatment-response": "resolved",
    "tobacco": "never",
    "iv-drug-use": "never",
    "cancer": "never",
    "pain-lower-back": True,
}
PEOPLE_WITH_NOTHING_WRONG: Mapping[str, Answers] = {
    "young": {},
    "man in mid-life": {"age": 52, "pain-course": "unchanged", "tobacco": "former", "treatment-months": 2},
    "woman past menopause": {"age": 55, "sex": "female", "post-menopause": True, "pain-severity": "moderate"},
    "old": {"age": 83, "osteoporosis": True, "pain-severity": "moderate", "treatment-months": 6, "pain-neck": True},
    "old and treated": {"age": 78, "treatment-months": 12, "treatment-response": "partial"},
}
VIGNETTES: list[Mapping[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "ontology" / "vignettes.jsonl").read_text(encoding="utf-8").splitlines()
]
MOST_SCREENS = 20


@dataclass
class Session:
    """A simulated interview: every step, all that was answered, and how long each step took to find."""

    steps: list[Step] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    @property
    def last(self) -> Step:
        """The step at which the interview was over."""
        return self.steps[-1]

    @property
    def screens(self) -> list[Screen]:
        """What was asked."""
        return [step.screen for step in self.steps if step.screen]


@pytest.fixture(scope="module")
def fast_kb(kb: KnowledgeBase) -> KnowledgeBase:
    """Return the bundled knowledge, sure to be answered by its decision model."""
    assert kb.engine == "model", "run `caretier compile` first"
    return kb


def hold(kb: KnowledgeBase, person: Answers, given: Answers | None = None) -> Session:
    """Interview a person who does not know what is not said of them; `given` was answered before."""
    session, interview = Session(answers=dict(given or {})), kb.interview()
    while True:
        started = time.perf_counter()
        step = interview.next(session.answers)
        session.seconds.append(time.perf_counter() - started)
        session.steps.append(step)
        if step.screen is None:
            return session
        answered = {question.id: person.get(question.id) for question in step.screen.questions}
        assert not answered.keys() & session.answers.keys(), "asked again"
        session.answers |= answered


def harmless(kb: KnowledgeBase, person: Answers) -> dict[str, Answer]:
    """Answer every question: as the person does, and else no, or by what means nothing bad."""
    return {**{question.id: False for question in kb.questions if question.type == "boolean"}, **HARMLESS, **person}


def with_contradictions(kb: KnowledgeBase, *conflicts: Sequence[Atom]) -> KnowledgeBase:
    """Add contradictions to what a knowledge base knows."""
    assert kb.model is not None
    added = tuple(
        Contradiction(f"urn:test#{number}", "This cannot be.", (frozenset(atoms),))
        for number, atoms in enumerate(conflicts)
    )
    knowledge = replace(kb.knowledge, contradictions=kb.knowledge.contradictions + added)
    return KnowledgeBase(kb.root, replace(kb.model, knowledge=knowledge))


def random_people(kb: KnowledgeBase, number: int, *, share_of_yes: float, share_unknown: float) -> Iterator[Answers]:
    """Make up people; every question is answered, or not known."""
    chance = random.Random(f"{number} {share_of_yes} {share_unknown}")
    for _ in range(number):
        person: dict[str, Answer] = {}
        for question in kb.questions:
            if chance.random() < share_unknown:
                person[question.id] = None
            elif question.type == "boolean":
                person[question.id] = chance.random() < share_of_yes
            elif question.type == "choice":
                person[question.id] = chance.choice(question.options).id
            else:
                person[question.id] = chance.choice([0, 2, 3, 30, 49, 50, 80])
        for contradiction in kb.knowledge.contradictions:
            for conflict in contradiction.conflicts:
                if holding(conflict, person):
                    person[min(atom.question for atom in conflict)] = None
        yield person


@pytest.mark.parametrize("who", PEOPLE_WITH_NOTHING_WRONG)
def test_a_person_with_nothing_wrong_is_soon_done(fast_kb: KnowledgeBase, who: str) -> None:
    session = hold(fast_kb, harmless(fast_kb, PEOPLE_WITH_NOTHING_WRONG[who]))
    assert session.last.stop == "final"
    assert session.last.result.tier.id == "ContinueProgram"
    assert len(session.screens) <= MOST_SCREENS


def test_nobody_is_asked_more_screens_than_promised_at_the_start(fast_kb: KnowledgeBase) -> None:
    """What is left at most is a bound for everyone, and what is done and left together never grows."""
    promised = fast_kb.interview().next({}).left
    assert promised <= MOST_SCREENS
    longest = 0
    for share_of_yes, share_unknown in ((0.0, 0.0), (0.03, 0.0), (0.1, 0.1), (0.0, 0.5)):
        for person in random_people(fast_kb, 60, share_of_yes=share_of_yes, share_unknown=share_unknown):
            session = hold(fast_kb, person)
            longest = max(longest, len(session.screens))
            assert [step.done for step in session.steps] == list(range(len(session.steps)))
            whole = [step.done + step.left for step in session.steps]
            assert whole == sorted(whole, reverse=True)
            assert session.last.left == 0
    assert longest <= promised


@pytest.mark.parametrize("share_unknown", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("share_of_yes", [0.0, 0.02, 0.1])
def test_an_interview_settles_what_all_questions_settle(
    fast_kb: KnowledgeBase, share_of_yes: float, share_unknown: float
) -> None:
    """The tier is that of all answers; it is final but for what the person does not know, and that is named."""
    stops = set()
    for person in random_people(fast_kb, 100, share_of_yes=share_of_yes, share_unknown=share_unknown):
        person = {**person, "sex": None}  # it is never asked, but can make a don't know harmless
        last, whole = hold(fast_kb, person).last, fast_kb.assess(person)
        stops.add(last.stop)
        assert last.result.tier == whole.tier
        assert last.result.final == whole.final
        assert (last.stop == "unknown") == (not whole.final) == bool(last.unknown)
        assert all(person[question.id] is None for question in last.unknown)
        if last.stop == "emergency":
            assert last.result.tier.id == "EmergencyCare"
    assert stops & ({"final", "emergency"} if share_unknown == 0.0 else {"unknown"})


def asks_for_whom(step: Step) -> bool:
    """Say whether a step asks nothing but whether all this is meant for the person."""
    scope = step.result.knowledge.scope
    asked = [question.id for question in step.screen.questions] if step.screen else []
    return scope is not None and asked == [scope.within.question]


def test_nobody_is_told_the_lowest_tier_before_it_is_asked_whether_it_is_meant_for_them(
    fast_kb: KnowledgeBase,
) -> None:
    scope = fast_kb.knowledge.scope
    assert scope is not None
    limit, last_of_all = int(scope.within.value), 0
    people = [*random_people(fast_kb, 60, share_of_yes=0.0, share_unknown=0.0)]
    for person in [*people, *random_people(fast_kb, 60, share_of_yes=0.0, share_unknown=0.5)]:
        for age, settled in ((limit - 1, False), (limit, True), (None, False)):
            session = hold(fast_kb, {**person, scope.within.question: age})
            last_of_all += asks_for_whom(session.steps[-2])
            if session.last.result.tier.rank == 0:
                assert scope.within.question in session.answers
                assert session.last.result.settled == (settled and session.last.result.final)
    assert last_of_all > 10


def test_a_final_result_cannot_be_raised_by_anything_not_asked(fast_kb: KnowledgeBase) -> None:
    """Whatever the open questions are answered, once final, the tier stays; while asking, it still could be raised."""
    others = list(random_people(fast_kb, 40, share_of_yes=0.5, share_unknown=0.0))
    tried = 0
    for person in random_people(fast_kb, 60, share_of_yes=0.02, share_unknown=0.0):
        session = hold(fast_kb, person)
        assert all(not step.result.final or asks_for_whom(step) for step in session.steps[:-1])
        for other in others:
            try:
                tier = fast_kb.assess({**other, **session.answers}).tier
            except ContradictionError:
                continue
            tried += 1
            assert tier == session.last.result.tier
    assert tried > 1000


def test_what_is_not_known_is_not_asked_again_and_said_at_the_end(fast_kb: KnowledgeBase) -> None:
    person = harmless(fast_kb, {"saddle-numbness": None, "fever": None, "headache": None})
    session = hold(fast_kb, person)
    asked = [question.id for screen in session.screens for question in screen.questions]
    assert len(asked) == len(set(asked))
    assert session.last.stop == "unknown"
    assert session.last.result.advice == session.last.result.tier.advice_while_open
    told = {question.id: question.could_raise_to for question in session.last.unknown}
    assert told == {"saddle-numbness": "EmergencyCare", "fever": "ContactDoctor"}


def test_the_first_screens_prove_an_emergency(
    fast_kb: KnowledgeBase, record_property: Callable[[str, object], None]
) -> None:
    """Whoever cannot feel the saddle is told on the first screen; every way to an emergency takes at most five."""
    screens: dict[str, int] = {}
    for flag in fast_kb.knowledge.red_flags:
        for pattern in flag.patterns if flag.tier == "EmergencyCare" else ():
            session = hold(fast_kb, harmless(fast_kb, {atom.question: atom.value for atom in pattern}))
            assert session.last.stop == "emergency"
            screens[" and ".join(sorted(atom.question for atom in pattern))] = len(session.screens)
    record_property("screens until an emergency is proven", screens)
    assert len(screens) > 8
    assert screens["saddle-numbness"] == 1
    assert max(screens.values()) <= 5
    first = hold(fast_kb, harmless(fast_kb, {})).steps[:4]
    assert {each.could_raise_to for step in first for each in step.result.next_questions[:1]} == {"EmergencyCare"}


def test_the_best_question_comes_first(fast_kb: KnowledgeBase) -> None:
    """Told by sets of answers alone: the highest tier within reach, then the fewest answers missing, then in order.

    A set counts unless a part of what it lacks already leads as high.
    """
    knowledge = fast_kb.knowledge
    ranks, order = knowledge.ranks, {question.id: place for place, question in enumerate(fast_kb.questions)}
    conflicts = [conflict for each in knowledge.contradictions for conflict in each.conflicts]
    seen = 0
    for person in random_people(fast_kb, 150, share_of_yes=0.1, share_unknown=0.2):
        chosen = random.Random(str(person)).sample(sorted(person), 25)
        answers = {question: person[question] for question in chosen}
        result = fast_kb.assess(answers)
        ways: list[tuple[int, frozenset[Atom]]] = []
        for flag in knowledge.red_flags:
            for pattern in flag.patterns if ranks[flag.tier] > result.tier.rank else ():
                missing = frozenset(atom for atom in pattern if answers.get(atom.question) is None)
                completed = {**answers, **{atom.question: atom.value for atom in missing}}
                if holding(pattern, completed) and not any(holding(conflict, completed) for conflict in conflicts):
                    ways.append((ranks[flag.tier], missing))
        best: dict[str, tuple[int, int, int]] = {}
        for rank, missing in ways:
            if not any(higher >= rank and fewer < missing for higher, fewer in ways):
                for question in {atom.question for atom in missing} - set(answers):
                    place = (-rank, len(missing), order[question])
                    best[question] = min(best.get(question, place), place)
        assert [each.id for each in result.next_questions] == sorted(best, key=best.__getitem__)
        for each in result.next_questions:
            assert ranks[each.could_raise_to] == -best[each.id][0]
        seen += len(best)
    assert seen > 1000


@pytest.mark.parametrize(
    ("given", "senseless"),
    [({"sex": "female"}, "erectile-failure"), ({"sex": "male"}, "post-menopause")],
)
def test_what_would_contradict_is_not_asked(fast_kb: KnowledgeBase, given: Answers, senseless: str) -> None:
    severe = harmless(fast_kb, {"pain-severity": "severe", **given})
    assert senseless in hold(fast_kb, severe).answers
    assert senseless not in hold(fast_kb, severe, given).answers


def test_a_question_whose_every_raising_answer_contradicts_is_not_asked(fast_kb: KnowledgeBase) -> None:
    given = {"tobacco": "never"}
    assert "cancer" in hold(fast_kb, harmless(fast_kb, {}), given).answers
    raising = [Atom("cancer", option) for option in ("current", "recent", "past")]
    strict = with_contradictions(fast_kb, *([Atom("tobacco", "never"), atom] for atom in raising))
    assert "cancer" not in hold(strict, harmless(strict, {}), given).answers


def test_nothing_is_asked_about_what_is_not_there(fast_kb: KnowledgeBase) -> None:
    """Without weakness or changed feeling nobody is asked how bad it is, nor without treatment what came of it."""
    seen = set()
    for person in random_people(fast_kb, 200, share_of_yes=0.03, share_unknown=0.05):
        before: dict[str, Answer] = {}
        for screen in hold(fast_kb, person).screens:
            for question in screen.questions:
                limb = question.id.partition("-")[0]
                if question.qualifies:
                    possible = [each for each, answer in before.items() if answer in (True, None)]
                    assert [each for each in possible if each.startswith(limb)], question.id
                    seen.add(limb)
                if question.id == "treatment-response":
                    months = before["treatment-months"]
                    assert months is None or (isinstance(months, int) and months >= 3)
                    seen.add(question.id)
            before |= {question.id: person[question.id] for question in screen.questions}
    assert seen == {"leg", "arm", "treatment-response"}


def test_a_checklist_holds_only_what_can_matter_in_the_order_of_the_questionnaire(fast_kb: KnowledgeBase) -> None:
    place = fast_kb.questionnaire.place
    for person in random_people(fast_kb, 40, share_of_yes=0.05, share_unknown=0.1):
        for step in hold(fast_kb, person).steps:
            if step.screen is not None:
                questions, wanted = step.screen.questions, [each.id for each in step.result.next_questions]
                if asks_for_whom(step):
                    continue
                assert wanted[0] in [question.id for question in questions]
                assert {question.id for question in questions} <= set(wanted)
                assert list(questions) == sorted(questions, key=place)
                if step.screen.lead_in is not None:
                    together = {
                        question.id for question in fast_kb.questions if question.lead_in == step.screen.lead_in
                    }
                    assert {question.id for question in questions} == together & set(wanted)
                    assert {question.type for question in questions} == {"boolean"}
                else:
                    assert len(questions) == 1


def test_ticking_a_checklist_says_no_to_the_rest(fast_kb: KnowledgeBase) -> None:
    screen = fast_kb.interview().next({}).screen
    assert screen is not None
    ids = [question.id for question in screen.questions]
    assert screen.ticked(()) == dict.fromkeys(ids, False)
    assert screen.ticked({ids[0]}, {ids[2]}) == {**dict.fromkeys(ids, False), ids[0]: True, ids[2]: None}


def test_a_step_gives_an_application_all_it_shows(fast_kb: KnowledgeBase) -> None:
    interview = fast_kb.interview()
    entry = json.loads(json.dumps(interview.next({}).to_dict()))
    assert entry["progress"] == {"done": 0, "left_at_most": MOST_SCREENS}
    assert entry["stop"] is None
    assert entry["result"]["final"] is False
    assert entry["screen"]["lead_in"]
    first = entry["screen"]["questions"][0]
    assert {"id", "type", "text", "answer_text", "help"} <= set(first)
    over = json.loads(json.dumps(interview.next({"saddle-numbness": True}).to_dict()))
    assert (over["screen"], over["stop"]) == (None, "emergency")
    assert over["progress"] == {"done": 1, "left_at_most": 0}
    severity = interview.next(dict.fromkeys([each["id"] for each in entry["screen"]["questions"]], False)).to_dict()
    assert '"very-severe"' in json.dumps(severity["screen"])


def test_an_interview_keeps_nothing(fast_kb: KnowledgeBase) -> None:
    interview, answers = fast_kb.interview(), {"fever": True}
    step = interview.next(answers)
    interview.next({"saddle-numbness": True})
    assert interview.next(answers).to_dict() == step.to_dict()
    assert answers == {"fever": True}


def test_a_contradiction_is_told_with_what_is_proven(fast_kb: KnowledgeBase) -> None:
    with pytest.raises(ContradictionError) as caught:
        fast_kb.interview().next({"sex": "male", "post-menopause": True, "saddle-numbness": True})
    assert caught.value.proven == fast_kb.knowledge.tier("EmergencyCare")
    assert caught.value.problems[0].subjects == ("sex", "post-menopause")


def test_where_an_engine_cannot_say_what_is_open_all_is_asked(fast_kb: KnowledgeBase) -> None:
    """Only what is not known may keep a result from being final, so every other question is asked before."""

    def vague(answers: Answers) -> Any:
        return replace(fast_kb.assess(answers), next_questions=())

    interview, answers = Interview(fast_kb.questionnaire, vague), dict[str, Answer]()
    person = harmless(fast_kb, {"cancer": "past"})
    while (step := interview.next(answers)).screen is not None:
        answers |= {question.id: person[question.id] for question in step.screen.questions}
    assert step.stop == "final"
    assert step.result.tier.id == "ContactDoctor"


@pytest.mark.slow
def test_the_reference_reasoner_leads_the_same_interview(fast_kb: KnowledgeBase) -> None:
    def by_reference(answers: Answers) -> Any:
        return fast_kb.assess(answers, engine="reference")

    slow, fast = Interview(fast_kb.questionnaire, by_reference), fast_kb.interview()
    for answers in ({}, {"saddle-numbness": None, "leg-weakness": True}):
        one, other = slow.next(answers), fast.next(answers)
        assert (one.screen, one.done, one.left, one.stop) == (other.screen, other.done, other.left, other.stop)
    unknown = {question.id: None for question in fast_kb.questions}
    assert slow.next(unknown).unknown == fast.next(unknown).unknown != ()


def test_figures(
    fast_kb: KnowledgeBase, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """The vignettes are settled as by all questions, with clearly fewer; the figures are printed and recorded."""
    everything = len(fast_kb.questions)
    assert everything == 69
    lines, seconds = [], list[float]()
    for others in ("not known", "no or mildest"):
        sessions, urgent = [], []
        for vignette in VIGNETTES:
            person = {**vignette["answers"]}
            if others != "not known":
                person = harmless(fast_kb, {**dict.fromkeys(SITES), "sex": None, **person})
            session = hold(fast_kb, person)
            whole = fast_kb.assess({question.id: person.get(question.id) for question in fast_kb.questions})
            assert session.last.result.tier == whole.tier, vignette["id"]
            assert session.last.result.final == whole.final, vignette["id"]
            sessions.append(session)
            urgent += [session] if session.last.stop == "emergency" else []
            seconds += session.seconds
        questions = statistics.mean(len(session.answers) for session in sessions)
        screens = statistics.mean(len(session.screens) for session in sessions)
        lines.append(
            f"what a vignette does not say is {others}: on average {questions:.1f} of {everything} questions on "
            f"{screens:.1f} screens, at most {max(len(session.screens) for session in sessions)} screens; "
            f"{len(urgent)} emergencies proven after "
            f"{statistics.mean(len(session.answers) for session in urgent):.1f} questions on "
            f"{statistics.mean(len(session.screens) for session in urgent):.1f} screens, "
            f"at most {max(len(session.screens) for session in urgent)} screens"
        )
        assert questions < 0.75 * everything
        assert screens < 15
        assert max(len(session.screens) for session in urgent) <= 4
        assert statistics.mean(len(session.answers) for session in urgent) < 0.25 * everything
    lines.append(f"next question found in {statistics.median(seconds) * 1e3:.2f} ms (median)")
    record_property("interview", lines)
    with capsys.disabled():
        sys.stdout.write("\n".join(("", *lines, "")))
