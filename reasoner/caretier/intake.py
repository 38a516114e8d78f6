"""Files and standard input read as assessments and assessed together, all or none."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from caretier.assessment import Assessment
from caretier.documents import format_of, parse, read_file
from caretier.errors import CaretierError, InputError, InvalidAnswersError, UnreadableInputError, visible
from caretier.limits import MAXIMUM_BYTES
from caretier.result import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from caretier.decisions import Desk
    from caretier.knowledge_base import Engine

    Progress = Callable[[str], AbstractContextManager[Callable[[str], None]]]
    """Shows that work named by a text goes on, for as long as the context lasts."""


class UnusableInputsError(CaretierError):
    """Carries what is wrong with several inputs, a line each."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))


def assess_files(desk: Desk, files: Sequence[str], progress: Progress, engine: Engine | None = None) -> list[Result]:
    """Read and assess files; when one is unusable nothing comes back, but what is wrong with each is told."""
    assessments: list[Assessment] = []
    names: list[str] = []
    wrong: list[str] = []
    for file in files:
        name = "standard input" if file == "-" else visible(file)
        try:
            read = _read(desk, file)
        except InputError as error:
            wrong += _lines(name, error)
            continue
        assessments += read
        names += [name if len(read) == 1 else f"{name}: {each.answers.id or 'an assessment'}" for each in read]
    results: list[Result] = []
    if assessments:
        with progress(f"reasoning over {len(assessments)} assessment{'s' if len(assessments) > 1 else ''}"):
            outcomes = desk.assess(assessments, engine=engine)
        for name, outcome in zip(names, outcomes, strict=True):
            if isinstance(outcome, InputError):
                wrong += _lines(name, outcome)
            else:
                results.append(outcome)
    if wrong:
        raise UnusableInputsError(wrong)
    return results


def _read(desk: Desk, file: str) -> list[Assessment]:
    path = None if file == "-" else file
    if path is None and sys.stdin is None:
        raise UnreadableInputError("there is no standard input.")
    content = read_file(path) if path else sys.stdin.buffer.read(MAXIMUM_BYTES + 1)
    data = parse(content, format_of(path, content))
    if hasattr(data, "triples"):  # a graph; nothing in JSON or YAML has triples
        from caretier.assessments import from_graph

        return from_graph(data, desk.kb.questionnaire)
    if isinstance(data, dict) and "resourceType" in data:
        from caretier.fhir_response import read_response

        return [Assessment(desk.checked(lambda: read_response(data, desk.kb.knowledge)))]
    return [Assessment(desk.read(data))]


def _lines(name: str, error: InputError) -> list[str]:
    if isinstance(error, InvalidAnswersError):
        return [f"{name}: {line}" for line in str(error).splitlines()]
    return [f"{name}: {visible(str(error))}"]


def require_apart(results: Sequence[Result]) -> None:
    """Refuse an id given to two people, whose answers would become one in a graph."""
    ids = [result.id for result in results if result.id is not None]
    repeated = sorted({each for each in ids if ids.count(each) > 1})
    if repeated:
        raise UnusableInputsError(
            [
                f'The id "{visible(each)}" is given to two assessments; in RDF they would become one.'
                for each in repeated
            ]
        )
