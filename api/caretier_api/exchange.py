"""What goes in and out of the service as documents: the formats that are read and written, and what is done with them.

Each operation is a function of a desk, a document and two media types that gives a document. It knows nothing of HTTP;
it runs where the request came in when it is plain (nothing but the decision model is needed, and it takes
microseconds), or else in a process of `workers`. What it tells as decided is noted at the desk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from caretier.assessment import Assessment
from caretier.decisions import Desk, identifier_in
from caretier.documents import FORMATS, format_named, parse, parse_json
from caretier.errors import InputError, InvalidAnswersError, UnreadableInputError
from caretier.fhir import MEDIA_TYPE as FHIR
from caretier.fhir_response import read_response
from caretier.fhir_result import results_bundle
from caretier.interview import Step
from caretier.knowledge_base import KnowledgeBase
from caretier.questionnaire import Answers
from caretier.result import Constant, Result, plainly
from caretier_api import cds_calls
from caretier_api.problems import Problem, problem_of

if TYPE_CHECKING:
    from rdflib import Graph

JSON = "application/json"
STREAM = "application/x-ndjson"
"""The media type of many people's answers or results, a line of JSON each."""

_PLAIN_BYTES = 100_000
_PARTS = frozenset({"answers", "id", "date"})


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads assessments from documents of one media type; `is_plain` says for a document whether it is quick and safe.

    What is plain needs no RDF and takes microseconds.
    """

    read: Callable[[Desk, bytes], Sequence[Assessment]]
    is_plain: Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes results as a document of one media type; one that is plain needs no RDF and takes microseconds."""

    write: Callable[[KnowledgeBase, Sequence[Result]], bytes]
    is_plain: bool


def _read_json(desk: Desk, content: bytes) -> Sequence[Assessment]:
    data: Any = _read_quickly(content) or parse(content, format_named("json"))
    if hasattr(data, "triples"):  # JSON-LD; nothing in JSON has triples
        return _from_graph(desk.kb, data)
    return [Assessment(desk.read(data))]


def _read_quickly(content: bytes) -> object:
    """Read an answers document as nearly all are; None for any other, which then is read with all care.

    Where there are as many keys as colons, no key was given twice.
    """
    try:
        data = orjson.loads(content)
        keys = len(data) + len(data["answers"])
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return None
    return data if keys == content.count(b":") and data.keys() <= _PARTS else None


def _read_fhir(desk: Desk, content: bytes) -> Sequence[Assessment]:
    return [Assessment(desk.checked(lambda: read_response(parse_json(content), desk.kb.knowledge)))]


def _read_rdf(format_name: str) -> Reader:
    def read(desk: Desk, content: bytes) -> Sequence[Assessment]:
        return _from_graph(desk.kb, parse(content, format_named(format_name)))

    return Reader(read, lambda _content: False)


def _from_graph(kb: KnowledgeBase, graph: Graph) -> Sequence[Assessment]:
    from caretier.assessments import from_graph

    return from_graph(graph, kb.questionnaire)


def _is_plain_json(content: bytes) -> bool:
    return len(content) <= _PLAIN_BYTES and b'"@' not in content and b'"\\u0040' not in content


def _write_json(kb: KnowledgeBase, results: Sequence[Result]) -> bytes:
    told = [result.to_dict(_fragments_of(kb)) for result in results]
    return orjson.dumps(told[0] if len(told) == 1 else told)


def _fragments_of(kb: KnowledgeBase) -> Callable[[Constant], object]:
    """Return a function that writes each value of the knowledge once and remembers how: it is most of a result."""
    known = kb.remembered

    def fragment(value: Constant) -> object:
        found = known.get(id(value))
        if found is None:
            found = known[id(value)] = value, orjson.Fragment(orjson.dumps(plainly(value)))
        return found[1]

    return fragment


def _write_fhir(kb: KnowledgeBase, results: Sequence[Result]) -> bytes:
    return orjson.dumps(results_bundle(results, kb.codes))


def _write_rdf(format_name: str) -> Writer:
    def write(kb: KnowledgeBase, results: Sequence[Result]) -> bytes:
        from caretier.assessments import results_graph
        from caretier.rdf_documents import render_rdf

        return render_rdf(results_graph(results, kb.knowledge), format_name).encode()

    return Writer(write, is_plain=False)


_RDF = tuple(known for known in FORMATS if known.name not in ("json", "yaml"))

READERS: Mapping[str, Reader] = {
    JSON: Reader(_read_json, _is_plain_json),
    FHIR: Reader(_read_fhir, _is_plain_json),
    **{known.media_type: _read_rdf(known.name) for known in _RDF},
}
"""What is read, by media type."""

