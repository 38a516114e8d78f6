"""The same decisions for zen-engine, a rule engine in Rust: the decision model written as a decision graph of its own.

Several forms were measured over the fair mix (microseconds for each assessment, zen-engine 2.1.3 on one machine):

    14    a decision table, one row for each tier and condition, the whole rule one expression; this one
    14    the same with the hit policy `collect`: a list of pairs instead of a tier and a list
    14    one expression that gives the list of all conditions found
    16    a decision table, one row for each factored product, hit policy `collect`
    18    two expression nodes: first the rules, then tier and conditions
    30    a decision table, one column for each question and one row for each minimal set, as zen can index it

How it is called matters more. An engine with a static loader compiles the graph when it is made: those are the times
above. `create_decision(...).evaluate(...)`, which zen's own quick start shows, prepares threads anew at each call (150
to 190), and a loader written in Python that gives text has it read again at each call (90). Answers as JSON instead of
a dictionary change nothing, and a batch is slower (30).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import zen

from caretier.factoring import factored, in_order
from caretier.knowledge import Atom, AtomSet, Knowledge, minimal
from caretier.questionnaire import Answer

Decide = Callable[[dict[str, Answer]], Mapping[str, Any]]
"""Decides about answers that `named` has prepared; `decision` reads what comes back."""

Way = Callable[[Knowledge], Decide]
"""A way to call zen."""

_KEY = "triage"


def compiled(knowledge: Knowledge) -> Decide:
    """Return what decides fastest: an engine that has compiled the graph beforehand."""
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {_KEY: graph(knowledge)}}})
    return partial(engine.evaluate, _KEY)


def as_in_its_quick_start(knowledge: Knowledge) -> Decide:
    """Return what decides in the way that zen's documentation shows first."""
    return zen.ZenEngine().create_decision(json.dumps(graph(knowledge))).evaluate


def named(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Give answers the names under which zen's expressions can speak of them."""
    return {_name(question): answer for question, answer in answers.items()}


def decision(response: Mapping[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    """Return the tier and the conditions that zen decided on; no tier when the answers contradict each other."""
    result = response["result"]
    return result.get("tier"), tuple(result["conditions"])


def graph(knowledge: Knowledge) -> dict[str, Any]:
    """Write what a domain decides as a graph for zen: one decision table, the highest tier first.

    The first row that matches gives the tier; every row that matches adds its condition.
    """
    ranks = knowledge.ranks
    patterns: dict[tuple[int, str, str], list[AtomSet]] = {}
    for flag in knowledge.red_flags:
        patterns.setdefault((-ranks[flag.tier], flag.condition, flag.tier), []).extend(flag.patterns)
    conflicts = [conflict for each in knowledge.contradictions for conflict in each.conflicts]
    rows = [{"when": _rule(conflicts), "tier": "null"}]
    told: dict[str, str] = {}
    for (_, condition, tier), several in sorted(patterns.items()):
        rule = _rule(several)
        once = f"({rule}) and not({told[condition]})" if condition in told else rule
        rows.append({"when": once, "tier": json.dumps(tier), "condition": json.dumps(condition)})
        told[condition] = f"{told[condition]} or {rule}" if condition in told else rule
    lowest = next(tier.id for tier in knowledge.tiers if tier.rank == 0)
    rows.append({"tier": json.dumps(lowest)})
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": "when", "name": "when"}],
        "outputs": [
            {"id": "tier", "name": "tier", "field": "tier"},
            {"id": "condition", "name": "conditions", "field": "conditions[]"},
        ],
        "rules": [{"_id": str(number), **row} for number, row in enumerate(rows)],
    }
    return {
        "nodes": [
            {"id": "answers", "name": "answers", "type": "inputNode"},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": table},
            {"id": "triage", "name": "triage", "type": "outputNode"},
        ],
        "edges": [
            {"id": "into", "type": "edge", "sourceId": "answers", "targetId": "table"},
            {"id": "out", "type": "edge", "sourceId": "table", "targetId": "triage"},
        ],
    }


def _rule(patterns: Iterable[AtomSet]) -> str:
    products = [" and ".join(_any_of(choice) for choice in in_order(each)) for each in factored(minimal(patterns))]
    return " or ".join(f"({each})" for each in products) or "false"


def _any_of(choice: Iterable[Atom]) -> str:
    exact: dict[str, list[str]] = {}
    parts = []
    for atom in choice:
        if atom.relation == "is":
            exact.setdefault(_name(atom.question), []).append(json.dumps(atom.value))
        else:  # a number that is not known compares with nothing, and would be an error
            name, sign = _name(atom.question), ">=" if atom.relation == "at least" else "<"
            parts.append(f"({name} != null and {name} {sign} {atom.value})")
    for name, values in exact.items():
        parts.append(f"{name} == {values[0]}" if len(values) == 1 else f"{name} in [{', '.join(values)}]")
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"


def _name(question: str) -> str:
    return question.replace("-", "_")
