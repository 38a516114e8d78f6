"""A result in words for a person at a terminal: the tier first, then what to do, then why, then what is still open."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from caretier.errors import visible
from caretier.questionnaire import Question
from caretier.result import Result, SuggestedCondition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from caretier.explanation import Explanation

_OPEN_QUESTIONS_SHOWN = 5
_BOLD, _DIM, _PLAIN = "\033[1m", "\033[2m", "\033[0m"
_COLORS = ("\033[1;37;41m", "\033[1;31m", "\033[1;33m", "\033[1;36m")
_CALM = "\033[1;32m"


def present(result: Result, explanation: Explanation | None = None, *, width: int = 80, color: bool = False) -> str:
    """Put a result into words, wrapped to a width, with color only if asked for."""
    return "\n".join(_Page(width, color).lines(result, explanation)) + "\n"


def sentence(text: str) -> str:
    """Begin a label with a capital letter."""
    return text[:1].upper() + text[1:]


class _Page:
    """Writes one result; knows the width and whether there is color."""

    def __init__(self, width: int, color: bool) -> None:
        self._width = width
        self._color = color

    def lines(self, result: Result, explanation: Explanation | None) -> Iterator[str]:
        if result.id is not None:
            yield self._styled(_DIM, f"Assessment {visible(result.id)}")
        yield self._styled(self._tier_style(result), f" {_title(result)} ")
        yield ""
        yield from self._wrapped(result.advice)
        if result.conditions:
            yield from self._heading("Why")
            for condition in result.conditions:
                yield from self._condition(condition, result)
        yield from self._open(result)
        if explanation is not None:
            yield from self._explained(result, explanation)
        if result.notes:
            yield from self._heading("Please note")
            for note in result.notes:
                yield from self._wrapped(note, "  ")
        yield from self._heading("Whatever the result")
        yield from self._wrapped(result.knowledge.questionnaire.safety_net, "  ")
        yield from self._wrapped(result.knowledge.questionnaire.disclaimer, "  ")
        yield ""
        version = f"Knowledge {result.knowledge.version} ({result.knowledge.sha256[:12]})"
        yield self._styled(_DIM, f"{version}, caretier {result.software}, engine: {result.engine}")

    def _condition(self, condition: SuggestedCondition, result: Result) -> Iterator[str]:
        tier = result.knowledge.tier(condition.tier).label
        yield self._styled(_BOLD, f"  {sentence(condition.label)}") + f": {tier}"
        for found in condition.red_flags:
            yield from self._wrapped(found.red_flag.reason, "    ")
            told = "; ".join(reason.text for reason in found.because)
            if told:
                yield from self._wrapped(f"You told us: {told}.", "    ")
            for source in found.red_flag.sources:
                yield from (self._styled(_DIM, line) for line in self._wrapped(f"Source: {source.text}", "    "))
        if condition.recommendation:
            yield from self._wrapped(f"What to do: {condition.recommendation.advice}", "    ")
            yield from self._wrapped(f"What will probably follow: {condition.recommendation.course}", "    ")
        yield ""

    def _open(self, result: Result) -> Iterator[str]:
        yield from self._heading("Still open")
        if result.final:
            yield from self._wrapped("Nothing: no further answer can raise this result.", "  ")
            return
        yield from self._wrapped(
            f'This result is not final. Questions still open could raise it to "{result.ceiling.label}".',
            "  ",
        )
        questions = result.knowledge.questionnaire.questions
        unknown = [each.answer_text for each in questions if result.answers.values.get(each.id, False) is None]
        if unknown:
            yield from self._wrapped(f"You did not know about: {'; '.join(unknown)}. Ask again if you find out.", "  ")
        shown = result.next_questions[:_OPEN_QUESTIONS_SHOWN]
        for following in shown:
            question = result.knowledge.questionnaire.by_id[following.id]
            yield from self._wrapped(f"{question.id}: {asked(question)}", "  - ", "    ")
        if len(result.next_questions) > len(shown):
            yield f"  and {len(result.next_questions) - len(shown)} more."

    def _explained(self, result: Result, explanation: Explanation) -> Iterator[str]:
        """Write the axioms behind each red flag, every set of answers that shows it, why not, and what would raise."""
        from caretier.explanation import said

        questionnaire = result.knowledge.questionnaire
        for condition in result.conditions:
            for found in condition.red_flags:
                yield from self._heading(f"How we know: {found.red_flag.label}")
                for axiom in found.proof:
                    yield from self._wrapped(axiom.text, "  - ", "    ")
                    yield from (self._styled(_DIM, line) for line in self._wrapped(axiom.manchester, "      "))
                others = explanation.shown_by.get(found.red_flag.id, ())[1:]
                for reasons in others:
                    told = "; ".join(reason.text for reason in reasons)
                    yield from self._wrapped(f"It is shown by these answers too: {told}.", "  ")
        if explanation.why_not:
            yield from self._heading("Why not something else")
            for each in explanation.why_not:
                yield from self._wrapped(each.text, "  - ", "    ")
        if explanation.raises:
            yield from self._heading("What would raise this result")
            for change in explanation.raises:
                told = " and ".join(said(questionnaire.by_id[atom.question], atom) for atom in change.answers)
                yield from self._wrapped(f"{told}: {result.knowledge.tier(change.tier).label}", "  - ", "    ")

    def _heading(self, text: str) -> Iterator[str]:
        yield ""
        yield self._styled(_BOLD, text)

    def _wrapped(self, text: str, first: str = "", following: str | None = None) -> list[str]:
        return textwrap.wrap(
            text,
            width=self._width,
            initial_indent=first,
            subsequent_indent=first if following is None else following,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def _styled(self, style: str, text: str) -> str:
        return f"{style}{text}{_PLAIN}" if self._color else text.strip() if style in (*_COLORS, _CALM) else text

    def _tier_style(self, result: Result) -> str:
        place = [tier.id for tier in result.knowledge.tiers].index(result.tier.id)
        return _CALM if result.tier.rank == 0 and result.settled else _COLORS[min(place, len(_COLORS) - 1)]


def _title(result: Result) -> str:
    """Name the tier; the lowest is never shown as settled while answers could raise it."""
    label = result.tier.label.upper()
    return label if result.tier.rank > 0 or result.settled else f"NOT SETTLED YET (SO FAR: {label})"


def asked(question: Question) -> str:
    """Return the words by which a question is asked when it stands alone."""
    return question.text
