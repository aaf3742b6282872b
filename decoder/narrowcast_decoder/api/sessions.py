"""Which sessions there are."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from narrowcast_decoder.api import problems
from narrowcast_decoder.api.parameters import ServiceOf, SessionName
from narrowcast_decoder.store.interface import DEFAULT_PAGE, SessionSummary

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])

_EXAMPLE = {
    "session": "lobby",
    "state": "live",
    "started_t": 1767225600.0,
    "last_t": 1767225640.04,
    "ended_t": None,
    "end_reason": None,
    "samples": 1002,
    "last_id": 1002,
    "next_seq": 1002,
    "by_status": {"ok": 990, "no_face": 8, "skipped": 4, "lost": 0},
}


class SessionList(BaseModel):
    """Sessions, the newest activity first."""

    sessions: list[SessionSummary] = Field(description="The sessions.")


@router.get(
    "",
    summary="List the sessions",
    response_description="Sessions at a glance, the newest activity first.",
    responses={
        200: {"content": {"application/json": {"example": {"sessions": [_EXAMPLE]}}}},
        **problems.responses(422, 503),
    },
)
async def list_sessions(
    service: ServiceOf,
    limit: Annotated[
        int, Query(ge=1, le=10_000, description="Most sessions to list.")
    ] = DEFAULT_PAGE,
) -> SessionList:
    """Every session that was ever published here, up to `limit`, the newest activity first."""
    return SessionList(sessions=await service.summaries(limit))


@router.get(
    "/{session}",
    summary="One session at a glance",
    response_description="The session at a glance.",
    responses={
        200: {"content": {"application/json": {"example": _EXAMPLE}}},
        **problems.responses(404, 422, 503),
    },
)
async def get_session(service: ServiceOf, session: SessionName) -> SessionSummary:
    """State, times and counts of one session."""
    return await service.summary(session)
