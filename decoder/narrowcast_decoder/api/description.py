"""The service's description of itself (OpenAPI)."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from narrowcast_decoder.api import problems
from narrowcast_decoder.security.policy import OPEN_PATHS

SUMMARY = "Valence read live from a face over links too thin for video."

DESCRIPTION = """
An encoder publishes coded chips of a face; this service reads valence (how positive or negative
the face looks, -1 to +1) from each, and gives every captured frame exactly one **sample**.

**Position.** The samples of a session have the ids 1, 2, 3, ... A series can be read and followed
from any of them: `from=ID` begins with that sample, `after=ID` and the header `Last-Event-ID: ID`
with the one behind it. Without any of them, it begins at its beginning.

**Durability.** A sample is stored before anybody is shown it: what was seen once can be read again,
under the same id, also after a restart.

**Errors** are problem details (RFC 9457), `application/problem+json`.
"""

TAGS: list[dict[str, Any]] = [
    {"name": "sessions", "description": "Which sessions there are, and their deletion."},
    {"name": "series", "description": "Reading and following the series of a session."},
    {"name": "marks", "description": "Notes of what happened when, beside a series."},
    {"name": "publishing", "description": "Where encoders connect."},
    {"name": "service", "description": "The service itself."},
]


SECURITY_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "Where the service has tokens. A browser's WebSocket, which cannot set "
        "headers, brings one as a subprotocol: `narrowcast.subscribe.v1, narrowcast.token.TOKEN`.",
    }
}

_GUARDED = (401, 403, 429)


class DescribedApi(FastAPI):
    """A FastAPI that describes its errors as what they are, problem documents."""

    def openapi(self) -> dict[str, Any]:
        schema = super().openapi()  # built once, for the routes there are at the first call
        schema["components"]["securitySchemes"] = SECURITY_SCHEMES
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                _tell_of_tokens(operation, path)
                _give_problems_their_media_type(operation["responses"])
        return schema


def operation_id(route: APIRoute) -> str:
    """The handler's name, which clients made from the schema use as theirs."""
    return route.name


def _tell_of_tokens(operation: dict[str, Any], path: str) -> None:
    """On loopback a service may have no tokens: they are told of as an option."""
    if path in OPEN_PATHS:
        return
    operation["security"] = [{}, {"token": []}]
    for status in _GUARDED:
        described = problems.responses(status)[status]["description"]
        content = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        operation["responses"][str(status)] = {"description": described, "content": content}


def _give_problems_their_media_type(responses: dict[str, Any]) -> None:
    """FastAPI files every model under JSON; those of errors belong under problem+json."""
    for status, described in responses.items():
        content = described.get("content", {})
        if status >= "400" and "application/json" in content:
            content[problems.MEDIA_TYPE] = content.pop("application/json")
