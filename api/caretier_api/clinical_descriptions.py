"""What the OpenAPI document says of the operations for record systems: FHIR and CDS Hooks."""

from __future__ import annotations

from caretier.fhir import MEDIA_TYPE as FHIR
from caretier.fhir import domain_name
from caretier_api import examples, problems
from caretier_api.cds_calls import COMPLETED, RESPONSE, VIEWED
from caretier_api.cds_hooks import services
from caretier_api.description import TEXT, UUID, Description, Schema, an_object, listed, media, resource
from caretier_api.exchange import JSON
from caretier_api.service import Service

_RESPONSE = resource("QuestionnaireResponse", status="completed")
_READING = (problems.UNREADABLE, problems.NOT_ACCEPTABLE, problems.NOT_FOUND, problems.INVALID)
_REASONING = (problems.REASONER_FAILED, problems.TIME_LIMIT)
_INSTANCE = "00000000-0000-4000-8000-000000000000"


def clinical(service: Service) -> dict[str, Description]:
    """Describe the operations for record systems, by id."""
    return _fhir(service) | _cds_hooks(service)


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
            body={FHIR: media(_RESPONSE, examples.given(service)[FHIR])},
            gives="A Bundle.",
            answer={FHIR: media(resource("Bundle"), examples.result(service, wanted=FHIR))},
            refusals=(*_READING, problems.CONTRADICTION, *_REASONING),
            ids=ids,
        ),
    }


def _cds_hooks(service: Service) -> dict[str, Description]:
    known = services(service.knowledge)
    by_hook = {COMPLETED: _completed(service), VIEWED: _viewed()}
    calls = {str(each["id"]): (str(each["title"]), *by_hook[str(each["hook"])]) for each in known}
    card = an_object({"summary": TEXT, "indicator": {"enum": ["info", "warning", "critical"]}, "source": {}})
    cards = {JSON: media(an_object({"cards": listed(card)}))}
    return {
        "cdsServices": Description(
            tag="CDS Hooks",
            summary="Which services there are",
            gives="The services.",
            answer={JSON: media(an_object({"services": listed(an_object({"hook": TEXT, "id": TEXT}))}))},
            refusals=(problems.NOT_ACCEPTABLE,),
        ),
        "cdsService": Description(
            tag="CDS Hooks",
            summary="Call a service",
            gives="Cards.",
            answer=cards,
            by_id={
                id_: Description(
                    tag="CDS Hooks",
                    summary=title,
                    body={JSON: media(schema, example)},
                    gives="Cards.",
                    answer=cards,
                    refusals=(*_READING, problems.PRECONDITION, *_REASONING),
                )
                for id_, (title, schema, example) in calls.items()
            },
        ),
        "cdsFeedback": Description(
            tag="CDS Hooks",
            summary="Say what became of cards",
            text="It is checked, and nothing of it is kept.",
            body={JSON: media(_feedback())},
            gives="An empty object.",
            answer={JSON: media({"type": "object"})},
            refusals=_READING,
            ids=tuple(calls),
        ),
    }


def _completed(service: Service) -> tuple[Schema, object]:
    """Return schema and example of a call after a questionnaire was completed."""
    schema = an_object(
        {
            "hook": {"const": COMPLETED},
            "hookInstance": UUID,
            "context": {"type": "object"},
            "prefetch": an_object({RESPONSE: _RESPONSE}),
        }
    )
    response = examples.given(service)[FHIR]
    call = {"hook": COMPLETED, "hookInstance": _INSTANCE, "context": {}, "prefetch": {RESPONSE: response}}
    return schema, call


def _viewed() -> tuple[Schema, object]:
    """Return schema and example of a call when a record is opened."""
    context = an_object({"userId": TEXT, "patientId": TEXT})
    schema = an_object({"hook": {"const": VIEWED}, "hookInstance": UUID, "context": context})
    people = {"userId": "Practitioner/1", "patientId": "1"}
    return schema, {"hook": VIEWED, "hookInstance": _INSTANCE, "context": people}


def _feedback() -> Schema:
    of_a_card: Schema = {"card": UUID, "outcomeTimestamp": {"type": "string", "format": "date-time"}}
    reason = an_object({"reason": an_object({"system": TEXT, "code": TEXT}), "userComment": TEXT}, "reason", "userComment")
    suggestions = {**listed(an_object({"id": UUID})), "minItems": 1}
    accepted = an_object({**of_a_card, "outcome": {"const": "accepted"}, "acceptedSuggestions": suggestions})
    overridden = an_object({**of_a_card, "outcome": {"const": "overridden"}, "overrideReason": reason}, "overrideReason")
    return an_object({"feedback": listed({"oneOf": [accepted, overridden]})})
