"""A result in words for a person at a terminal: the tier first, then what to do, then why, then what is still open."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from caretier.errors import visible
from caretier.language import Language
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
    return "\n".join(_Page(result.knowledge.language, width, color).lines(result, explanation)) + "\n"


def sentence(text: str) -> str:
    """Begin a label with a capital letter."""
    return text[:1].upper() + text[1:]


class _Page:
    """Writes one result; knows the language, the width and whether there is color."""

    def __init__(self, language: Language, width: int, color: bool) -> None:
        self._language = language
        self._width = width
        self._color = color

    def lines(self, result: Result, explanation: Explanation | None) -> Iterator[str]:
        language = self._language
        if result.id is not None:
            yield self._styled(_DIM, language("Assessment %(id)s", id=visible(result.id)))
        yield self._styled(self._tier_style(result), f" {self._title(result)} ")
        yield ""
        yield from self._wrapped(result.advice)
        if result.conditions:
            yield from self._heading(language("Why"))
            for condition in result.conditions:
                yield from self._condition(condition, result)
        yield from self._open(result)
        if explanation is not None:
            yield from self._explained(result, explanation)
        if result.notes:
            yield from self._heading(language("Please note"))
            for note in result.notes:
                yield from self._wrapped(note, "  ")
        yield from self._heading(language("Whatever the result"))
        yield from self._wrapped(result.knowledge.questionnaire.safety_net, "  ")
        yield from self._wrapped(
            language("This result is about how you are now. Do not rely on it if you get worse."), "  "
        )
        yield from self._wrapped(result.knowledge.questionnaire.disclaimer, "  ")
        yield ""
        yield self._styled(
            _DIM,
            language(
                "Knowledge %(version)s (%(digest)s), caretier %(software)s, engine: %(engine)s",
                version=result.knowledge.version,
                digest=result.knowledge.sha256[:12],
                software=result.software,
                engine=result.engine,
            ),
        )

    def _condition(self, condition: SuggestedCondition, result: Result) -> Iterator[str]:
        language, tier = self._language, result.knowledge.tier(condition.tier).label
        yield self._styled(_BOLD, f"  {sentence(condition.label)}") + f": {tier}"
        for found in condition.red_flags:
            yield from self._wrapped(found.red_flag.reason, "    ")
            told = "; ".join(reason.text for reason in found.because)
            if told:
                yield from self._wrapped(language("You told us: %(told)s.", told=told), "    ")
            for source in found.red_flag.sources:
                named = language("Source: %(source)s", source=source.text)
                yield from (self._styled(_DIM, line) for line in self._wrapped(named, "    "))
        if (said := condition.recommendation) is not None:
            yield from self._wrapped(language("What to do: %(advice)s", advice=said.advice), "    ")
            yield from self._wrapped(language("What will probably follow: %(course)s", course=said.course), "    ")
        yield ""

    def _open(self, result: Result) -> Iterator[str]:
        language = self._language
        if result.final:
            told = language("Nothing: no further answer can raise this result.")
            if result.tier.rank == 0 and not result.settled:
                for_whom = result.knowledge.asks_for_whom(result.answers.values)
                if for_whom is None:
                    return
                told = language("Whether these questions are meant for this person: %(asked)s", asked=for_whom.text)
            yield from self._heading(language("Still open"))
            yield from self._wrapped(told, "  ")
            return
        yield from self._heading(language("Still open"))
        yield from self._wrapped(
            language(
                'This result is not final. Questions still open could raise it to "%(tier)s".',
                tier=result.ceiling.label,
            ),
            "  ",
        )
        questions = result.knowledge.questionnaire.questions
        unknown = [each.answer_text for each in questions if result.answers.values.get(each.id, False) is None]
        if unknown:
            told = language("You did not know about: %(what)s. Ask again if you find out.", what="; ".join(unknown))
            yield from self._wrapped(told, "  ")
        shown = result.next_questions[:_OPEN_QUESTIONS_SHOWN]
        for following in shown:
            question = result.knowledge.questionnaire.by_id[following.id]
            yield from self._wrapped(f"{question.id}: {asked(question)}", "  - ", "    ")
        if len(result.next_questions) > len(shown):
            yield "  " + language("and %(number)s more.", number=len(result.next_questions) - len(shown))

    def _explained(self, result: Result, explanation: Explanation) -> Iterator[str]:
        """Write the axioms behind each red flag, every set of answers that shows it, why not, and what would raise."""
        from caretier.explanation import said

        language, questionnaire = self._language, result.knowledge.questionnaire
        for condition in result.conditions:
            for found in condition.red_flags:
                yield from self._heading(language("How we know: %(what)s", what=found.red_flag.label))
                for axiom in found.proof:
                    yield from self._wrapped(axiom.text, "  - ", "    ")
                    yield from (self._styled(_DIM, line) for line in self._wrapped(axiom.manchester, "      "))
                others = explanation.shown_by.get(found.red_flag.id, ())[1:]
                for reasons in others:
                    told = "; ".join(reason.text for reason in reasons)
                    yield from self._wrapped(language("It is shown by these answers too: %(told)s.", told=told), "  ")
        if explanation.why_not:
            yield from self._heading(language("Why not something else"))
            for each in explanation.why_not:
                yield from self._wrapped(each.text, "  - ", "    ")
        if explanation.raises:
            yield from self._heading(language("What would raise this result"))
            for change in explanation.raises:
                told = language(" and ").join(said(questionnaire, atom) for atom in change.answers)
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

    def _title(self, result: Result) -> str:
        """Name the tier; the lowest is never shown as settled while answers could raise it."""
        label = result.tier.label
        if result.tier.rank == 0 and not result.settled:
            label = self._language("Not settled yet (so far: %(tier)s)", tier=label)
        return label.upper()

    def _tier_style(self, result: Result) -> str:
        place = [tier.id for tier in result.knowledge.tiers].index(result.tier.id)
        return _CALM if result.tier.rank == 0 and result.settled else _COLORS[min(place, len(_COLORS) - 1)]


def asked(question: Question) -> str:
    """Return the words by which a question is asked when it stands alone."""
    return question.text
