"""What this service is, and whether it is well."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from narrowcast_decoder.api import problems
from narrowcast_decoder.api.parameters import ServiceOf
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

    status: Literal["ok"] = Field(default="ok", description="`ok` where there is an answer at all.")
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
    response_description="The service is up.",
    responses=problems.responses(),
)
async def health(service: ServiceOf) -> Health:
    """Answers as long as the process does; asks neither the disk nor the model."""
    return Health(model=service.model, live_sessions=len(service.live_sessions()))
