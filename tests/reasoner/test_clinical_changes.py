"""Who gets another result is found exactly: against brute force on models with random edits, and in small by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from caretier.changes import answered
from caretier.clinical_changes import ClinicalChange, Comparison, Outcome
from caretier.errors import KnowledgeError
from caretier.knowledge import Atom, Contradiction, RedFlag, holding, minimal
from caretier.model import DecisionModel
from caretier.questionnaire import Answer

RandomAnswers = Callable[[random.Random], dict[str, Answer]]


def edited(model: DecisionModel, red_flags: list[RedFlag], *contradictions: Contradiction) -> DecisionModel:
    knowledge = replace(
        model.knowledge,
        red_flags=tuple(red_flags),
        contradictions=(*model.knowledge.contradictions, *contradictions),
    )
    return replace(model, knowledge=knowledge)


def randomly_edited(model: DecisionModel, chance: random.Random) -> DecisionModel:
    """Change some red flags: their tier, their condition, a pattern taken away, added, made wider or narrower."""
    flags = [replace(flag, proofs=()) for flag in model.knowledge.red_flags]
    atoms = sorted({atom for flag in flags for pattern in flag.patterns for atom in pattern}, key=str)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(flags))
        flag = flags[place]
        patterns = list(flag.patterns)
        if not patterns:
            continue
        chosen = chance.choice(patterns)
        match chance.choice(["tier", "condition", "drop", "add", "wider", "narrower", "limit"]):
            case "tier":
                flag = replace(flag, tier=chance.choice(model.knowledge.tiers[:-1]).id)
            case "condition":
                flag = replace(flag, condition=chance.choice(list(model.knowledge.conditions)))
            case "drop":
                patterns.remove(chosen)
            case "add":
                patterns.append(frozenset(chance.sample(atoms, 2)))
            case "wider" if len(chosen) > 1:
                patterns.append(chosen - {chance.choice(sorted(chosen, key=str))})
            case "narrower":
                patterns[patterns.index(chosen)] = chosen | {chance.choice(atoms)}
            case "limit":
                bands = [atom for atom in chosen if atom.relation != "is"]
                for band in bands:
                    moved = replace(band, value=max(1, int(band.value) + chance.choice([-1, 1, 5])))
                    patterns = [pattern - {band} | {moved} if band in pattern else pattern for pattern in patterns]
        possible = [each for each in patterns if len({atom.question for atom in each}) == len(each)]
        flags[place] = replace(flag, patterns=minimal(possible))
    return edited(model, flags)


def told(outcome: Outcome) -> object:
    return outcome.tier.rank, frozenset(outcome.conditions), outcome.is_refused


def covers(change: ClinicalChange, answers: dict[str, Answer]) -> bool:
    return any(holding(atoms, answers) for atoms in change.sets)


def test_everybody_whose_result_changes_is_listed_and_nobody_else(
    model: DecisionModel, random_answers: RandomAnswers
) -> None:
    chance = random.Random(11)
    differing = 0
    for _ in range(40):
        other = randomly_edited(model, chance)
        old, new = (model, other) if chance.random() < 0.5 else (other, model)
        comparison = Comparison(old, new)
        changes = comparison.changes()
        for change in changes:
            assert told(change.before) != told(change.after)
            for atoms in change.sets:
                before, after = comparison.outcomes(answered({}, atoms))
                assert (before, after) == (change.before, change.after)
        for _ in range(300):
            answers = random_answers(chance)
            if changes and chance.random() < 0.5:  # people who are near to a change
                answers |= answered({}, chance.choice(chance.choice(changes).sets))
            before, after = comparison.outcomes(answers)
            if told(before) != told(after):
                differing += 1
                assert any(covers(change, answers) for change in changes), answers
        if not changes:
            assert told(comparison.outcomes({})[0]) == told(comparison.outcomes({})[1])
    assert differing > 500


def test_a_smallest_set_is_listed_without_any_answer_that_it_does_not_need(model: DecisionModel) -> None:
    chance = random.Random(12)
    seen = 0
    for _ in range(20):
        comparison = Comparison(model, randomly_edited(model, chance))
        for change in comparison.changes():
            for atoms in change.sets:
                answers = answered({}, atoms)
                for question in answers:
                    fewer = {name: answer for name, answer in answers.items() if name != question}
                    assert tuple(map(told, comparison.outcomes(fewer))) != (told(change.before), told(change.after))
                    seen += 1
    assert seen > 50


def only_change(old: DecisionModel, new: DecisionModel) -> ClinicalChange:
    (change,) = Comparison(old, new).changes()
    return change


def with_flag(model: DecisionModel, place: int, flag: RedFlag) -> DecisionModel:
    flags = list(model.knowledge.red_flags)
    flags[place] = replace(flag, proofs=())
    return edited(model, flags)


def test_a_limit_that_moves_changes_those_between_the_limits(model: DecisionModel) -> None:
    place, flag = next(
        (place, flag)
        for place, flag in enumerate(model.knowledge.red_flags)
        if any(atom.relation == "at least" for pattern in flag.patterns for atom in pattern)
    )
    moved = tuple(
        frozenset(replace(atom, value=int(atom.value) - 1) if atom.relation == "at least" else atom for atom in pattern)
        for pattern in flag.patterns
    )
    change = only_change(model, with_flag(model, place, replace(flag, patterns=moved)))
    assert change.direction == "higher"
    assert (change.before.red_flags, change.after.red_flags) == ((), (flag.id,))
    limits = {(atom.relation, atom.value) for atoms in change.sets for atom in atoms if atom.relation != "is"}
    limit = next(int(atom.value) for pattern in flag.patterns for atom in pattern if atom.relation == "at least")
    assert limits == {("at least", limit - 1), ("below", limit)}
    back = only_change(with_flag(model, place, replace(flag, patterns=moved)), model)
    assert (back.direction, back.sets) == ("lower", change.sets)


def test_answers_that_contradict_now_are_told_once(model: DecisionModel) -> None:
    questions = [question.id for question in model.knowledge.questionnaire.questions if question.type == "boolean"]
    conflict = frozenset({Atom(questions[0], False), Atom(questions[1], False)})
    other = edited(model, list(model.knowledge.red_flags), Contradiction("urn:new", "Not both.", (conflict,)))
    refused, accepted = only_change(model, other), only_change(other, model)
    assert (refused.direction, refused.sets) == ("refused", (conflict,))
    assert (accepted.direction, accepted.sets) == ("accepted", (conflict,))


def test_who_is_refused_and_comes_to_less_is_lower(model: DecisionModel) -> None:
    """Where a contradiction makes the answers that prove an emergency worthless, it is no mere refusal."""
    highest = next(flag for flag in model.knowledge.red_flags if flag.tier == model.knowledge.tiers[0].id)
    (atom,) = highest.patterns[0]
    beside = next(each.id for each in model.knowledge.questionnaire.questions if each.type == "boolean")
    conflict = frozenset({atom, Atom(beside, False)})
    other = edited(model, list(model.knowledge.red_flags), Contradiction("urn:new", "Not both.", (conflict,)))
    change = only_change(model, other)
    assert (change.direction, change.after.is_refused) == ("lower", True)


def test_what_a_smaller_set_already_changes_is_not_listed_again(model: DecisionModel) -> None:
    """One answer comes to the highest tier, and beside another one it shows a lower red flag as well."""
    flags, tiers = model.knowledge.red_flags, model.knowledge.tiers
    high, low = (next(n for n, flag in enumerate(flags) if flag.tier == tier.id) for tier in (tiers[0], tiers[-2]))
    asked = [each.id for each in model.knowledge.questionnaire.questions if each.type == "boolean"]
    one, another = (Atom(name, False) for name in asked[:2])
    before = with_flag(model, low, replace(flags[low], condition=flags[high].condition))
    low_flag = before.knowledge.red_flags[low]
    after = with_flag(before, low, replace(low_flag, patterns=(*low_flag.patterns, frozenset({one, another}))))
    after = with_flag(after, high, replace(flags[high], patterns=(*flags[high].patterns, frozenset({one}))))
    assert only_change(before, after).sets == (frozenset({one}),)


def test_a_question_that_only_one_version_asks(model: DecisionModel) -> None:
    asked = next(iter(model.knowledge.red_flags[0].patterns[0])).question
    questionnaire = model.knowledge.questionnaire
    fewer = replace(questionnaire, questions=tuple(each for each in questionnaire.questions if each.id != asked))
    kept = [
        replace(each, proofs=(), patterns=tuple(p for p in each.patterns if all(a.question != asked for a in p)))
        for each in model.knowledge.red_flags
    ]
    contradictions = tuple(
        replace(each, conflicts=tuple(c for c in each.conflicts if all(a.question != asked for a in c)))
        for each in model.knowledge.contradictions
    )
    knowledge = replace(model.knowledge, questionnaire=fewer, red_flags=tuple(kept), contradictions=contradictions)
    without = replace(model, knowledge=knowledge)
    assert {change.only_asked_in for change in Comparison(without, model).changes()} == {"new"}
    assert {change.only_asked_in for change in Comparison(model, without).changes()} == {"old"}
    assert {change.direction for change in Comparison(model, without).changes()} == {"lower"}


def test_a_question_of_another_type_cannot_be_compared(model: DecisionModel) -> None:
    questionnaire = model.knowledge.questionnaire
    first = next(each for each in questionnaire.questions if each.type == "boolean")
    turned = replace(first, type="integer", minimum=0, maximum=9)
    questions = tuple(turned if each is first else each for each in questionnaire.questions)
    other = replace(
        model,
        knowledge=replace(model.knowledge, questionnaire=replace(questionnaire, questions=questions), red_flags=()),
    )
    with pytest.raises(KnowledgeError, match=first.id):
        Comparison(model, other)


def test_the_same_model_changes_nothing(model: DecisionModel) -> None:
    assert Comparison(model, model).changes() == ()
