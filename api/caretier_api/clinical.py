"""The routes in the style of a FHIR R4 server: what it can do, the questionnaire, and an assessment of a response.

The routes under /v1 speak FHIR as well; these are for clients that know FHIR's own addresses.
"""

from __future__ import annotations

import datetime

import orjson
from fastapi import APIRouter, Request, Response

from caretier.fhir import MEDIA_TYPE, VERSION, Resource, domain_iri, domain_name, domain_title, questionnaire_url
from caretier.fhir_questionnaire import questionnaire_resource
from caretier.knowledge import Knowledge
from caretier.result import SOFTWARE
from caretier_api import negotiation
from caretier_api.exchange import JSON
from caretier_api.problems import NOT_FOUND, refused
from caretier_api.service import Service


def clinical_router(service: Service) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/fhir")
    started = datetime.datetime.now(datetime.UTC).date()

    @router.get("/metadata", operation_id="fhirMetadata", response_class=Response)
    async def metadata(request: Request) -> Response:
        return answered(request, capability_statement(service.knowledge, started))

    @router.get("/Questionnaire/{id}", operation_id="fhirQuestionnaire", response_class=Response)
    async def questionnaire(request: Request, id: str) -> Response:  # noqa: A002 -- FHIR's word
        require_known(id)
        return answered(request, questionnaire_resource(service.knowledge, service.kb.codes))

    @router.post("/Questionnaire/{id}/$assess", operation_id="fhirAssess", response_class=Response)
    async def assess(request: Request, id: str) -> Response:  # noqa: A002 -- FHIR's word
        require_known(id)
        negotiation.given(request, (MEDIA_TYPE, JSON))
        negotiation.wanted(request, (MEDIA_TYPE, JSON))
        content = await service.do("assess", await request.body(), MEDIA_TYPE, MEDIA_TYPE)
        return Response(content, media_type=MEDIA_TYPE)

    def answered(request: Request, resource: Resource) -> Response:
        negotiation.wanted(request, (MEDIA_TYPE, JSON))
        return Response(orjson.dumps(resource), media_type=MEDIA_TYPE)

    def require_known(questionnaire_id: str) -> None:
        known = domain_name(service.knowledge)
        if questionnaire_id != known:
            raise refused(NOT_FOUND, f"There is no Questionnaire with this id; there is one, {known}.")

    return router


def capability_statement(knowledge: Knowledge, date: datetime.date) -> Resource:
    """Say what the FHIR routes can do."""
    operation = {"name": "assess", "definition": f"{domain_iri(knowledge)}/OperationDefinition/assess"}
    questionnaire = {
        "type": "Questionnaire",
        "interaction": [{"code": "read"}],
        "operation": [operation],
        "documentation": f"The one Questionnaire is {domain_name(knowledge)}, {questionnaire_url(knowledge)}. "
        "Its operation $assess takes a QuestionnaireResponse and gives a Bundle with RiskAssessment, GuidanceResponse "
        "and the answers read. Nothing is stored.",
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date.isoformat(),
        "kind": "instance",
        "software": {"name": "caretier", "version": SOFTWARE},
        "implementation": {"description": f"{domain_title(knowledge)}, knowledge {knowledge.version}"},
        "fhirVersion": VERSION,
        "format": [MEDIA_TYPE],
        "rest": [{"mode": "server", "resource": [questionnaire]}],
    }
