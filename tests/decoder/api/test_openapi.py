"""The service's description of itself: complete, valid, and true to the routes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.openapi.models import OpenAPI

from narrowcast_decoder.api import problems
from narrowcast_decoder.app import create_app
from narrowcast_decoder.hub import Hub
from narrowcast_decoder.service import Service


@pytest.fixture(scope="module")
def app() -> FastAPI:
    store: Any = None  # a description needs none
    return create_app(Service(store, Hub(), set[str], model="oa"))


@pytest.fixture(scope="module")
def schema(app: FastAPI) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(json.dumps(app.openapi()))
    return schema


GUARDED = {"401", "403", "429"}


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            yield path, operation


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_it_is_openapi_and_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    OpenAPI.model_validate(schema)
    assert schema["openapi"].startswith("3.1")
    found = set(references(schema))
    assert "#/components/schemas/Problem" in found
    for reference in found:
        node = schema
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_it_lists_every_path(schema: dict[str, Any]) -> None:
    assert set(schema["paths"]) == {
        "/",
        "/healthz",
        "/metrics",
        "/readyz",
        "/v1/publish",
        "/v1/sessions",
        "/v1/sessions/{session}",
        "/v1/sessions/{session}/events",
        "/v1/sessions/{session}/face",
        "/v1/sessions/{session}/marks",
        "/v1/sessions/{session}/samples",
        "/v1/sessions/{session}/subscribe",
    }


def test_everything_is_described(schema: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in schema["tags"]}
    for path, operation in operations(schema):
        assert operation["summary"], path
        assert operation["description"], path
        assert set(operation["tags"]) <= tags
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (path, parameter["name"])
        for status, response in operation["responses"].items():
            assert response["description"] not in {"", "Successful Response"}, (path, status)
    for name, model in schema["components"]["schemas"].items():
        for field, described in model.get("properties", {}).items():
            assert described.get("description") or "$ref" in described, (name, field)


def test_errors_are_problem_documents(schema: dict[str, Any]) -> None:
    reference = {"$ref": "#/components/schemas/Problem"}
    for path, operation in operations(schema):
        errors = {s: r for s, r in operation["responses"].items() if s >= "400"}
        assert "500" in errors, path
        for status, response in errors.items():
            content = response["content"]
            assert set(content) == {problems.MEDIA_TYPE}, (path, status)
            assert content[problems.MEDIA_TYPE]["schema"] == reference, (path, status)


def test_what_asks_for_a_token_says_so(schema: dict[str, Any]) -> None:
    for path, operation in operations(schema):
        is_open = path in {"/", "/healthz", "/readyz"}
        assert ("security" in operation) == (not is_open), path
        assert (set(operation["responses"]) >= GUARDED) == (not is_open), path
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_the_websockets_are_told_of_as_426(schema: dict[str, Any]) -> None:
    subscribe = schema["paths"]["/v1/sessions/{session}/subscribe"]["get"]
    publish = schema["paths"]["/v1/publish"]["get"]
    assert set(subscribe["responses"]) == {"422", "426", "500"} | GUARDED
    assert set(publish["responses"]) == {"426", "500"} | GUARDED
    asked = {p["name"] for p in subscribe["parameters"]}
    assert asked == {"session", "from", "wait", "replay", "speed", "max_gap"}
    assert "narrowcast.subscribe.v1" in subscribe["description"]
    assert "narrowcast.v1" in publish["description"]
