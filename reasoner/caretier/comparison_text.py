"""A comparison of two versions as data, as text for a terminal, and as Markdown for a pull request."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from caretier.clinical_changes import ClinicalChange, Direction, Outcome
from caretier.comparison import Cause, Difference, Version
from caretier.factoring import Product, in_order
from caretier.knowledge import Atom, atom_text
from caretier.presentation import sentence
from caretier.term_changes import TermChange

_DIRECTIONS: Mapping[Direction, str] = {
    "lower": "LOWER",
    "higher": "HIGHER",
    "refused": "REFUSED NOW",
    "accepted": "ACCEPTED NOW",
    "conditions": "OTHER CONDITIONS",
}
_STATEMENT_WIDTH = 300


def as_data(difference: Difference, lowered: Sequence[str]) -> dict[str, object]:
    """Give a difference as plain data; `lowered` are the red flags that nobody allowed to be lowered."""
    return {
        "old": _version(difference.old),
        "new": _version(difference.new),
        "terms": [term.to_dict() for term in difference.terms],
        "clinical": [
            {
                "direction": change.direction,
                "before": change.before.to_dict(),
                "after": change.after.to_dict(),
                "minimal_sets": [[atom.to_dict() for atom in sorted(atoms, key=atom_text)] for atoms in change.sets],
                "only_asked_in": change.only_asked_in,
                "because": [cause.to_dict() for cause in causes],
            }
            for change, causes in zip(difference.clinical, difference.causes, strict=True)
        ],
        "cases": {
            "compared": difference.cases_compared,
            "changed": [
                {"id": case.id, "before": case.before.to_dict(), "after": case.after.to_dict()}
                for case in difference.cases
            ],
        },
        "lowered_without_leave": list(lowered),
    }


def as_text(difference: Difference, lowered: Sequence[str], width: int = 80) -> str:
    """Write a difference for a terminal, no line longer than a width where words can be divided."""
    lines: list[str] = []
    for indent, text in _lines(difference, lowered):
        margin = "  " * indent
        lines += textwrap.wrap(
            text, width, initial_indent=margin, subsequent_indent=margin + "  ", break_on_hyphens=False
        ) or [""]
    return "\n".join(lines) + "\n"


def as_markdown(difference: Difference, lowered: Sequence[str]) -> str:
    """Write a difference as Markdown: headings and nested lists."""
    lines = []
    for indent, text in _lines(difference, lowered):
        if indent == 0:
            lines += ["", f"### {text}" if text.isupper() else text, ""] if text else []
        else:
            lines.append(f"{'  ' * (indent - 1)}- {_escaped(text)}")
    return "\n".join(lines).strip() + "\n"


def _lines(difference: Difference, lowered: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Go through the lines of a difference, each with how deep it stands."""
    old, new = difference.old, difference.new
    yield 0, "WHO GETS ANOTHER RESULT"
    if not difference.clinical:
        yield 1, "Nobody: all answers lead to the same tier and to the same conditions."
    for change, causes in zip(difference.clinical, difference.causes, strict=True):
        yield from _change(change, causes, old, new)
    yield 0, ""
    yield 0, "CASES"
    told = f"{difference.cases_compared} compared, {len(difference.cases)} with another result."
    yield 1, told if difference.cases_compared else "None compared."
    for case in difference.cases:
        yield 1, f"{case.id}: {_told(case.before, old)} -> {_told(case.after, new)}"
    yield 0, ""
    yield 0, "TERMS"
    if not difference.terms:
        yield 1, "Nothing has changed."
    for term in difference.terms:
        yield from _term(term)
    if lowered:
        yield 0, ""
        yield 0, "LOWER WITHOUT LEAVE"
        for flag in lowered:
            yield 1, f"{flag}: some people come to a lower tier; if that is meant, add --allow-lower {flag}"


def _change(change: ClinicalChange, causes: Sequence[Cause], old: Version, new: Version) -> Iterator[tuple[int, str]]:
    yield 1, f"{_DIRECTIONS[change.direction]}: {_told(change.before, old)} -> {_told(change.after, new)}"
    for product in change.answers:
        yield 2, f"whoever answers {_product(product)}"
    if change.only_asked_in:
        yield 2, f"(only the {change.only_asked_in} version asks all of this)"
    for cause in causes:
        yield 2, f"{'+' if cause.is_new else '-'} {cause.text}"


def _told(outcome: Outcome, version: Version) -> str:
    knowledge = version.model.knowledge
    conditions = ", ".join(knowledge.conditions[each].label for each in outcome.conditions)
    if outcome.is_refused:
        proven = f"; the other answers prove {outcome.tier.label}" if outcome.tier.rank else ""
        return f"refused as contradictory{proven}"
    return f"{outcome.tier.label}{f' ({conditions})' if conditions else ''}"


def _product(product: Product) -> str:
    """Write a product as `pain-severity: severe or very-severe, and fever: yes`; of a number within limits, both."""
    limits: dict[str, dict[str, int]] = {}
    parts = []
    for choice in in_order(product):
        if len(choice) == 1 and choice[0].relation != "is":
            limits.setdefault(choice[0].question, {})[choice[0].relation] = int(choice[0].value)
        else:
            parts.append(_choice(choice))
    return ", and ".join([*(_number(question, within) for question, within in limits.items()), *parts])


def _choice(choice: Sequence[Atom]) -> str:
    texts = [atom_text(atom) for atom in choice]
    if len({atom.question for atom in choice}) == 1:
        return " or ".join([texts[0], *(text.removeprefix(f"{choice[0].question}: ") for text in texts[1:])])
    return f"any of ({'; '.join(texts)})"


def _number(question: str, within: Mapping[str, int]) -> str:
    lowest, above = within.get("at least"), within.get("below")
    if lowest is None or above is None:
        return f"{question}: {f'below {above}' if lowest is None else f'at least {lowest}'}"
    return f"{question}: {lowest}" if above == lowest + 1 else f"{question}: {lowest} to {above - 1}"


def _term(term: TermChange) -> Iterator[tuple[int, str]]:
    yield 1, f"{sentence(term.kind)}: {term.label} <{term.iri}>"
    if term.kind in ("added", "removed"):
        return
    for sign, statements in (("-", term.removed), ("+", term.added)):
        for statement in statements:
            yield 2, f"{sign} {textwrap.shorten(statement.text, _STATEMENT_WIDTH, placeholder=' ...')}"


def _version(version: Version) -> dict[str, str]:
    knowledge = version.model.knowledge
    return {"name": version.name, "version": knowledge.version, "sha256": knowledge.sha256}


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in "\\`*_[]<>#" else character for character in text)
