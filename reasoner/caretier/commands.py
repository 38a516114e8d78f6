"""What each command does; every function takes the options that the command line read and returns the exit code."""

from __future__ import annotations

import sys

from caretier.errors import QueryError, UnreadableInputError
from caretier.knowledge_base import load
from caretier.limits import DEFAULT_TIME_LIMIT, MAXIMUM_BYTES
from caretier.progress import progress
from caretier.terminal import page

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from caretier.decision_log import DecisionLog
    from caretier.decisions import Decision
    from caretier.knowledge_base import KnowledgeBase
    from caretier.query import Found, Query
    from caretier.result import Result


def assess(options: argparse.Namespace) -> int:
    """Assess files of answers and print the results; 2 when a decision log that was asked for does not have them."""
    from caretier.decisions import Desk
    from caretier.intake import UnusableInputsError, assess_files, require_apart

    kb = _load(options)
    if options.engine is None:
        _say_who_answers(kb)
    if options.explain and options.format not in ("text", "json"):
        raise UnreadableInputError("--explain goes with --format text or json.")
    log, desk = _decision_log(options.decision_log), Desk(kb)
    try:
        results = assess_files(desk, options.files, progress, options.engine)
        if options.format in ("turtle", "jsonld"):
            require_apart(results)
    except UnusableInputsError:
        desk.forget_results()
        raise
    finally:
        is_recorded = log is None or _record(log, desk.decisions)
    _print_results(kb, results, options)
    return 0 if is_recorded else 2


def _decision_log(folder: str | None) -> DecisionLog | None:
    """Make a decision log ready, if a folder is named; DecisionLogError where nothing can be recorded there."""
    if not folder:
        return None
    from pathlib import Path

    from caretier.decision_log import DecisionLog

    log = DecisionLog(Path(folder))
    log.prepare()
    return log


def _record(log: DecisionLog, decisions: Sequence[Decision]) -> bool:
    """Record decisions, and say whether that was done; where it fails that is told, and costs nobody the result."""
    try:
        for decision in decisions:
            log.append(decision.to_dict())
    except OSError as error:
        told = f"caretier: not all of this is in the decision log {log.folder}: {error.strerror or error}."
        print(told, file=sys.stderr)
        return False
    return True


def _print_results(kb: KnowledgeBase, results: Sequence[Result], options: argparse.Namespace) -> None:
    if options.format in ("turtle", "jsonld"):
        from caretier.assessments import results_graph
        from caretier.rdf_documents import render_rdf

        print(render_rdf(results_graph(results, kb.knowledge), options.format), end="")
        return
    explanations = [kb.explain(result.answers.values) if options.explain else None for result in results]
    if options.format == "json":
        import json

        data = [
            result.to_dict() | ({"explanation": explanation.to_dict()} if explanation else {})
            for result, explanation in zip(results, explanations, strict=True)
        ]
        single = len(options.files) == 1 and len(data) == 1
        print(json.dumps(data[0] if single else data, indent=2, ensure_ascii=False))
        return
    from caretier.presentation import present

    width, color = page()
    pages = [
        present(result, explanation, width=width, color=color)
        for result, explanation in zip(results, explanations, strict=True)
    ]
    print("\n".join(pages), end="")


def interview(options: argparse.Namespace) -> int:
    """Ask in the terminal."""
    from pathlib import Path

    from caretier.terminal_interview import hold

    kb = _load(options)
    _say_who_answers(kb)
    return hold(kb, Path(options.save) if options.save is not None else None)


def table(options: argparse.Namespace) -> int:
    """Print the decision table."""
    kb = _load(options)
    certificate = kb.model.certificate if kb.model else None
    if options.format == "csv":
        from caretier.table_csv import table_csv

        print(table_csv(kb.knowledge, certificate), end="")
    elif options.format == "html":
        from caretier.table_html import table_html

        print(table_html(kb.knowledge, certificate), end="")
    else:
        from caretier.table_text import table_text

        print(table_text(kb.knowledge, certificate, width=page()[0]), end="")
    return 0


def schema(options: argparse.Namespace) -> int:
    """Print the JSON Schema of answers or results."""
    import json

    from caretier.schemas import answers_schema, result_schema

    kb = _load(options)
    told = answers_schema(kb.questionnaire) if options.of == "answers" else result_schema(kb.knowledge)
    print(json.dumps(told, indent=2, ensure_ascii=False))
    return 0


