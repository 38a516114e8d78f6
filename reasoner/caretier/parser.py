"""What the command line understands: each command with its options, and the function that does it."""

from __future__ import annotations

import argparse

from caretier import commands, shared_options
from caretier.result import SOFTWARE
from caretier.terminal import page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_EPILOG = """caretier is not a medical device and gives no diagnosis. If you are worried about your health,
ask a doctor; in an emergency call your emergency number."""


class _Parser(argparse.ArgumentParser):
    """A parser that knows how wide to write, so that argparse need not import what finds it out."""

    def _get_formatter(self) -> argparse.HelpFormatter:
        return argparse.HelpFormatter(self.prog, width=page()[0])


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = _Parser(
        prog="caretier",
        description="From a person's answers to a care tier, with the proof.",
        epilog=_EPILOG,
    )
    made.add_argument("--version", action="version", version=f"caretier {SOFTWARE}")
    subcommands = made.add_subparsers(prog="caretier", title="commands", metavar="COMMAND", required=True)

    assess = subcommands.add_parser(
        "assess",
        help="assess answers and say which care they call for",
        description="Assess answers: say how soon care is needed, why, and what is still open.",
        epilog='Answers are JSON or YAML such as {"answers": {"<question id>": true}}, a FHIR QuestionnaireResponse '
        "as JSON, or RDF. `caretier questions` lists the question ids.",
    )
    assess.add_argument("files", nargs="+", metavar="FILE", help="a file of answers; - reads standard input")
    assess.add_argument("--format", choices=["text", "json", "turtle", "jsonld"], default="text", help="default: text")
    assess.add_argument(
        "--engine",
        choices=["model", "reference"],
        help="default: the decision model where it can speak, else the reference reasoner",
    )
    assess.add_argument(
        "--explain", action="store_true", help="also say why not, and what would change the result (text and json)"
    )
    shared_options.decision_log(assess)
    shared_options.language(assess)
    shared_options.time_limit(assess)
    shared_options.ontology(assess)
    assess.set_defaults(run=commands.assess)

    questions = subcommands.add_parser(
        "questions",
        help="list the questions",
        description="List every question with its id and the answers it allows. csv is the data dictionary: each "
        "column of a table for `caretier cohort`, the values it may hold, and what they stand for in the ontology.",
    )
    questions.add_argument("--format", choices=["text", "json", "csv"], default="text", help="default: text")
    shared_options.language(questions)
    shared_options.ontology(questions)
    questions.set_defaults(run=commands.questions)

    interview = subcommands.add_parser(
        "interview",
        help="ask in the terminal, best question first",
        description="Ask the questions that matter, best first, and stop as soon as no further answer can raise the "
        "result or an emergency is proven. Nothing is stored.",
        epilog="At each question: ? asks for help, d is don't know, b goes back, q ends with the result so far.",
    )
    interview.add_argument("--save", metavar="FILE", help="write the answers to a JSON file at the end")
    shared_options.language(interview)
    shared_options.time_limit(interview)
    shared_options.ontology(interview)
    interview.set_defaults(run=commands.interview)

    table = subcommands.add_parser(
        "table",
        help="print the decision table for review",
        description="Print the whole decision table: every tier, red flag and minimal set of answers, with sources.",
        epilog="csv has a row for each minimal set, html is one page to read or print; both also give the smallest "
        "changes that move the tier.",
    )
    table.add_argument("--format", choices=["text", "csv", "html"], default="text", help="default: text")
    shared_options.time_limit(table)
    shared_options.ontology(table)
    table.set_defaults(run=commands.table)

    schema = subcommands.add_parser(
        "schema",
        help="print the JSON Schema of answers or results",
        description="Print the JSON Schema (2020-12) of answers documents or of results.",
    )
    schema.add_argument("of", choices=["answers", "result"])
    shared_options.time_limit(schema)
    shared_options.ontology(schema)
    schema.set_defaults(run=commands.schema)

    serving = subcommands.add_parser(
        "serve",
        help="serve over HTTP",
        description="Serve over HTTP: assessments, the questionnaire, the web interview, SPARQL. Nothing is stored, "
        "unless --decision-log asks for it.",
        epilog="Every setting, the limits among them, can be given as an environment variable, such as "
        "CARETIER_BODY_BYTES; docs/deployment.md lists them.",
    )
    serving.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, which only this machine can reach")
    serving.add_argument(
        "--port", type=shared_options.port, default=8000, help="default: 8000; 0 takes any that is free"
    )
    serving.add_argument("--emergency-number", metavar="NUMBER", help="default: 911")
    serving.add_argument(
        "--cors-origin", metavar="ORIGIN", action="append", help="an origin whose web pages may use the service"
    )
    serving.add_argument("--public-url", metavar="URL", help="where people reach the service")
    serving.add_argument("--root-path", metavar="PATH", help="the path under which a reverse proxy shows it")
    serving.add_argument(
        "--data", "--dataset", dest="dataset", metavar="FOLDER",
        help="what SPARQL queries may ask as well: a knowledge graph that `caretier graph build` made, or files of RDF",
    )  # fmt: skip
    shared_options.decision_log(serving)
    shared_options.ontology(serving)
    serving.set_defaults(run=_serve)

    compiling = subcommands.add_parser(
        "compile",
        help="compile the decision model of an ontology and prove it",
        description="Compile the decision model: ask the reasoner about every point that settles what each red flag "
        "depends on, and write decision-model.json beside the root, with the certificate.",
    )
    compiling.add_argument(
        "--verify", action="store_true", help="change nothing; prove the model there is, exit 1 if anything differs"
    )
    shared_options.time_limit(compiling)
    shared_options.ontology(compiling)
    compiling.set_defaults(run=lambda options: _upkeep().compile_ontology(options))

    comparing = subcommands.add_parser(
        "diff",
        help="say what an edit of the ontology changes, and for whom",
        description="Compare two versions of an ontology: which answers now lead to a higher or lower tier, to other "
        "conditions or to a refusal, which axiom did it, which cases change, and which terms. It is exact: found from "
        "the decision models of both, which are compiled where there is none that fits. Exits 1 when somebody comes to "
        "a lower tier.",
        epilog="Example: caretier diff main . --format markdown",
    )
    comparing.add_argument("old", metavar="OLD", help="a folder, the root file of an ontology, or a git revision")
    comparing.add_argument("new", metavar="NEW", help="the same for the version after the edit")
    comparing.add_argument("--format", choices=["text", "markdown", "json"], default="text", help="default: text")
    comparing.add_argument(
        "--allow-lower", metavar="RED_FLAG", action="append", default=[],
        help="the id of a red flag whose people may come to a lower tier; may be given more than once",
    )  # fmt: skip
    comparing.add_argument(
        "--cases", metavar="FILE",
        help="cases to compare: lines of JSON with id and answers; default: tests/ontology/vignettes.jsonl of NEW",
    )  # fmt: skip
    comparing.add_argument(
        "--ontology", metavar="ROOT", help="the root file within OLD and NEW; default: the one that is there"
    )
    shared_options.time_limit(comparing)
    comparing.set_defaults(run=_compare)

    replaying = subcommands.add_parser(
        "replay",
        help="run the records of a decision log again, on any knowledge",
        description="Run the records of a decision log again and report what changed: whose tier is lower or higher, "
        "other conditions, red flags and ceilings, and answers that this knowledge does not know, which are left out. "
        "By the knowledge that made a record, it has to be reproduced exactly.",
        epilog="Exits 3 when the same knowledge comes to another result than a record says; 1 when a tier is "
        "lower or a line could not be run again; else 0. json and html name every record that did not stay the same. "
        "Example: caretier replay decisions --ontology edited/ontology/back-pain.ttl",
    )
    replaying.add_argument(
        "log", nargs="+", metavar="LOG", help="a folder that was given to --decision-log, or files in it"
    )
    replaying.add_argument(
        "--id", metavar="ID", action="append", default=[],
        help="only the record with this id, or of the assessment that the application called so; may be repeated",
    )  # fmt: skip
    replaying.add_argument(
        "--engine",
        choices=["model", "reference"],
        help="default: the decision model where there is one that fits, else the reference reasoner, which takes long",
    )
    replaying.add_argument("--format", choices=["text", "json", "html"], default="text", help="default: text")
    shared_options.time_limit(replaying)
    shared_options.ontology(replaying)
    replaying.set_defaults(run=_replay)

    cohort = subcommands.add_parser(
        "cohort",
        help="assess a table of many people",
        description="Assess a table: one row a person, one column a question id beside an id. Every row comes back in "
        "its place with id, tier, ceiling, conditions and error; docs/cohorts.md says more.",
        epilog="IN is Parquet, CSV, NDJSON or FHIR QuestionnaireResponses as NDJSON: one file, a pattern or a folder; "
        "OUT is Parquet (.parquet), CSV (.csv) or N-Quads (.nq).",
    )
    cohort.add_argument("source", metavar="IN")
    cohort.add_argument("target", metavar="OUT")
    cohort.add_argument("--map", metavar="FILE", help="which column answers which question, with values and units")
    cohort.add_argument(
        "--keep", metavar="COLUMN", action="append", default=[],
        help="carry a column through to the result; may be given more than once, or several with commas",
    )  # fmt: skip
    cohort.add_argument("--explain", action="store_true", help="add the red flags and the answers that decided")
    cohort.add_argument("--report", metavar="FILE", help="write a page of HTML with figures; includes --explain")
    cohort.add_argument(
        "--against", metavar="RESULTS", help="earlier results of the same table, to compare in the report"
    )
    cohort.add_argument(
        "--suppress-below",
        metavar="N",
        type=shared_options.count,
        default=0,
        help="leave counts below N out of the report, and round the others",
    )
    cohort.add_argument("--backend", choices=["duckdb", "spark"], default="duckdb", help="default: duckdb")
    shared_options.ontology(cohort)
    cohort.set_defaults(run=_cohort)

    query = subcommands.add_parser(
        "query",
        help="run a SPARQL query over the ontology and assessed answers",
        description="Run a read-only SPARQL query over the ontology, its mappings, and any answers given.",
        epilog="Example: caretier query care-tiers",
    )
    query.add_argument("query", nargs="?", help="a file, the name of a query that comes with the ontology, or SPARQL")
    query.add_argument("files", nargs="*", metavar="FILE", help="answers to assess first; - reads standard input")
    elsewhere = query.add_mutually_exclusive_group()
    elsewhere.add_argument("--data", metavar="FOLDER", help="a knowledge graph that `caretier graph build` made")
    elsewhere.add_argument("--endpoint", metavar="URL", help="another server of SPARQL 1.1, which is asked over HTTP")
    query.add_argument("--list", action="store_true", help="list the queries that come with the ontology")
    query.add_argument(
        "--format", choices=["table", "csv", "tsv", "json", "xml"], default="table", help="default: table"
    )
    shared_options.time_limit(query)
    shared_options.ontology(query)
    query.set_defaults(run=commands.query)

    graph = subcommands.add_parser(
        "graph",
        help="make a knowledge graph, or export it",
        description="Make a knowledge graph on disk: the ontology, what follows from it, its mappings, and assessments "
        "with what they rest on, each in a named graph; `caretier query --data` and `caretier serve --data` use it.",
    )
    actions = graph.add_subparsers(title="actions", metavar="ACTION", required=True)
    building = actions.add_parser(
        "build",
        help="make one in a new folder",
        description="Make a knowledge graph in a new folder, of answers that are assessed first, and of N-Quads.",
        epilog="Example: caretier graph build people answers.json results.nq",
    )
    building.add_argument("folder", metavar="FOLDER", help="a folder that is not there yet")
    building.add_argument("files", nargs="*", metavar="FILE", help="answers to assess, or .nq of `caretier cohort`")
    shared_options.time_limit(building)
    shared_options.ontology(building)
    building.set_defaults(run=lambda options: _graphs().build(options))
    exporting = actions.add_parser(
        "export",
        help="write one as N-Quads",
        description="Write a knowledge graph as N-Quads, which any server of SPARQL 1.1 can load.",
    )
    exporting.add_argument("folder", metavar="FOLDER", help="the folder of the knowledge graph")
    exporting.add_argument("target", metavar="FILE", help="a file to write, such as people.nq")
    exporting.set_defaults(run=lambda options: _graphs().export(options))

    evaluating = subcommands.add_parser(
        "evaluate",
        help="evaluate the knowledge on vignettes",
        description="Assess vignettes (people with what may be concluded of them) and measure how well: accuracy, "
        "under- and over-triage, safety of advice, emergencies found, with exact bounds; and what no vignette "
        "exercises. Exits 1 when a vignette whose wording leaves one reading is not as expected.",
        epilog="A vignette is a line of JSON with id, answers, expected (tier_at_least, tier_at_most, conditions, "
        "may_also), clarity (clear or arguable), and ratings of other readers if there are any; docs/evaluation.md "
        "tells more.",
    )
    evaluating.add_argument("vignettes", metavar="VIGNETTES", help="a file of vignettes, one a line")
    evaluating.add_argument("--format", choices=["text", "json", "html"], default="text", help="default: text")
    shared_options.time_limit(evaluating)
    shared_options.ontology(evaluating)
    evaluating.set_defaults(run=_evaluate)

    check = subcommands.add_parser(
        "check",
        help="check an ontology and its shapes",
        description="Check all that an editor must pass: files and imports, OWL 2 DL, consistency, satisfiability, "
        "house rules, monotone rules, coverage. Exits 1 when there is an error; warnings and notes alone exit 0.",
        epilog="json is an object for other programs: ontology, how many errors, warnings and notes, and complaints, "
        "in the order of the text. A complaint has file, term (an IRI or null), label, rule, severity (error, warning, "
        "note), message (what is wrong), why (that matters), remedy (what to do in Protégé) and axioms (the fewest "
        "that contradict each other, in words).",
    )
    check.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    check.add_argument("--strict", action="store_true", help="also exit 1 when there is a warning")
    shared_options.time_limit(check)
    shared_options.ontology(check)
    check.set_defaults(run=lambda options: _upkeep().check_ontology(options))

    formatting = subcommands.add_parser(
        "format",
        help="write Turtle files in their one canonical form",
        description="Rewrite Turtle files in place in their one canonical form. RDF/XML is read as well: its Turtle is "
        "written beside it, unless another ontology stands there. Comments get lost, and a warning names them.",
    )
    formatting.add_argument("paths", nargs="*", metavar="FILE|FOLDER", help="default: ontology/ and shapes/")
    formatting.add_argument("--check", action="store_true", help="change nothing; exit 1 if a file is not canonical")
    formatting.set_defaults(run=lambda options: _upkeep().format_files(options))

    releasing = subcommands.add_parser(
        "release",
        help="write all that is released of an ontology",
        description="Check an ontology and write into a new folder: the ontology with its imports as one, as stated "
        "and with what the reasoner finds, each as Turtle, RDF/XML and JSON-LD; a page of all terms; the mappings as "
        "SSSOM; the decision table and model; JSON Schemas; checksums. The same knowledge gives the same bytes.",
    )
    releasing.add_argument("folder", metavar="FOLDER", help="a folder that is not there yet, or is empty")
    shared_options.time_limit(releasing)
    shared_options.ontology(releasing)
    releasing.set_defaults(run=lambda options: _upkeep().release(options))
    return made


def _serve(options: argparse.Namespace) -> int:
    """Import what serving needs when it is asked for."""
    from caretier.serving import serve

    return serve(options)


def _cohort(options: argparse.Namespace) -> int:
    """Import what tables need when one is given."""
    from caretier.cohort_command import assess_cohort

    return assess_cohort(options)


def _compare(options: argparse.Namespace) -> int:
    """Import what comparing needs when it is asked for."""
    from caretier.comparing import compare_versions

    return compare_versions(options)


def _replay(options: argparse.Namespace) -> int:
    """Import what replaying needs when it is asked for."""
    from caretier.replaying import replay_log

    return replay_log(options)


def _graphs() -> ModuleType:
    """Import the commands for knowledge graphs when one of them is asked for."""
    from caretier import graph_command

    return graph_command


def _evaluate(options: argparse.Namespace) -> int:
    """Import what evaluating needs when it is asked for."""
    from caretier.evaluating import evaluate

    return evaluate(options)


def _upkeep() -> ModuleType:
    """Import the commands that stand on RDF when one of them is asked for."""
    from caretier import upkeep

    return upkeep
