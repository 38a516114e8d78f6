"""The routes in the style of a FHIR R4 server: what it can do, the questionnaire, and an assessment of a response.

The routes under /v1 speak FHIR as well; these are for clients that know FHIR's own addresses.
"""

from __future__ import annotations

import datetime
import functools

import orjson
from fastapi import APIRouter, Request, Response

from caretier.fhir import MEDIA_TYPE, VERSION, Resource, domain_name, domain_title, questionnaire_url
from caretier.result import SOFTWARE
from caretier_api import negotiation
from caretier_api.exchange import JSON
from caretier_api.knowledge import QUESTIONNAIRE, entity_tag, is_known
from caretier_api.problems import NOT_ACCEPTABLE, NOT_FOUND, refused
from caretier_api.service import Service

_FORMATS = ("json", JSON, MEDIA_TYPE)
"""What _format may be, which FHIR puts before the Accept header for clients that cannot set that."""


def clinical_router(service: Service) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/fhir")
    started = datetime.datetime.now(datetime.UTC).date()

    @router.get("/metadata", operation_id="fhirMetadata", response_class=Response)
    async def metadata(request: Request) -> Response:
        _require_acceptable(request)
        content = orjson.dumps(capability_statement(service, started))
        return Response(content, media_type=MEDIA_TYPE)

    @router.get("/Questionnaire/{id}", operation_id="fhirQuestionnaire", response_class=Response)
    async def questionnaire(request: Request, id: str) -> Response:  # noqa: A002 -- FHIR's word
        require_known(id)
        _require_acceptable(request)
        language = negotiation.language(request, service.kb.languages)
        content, tag = tagged_questionnaire(language)
        headers = {"ETag": tag, "Cache-Control": "no-cache", **negotiation.in_language(language)}
        if is_known(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=MEDIA_TYPE, headers=headers)

    @router.post("/Questionnaire/{id}/$assess", operation_id="fhirAssess", response_class=Response)
    async def assess(request: Request, id: str) -> Response:  # noqa: A002 -- FHIR's word
        require_known(id)
        negotiation.given(request, (MEDIA_TYPE, JSON))
        _require_acceptable(request)
        language = negotiation.language(request, service.kb.languages)
        content = await service.do("assess", await request.body(), MEDIA_TYPE, MEDIA_TYPE, language)
        return Response(content, media_type=MEDIA_TYPE, headers=negotiation.in_language(language))

    @functools.cache
    def tagged_questionnaire(language: str) -> tuple[bytes, str]:
        content = QUESTIONNAIRE[MEDIA_TYPE](service.kb.in_language(language))
        return content, entity_tag(content)

    def require_known(questionnaire_id: str) -> None:
        known = domain_name(service.knowledge)
        if questionnaire_id != known:
            raise refused(NOT_FOUND, f"There is no Questionnaire with this id; there is one, {known}.")

    return router


def _require_acceptable(request: Request) -> None:
    """Refuse a request that wants another format than that of FHIR in JSON; `_format` goes before Accept."""
    told = request.query_params.get("_format", "")
    if not told:
        negotiation.wanted(request, (MEDIA_TYPE, JSON))
    elif told.partition(";")[0].strip().replace(" ", "+").lower() not in _FORMATS:  # a plus in an address is a space
        raise refused(NOT_ACCEPTABLE, f"_format asks for what cannot be given; it may be {' or '.join(_FORMATS)}.")


def capability_statement(service: Service, date: datetime.date) -> Resource:
    """Say what the FHIR routes can do; the operation is defined in the statement itself."""
    knowledge = service.knowledge
    questionnaire = {
        "type": "Questionnaire",
        "interaction": [{"code": "read"}],
        "versioning": "no-version",
        "conditionalRead": "not-match",
        "operation": [{"name": "assess", "definition": "#assess"}],
        "documentation": f"The one Questionnaire is {domain_name(knowledge)}, {questionnaire_url(knowledge)}. "
        "Its operation $assess takes a QuestionnaireResponse and gives a Bundle with RiskAssessment, GuidanceResponse "
        f"and the answers read. {service.storage}",
    }
    return {
        "resourceType": "CapabilityStatement",
        "contained": [_operation_definition()],
        "status": "active",
        "date": date.isoformat(),
        "kind": "instance",
        "software": {"name": "caretier", "version": SOFTWARE},
        "implementation": {"description": f"{domain_title(knowledge)}, knowledge {knowledge.version}"},
        "fhirVersion": VERSION,
        "format": [MEDIA_TYPE],
        "rest": [{"mode": "server", "resource": [questionnaire]}],
    }


def _operation_definition() -> Resource:
    """Define the operation; FHIR lets its one input come as it is or wrapped in Parameters."""
    once = {"min": 1, "max": "1"}
    return {
        "resourceType": "OperationDefinition",
        "id": "assess",
        "name": "Assess",
        "status": "active",
        "kind": "operation",
        "affectsState": False,
        "code": "assess",
        "resource": ["Questionnaire"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [
            {"name": "response", "use": "in", "type": "QuestionnaireResponse", **once},
            {"name": "return", "use": "out", "type": "Bundle", **once},
        ],
    }
