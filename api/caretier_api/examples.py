"""Examples for the OpenAPI document, made from the knowledge and by the service's own operations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from caretier.changes import answered
from caretier.decisions import Desk
from caretier.documents import FORMATS
from caretier.fhir import MEDIA_TYPE as FHIR
from caretier.fhir_response import USABLE, response_resource
from caretier.knowledge import Knowledge
from caretier.questionnaire import Answer
from caretier.vocabulary import CT
from caretier_api.description import TEXT, Schema, an_element, exactly, resource
from caretier_api.exchange import JSON, OPERATIONS
from caretier_api.service import Service

RDF_NAMESPACE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
JSON_LD = "application/ld+json"
RDF = tuple(known.media_type for known in FORMATS if known.name not in ("json", "yaml"))
"""Every media type of RDF."""

RDF_XML = "application/rdf+xml"
TURTLE = "text/turtle"
AS_TURTLE = f"@prefix ct: <{CT}> .\n[] a ct:Assessment ."
AS_LINES = '{"id": "first", "answers": {}}\n{"id": "second", "answers": {}}'
AS_JSON_LD = {"@context": {"ct": str(CT)}, "@type": "ct:Assessment"}
"""The smallest assessment in JSON-LD: somebody of whom nothing is known."""

RESPONSE = resource("QuestionnaireResponse", status={"enum": list(USABLE)})
"""The form of answers in FHIR, as far as a schema can tell."""

RDF_FORMS: Mapping[str, Schema] = {
    **dict.fromkeys(RDF, TEXT),
    TURTLE: {**TEXT, "pattern": rf"^@prefix ct: <{re.escape(CT)}> \.[ \n]+\[\] a ct:Assessment \.[ \n]*$"},
    JSON_LD: exactly(AS_JSON_LD),
    RDF_XML: an_element("rdf:RDF", RDF_NAMESPACE, {"Assessment": an_element("ct:Assessment", str(CT), {})}),
}
"""The form of an assessment in each syntax of RDF, as far as a schema can tell: the smallest one."""


def answers(knowledge: Knowledge) -> dict[str, Answer]:
    """Return answers that show a red flag of the highest tier."""
    highest = knowledge.tiers[0].id
    shown = next(
        (flag.patterns[0] for flag in knowledge.red_flags if flag.tier == highest and flag.patterns), frozenset()
    )
    return answered({}, shown)


def given(service: Service) -> Mapping[str, Any]:
    """Return an example of what is assessed, by media type."""
    knowledge = service.knowledge
    document = {"answers": answers(knowledge), "id": "example"}
    read = knowledge.questionnaire.read(document)
    return {
        JSON: document,
        FHIR: response_resource(read, knowledge),
        JSON_LD: AS_JSON_LD,
    }


def result(service: Service, operation: str = "assess", wanted: str = JSON) -> Any:
    """Return what comes back for the example; None without a decision model, since it would take seconds."""
    if service.kb.model is None:
        return None
    return orjson.loads(OPERATIONS[operation](Desk(service.kb), orjson.dumps(given(service)[JSON]), JSON, wanted))
