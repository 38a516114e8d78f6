"""What the OpenAPI document says of the operations for record systems: FHIR and CDS Hooks."""

from __future__ import annotations

from caretier.fhir import MEDIA_TYPE as FHIR
from caretier.fhir import domain_name
from caretier_api import examples, problems
from caretier_api.description import TEXT, Description, an_object, listed, media, resource
from caretier_api.exchange import JSON
from caretier_api.service import Service

_READING = (problems.UNREADABLE, problems.NOT_ACCEPTABLE, problems.NOT_FOUND, problems.INVALID)
_REASONING = (problems.REASONER_FAILED, problems.TIME_LIMIT)


def clinical(service: Service) -> dict[str, Description]:
    """Describe the operations for record systems, by id."""
    return _fhir(service) | _cds_hooks()


def _fhir(service: Service) -> dict[str, Description]:
    ids = (domain_name(service.knowledge),)
    return {
        "fhirMetadata": Description(
            tag="FHIR",
            summary="What the FHIR routes can do",
            gives="A CapabilityStatement.",
            answer={FHIR: media(resource("CapabilityStatement"))},
            refusals=(problems.NOT_ACCEPTABLE,),
        ),
        "fhirQuestionnaire": Description(
            tag="FHIR",
            summary="The questionnaire",
            gives="A Questionnaire.",
            answer={FHIR: media(resource("Questionnaire"))},
            refusals=(problems.NOT_ACCEPTABLE, problems.NOT_FOUND),
            ids=ids,
        ),
        "fhirAssess": Description(
            tag="FHIR",
            summary="Assess a response",
            text="Takes a QuestionnaireResponse; gives a RiskAssessment, a GuidanceResponse and the answers read.",
            body={FHIR: media(examples.RESPONSE, examples.given(service)[FHIR])},
            gives="A Bundle.",
            answer={FHIR: media(resource("Bundle"), examples.result(service, wanted=FHIR))},
            refusals=(*_READING, problems.CONTRADICTION, *_REASONING),
            ids=ids,
        ),
    }


def _cds_hooks() -> dict[str, Description]:
    service = an_object({"hook": TEXT, "id": TEXT, "title": TEXT, "description": TEXT})
    return {
        "cdsServices": Description(
            tag="CDS Hooks",
            summary="Which services there are",
            text="How to call them, CDS Hooks 2.0 says (https://cds-hooks.hl7.org/2.0/); it is not described here.",
            gives="The services.",
            answer={JSON: media(an_object({"services": listed(service)}))},
            refusals=(problems.NOT_ACCEPTABLE,),
        ),
    }
