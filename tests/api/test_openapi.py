"""The OpenAPI document is true: valid, complete, with examples that work, and the service does what it says."""

from __future__ import annotations

import json
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

import caretier
from caretier_api.app import create_app
from caretier_api.problems import KINDS
from caretier_api.settings import Settings
from tests.api.serving import Served

Document = dict[str, Any]

KNOWN = """
[[operations]]
include-path = "/sparql"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400"]

[[operations]]
include-operation-id = "cdsTriage"
[operations.checks.negative_data_rejection]
expected-statuses = ["200", "400", "404", "405", "406", "412", "415", "422"]
"""
"""What schemathesis cannot know: most texts are no SPARQL; CDS Hooks refuses a call without its data with 412; and from
a response that cannot be used come cards all the same, when its other answers prove something.
"""


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> Document:
    """Return the document that the service shows."""
    shown: Document = client.get("/openapi.json").json()
    return shown


@pytest.fixture(scope="module")
def operations(document: Document) -> dict[str, Document]:
    """Return the operations by their ids."""
    return {operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()}


def assert_valid(document: Document, schema: Document, value: object) -> None:
    """Check a value against a schema that refers to the components of the document."""
    Draft202012Validator({**schema, "components": document["components"]}).validate(value)


def test_it_is_openapi(document: Document) -> None:
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_every_operation_is_described(kb: caretier.KnowledgeBase, operations: dict[str, Document]) -> None:
    app = create_app(kb, Settings())
    routes = [route for route in app.router.routes if isinstance(route, APIRoute) and route.include_in_schema]
    assert {route.operation_id for route in routes} == set(operations)
    for operation in operations.values():
        assert operation["summary"]
        assert operation["tags"]
        assert {"200", "500", "503"} <= set(operation["responses"])
        for status, response in operation["responses"].items():
            if status not in ("200", "304"):
                assert "application/problem+json" in response["content"]


def test_ids_of_operations_stay(operations: dict[str, Document]) -> None:
    assert set(operations) == {
        "assess", "nextQuestion", "explain", "questionnaire", "conditions", "condition", "decisionTable", "schema",
        "fhirMetadata", "fhirQuestionnaire", "fhirAssess", "cdsServices", "cdsTriage", "cdsInterview", "cdsFeedback",
        "queryByGet", "queryByPost", "void", "live", "ready", "metrics",
    }  # fmt: skip


def test_every_kind_of_problem_is_named(document: Document) -> None:
    named = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    assert named == [kind.type for kind in KINDS.values()]


def bodies(operations: dict[str, Document]) -> Iterator[tuple[str, str, Any, Document]]:
    for name, operation in operations.items():
        for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
            if "example" in media:
                yield name, media_type, media["example"], media["schema"]


def test_examples_are_real(client: httpx.Client, document: Document, operations: dict[str, Document]) -> None:
    """What an example sends is accepted, and what it shows is what comes back."""
    paths = {
        operation["operationId"]: (method, path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    seen = 0
    for name, media_type, example, schema in bodies(operations):
        method, path = paths[name]
        assert_valid(document, schema, example)
        content = example if isinstance(example, str) else json.dumps(example)
        if media_type == "application/x-www-form-urlencoded":
            answer = client.post(path, data=example)
        else:
            places = {
                each["name"]: each["schema"]["enum"][0]
                for each in operations[name].get("parameters", ())
                if each["in"] == "path"
            }
            address = path.format(**places)
            answer = client.request(method, address, content=content, headers={"Content-Type": media_type})
        assert answer.status_code == 200, (name, media_type, answer.text)
        given = operations[name]["responses"]["200"]["content"].get("application/json", {})
        if media_type == "application/json" and "example" in given:
            assert answer.json() == given["example"]
            assert_valid(document, given["schema"], given["example"])
        seen += 1
    assert seen >= 6


def test_the_result_of_the_example_is_an_emergency(operations: dict[str, Document]) -> None:
    shown = operations["assess"]["responses"]["200"]["content"]["application/json"]["example"]
    assert shown["final"] is True
    assert shown["conditions"][0]["red_flags"][0]["because"]


@pytest.mark.slow
def test_the_service_does_what_the_document_says(served: Served, tmp_path: Path) -> None:
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(KNOWN, encoding="utf-8")
    done = subprocess.run(
        [str(Path(sysconfig.get_path("scripts"), "schemathesis")), "--config-file", str(configuration), "run",
         f"{served.url}/openapi.json", "--max-examples", "25", "--generation-deterministic"],
        cwd=tmp_path, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "Operations:       21 selected / 21 total" in done.stdout
