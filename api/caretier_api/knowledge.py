"""The routes that show what the service knows: the questionnaire, the conditions, the decision table, the schemas.

What they give changes only with the knowledge or the software, so each form of it is made once and has an entity tag.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson
from fastapi import APIRouter, Request, Response

from caretier.fhir import MEDIA_TYPE as FHIR
from caretier.fhir_questionnaire import questionnaire_resource
from caretier.knowledge import Condition, Knowledge
from caretier.model import Certificate
from caretier.result import SOFTWARE
from caretier.schemas import answers_schema, result_schema
from caretier_api import negotiation
from caretier_api.exchange import JSON
from caretier_api.problems import NOT_FOUND, refused
from caretier_api.service import Service

CSV = "text/csv"
HTML = "text/html"
JSON_SCHEMA = "application/schema+json"
_TABLE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""The page of the decision table is whole in itself; only its own style may be used."""

Form = Callable[[Service], bytes]


def _questionnaire_json(service: Service) -> bytes:
    knowledge = service.knowledge
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


def _questionnaire_fhir(service: Service) -> bytes:
    return orjson.dumps(questionnaire_resource(service.knowledge, service.kb.codes))


def _table_json(service: Service) -> bytes:
    from caretier.table_json import table_json

    return orjson.dumps(table_json(service.knowledge, _certificate(service)) | _named(service.knowledge))


def _table_csv(service: Service) -> bytes:
    from caretier.table_csv import table_csv

    return table_csv(service.knowledge, _certificate(service)).encode()


def _table_html(service: Service) -> bytes:
    from caretier.table_html import table_html

    return table_html(service.knowledge, _certificate(service)).encode()


QUESTIONNAIRE: Mapping[str, Form] = {JSON: _questionnaire_json, FHIR: _questionnaire_fhir}
"""The forms of the questionnaire, by media type."""

SCHEMAS: Mapping[str, Form] = {
    "answers": lambda service: orjson.dumps(answers_schema(service.knowledge.questionnaire)),
    "result": lambda service: orjson.dumps(result_schema(service.knowledge)),
}
"""The JSON Schemas, by the name of what they describe."""

DECISION_TABLE: Mapping[str, Form] = {JSON: _table_json, CSV: _table_csv, HTML: _table_html}
"""The forms of the decision table, by media type."""


def knowledge_router(service: Service) -> APIRouter:
    """Make the routes."""
    router = APIRouter()
    made: dict[tuple[str, str], bytes] = {}

    def given(request: Request, forms: Mapping[str, Form]) -> Response:
        """Answer with the form that is asked for, or 304 when the client has it already."""
        media_type = negotiation.wanted(request, tuple(forms))
        tag = f'"{service.knowledge.sha256[:32]}-{SOFTWARE}-{media_type.replace("/", ".")}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept"}
        if media_type == HTML:
            headers["Content-Security-Policy"] = _TABLE_POLICY
        if is_known(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        key = (request.scope["path"], media_type)
        if key not in made:
            made[key] = forms[media_type](service)
        return Response(made[key], media_type=media_type, headers=headers)

    @router.get("/v1/questionnaire", operation_id="questionnaire", response_class=Response)
    async def questionnaire(request: Request) -> Response:
        return given(request, QUESTIONNAIRE)

    @router.get("/v1/decision-table", operation_id="decisionTable", response_class=Response)
    async def decision_table(request: Request) -> Response:
        return given(request, DECISION_TABLE)

    @router.get("/v1/conditions", operation_id="conditions", response_class=Response)
    async def conditions(request: Request) -> Response:
        return given(request, {JSON: _conditions_json})

    @router.get("/v1/conditions/{id}", operation_id="condition", response_class=Response)
    async def condition(request: Request, id: str) -> Response:  # noqa: A002 -- the contract's word
        found = service.knowledge.conditions.get(id)
        if found is None:
            raise refused(NOT_FOUND, "There is no condition with this id; /v1/conditions lists all.")
        return given(request, {JSON: lambda _service: orjson.dumps(_condition(service.knowledge, found))})

    @router.get("/v1/schemas/{id}", operation_id="schema", response_class=Response)
    async def schema(request: Request, id: str) -> Response:  # noqa: A002 -- as in the routes above
        if id not in SCHEMAS:
            raise refused(NOT_FOUND, f"There are schemas of {' and '.join(SCHEMAS)}.")
        return given(request, {JSON_SCHEMA: SCHEMAS[id]})

    return router


def is_known(if_none_match: str, tag: str) -> bool:
    """Say whether an If-None-Match header names an entity tag."""
    told = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return tag in told or "*" in told


def _conditions_json(service: Service) -> bytes:
    knowledge = service.knowledge
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


def _certificate(service: Service) -> Certificate | None:
    return service.kb.model.certificate if service.kb.model else None
