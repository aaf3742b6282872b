"""What this service is, whether it is well, and what it has done."""

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from narrowcast_decoder.api import problems
from narrowcast_decoder.api.parameters import ServiceOf
from narrowcast_decoder.store.health import StoreCondition
from narrowcast_shared import __version__

router = APIRouter(tags=["service"])


class Index(BaseModel):
    """Where to go from here."""

    name: str = Field(default="narrowcast", description="Name of the software.")
    version: str = Field(default=__version__, description="Its version.")
    links: dict[str, str] = Field(
        description="Paths, by what they lead to; `{session}` stands for a session's name."
    )


class Health(BaseModel):
    """The service as it is now."""

    status: Literal["ok"] = Field(default="ok", description="The process answers.")
    store: StoreCondition = Field(
        description="`working`, `waiting` for a lock or for room on its disk, or `failed` until "
        "a write to it works again."
    )
    version: str = Field(default=__version__, description="Version of the software.")
    model: str = Field(description="The model that reads the chips.", examples=["oa"])
    model_sha256: str | None = Field(
        description="SHA-256 of its weights, hexadecimal.",
        examples=["0156232fb1c61103e97588816f213135705c451f140e0b030d75d5763163dfc9"],
    )
    live_sessions: int = Field(description="Sessions whose publisher is connected.", examples=[3])


class Ready(BaseModel):
    """The service takes new streams."""

    status: Literal["ready"] = Field(default="ready", description="Every check is passed.")


_LINKS = {
    "sessions": "/v1/sessions",
    "session": "/v1/sessions/{session}",
    "samples": "/v1/sessions/{session}/samples",
    "marks": "/v1/sessions/{session}/marks",
    "events": "/v1/sessions/{session}/events",
    "face": "/v1/sessions/{session}/face",
    "subscribe": "/v1/sessions/{session}/subscribe",
    "publish": "/v1/publish",
    "health": "/healthz",
    "ready": "/readyz",
    "metrics": "/metrics",
    "openapi": "/openapi.json",
    "docs": "/docs",
}


_METRICS = """\
# HELP narrowcast_samples_total Samples stored and published
# TYPE narrowcast_samples_total counter
narrowcast_samples_total{status="ok"} 90017.0
"""


@router.get("/", summary="Index", response_description="The index.", responses=problems.responses())
async def index() -> Index:
    """Where everything is. A browser, which asks for HTML, is given the live page instead."""
    return Index(links=_LINKS)


@router.get(
    "/healthz",
    summary="Health",
    response_description="The process answers.",
    responses=problems.responses(),
)
async def health(service: ServiceOf) -> Health:
    """Answers as long as the process does; asks neither the disk nor the model.

    That is what a supervisor restarts it for. Whether it can take streams is `/readyz`.
    """
    return Health(
        store=service.store_health.condition,
        model=service.model,
        model_sha256=service.model_sha256,
        live_sessions=len(service.live_sessions()),
    )


@router.get(
    "/readyz",
    summary="Readiness",
    response_model=Ready,
    response_description="New streams can come.",
    responses=problems.responses(503),
)
async def ready(request: Request, service: ServiceOf) -> Ready | Response:
    """Whether new streams should come here: for load balancers and orchestrators.

    200 where the model is at work, the store takes a small write, and the service is not about
    to end. Otherwise 503, and `checks` says which of `model`, `store` and `accepting` failed, and
    why. The store is asked once a second at most.
    """
    faults = await service.readiness.faults()
    if not faults:
        return Ready()
    detail = "; ".join(f"{check}: {fault}" for check, fault in faults.items())
    problem = problems.plain(request, HTTPStatus.SERVICE_UNAVAILABLE, detail)
    return problems.response(
        problem.model_copy(update={"checks": faults}),
        {"Retry-After": str(problems.RETRY_AFTER_S)},
    )


@router.get(
    "/metrics",
    summary="Metrics",
    response_class=Response,
    response_description="The metrics, as text.",
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": _METRICS}}},
        **problems.responses(),
    },
)
async def metrics(request: Request, service: ServiceOf) -> Response:
    """Totals since the start and the state of this moment, for Prometheus (docs/operations.md).

    In Prometheus's text format, or in OpenMetrics where `Accept` asks for that. No label holds
    a session's name.
    """
    page, media_type = service.metrics_page.render(request.headers.get("Accept"))
    return Response(page, headers={"Content-Type": media_type})
