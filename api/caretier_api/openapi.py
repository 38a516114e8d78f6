"""The OpenAPI document: the addresses of the application, each with what is described of it, and all that may go wrong.

Descriptions are found by operation id; an operation that nobody described is an error, which a test finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastapi.routing import APIRoute

from caretier.fhir import MEDIA_TYPE as FHIR
from caretier.result import SOFTWARE
from caretier.schemas import answers_schema, result_schema
from caretier_api import descriptions, problems
from caretier_api.components import schemas
from caretier_api.description import TEXT, Description, media, named
from caretier_api.service import Service

Document = dict[str, Any]

_OPENAPI = "3.1.0"
_ALWAYS = (problems.INTERNAL, problems.BUSY, problems.NOT_READY)
_WITH_BODY = (problems.TOO_SLOW, problems.TOO_LARGE, problems.UNSUPPORTED)
_HEADERS = {
    "Caretier-Knowledge-Version": "The version of the knowledge that answered.",
    "Caretier-Knowledge-Sha256": "The SHA-256 of its files.",
    "Caretier-Software": "The version of the software.",
    "X-Request-Id": "The id of the request: the one that it brought, if that is a UUID, or a new one.",
}


def document(routes: Iterable[object], service: Service) -> Document:
    """Write the document for the routes of an application."""
    described = descriptions.described(service)
    paths: dict[str, Document] = {}
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema and route.operation_id is not None:
            for method in sorted(route.methods or ()):
                operation = _operation(route.operation_id, described[route.operation_id], method, route.path_format)
                paths.setdefault(route.path_format, {})[method.lower()] = operation
    server = service.settings.public_url or service.settings.root_path or "/"
    return {
        "openapi": _OPENAPI,
        "info": {
            "title": "caretier",
            "version": SOFTWARE,
            "summary": "From answers to a care tier, with the proof.",
            "description": f"{descriptions.INTRODUCTION} {service.storage}",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "tags": [{"name": name, "description": text} for name, text in descriptions.TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": {
                "Answers": _with_numbers_spelled_out(_embedded(answers_schema(service.knowledge.questionnaire))),
                "Result": _embedded(result_schema(service.knowledge)),
                **schemas(service.knowledge),
            },
            "headers": {
                name: {"description": text, "schema": {"type": "string"}, "required": True}
                for name, text in _HEADERS.items()
            },
        },
    }


def _operation(operation_id: str, described: Description, method: str, path: str) -> Document:
    takes_body = bool(described.body) and method == "POST"
    operation: Document = {
        "operationId": operation_id,
        "tags": [described.tag],
        "summary": described.summary,
        "responses": {
            "200": {"description": described.gives, "content": dict(described.answer), "headers": _header_references()},
            **_not_modified(described),
            **_refusals([*described.refusals, *_ALWAYS, *(_WITH_BODY if takes_body else ())]),
        },
    }
    if described.text:
        operation["description"] = described.text
    if takes_body:
        operation["requestBody"] = {"required": True, "content": dict(described.body)}
    if parameters := [*_in_path(described, path), *_in_query(described), *_in_headers(described)]:
        operation["parameters"] = parameters
    return operation


def _in_path(described: Description, path: str) -> Iterator[Document]:
    for name in re.findall(r"{(\w+)}", path):
        yield {"name": name, "in": "path", "required": True, "schema": {**TEXT, "enum": list(described.ids)}}


def _in_query(described: Description) -> Iterator[Document]:
    for name, (schema, example) in described.parameters.items():
        yield {"name": name, "in": "query", **media(schema, example)}


def _in_headers(described: Description) -> Iterator[Document]:
    if described.is_spoken:
        text = "The language of the texts. English where the ontology does not speak the language asked for."
        yield {"name": "Accept-Language", "in": "header", "description": text, **media(TEXT, "es, en;q=0.5")}


def _not_modified(described: Description) -> Document:
    if not described.is_tagged:
        return {}
    return {"304": {"description": "Nothing has changed since the ETag that If-None-Match names."}}


def _refusals(kinds: Iterable[problems.Kind]) -> Document:
    """Declare the responses for kinds of problems, those with the same status together."""
    by_status: dict[int, list[problems.Kind]] = {}
    for kind in sorted(set(kinds), key=lambda kind: kind.status):
        by_status.setdefault(kind.status, []).append(kind)
    return {
        str(status): {
            "description": " Or: ".join(sorted(kind.title for kind in alike)),
            "content": {
                problems.MEDIA_TYPE: {"schema": named("Problem")},
                FHIR: {"schema": named("OperationOutcome")},
            },
            "headers": _header_references()
            | ({"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}} if status == 503 else {}),
        }
        for status, alike in by_status.items()
    }


def _header_references() -> Document:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}


def _embedded(schema: Mapping[str, object]) -> Document:
    """Return a schema as a part of the document, whose dialect it has."""
    return {name: said for name, said in schema.items() if name not in ("$schema", "$id")}


def _with_numbers_spelled_out(schema: Document) -> Document:
    """List the numbers that a question allows: to JSON Schema 47.0 is an integer as well, and here it is none."""
    for answer in schema["properties"]["answers"]["properties"].values():
        if "minimum" in answer:
            answer["enum"] = [*range(answer["minimum"], answer["maximum"] + 1), None]
    return schema
