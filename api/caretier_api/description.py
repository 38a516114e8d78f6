"""How one operation of the service is described for the OpenAPI document, and the few forms that schemas take there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from caretier_api.problems import Kind

Schema = dict[str, Any]
Media = Mapping[str, Mapping[str, Any]]

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of one operation.

    `body` and `answer` say by media type what goes in and what comes out. `parameters` are those after the question
    mark, each with its schema and an example or None; `ids` are the values of the parameter in its path.
    `is_tagged` says that what comes out has an entity tag, `is_spoken` that its texts are in the language asked for.
    """

    tag: str
    summary: str
    gives: str
    answer: Media
    text: str = ""
    body: Media = field(default_factory=dict)
    refusals: tuple[Kind, ...] = ()
    parameters: Mapping[str, tuple[Schema, object]] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    is_tagged: bool = False
    is_spoken: bool = False


def media(schema: Schema, example: object = None) -> Mapping[str, Any]:
    """Describe one form of a document; without an example where that is None."""
    return {"schema": schema} if example is None else {"schema": schema, "example": example}


def named(name: str) -> Schema:
    """Refer to a schema among the components of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def an_object(properties: Mapping[str, Schema], *optional: str) -> Schema:
    """Return the schema of an object that has these properties, all but the optional ones for certain."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required}


def exactly(value: Mapping[str, object]) -> Schema:
    """Return the schema of an object that has these values and no others."""
    return {**an_object({name: {"const": each} for name, each in value.items()}), "additionalProperties": False}


def an_element(name: str, namespace: str, elements: Mapping[str, Schema]) -> Schema:
    """Return the schema of an XML element that has these elements and nothing else."""
    prefix, _, local = name.partition(":")
    told = {"name": local, "prefix": prefix, "namespace": namespace}
    return {**an_object(elements), "additionalProperties": False, "xml": told}


def resource(kind: str, **elements: Schema) -> Schema:
    """Return the schema of a FHIR resource of a kind with some elements; FHIR itself says what else it may have."""
    return an_object({"resourceType": {"const": kind}, **elements})
