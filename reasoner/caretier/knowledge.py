"""What one domain knows, as plain immutable values: tiers, conditions, red flags, recommendations, questions.

`extraction` reads it out of the ontology. Nothing here knows RDF.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from caretier.language import Language
from caretier.questionnaire import Answer, Question, Questionnaire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


@dataclass(frozen=True, slots=True)
class Atom:
    """One elementary answer: the answer to a question is this one, or its number is at least, or below, a limit."""

    question: str
    value: bool | str | int
    relation: Literal["is", "at least", "below"] = "is"

    def holds(self, answer: Answer) -> bool:
        """Say whether an answer to the question makes this atom true; an unknown answer makes none true."""
        if answer is None:
            return False
        if self.relation == "is":
            return answer == self.value and type(answer) is type(self.value)
        assert isinstance(answer, int)
        assert isinstance(self.value, int)
        return answer >= self.value if self.relation == "at least" else answer < self.value

    def to_dict(self) -> dict[str, object]:
        """Give the atom as plain data."""
        return {"question": self.question, "relation": self.relation, "value": self.value}


AtomSet = frozenset[Atom]


@dataclass(frozen=True, slots=True)
class CareTier:
    """How soon care is needed: the higher the rank, the sooner; rank 0 is the tier when nothing was found."""

    id: str
    iri: str
    label: str
    rank: int
    advice: str
    advice_while_open: str


@dataclass(frozen=True, slots=True)
class Source:
    """The section of a document on which a statement rests."""

    iri: str
    title: str
    section: str | None

    @property
    def text(self) -> str:
        """Name document and section in a line."""
        return f"{self.title}, {self.section}" if self.section else self.title

    def to_dict(self) -> dict[str, str | None]:
        """Give the source as plain data."""
        return {"title": self.title, "section": self.section}


@dataclass(frozen=True, slots=True)
class Condition:
    """One of the serious causes that a red flag may suggest."""

    id: str
    iri: str
    label: str
    definition: str


@dataclass(frozen=True, slots=True)
class Axiom:
    """One axiom or rule on which a conclusion rests: as editors read it, in a plain sentence, and where it comes from.

    `manchester` is OWL in Manchester syntax with labels for names; for a rule it is the fact that the rule derives.
    """

    manchester: str
    text: str
    sources: tuple[Source, ...]

    def to_dict(self) -> dict[str, object]:
        """Give the axiom as plain data."""
        return {
            "manchester": self.manchester,
            "text": self.text,
            "sources": [source.to_dict() for source in self.sources],
        }


@dataclass(frozen=True, slots=True)
class RedFlag:
    """One sufficient pattern of findings, with the condition it suggests and the tier it indicates.

    `reason` says in plain words why it matters. `patterns` are the minimal sets of answers that show it: proposed, as
    far as they can be read off the axioms, or proven, in a decision model. `proofs` gives for each pattern the axioms
    by which it shows the red flag; it is empty where nothing was compiled.
    """

    id: str
    iri: str
    label: str
    definition: str
    reason: str
    condition: str
    tier: str
    sources: tuple[Source, ...]
    patterns: tuple[AtomSet, ...]
    proofs: tuple[tuple[Axiom, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class CareStep:
    """One activity that probably follows, with its kind, likelihood, urgency and time limit."""

    id: str
    label: str
    kind: Literal["tests", "treatments", "referrals", "follow_ups"]
    likelihood: str | None
    urgency: str | None
    within_hours: int | None
    note: str | None

    def to_dict(self) -> dict[str, object]:
        """Give the step as plain data; what is not said is left out."""
        entry: dict[str, object] = {"id": self.id, "label": self.label}
        for key in ("likelihood", "urgency", "within_hours", "note"):
            value = getattr(self, key)
            if value is not None:
                entry[key] = value
        return entry


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What a person with a suggested condition should do, at one tier, and what will probably follow."""

    advice: str
    course: str
    steps: tuple[CareStep, ...]

    def to_dict(self) -> dict[str, object]:
        """Give the likely course as plain data; `within_hours` is the shortest time limit of its steps, or null."""
        limits = [step.within_hours for step in self.steps if step.within_hours is not None]
        course: dict[str, object] = {"text": self.course}
        for kind in ("tests", "treatments", "referrals", "follow_ups"):
            course[kind] = [step.to_dict() for step in self.steps if step.kind == kind]
        course["within_hours"] = min(limits, default=None)
        return course


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Answers that cannot all be true: `conflicts` are the smallest sets of answers that make it."""

    iri: str
    message: str
    conflicts: tuple[AtomSet, ...]

    def told(self, questions: Sequence[str], language: Language) -> str:
        """Say that the answers to these questions contradict each other, and how."""
        named = language(" and ").join(f'"{question}"' for question in questions)
        return language("The answers to %(questions)s contradict each other.", questions=named) + f" {self.message}"


@dataclass(frozen=True, slots=True)
class Tension:
    """A "no" to a kind of finding beside a report of something of that very kind: what was reported counts.

    `label` names what is denied; `reports` are the smallest sets of answers that report something of that kind.
    """

    denial: Atom
    label: str
    reports: tuple[AtomSet, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom the knowledge is meant: `within` holds of them; all others are told `message`."""

    within: Atom
    message: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that one domain knows, with its version and the hash of its files.

    `iri` is that of the version, `title` names the domain for people; `prefixes` are its own.
    `tiers` are ordered highest first; `recommendations` are found by the ids of condition and tier. `scope` says for
    whom all of it is meant, if not for everybody.
    """

    iri: str
    title: str
    version: str
    sha256: str
    prefixes: Mapping[str, str]
    questionnaire: Questionnaire
    tiers: tuple[CareTier, ...]
    conditions: Mapping[str, Condition]
    red_flags: tuple[RedFlag, ...]
    recommendations: Mapping[tuple[str, str], Recommendation]
    contradictions: tuple[Contradiction, ...]
    tensions: tuple[Tension, ...]
    scope: Scope | None = None

    @property
    def language(self) -> Language:
        """The language of its texts."""
        return self.questionnaire.language

    @property
    def ranks(self) -> dict[str, int]:
        """The rank of each tier by its id."""
        return {tier.id: tier.rank for tier in self.tiers}

    def meant_for(self, answers: Mapping[str, Answer]) -> bool:
        """Say whether answers are those of somebody for whom all this is meant; not while that is unknown."""
        return self.scope is None or self.scope.within.holds(answers.get(self.scope.within.question))

    def leaves_out(self, answers: Mapping[str, Answer]) -> bool:
        """Say whether answers are those of somebody for whom all this is not meant; not while that is unknown."""
        if self.scope is None:
            return False
        answer = answers.get(self.scope.within.question)
        return answer is not None and not self.scope.within.holds(answer)

    def asks_for_whom(self, answers: Mapping[str, Answer]) -> Question | None:
        """Return the question that tells whether all this is meant for somebody, unless they have answered it."""
        if self.scope is None or answers.get(self.scope.within.question) is not None:
            return None
        return self.questionnaire.by_id[self.scope.within.question]

    def tier(self, tier_id: str) -> CareTier:
        """Return the tier with this id."""
        return next(tier for tier in self.tiers if tier.id == tier_id)


def holding(atoms: Iterable[Atom], answers: Mapping[str, Answer]) -> bool:
    """Say whether the answers make every one of the atoms true."""
    for atom in atoms:  # noqa: SIM110 -- in the innermost loop of every assessment, where all() takes twice as long
        if not atom.holds(answers.get(atom.question)):
            return False
    return True


def minimal(sets: Iterable[AtomSet]) -> tuple[AtomSet, ...]:
    """Keep the sets that contain no other of them, smallest first, in a stable order."""
    kept: list[AtomSet] = []
    for candidate in sorted(set(sets), key=lambda atoms: (len(atoms), sorted(map(atom_key, atoms)))):
        if not any(smaller <= candidate for smaller in kept):
            kept.append(candidate)
    return tuple(kept)


def atom_key(atom: Atom) -> tuple[str, str, str]:
    """Give a key that orders atoms, whatever the type of their values."""
    return (atom.question, atom.relation, str(atom.value))


def atom_text(atom: Atom) -> str:
    """Write an elementary answer for the eye of a reviewer.

    >>> atom_text(Atom("age", 50, "at least")), atom_text(Atom("fever", True))
    ('age: at least 50', 'fever: yes')
    """
    value = {True: "yes", False: "no"}[atom.value] if isinstance(atom.value, bool) else atom.value
    return f"{atom.question}: {value}" if atom.relation == "is" else f"{atom.question}: {atom.relation} {value}"