def questions(options: argparse.Namespace) -> int:
    """List the questions."""
    kb = _load(options)
    if options.format == "json":
        import json

        print(json.dumps([question.to_dict() for question in kb.questions], indent=2, ensure_ascii=False))
        return 0
    if options.format == "csv":
        from caretier.data_dictionary import data_dictionary

        print(data_dictionary(kb.questionnaire, kb.codes), end="")
        return 0
    for group in kb.questionnaire.groups:
        print(f"{group.label}")
        for question in kb.questions:
            if question.group == group.id:
                print(f"  {question.id}: {question.text}\n      {question.allowed(kb.questionnaire.language)}")
        print()
    return 0


def query(options: argparse.Namespace) -> int:
    """Run a SPARQL query."""
    from caretier.decisions import Desk
    from caretier.intake import assess_files, require_apart
    from caretier.query import Limits, Query
    from caretier.sparql_process import run_query_within
    from caretier.sparql_store import queryable, shipped_queries

    kb = _load(options)
    shipped = shipped_queries(kb.ontology)
    if options.list:
        width = max((len(query.name) for query in shipped), default=0)
        for query in shipped:
            print(f"{query.name.ljust(width)}  {query.question}")
        return 0
    if options.query is None:
        raise QueryError(
            "Give a query: a file, a name from `caretier query --list`, or SPARQL; - reads standard input."
        )
    text = next((query.text for query in shipped if query.name == options.query), None) or _query_text(options.query)
    given = Query(text, dict(_prefixes(kb)), solutions=options.format)
    if options.endpoint is not None or options.data is not None:
        if options.files:
            raise QueryError("Answers to assess go with the ontology alone, not with --data or --endpoint.")
        found = _asked_elsewhere(options, given)
    else:
        results = assess_files(Desk(kb), options.files, progress) if options.files else []
        require_apart(results)
        store = queryable(kb.ontology, [result.to_graph() for result in results])
        with progress("querying"):
            found = run_query_within(store, given, Limits(options.time_limit))
    print(found.content.decode(), end="")
    return 0


def _asked_elsewhere(options: argparse.Namespace, given: Query) -> Found:
    """Put a query to a knowledge graph on disk, or to another server."""
    with progress("querying"):
        if options.endpoint is not None:
            from caretier.sparql_endpoint import ask

            return ask(options.endpoint, given, options.time_limit)
        from pathlib import Path

        from caretier.knowledge_graph import open_graph
        from caretier.query import Limits
        from caretier.sparql_process import run_query_within

        return run_query_within(open_graph(Path(options.data)), given, Limits(options.time_limit))


def _query_text(argument: str) -> str:
    if argument == "-":
        return _bounded(sys.stdin.buffer.read(MAXIMUM_BYTES + 1)).decode("utf-8", "replace")
    if any(character in argument for character in "{\n"):
        return argument
    try:
        with open(argument, "rb") as file:
            return _bounded(file.read(MAXIMUM_BYTES + 1)).decode("utf-8")
    except FileNotFoundError:
        raise QueryError(
            f'"{argument}" is no file, no query that comes with the ontology (see --list) and no SPARQL.'
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"{argument} cannot be read: {error}.") from None


def _bounded(content: bytes) -> bytes:
    if len(content) > MAXIMUM_BYTES:
        raise QueryError(f"The query has more than {MAXIMUM_BYTES:,} bytes; it would be cut off.")
    return content


def _prefixes(kb: KnowledgeBase) -> Iterator[tuple[str, str]]:
    from caretier.extraction import Reader, prefixes

    yield from prefixes(Reader(kb.ontology.graph))


def _load(options: argparse.Namespace) -> KnowledgeBase:
    kb = load(options.ontology, time_limit=getattr(options, "time_limit", DEFAULT_TIME_LIMIT))
    return kb.in_language(getattr(options, "lang", kb.languages[0]))


def _say_who_answers(kb: KnowledgeBase) -> None:
    if kb.model is None:
        print(
            "caretier: no decision model fits these files, so the reference reasoner answers, which takes seconds; "
            "`caretier compile` makes one.",
            file=sys.stderr,
        )
