"""The errors that caretier raises: one small tree, every message made for the person who reads it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from caretier.knowledge import CareTier
    from caretier.questionnaire import Answer


class CaretierError(Exception):
    """Report something that caretier cannot do; the root of all its errors."""


class KnowledgeError(CaretierError):
    """Report an ontology or its shapes that cannot be loaded or used."""


class KnowledgeChangedError(KnowledgeError):
    """Report that the files of a domain are not those any more that it was loaded from."""


class ReasonerError(CaretierError):
    """Report that the reasoner did not give an answer; never to be read as a low care tier."""


class JavaError(ReasonerError):
    """Report that no working Java was found."""


class ReasonerTimeoutError(ReasonerError):
    """Report that the reasoner was stopped at its time limit."""


class InconsistencyError(ReasonerError):
    """Report that what was given to the reasoner contradicts itself."""


class QueryError(CaretierError):
    """Report a SPARQL query that is refused or cannot be run."""


class QueryLimitError(QueryError):
    """Report that a query was stopped at a limit."""


class QueryFormError(QueryError):
    """Report that a query gives what the format asked for cannot hold: rows or a graph."""


class CohortError(CaretierError):
    """Report a cohort that could not be assessed as a whole; nothing was written."""


class InputError(CaretierError):
    """Report input that cannot be used; the root of all errors of answers."""


class UnreadableInputError(InputError):
    """Report input that is not in the format it claims to be, is too large or is empty."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the answers.

    `subjects` are the ids of the questions it is about, or the IRIs of terms where the answers came as RDF.
    """

    subjects: tuple[str, ...]
    message: str

    def __post_init__(self) -> None:
        """Keep the message on one line, whatever the input put into it."""
        object.__setattr__(self, "message", visible(self.message))


def visible(text: str) -> str:
    r"""Write characters that steer a terminal or hide themselves so that they can be seen.

    >>> print(visible("a\tb"))
    a\tb
    """
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else character
        for character in text
    )


class InvalidAnswersError(InputError):
    """Report answers that name an unknown question or option, or have a wrong type or range.

    `proven` is the care tier that the other answers prove all the same, or None; `readable` are the answers with which
    nothing is wrong.
    """

    def __init__(
        self,
        problems: tuple[Problem, ...],
        proven: CareTier | None = None,
        readable: Mapping[str, Answer] | None = None,
    ) -> None:
        super().__init__("\n".join(problem.message for problem in problems))
        self.problems = problems
        self.proven = proven
        self.readable = readable or {}

    def __str__(self) -> str:
        """Join the problems, led by what the other answers prove, so that no emergency hides behind a slip."""
        text = "\n".join(problem.message for problem in self.problems)
        if self.proven is None:
            return text
        return f"The other answers alone already mean: {self.proven.label}. {self.proven.advice}\n{text}"


class ContradictionError(InvalidAnswersError):
    """Report answers that cannot all be true."""
