"""What answers state, before it is written as RDF: findings with their types and values, denials, numbers.

The translation is monotone: a further answer only adds statements. It takes any set of elementary answers, also ones
that no valid document holds together, because bounds are asked about such sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from caretier.knowledge import Atom
from caretier.questionnaire import Answer, Questionnaire


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: the classes it is stated to be in, and the values of its qualifiers."""

    types: frozenset[str]
    values: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Statements:
    """All that one assessment states; every text is an IRI.

    `values` are properties of the assessment itself with an IRI or a whole number; `unknown` are questions that were
    asked and that the person could not answer.
    """

    findings: frozenset[Finding]
    denied: frozenset[str]
    values: frozenset[tuple[str, str | int]]
    unknown: frozenset[str]


def atoms_of(answers: Mapping[str, Answer]) -> frozenset[Atom]:
    """Return the elementary answers of a document, without the unknown ones."""
    return frozenset(Atom(question, answer) for question, answer in answers.items() if answer is not None)


def state(atoms: Iterable[Atom], questionnaire: Questionnaire, unknown: Iterable[str] = ()) -> Statements:
    """Say what elementary answers state; `unknown` are the ids of questions answered with "don't know".

    Numbers are given by atoms of the relation "is"; the others state nothing by themselves.
    """
    reported: set[str] = set()
    denied: set[str] = set()
    values: set[tuple[str, str | int]] = set()
    described: dict[str, tuple[set[str], set[tuple[str, str]]]] = {}
    qualifying: list[tuple[frozenset[str], tuple[str, str]]] = []
    for atom in atoms:
        question = questionnaire.by_id[atom.question]
        if question.type == "integer":
            if atom.relation == "is" and question.sets:
                values.add((question.sets, atom.value))
            continue
        if question.type == "boolean":
            reports = question.asks_about if atom.value else None
            denies = None if atom.value else question.asks_about
            value = None
        else:
            option = question.option(atom.value)
            reports, denies, value = option.reports, option.denies, option.value
        if denies:
            denied.add(denies)
        if question.describes and (reports or value):
            types, qualifiers = described.setdefault(question.describes, ({question.describes}, set()))
            if reports:
                types.add(reports)
            if value and question.sets:
                qualifiers.add((question.sets, value))
        elif reports:
            reported.add(reports)
        elif value and question.sets and question.qualifies:
            qualifying.append((question.qualifies, (question.sets, value)))
        elif value and question.sets:
            values.add((question.sets, value))
    findings = {Finding(frozenset(types), frozenset(qualifiers)) for types, qualifiers in described.values()}
    for name in reported:
        qualifiers = {qualifier for classes, qualifier in qualifying if name in classes}
        findings.add(Finding(frozenset({name}), frozenset(qualifiers)))
    return Statements(
        findings=frozenset(findings),
        denied=frozenset(denied),
        values=frozenset(values),
        unknown=frozenset(questionnaire.by_id[question].iri for question in unknown),
    )
