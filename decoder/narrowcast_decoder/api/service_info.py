"""What this service is, and whether it is well."""

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

    status: Literal["ok"] = Field(
        default="ok", description="`ok`; a service that is not answers with a problem."
    )
    store: StoreCondition = Field(
        description="`working`, or `waiting` for a lock or for room on its disk."
    )
    version: str = Field(default=__version__, description="Version of the software.")
    model: str = Field(description="The model that reads the chips.", examples=["oa"])
    live_sessions: int = Field(description="Sessions whose publisher is connected.", examples=[3])


_LINKS = {
    "sessions": "/v1/sessions",
    "session": "/v1/sessions/{session}",
    "samples": "/v1/sessions/{session}/samples",
    "events": "/v1/sessions/{session}/events",
    "subscribe": "/v1/sessions/{session}/subscribe",
    "publish": "/v1/publish",
    "health": "/healthz",
    "openapi": "/openapi.json",
}


@router.get("/", summary="Index", response_description="The index.", responses=problems.responses())
async def index() -> Index:
    """Where everything is."""
    return Index(links=_LINKS)


@router.get(
    "/healthz",
    summary="Health",
    response_model=Health,
    response_description="The service is up, and stores what comes.",
    responses=problems.responses(503),
)
async def health(request: Request, service: ServiceOf) -> Health | Response:
    """Answers as long as the process does; asks neither the disk nor the model.

    503 where the store has failed, until a write to it works again.
    """
    store = service.store_health
    if store.condition is StoreCondition.FAILED and store.error is not None:
        detail, remedy = store.error.problem, store.error.remedy or None
        return problems.response(problems.plain(request, 503, detail, remedy))
    return Health(
        store=store.condition, model=service.model, live_sessions=len(service.live_sessions())
    )