WRITERS: Mapping[str, Writer] = {
    JSON: Writer(_write_json, is_plain=True),
    FHIR: Writer(_write_fhir, is_plain=True),
    **{known.media_type: _write_rdf(known.name) for known in _RDF},
}
"""What is written, by media type, the one that is given when nothing else is asked for first."""


def assess(desk: Desk, content: bytes, given: str, wanted: str) -> bytes:
    """Assess a document of one or more assessments, all or none; raises what is wrong with them."""
    outcomes = desk.assess(READERS[given].read(desk, content))
    faults = [outcome for outcome in outcomes if isinstance(outcome, InputError)]
    if faults:
        desk.forget_results()
        raise _joined(faults)
    return WRITERS[wanted].write(desk.kb, [outcome for outcome in outcomes if isinstance(outcome, Result)])


def explain(desk: Desk, content: bytes, _given: str, _wanted: str) -> bytes:
    """Assess one person's answers and explain the result."""
    answers = _read_answers(desk, content)
    outcome = desk.assess([Assessment(answers)])[0]
    if isinstance(outcome, InputError):
        raise outcome
    return orjson.dumps(outcome.to_dict() | {"explanation": desk.kb.explain(answers.values).to_dict()})


def next_question(desk: Desk, content: bytes, _given: str, _wanted: str) -> bytes:
    """Say which screen of an interview comes next.

    The result so far is noted when it says something: at the end, or as soon as it is above the lowest tier.
    """
    answers, step = _step(desk, content)
    if step.screen is None or step.result.tier.rank > 0:
        desk.note(answers, step.result)
    return orjson.dumps(step.to_dict())


def stop(desk: Desk, content: bytes, _given: str, _wanted: str) -> bytes:
    """Say where an interview stands that a person stops to see the result so far."""
    answers, step = _step(desk, content)
    desk.note(answers, step.result)
    return orjson.dumps(step.to_dict())


def _step(desk: Desk, content: bytes) -> tuple[Answers, Step]:
    answers = _read_answers(desk, content)
    try:
        return answers, desk.kb.interview().next(answers.values)
    except InputError as error:
        desk.note(answers, error)
        raise


def assess_lines(desk: Desk, content: bytes, _given: str, _wanted: str) -> bytes:
    """Assess many people in one run, an answers document a line; an unusable line has its error in its place."""
    read = [_read_line(desk, line) for line in content.split(b"\n")]
    outcomes = iter(desk.assess([each for each, _ in read if isinstance(each, Assessment)]))
    lines = []
    for each, identifier in read:
        outcome = next(outcomes) if isinstance(each, Assessment) else each
        if isinstance(outcome, Result):
            lines.append(_write_json(desk.kb, [outcome]))
        else:
            lines.append(failed_line(identifier, problem_of(outcome)))
    return b"".join(line + b"\n" for line in lines)


def failed_line(identifier: str | None, problem: Problem) -> bytes:
    """Write the line of a person whose answers could not be assessed."""
    return orjson.dumps({"id": identifier, "error": problem.to_dict()})


OPERATIONS: Mapping[str, Callable[[Desk, bytes, str, str], bytes]] = {
    "assess": assess,
    "assess-lines": assess_lines,
    "explain": explain,
    "next-question": next_question,
    "stop": stop,
    cds_calls.COMPLETED: cds_calls.completed,
    cds_calls.VIEWED: cds_calls.viewed,
    "feedback": cds_calls.feedback,
}
"""What can be done with a document, by name."""


def is_plain(content: bytes, given: str, wanted: str) -> bool:
    """Say whether the decision model alone can do it, in microseconds; lines of a stream only have to be short."""
    if given == STREAM:
        return len(content) <= _PLAIN_BYTES
    return READERS[given].is_plain(content) and WRITERS[wanted].is_plain


def _read_line(desk: Desk, line: bytes) -> tuple[Assessment | InputError, str | None]:
    identifier = None
    try:
        data = parse_json(line)
        identifier = identifier_in(data)
        return Assessment(desk.read(data)), identifier
    except InputError as error:
        return error, identifier


def _read_answers(desk: Desk, content: bytes) -> Answers:
    """Read an answers document in JSON; RDF may say more than answers can, which would be lost here."""
    data = parse(content, format_named("json"))
    if hasattr(data, "triples"):
        raise UnreadableInputError('an answers document such as {"answers": {}} is needed here, not JSON-LD.')
    return desk.read(data)


def _joined(faults: Sequence[InputError]) -> InputError:
    """Make one error of those of several assessments; what one of them proves all the same goes with it."""
    if len(faults) == 1:
        return faults[0]
    problems = tuple(each for fault in faults if isinstance(fault, InvalidAnswersError) for each in fault.problems)
    for fault in faults:
        if isinstance(fault, InvalidAnswersError) and fault.proven is not None:
            return type(fault)(problems, fault.proven)
    return InvalidAnswersError(problems)
