"""The whole decision table as values: every care tier, red flag and minimal set of answers, and what would move it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import comb

from caretier.changes import Change, answered, smallest_falls, smallest_raises
from caretier.evaluation import Evaluator
from caretier.explanation import said
from caretier.factoring import Product, expanded, factored
from caretier.knowledge import Atom, AtomSet, CareTier, Condition, Knowledge, RedFlag
from caretier.questionnaire import Questionnaire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from caretier.model import Certificate

    Likeness = TypeVar("Likeness", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Row:
    """One minimal set of answers, and what becomes of a person who gives exactly these answers.

    `reached` is the tier that they lead to, that of the red flag or a higher one; None when they contradict each
    other and are refused. `raises` and `falls` are the smallest changes that move that tier. A number is given at its
    limit.
    """

    atoms: tuple[Atom, ...]
    reached: CareTier | None
    raises: tuple[Change, ...]
    falls: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One red flag with its minimal sets."""

    red_flag: RedFlag
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One care tier with its red flags by condition.

    `raises` are the smallest sets of answers that alone lead to a higher tier, whatever else a person answers.
    """

    tier: CareTier
    raises: tuple[Change, ...]
    conditions: tuple[tuple[Condition, tuple[Entry, ...]], ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All red flags of the tier."""
        return tuple(entry for _, entries in self.conditions for entry in entries)


@dataclass(frozen=True, slots=True)
class Need:
    """Answers, in words, of which at least a number are needed."""

    count: int
    answers: tuple[str, ...]

    def __str__(self) -> str:
        """Say what is needed: an answer, one of several, or at least a number of several."""
        if len(self.answers) == 1:
            return self.answers[0]
        return f"{'one' if self.count == 1 else f'at least {self.count}'} of: {'; '.join(self.answers)}"


Needs = tuple[Need, ...]
"""All of these are needed together."""


def sections(knowledge: Knowledge) -> tuple[Section, ...]:
    """Set out the decision table, the highest tier first; the last is the tier when nothing was found."""
    evaluator = Evaluator(knowledge)
    return tuple(
        Section(
            tier,
            smallest_raises(evaluator, {}, tier),
            tuple(
                (condition, entries)
                for condition in knowledge.conditions.values()
                if (
                    entries := tuple(
                        Entry(flag, tuple(_row(evaluator, pattern) for pattern in flag.patterns))
                        for flag in knowledge.red_flags
                        if (flag.condition, flag.tier) == (condition.id, tier.id)
                    )
                )
            ),
        )
        for tier in knowledge.tiers
    )


def needs(questionnaire: Questionnaire, sets: Iterable[AtomSet]) -> tuple[Needs, ...]:
    """Put sets of answers into words, with as few alternatives as say exactly the same."""
    products = factored(sets)
    counted = _counted(products) if len(products) > 1 else None
    alternatives = [counted] if counted else [[(1, choice) for choice in each] for each in products]
    ordered = [
        sorted(
            ((count, in_order(questionnaire, choice)) for count, choice in several),
            key=lambda need: (len(need[1]) > 1, need[0], _place(questionnaire, need[1][0])),
        )
        for several in alternatives
    ]
    ordered.sort(key=lambda several: [[_place(questionnaire, atom) for atom in atoms] for _, atoms in several])
    return tuple(
        tuple(Need(count, tuple(in_words(questionnaire, atom) for atom in atoms)) for count, atoms in several)
        for several in ordered
    )


def alike(
    questionnaire: Questionnaire, rows: Iterable[Row], likeness: Callable[[Row], Likeness]
) -> list[tuple[tuple[Needs, ...], Likeness]]:
    """Put rows that are alike in one respect together: their minimal sets in words, and the respect."""
    groups: dict[Likeness, list[AtomSet]] = {}
    for row in rows:
        groups.setdefault(likeness(row), []).append(frozenset(row.atoms))
    return [(needs(questionnaire, sets), shared) for shared, sets in groups.items()]


def own_raises(row: Row, shared: Sequence[Change]) -> tuple[Change, ...] | None:
    """Return what raises a row beside what raises every row of its tier; None where the latter do not all raise it."""
    if not shared or not {change.answers for change in shared} <= {change.answers for change in row.raises}:
        return None
    return tuple(change for change in row.raises if change not in shared)


def in_words(questionnaire: Questionnaire, atom: Atom) -> str:
    """Say in a short phrase what an elementary answer means."""
    return said(questionnaire, atom)


def told_change(questionnaire: Questionnaire, change: Change) -> str:
    """Say what a change gives, or what it leaves open."""
    given = [in_words(questionnaire, atom) for atom in change.answers]
    return " and ".join([*given, *(questionnaire.by_id[question].answer_text for question in change.withdrawn)])


def in_order(questionnaire: Questionnaire, atoms: Iterable[Atom]) -> tuple[Atom, ...]:
    """Bring elementary answers into the order in which the questionnaire asks and offers them."""
    return tuple(sorted(atoms, key=lambda atom: _place(questionnaire, atom)))


def standing(certificate: Certificate | None) -> tuple[str, str]:
    """Say in a word, and in a sentence, whether the minimal sets are proven."""
    if certificate is None:
        return (
            "Proposed, not proven",
            "No decision model fits these files. The sets of answers below were only read off the axioms: some may "
            "be missing and some may be wrong. Run `caretier compile` to have the reasoner prove them.",
        )
    return "Proven", f"{certificate.summary}."


def _row(evaluator: Evaluator, pattern: AtomSet) -> Row:
    atoms = in_order(evaluator.knowledge.questionnaire, pattern)
    answers = answered({}, pattern)
    given = evaluator.given(answers)
    if evaluator.is_contradictory(given):
        return Row(atoms, None, (), ())
    tier = evaluator.tier(evaluator.red_flags(given))
    return Row(atoms, tier, smallest_raises(evaluator, answers, tier), smallest_falls(evaluator, answers, tier))


def _counted(products: Sequence[Product]) -> list[tuple[int, frozenset[Atom]]] | None:
    """Write products as one: the choices that all of them share, and any few of the other answers; None if they differ.

    It turns a long staircase ("a and one of b, c, d; or b and one of c, d; or ...") into "two of a, b, c, d".
    """
    shared = frozenset.intersection(*products)
    rests = set(expanded(product - shared for product in products))
    atoms = frozenset[Atom]().union(*rests)
    count, *others = {len(rest) for rest in rests}
    if others or len(rests) != comb(len(atoms), count):
        return None
    return [*((1, choice) for choice in shared), (count, atoms)]


def _place(questionnaire: Questionnaire, atom: Atom) -> tuple[int, int, str]:
    question = questionnaire.by_id[atom.question]
    options = [option.id for option in question.options]
    offered = options.index(str(atom.value)) if options else int(atom.value)
    return questionnaire.place(question), offered, atom.relation
