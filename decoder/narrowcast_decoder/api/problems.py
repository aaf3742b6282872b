"""Errors as RFC 9457 problem details: one shape for everything that goes wrong over HTTP."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from narrowcast_shared.errors import NarrowcastError, StoreError, UnknownSessionError

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5

_UNKNOWN_SESSION = "urn:narrowcast:problem:unknown-session"
_INVALID_REQUEST = "urn:narrowcast:problem:invalid-request"
_STORE_FAILED = "urn:narrowcast:problem:store-failed"


class InvalidField(BaseModel):
    """One part of a request that cannot be used."""

    where: str = Field(description="The part: `query.limit`, `path.session`, ...")
    problem: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """A problem details object (RFC 9457, section 3)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": _UNKNOWN_SESSION,
                    "title": "Unknown session",
                    "status": 404,
                    "detail": "there is no session 'lobby'",
                    "instance": "/v1/sessions/lobby",
                    "remedy": "GET /v1/sessions lists those that exist",
                }
            ]
        }
    )

    type: str = Field(
        default="about:blank",
        description="What kind of problem; `about:blank`: the status says it all.",
    )
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The HTTP status code.")
    detail: str = Field(description="What was wrong this time.")
    instance: str = Field(description="Path of the request.")
    remedy: str | None = Field(
        default=None, description="What to do about it, where that is known."
    )
    errors: list[InvalidField] | None = Field(
        default=None, description="The parts of the request that cannot be used."
    )
    checks: dict[str, str] | None = Field(
        default=None, description="Of `/readyz`: the checks that failed, and what was wrong."
    )


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's description of the problems that an operation may answer with.

    Every operation may also answer 500; `api.openapi` gives all of them their media type.
    """
    return responses_as(
        {status: _DESCRIPTIONS[status] for status in (*statuses, HTTPStatus.INTERNAL_SERVER_ERROR)}
    )


def responses_as(descriptions: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """The same of problems that one operation alone describes so."""
    return {
        status: {"model": Problem, "description": text} for status, text in descriptions.items()
    }


_DESCRIPTIONS = {
    400: "The body cannot be read as JSON.",
    401: "A token is wanted, and there is none, or none that is known here.",
    403: "The token does not give this right, or a page of another origin asks.",
    404: "There is no session of that name.",
    409: "The session is being published.",
    413: "The body is too large.",
    422: "A parameter cannot be used; `errors` says which.",
    426: "This path speaks WebSocket.",
    429: "Too many requests; `Retry-After` says when to ask again.",
    500: "A fault in the service.",
    503: "The store does not work now; `Retry-After` says when to ask again.",
}


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(UnknownSessionError, _unknown_session)
    app.add_exception_handler(StoreError, _store_failed)
    app.add_exception_handler(Exception, _fault)


def response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """The problem as an HTTP response."""
    return Response(
        problem.model_dump_json(exclude_none=True),
        status_code=problem.status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def plain(request: Request, status: int, detail: str, remedy: str | None = None) -> Problem:
    """A problem of which the HTTP status says the kind."""
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        remedy=remedy,
    )


async def _http_error(request: Request, error: Exception) -> Response:
    error = cast(HTTPException, error)
    detail = error.detail
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not allowed here"
    elif error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"there is nothing at {request.url.path}"
    return response(plain(request, error.status_code, detail), error.headers)


async def _invalid_request(request: Request, error: Exception) -> Response:
    faults = cast(RequestValidationError, error).errors()
    errors = [
        InvalidField(where=".".join(map(str, fault["loc"])), problem=fault["msg"])
        for fault in faults
    ]
    return response(
        Problem(
            type=_INVALID_REQUEST,
            title="Invalid request",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            detail=f"{errors[0].where}: {errors[0].problem}",
            instance=request.url.path,
            errors=errors,
        )
    )


async def _unknown_session(request: Request, error: Exception) -> Response:
    return _of_error(request, error, HTTPStatus.NOT_FOUND, (_UNKNOWN_SESSION, "Unknown session"))


async def _store_failed(request: Request, error: Exception) -> Response:
    _log.error("%s %s: %s", request.method, request.url.path, error)
    kind = (_STORE_FAILED, "The store failed")
    answer = _of_error(request, error, HTTPStatus.SERVICE_UNAVAILABLE, kind)
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


async def _fault(request: Request, _: Exception) -> Response:
    """Anything unforeseen: the server logs it, and its text stays here."""
    return response(
        plain(request, HTTPStatus.INTERNAL_SERVER_ERROR, "a fault in the service; its log has it")
    )


def _of_error(
    request: Request, error: Exception, status: HTTPStatus, kind: tuple[str, str]
) -> Response:
    error = cast(NarrowcastError, error)
    uri, title = kind
    return response(
        Problem(
            type=uri,
            title=title,
            status=status,
            detail=error.problem,
            instance=request.url.path,
            remedy=error.remedy or None,
        )
    )
