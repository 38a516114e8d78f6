"""The command line: every error is one clear line on standard error, and the exit code says what happened.

0: done. 1: a check failed. 2: unusable input, or wrong usage.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from caretier.errors import CaretierError, QueryError, UnreadableInputError
from caretier.limits import DEFAULT_TIME_LIMIT, MAXIMUM_BYTES
from caretier.result import SOFTWARE

if TYPE_CHECKING:
    from rdflib import Graph

    from caretier.knowledge_base import KnowledgeBase

_EPILOG = """caretier is not a medical device and gives no diagnosis. If you are worried about your health,
ask a doctor; in an emergency call your emergency number."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    logging.getLogger("rdflib").setLevel(logging.CRITICAL)
    for stopping in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, stopping):
            signal.signal(getattr(signal, stopping), _terminated)
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        code = run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
    except CaretierError as error:
        for line in str(error).splitlines():
            print(f"caretier: {line}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except RecursionError:
        print("caretier: what was given is nested too deeply.", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"caretier: cannot read or write: {error.strerror or error}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("caretier: stopped.", file=sys.stderr)
        return 130
    return code


def _terminated(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(143)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="caretier",
        description="From answers about back pain to a care tier, with the proof.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"caretier {SOFTWARE}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    assess = commands.add_parser(
        "assess",
        help="assess answers and say which care they call for",
        description="Assess answers: say how soon care is needed, why, and what is still open.",
        epilog='Answers are JSON or YAML such as {"answers": {"<question id>": true}}, or RDF. '
        "`caretier questions` lists the question ids.",
    )
    assess.add_argument("files", nargs="+", metavar="FILE", help="a file of answers; - reads standard input")
    assess.add_argument("--format", choices=["text", "json", "turtle", "jsonld"], default="text", help="default: text")
    assess.add_argument("--engine", choices=["model", "reference"], default="reference", help="default: reference")
    _time_limit(assess)
    _ontology(assess)
    assess.set_defaults(run=_assess)

    questions = commands.add_parser(
        "questions",
        help="list the questions",
        description="List every question with its id and the answers it allows.",
    )
    questions.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    _ontology(questions)
    questions.set_defaults(run=_questions)

    query = commands.add_parser(
        "query",
        help="run a SPARQL query over the ontology and assessed answers",
        description="Run a read-only SPARQL query over the ontology, its mappings, and any answers given.",
        epilog="Example: caretier query care-tiers",
    )
    query.add_argument("query", nargs="?", help="a file, the name of a query that comes with the ontology, or SPARQL")
    query.add_argument("files", nargs="*", metavar="FILE", help="answers to assess first; - reads standard input")
    query.add_argument("--list", action="store_true", help="list the queries that come with the ontology")
    query.add_argument(
        "--format", choices=["table", "csv", "tsv", "json", "xml"], default="table", help="default: table"
    )
    _time_limit(query)
    _ontology(query)
    query.set_defaults(run=_query)

    check = commands.add_parser(
        "check",
        help="check an ontology and its shapes",
        description="Check all that an editor must pass: files and imports, OWL 2 DL, consistency, satisfiability, "
        "house rules, monotone rules, coverage. Exits 1 when something is wrong.",
    )
    check.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    _time_limit(check)
    _ontology(check)
    check.set_defaults(run=_check)

    formatting = commands.add_parser(
        "format",
        help="write Turtle files in their one canonical form",
        description="Rewrite Turtle files in place in their one canonical form.",
    )
    formatting.add_argument("paths", nargs="*", metavar="FILE|FOLDER", help="default: ontology/ and shapes/")
    formatting.add_argument("--check", action="store_true", help="change nothing; exit 1 if a file is not canonical")
    formatting.set_defaults(run=_format)
    return parser


def _ontology(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ontology", metavar="ROOT", help="the root file of an ontology; default: back pain")


def _time_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--time-limit",
        type=_seconds,
        default=DEFAULT_TIME_LIMIT,
        metavar="SECONDS",
        help="for each run of the reasoner; default: 600",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError("it has to be a number of seconds from above 0 to 86400")
    return seconds


def _assess(options: argparse.Namespace) -> int:
    from caretier.errors import KnowledgeError
    from caretier.intake import assess_files, require_apart

    if options.engine == "model":
        raise KnowledgeError("There is no decision model beside this ontology; use --engine reference.")
    kb = _load(options)
    results = assess_files(kb, options.files, _progress)
    if options.format in ("turtle", "jsonld"):
        require_apart(results)
    if options.format == "json":
        data = [result.to_dict() for result in results]
        single = len(options.files) == 1 and len(data) == 1
        print(json.dumps(data[0] if single else data, indent=2, ensure_ascii=False))
    elif options.format == "text":
        from caretier.presentation import present

        width = min(shutil.get_terminal_size((80, 24)).columns, 100)
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print("\n".join(present(result, width=width, color=color) for result in results), end="")
    else:
        print(_as_rdf(kb, [result.to_graph() for result in results], options.format), end="")
    return 0


def _as_rdf(kb: KnowledgeBase, graphs: Sequence[Graph], syntax: str) -> str:
    from caretier.assessments import bound_graph

    merged = bound_graph(kb.reference.knowledge)
    for graph in graphs:
        for prefix, namespace in graph.namespaces():
            merged.bind(prefix, namespace)
        merged += graph
    if syntax == "turtle":
        return merged.serialize(format="turtle")
    context = {prefix: str(namespace) for prefix, namespace in merged.namespaces() if prefix}
    return merged.serialize(format="json-ld", context=context, auto_compact=False) + "\n"


def _questions(options: argparse.Namespace) -> int:
    kb = _load(options)
    if options.format == "json":
        print(json.dumps([question.to_dict() for question in kb.questions], indent=2, ensure_ascii=False))
        return 0
    for group in kb.questionnaire.groups:
        print(f"{group.label}")
        for question in kb.questions:
            if question.group == group.id:
                print(f"  {question.id}: {question.text}\n      {question.allowed()}")
        print()
    return 0


def _query(options: argparse.Namespace) -> int:
    from caretier.intake import assess_files, require_apart
    from caretier.sparql import queryable, run_query_within, shipped_queries

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
    results = assess_files(kb, options.files, _progress) if options.files else []
    require_apart(results)
    graphs = [result.to_graph() for result in results]
    prefixes = dict(_prefixes(kb))
    store = queryable(kb.ontology, graphs)
    with _progress("querying"):
        found = run_query_within(store, text, prefixes, options.format, options.time_limit)
    print(found, end="")
    return 0


def _query_text(argument: str) -> str:
    if argument == "-":
        return sys.stdin.buffer.read(MAXIMUM_BYTES + 1).decode("utf-8", "replace")
    if any(character in argument for character in "{\n"):
        return argument
    try:
        with Path(argument).open("rb") as file:
            return file.read(MAXIMUM_BYTES + 1).decode("utf-8")
    except FileNotFoundError:
        raise QueryError(
            f'"{argument}" is no file, no query that comes with the ontology (see --list) and no SPARQL.'
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"{argument} cannot be read: {error}.") from None


def _prefixes(kb: KnowledgeBase) -> Iterator[tuple[str, str]]:
    from caretier.extraction import Reader, prefixes

    yield from prefixes(Reader(kb.ontology.graph))


def _check(options: argparse.Namespace) -> int:
    from caretier.curation import check
    from caretier.ontology import bundled_root

    root = Path(options.ontology) if options.ontology else bundled_root()
    with _progress("checking") as say:
        complaints = check(root, options.time_limit, say)
    errors = [complaint for complaint in complaints if complaint.severity == "error"]
    if options.format == "json":
        print(json.dumps([complaint.to_dict() for complaint in complaints], indent=2, ensure_ascii=False))
    else:
        for complaint in complaints:
            print(complaint)
        print(f"{root}: {len(errors)} errors, {len(complaints) - len(errors)} warnings")
    return 1 if errors else 0


def _format(options: argparse.Namespace) -> int:
    from caretier.files import replace_text
    from caretier.turtle import canonical

    here = [path for path in (Path("ontology"), Path("shapes")) if path.is_dir()]
    named = [Path(path) for path in options.paths] or here
    if not named:
        raise UnreadableInputError("There is no folder ontology/ or shapes/ here; name the files to format.")
    files = [file for path in named for file in (sorted(path.rglob("*.ttl")) if path.is_dir() else [path])]
    texts = {file: canonical(file) for file in files}
    changed = [file for file, text in texts.items() if file.read_bytes() != text.encode("utf-8")]
    for file in changed:
        if not options.check:
            replace_text(file.resolve(), texts[file])
        print(f"{'would be changed' if options.check else 'changed'}: {file}")
    return 1 if options.check and changed else 0


def _load(options: argparse.Namespace) -> KnowledgeBase:
    from caretier.knowledge_base import load

    return load(options.ontology, time_limit=getattr(options, "time_limit", DEFAULT_TIME_LIMIT))


@contextmanager
def _progress(what: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal, and only there, that work goes on and for how long."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    started = time.monotonic()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda step: progress.update(task, description=f"{what}: {step} ({time.monotonic() - started:.0f} s)")


if __name__ == "__main__":
    sys.exit(main())
