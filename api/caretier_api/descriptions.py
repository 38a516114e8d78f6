"""What the OpenAPI document says of each operation, with examples that are made by the service itself."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CONTENT_TYPE_LATEST

from caretier.fhir import MEDIA_TYPE as FHIR
from caretier_api import examples, problems
from caretier_api.clinical_descriptions import clinical
from caretier_api.description import TEXT, Description, Media, an_object, listed, media, named, resource
from caretier_api.exchange import JSON, STREAM
from caretier_api.knowledge import CSV, HTML, JSON_SCHEMA
from caretier_api.problems import Kind
from caretier_api.service import Service
from caretier_api.sparql_descriptions import sparql

INTRODUCTION = (
    "Answers in, a care tier out: how soon care is needed, which serious conditions the answers suggest, by which red "
    "flags, and what is still open. It is not a medical device and gives no diagnosis. Every error "
    "is a problem document (RFC 9457), and every response names the version of the knowledge."
)
TAGS = {
    "Assessments": "Answers in, results out.",
    "Knowledge": "What the service knows, for review and for building applications.",
    "FHIR": "The same in the style of a FHIR R4 server.",
    "CDS Hooks": "Decision support inside a record system, CDS Hooks 2.0.",
    "SPARQL": "Queries over the ontology.",
    "Operation": "For those who run the service.",
}

_READY = an_object({"status": TEXT, "engine": TEXT, "decision_log": {"enum": ["recording", "failing"]}}, "decision_log")
_READING = (problems.UNREADABLE, problems.NOT_ACCEPTABLE, problems.CONTRADICTION, problems.INVALID)
_ASSESSING = (*_READING, problems.REASONER_FAILED, problems.TIME_LIMIT)


def described(service: Service) -> Mapping[str, Description]:
    """Describe every operation, by its id."""
    return _assessments(service) | _knowledge(service) | clinical(service) | sparql() | _running()


def _assessments(service: Service) -> dict[str, Description]:
    given = examples.given(service)
    answers = {JSON: media(named("Answers"), given[JSON])}
    result = examples.result(service)
    return {
        "assess": Description(
            tag="Assessments",
            summary="Assess one person, or many",
            text="Answers come as JSON, as RDF or as a FHIR QuestionnaireResponse, and the result in whichever form "
            "Accept asks for. RDF with several assessments gives an array, or one graph.\n\nFor many people send "
            "application/x-ndjson, an answers document a line: a result a line comes back, at the same place, while "
            "the request is still being sent; a line that cannot be used gives its problem, as `error` beside `id`.\n\n"
            "Answers that cannot be used or contradict each other are refused; `proven` says what the others prove all "
            "the same.\n\n"
            f"The smallest Turtle:\n\n```turtle\n{examples.AS_TURTLE}\n```\n\nAnd two people:\n\n"
            f"```json\n{examples.AS_LINES}\n```",
            body=answers
            | {
                STREAM: media(TEXT),
                FHIR: media(examples.RESPONSE, given[FHIR]),
            }
            | {each: media(schema, given.get(each)) for each, schema in examples.RDF_FORMS.items()},
            gives="The result.",
            answer={
                JSON: media({"anyOf": [named("Result"), listed(named("Result"))]}, result),
                STREAM: media(TEXT),
                FHIR: media(resource("Bundle"), examples.result(service, wanted=FHIR)),
            }
            | {each: media(TEXT) for each in examples.RDF}
            | {examples.JSON_LD: media({})},
            refusals=_ASSESSING,
            is_spoken=True,
        ),
        "nextQuestion": Description(
            tag="Assessments",
            summary="Say what to ask next",
            text="Keeps no state: send all answers so far. `screen` is null when nothing more need be asked, and "
            "`stop` says why; when an emergency is proven the interview ends at once.",
            body=answers,
            gives="The next screen, and the result so far.",
            answer={JSON: media(named("Step"), examples.result(service, "next-question"))},
            refusals=_ASSESSING,
            is_spoken=True,
        ),
        "explain": Description(
            tag="Assessments",
            summary="Assess and explain",
            text="The result with every set of answers that shows each red flag, what was missing for the other "
            "conditions, and the smallest changes of answers that would move the tier.",
            body=answers,
            gives="The result with its explanation.",
            answer={JSON: media(named("ExplainedResult"), examples.result(service, "explain"))},
            refusals=_ASSESSING,
            is_spoken=True,
        ),
    }


def _knowledge(service: Service) -> dict[str, Description]:
    return {
        "questionnaire": _shown(
            "The questionnaire",
            "Every question in the order in which it is asked, with the answers that it allows.",
            {JSON: media(named("Questionnaire")), FHIR: media(resource("Questionnaire"))},
            is_spoken=True,
        ),
        "conditions": _shown(
            "All conditions",
            "Each with its red flags, and what is recommended at each tier.",
            {JSON: media(named("Conditions"))},
            is_spoken=True,
        ),
        "condition": _shown(
            "One condition",
            "With its red flags, and what is recommended at each tier.",
            {JSON: media(named("Condition"))},
            problems.NOT_FOUND,
            ids=tuple(service.knowledge.conditions),
            is_spoken=True,
        ),
        "decisionTable": _shown(
            "The decision table",
            "Every tier, red flag and minimal set of answers, with sources; as HTML, a page to read or to print.",
            {JSON: media(named("DecisionTable")), CSV: media(TEXT), HTML: media(TEXT)},
        ),
        "schema": _shown(
            "A JSON Schema",
            "The schema (2020-12) of answers documents or of results.",
            {JSON_SCHEMA: media({"type": "object"})},
            problems.NOT_FOUND,
            ids=("answers", "result"),
        ),
    }


def _running() -> dict[str, Description]:
    return {
        "live": _seen("Is it alive?", {JSON: media(an_object({"status": TEXT}), {"status": "live"})}),
        "ready": _seen(
            "Is it ready?",
            {JSON: media(_READY, {"status": "ready", "engine": "model"})},
        ),
        "metrics": _seen("Metrics for Prometheus", {CONTENT_TYPE_LATEST.partition(";")[0]: media(TEXT)}),
    }


def _shown(
    summary: str, text: str, answer: Media, *refusals: Kind, ids: tuple[str, ...] = (), is_spoken: bool = False
) -> Description:
    """Describe an operation that shows something of the knowledge."""
    return Description(
        tag="Knowledge",
        summary=summary,
        text=text,
        gives=f"{summary}.",
        answer=answer,
        refusals=(problems.NOT_ACCEPTABLE, *refusals),
        ids=ids,
        is_tagged=True,
        is_spoken=is_spoken,
    )


def _seen(summary: str, answer: Media) -> Description:
    """Describe an operation for those who run the service."""
    return Description(tag="Operation", summary=summary, gives="So it is.", answer=answer)
