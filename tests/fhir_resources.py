"""What the tests of FHIR share: valid resources, and results as bundles of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

import caretier
from caretier.assessment import Assessment
from caretier.errors import InputError
from caretier.fhir_response import read_response, response_resource
from caretier.fhir_result import results_bundle
from caretier.questionnaire import Answer, Answers
from caretier.result import Result

Resource = dict[str, Any]
URL = "https://w3id.org/caretier/back-pain/Questionnaire"


def require_valid(resource: Resource) -> None:
    """Let fhir.resources parse a resource and all in it, and hold what it does not: no empty value anywhere."""
    get_fhir_model_class(resource["resourceType"]).model_validate_json(json.dumps(resource))
    for contained in resource.get("contained", ()):
        require_valid(contained)
    for entry in resource.get("entry", ()):
        require_valid(entry["resource"])
    assert all(value not in (None, "", [], {}) for value in values_of(resource))


def values_of(element: object) -> Iterator[object]:
    yield element
    inner = element.values() if isinstance(element, dict) else element if isinstance(element, list) else ()
    for each in inner:
        yield from values_of(each)


def items_of(resource: Resource) -> dict[str, Resource]:
    """Return the questions of a Questionnaire or of a response to it, by linkId."""
    return {item["linkId"]: item for group in resource["item"] for item in group["item"]}


def enabling(item: Resource) -> Iterator[tuple[str, Answer]]:
    """Go through the answers that let a question be asked."""
    for each in item.get("enableWhen", ()):
        assert each["operator"] == "="
        yield each["question"], each["answerBoolean"] if "answerBoolean" in each else each["answerCoding"]["code"]


def outcome(kb: caretier.KnowledgeBase, answers: Answers) -> Result | InputError:
    return kb.assess_many([Assessment(answers)])[0]


def bundle_of(kb: caretier.KnowledgeBase, answers: dict[str, Answer], **more: Any) -> tuple[Resource, ...]:
    """Assess answers and return the resources of the bundle; `more` is added to the response."""
    response = response_resource(kb.questionnaire.read({"answers": answers}), kb.knowledge) | more
    result = outcome(kb, read_response(response, kb.knowledge))
    assert isinstance(result, Result)
    bundle = results_bundle([result], kb.codes)
    require_valid(bundle)
    assert len({entry["fullUrl"] for entry in bundle["entry"]}) == 3
    return tuple(entry["resource"] for entry in bundle["entry"])
