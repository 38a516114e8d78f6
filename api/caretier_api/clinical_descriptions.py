"""What the OpenAPI document says of the operations for record systems: FHIR and CDS Hooks."""

from __future__ import annotations

from caretier.fhir import MEDIA_TYPE as FHIR
from caretier.fhir import domain_name
from caretier_api import examples, problems
from caretier_api.cds_calls import COMPLETED, RESPONSE, VIEWED
from caretier_api.cds_hooks import services
from caretier_api.description import TEXT, Description, Schema, an_object, exactly, listed, media, resource
from caretier_api.exchange import JSON
from caretier_api.service import Service

_READING = (problems.UNREADABLE, problems.NOT_ACCEPTABLE, problems.NOT_FOUND, problems.INVALID)
_REASONING = (problems.REASONER_FAILED, problems.TIME_LIMIT)
_EXAMPLE, _EXAMPLE_TIME = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "2026-05-31T10:30:00Z"
_ID: Schema = {**TEXT, "format": "uuid"}
_CARDS = an_object(
    {
        "cards": listed(
            an_object(
                {
                    "uuid": _ID,
                    "summary": TEXT,
                    "detail": TEXT,
                    "indicator": {"enum": ["info", "warning", "critical"]},
                    "source": an_object({"label": TEXT}),
                    "suggestions": listed(an_object({"label": TEXT, "uuid": _ID})),
                    "links": listed(an_object({"label": TEXT, "url": TEXT, "type": {"const": "absolute"}})),
                },
                "suggestions",
            )
        )
    }
)
_OUTCOME = {"card": _ID, "outcomeTimestamp": {**TEXT, "format": "date-time"}}
_FEEDBACK = an_object(
    {
        "feedback": listed(
            {
                "oneOf": [
                    an_object(
                        _OUTCOME
                        | {
                            "outcome": {"const": "accepted"},
                            "acceptedSuggestions": {**listed(an_object({"id": _ID})), "minItems": 1},
                        }
                    ),
                    an_object(
                        _OUTCOME
                        | {
                            "outcome": {"const": "overridden"},
                            "overrideReason": an_object(
                                {"reason": an_object({"system": TEXT, "code": TEXT}), "userComment": TEXT},
                                "reason",
                                "userComment",
                            ),
                        },
                        "overrideReason",
                    ),
                ]
            }
        )
    }
)


def _call(hook: str, context: Schema, **more: Schema) -> Schema:
    return an_object({"hook": {"const": hook}, "hookInstance": _ID, "context": context, **more})


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
            is_tagged=True,
            is_spoken=True,
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
            is_spoken=True,
        ),
    }


def _cds_hooks(service: Service) -> dict[str, Description]:
    domain = domain_name(service.knowledge)
    listing = an_object({"hook": TEXT, "id": TEXT, "title": TEXT, "description": TEXT})
    person = {"userId": "Practitioner/1", "patientId": "1"}
    prefetch = {RESPONSE: examples.given(service)[FHIR]}
    return {
        "cdsServices": Description(
            tag="CDS Hooks",
            summary="Which services there are",
            text="More about them is in the specification, https://cds-hooks.hl7.org/2.0/.",
            gives="The services.",
            answer={JSON: media(an_object({"services": listed(listing)}))},
            refusals=(problems.NOT_ACCEPTABLE,),
        ),
        "cdsTriage": Description(
            tag="CDS Hooks",
            summary="Cards for a completed questionnaire",
            text="The QuestionnaireResponse has to come with the call: nothing is fetched from a FHIR server. A "
            "response to another questionnaire gives no card.",
            body={
                JSON: media(
                    _call(COMPLETED, an_object({}), prefetch=an_object({RESPONSE: examples.RESPONSE})),
                    {"hook": COMPLETED, "hookInstance": _EXAMPLE, "context": person, "prefetch": prefetch},
                )
            },
            gives="The cards, the most urgent first.",
            answer={JSON: media(_CARDS)},
            refusals=(*_READING, problems.PRECONDITION, *_REASONING),
            ids=(domain,),
        ),
        "cdsInterview": Description(
            tag="CDS Hooks",
            summary="A card with a link to the questions",
            body={
                JSON: media(
                    _call(VIEWED, an_object({"userId": TEXT, "patientId": TEXT})),
                    {"hook": VIEWED, "hookInstance": _EXAMPLE, "context": person},
                )
            },
            gives="The card.",
            answer={JSON: media(_CARDS)},
            refusals=(problems.UNREADABLE, problems.NOT_ACCEPTABLE, problems.NOT_FOUND),
            ids=(domain,),
        ),
        "cdsFeedback": Description(
            tag="CDS Hooks",
            summary="What became of cards",
            text="It is checked, and nothing of it is kept.",
            body={
                JSON: media(
                    _FEEDBACK,
                    {"feedback": [{"card": _EXAMPLE, "outcome": "overridden", "outcomeTimestamp": _EXAMPLE_TIME}]},
                )
            },
            gives="Nothing.",
            answer={JSON: media(exactly({}))},
            refusals=(problems.UNREADABLE, problems.NOT_ACCEPTABLE, problems.NOT_FOUND),
            ids=tuple(str(each["id"]) for each in services(service.knowledge)),
        ),
    }
