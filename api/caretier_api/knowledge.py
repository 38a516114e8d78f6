"""The routes that show what the service knows: the questionnaire, the conditions, the decision table, the schemas.

What they give changes only with the knowledge or the software, so each form of it is made once and has an entity tag.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

import orjson
from fastapi import APIRouter, Request, Response

from caretier.fhir import MEDIA_TYPE as FHIR
from caretier.fhir_questionnaire import questionnaire_resource
from caretier.knowledge import Condition, Knowledge
from caretier.knowledge_base import KnowledgeBase
from caretier.language import ENGLISH
from caretier.model import Certificate
from caretier.page_style import STYLE, policy
from caretier.result import SOFTWARE
from caretier.schemas import answers_schema, result_schema
from caretier_api import negotiation
from caretier_api.exchange import JSON
from caretier_api.problems import NOT_FOUND, refused
from caretier_api.service import Service

CSV = "text/csv"
HTML = "text/html"
JSON_SCHEMA = "application/schema+json"
_ALONE = "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
"""What the page of the decision table cannot say of itself in its own policy, beside which this stands."""

Form = Callable[[KnowledgeBase], bytes]


def _questionnaire_json(kb: KnowledgeBase) -> bytes:
    knowledge = kb.knowledge
    questionnaire = knowledge.questionnaire
    return orjson.dumps(
        {
            "groups": [{"id": group.id, "label": group.label} for group in questionnaire.groups],
            "questions": [question.to_dict() for question in questionnaire.questions],
            "safety_net": questionnaire.safety_net,
            "disclaimer": questionnaire.disclaimer,
            **_named(knowledge),
        }
    )


def _questionnaire_fhir(kb: KnowledgeBase) -> bytes:
    return orjson.dumps(questionnaire_resource(kb.knowledge, kb.codes))


def _table_json(kb: KnowledgeBase) -> bytes:
    from caretier.table_json import table_json

    return orjson.dumps(table_json(kb.knowledge, _certificate(kb)) | _named(kb.knowledge))


def _table_csv(kb: KnowledgeBase) -> bytes:
    from caretier.table_csv import table_csv

    return table_csv(kb.knowledge, _certificate(kb)).encode()


def _table_html(kb: KnowledgeBase) -> bytes:
    from caretier.table_html import table_html

    return table_html(kb.knowledge, _certificate(kb)).encode()


QUESTIONNAIRE: Mapping[str, Form] = {JSON: _questionnaire_json, FHIR: _questionnaire_fhir}
"""The forms of the questionnaire, by media type."""

SCHEMAS: Mapping[str, Form] = {
    "answers": lambda kb: orjson.dumps(answers_schema(kb.questionnaire)),
    "result": lambda kb: orjson.dumps(result_schema(kb.knowledge)),
}
"""The JSON Schemas, by the name of what they describe."""

DECISION_TABLE: Mapping[str, Form] = {JSON: _table_json, CSV: _table_csv, HTML: _table_html}
"""The forms of the decision table, by media type."""


def knowledge_router(service: Service) -> APIRouter:
    """Make the routes."""
    router = APIRouter()
    made: dict[tuple[str, str, str], bytes] = {}

    def given(request: Request, forms: Mapping[str, Form], languages: Sequence[str] = (ENGLISH.tag,)) -> Response:
        """Answer with the form and in the language that are asked for, or 304 when the client has it already."""
        service.require_ready()
        media_type, language = negotiation.wanted(request, tuple(forms)), negotiation.language(request, languages)
        key = (request.scope["path"], media_type, language)
        if key not in made:
            made[key] = forms[media_type](service.kb.in_language(language))
        tag = entity_tag(made[key])
        headers = {"ETag": tag, "Cache-Control": "no-cache", **negotiation.in_language(language)}
        if len(languages) == 1:
            headers["Vary"] = "Accept"
        if media_type == HTML:
            headers["Content-Security-Policy"] = f"{policy(STYLE)}; {_ALONE}"
        if is_known(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        return Response(made[key], media_type=media_type, headers=headers)

    @router.get("/v1/questionnaire", operation_id="questionnaire", response_class=Response)
    async def questionnaire(request: Request) -> Response:
        return given(request, QUESTIONNAIRE, service.kb.languages)

    @router.get("/v1/decision-table", operation_id="decisionTable", response_class=Response)
    async def decision_table(request: Request) -> Response:
        return given(request, DECISION_TABLE)

    @router.get("/v1/conditions", operation_id="conditions", response_class=Response)
    async def conditions(request: Request) -> Response:
        return given(request, {JSON: _conditions_json}, service.kb.languages)

    @router.get("/v1/conditions/{id}", operation_id="condition", response_class=Response)
    async def condition(request: Request, id: str) -> Response:  # noqa: A002 -- the contract's word
        if id not in service.knowledge.conditions:
            raise refused(NOT_FOUND, "There is no condition with this id; /v1/conditions lists all.")
        return given(
            request,
            {JSON: lambda kb: orjson.dumps(_condition(kb.knowledge, kb.knowledge.conditions[id]))},
            service.kb.languages,
        )

    @router.get("/v1/schemas/{id}", operation_id="schema", response_class=Response)
    async def schema(request: Request, id: str) -> Response:  # noqa: A002 -- as in the routes above
        if id not in SCHEMAS:
            raise refused(NOT_FOUND, f"There are schemas of {' and '.join(SCHEMAS)}.")
        return given(request, {JSON_SCHEMA: SCHEMAS[id]})

    return router


def entity_tag(content: bytes) -> str:
    """Make the entity tag of what is given out: it changes when anything in it does."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_known(if_none_match: str, tag: str) -> bool:
    """Say whether an If-None-Match header names an entity tag."""
    told = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return tag in told or "*" in told


def _conditions_json(kb: KnowledgeBase) -> bytes:
    knowledge = kb.knowledge
    told = [_condition(knowledge, each) for each in knowledge.conditions.values()]
    return orjson.dumps({"conditions": told, **_named(knowledge)})


def _condition(knowledge: Knowledge, condition: Condition) -> dict[str, object]:
    flags = [flag for flag in knowledge.red_flags if flag.condition == condition.id]
    return {
        "id": condition.id,
        "iri": condition.iri,
        "label": condition.label,
        "definition": condition.definition,
        "red_flags": [
            {
                "id": flag.id,
                "iri": flag.iri,
                "label": flag.label,
                "tier": flag.tier,
                "reason": flag.reason,
                "definition": flag.definition,
                "sources": [source.to_dict() for source in flag.sources],
            }
            for flag in flags
        ],
        "recommendations": [
            {"tier": tier.id, "advice": found.advice, "course": found.to_dict()}
            for tier in knowledge.tiers
            if (found := knowledge.recommendations.get((condition.id, tier.id)))
        ],
    }


def _named(knowledge: Knowledge) -> dict[str, object]:
    return {"knowledge": {"version": knowledge.version, "sha256": knowledge.sha256}, "software": SOFTWARE}


def _certificate(kb: KnowledgeBase) -> Certificate | None:
    return kb.model.certificate if kb.model else None
