"""Which sessions there are, and their deletion."""

import logging
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from narrowcast_decoder.api import problems
from narrowcast_decoder.api.parameters import LeaseOf, ServiceOf, SessionName
from narrowcast_decoder.security.scopes import Scope
from narrowcast_decoder.service import Service
from narrowcast_decoder.store.interface import DEFAULT_PAGE, SessionState, SessionSummary

_log = logging.getLogger(__name__)

MAX_LISTED = 10_000

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])

_EXAMPLE = {
    "session": "lobby",
    "state": "live",
    "started_t": 1767225600.0,
    "written_t": 1767225640.09,
    "first_t": 1767225600.0,
    "last_t": 1767225640.04,
    "ended_t": None,
    "end_reason": None,
    "model": "oa",
    "model_sha256": "0156232fb1c61103e97588816f213135705c451f140e0b030d75d5763163dfc9",
    "clock_offset_ms": 3.1,
    "clock_error_ms": 20.4,
    "samples": 1002,
    "first_id": 1,
    "last_id": 1002,
    "next_seq": 1002,
    "by_status": {"ok": 990, "no_face": 8, "skipped": 4, "lost": 0},
    "preview": False,
}


class SessionInfo(SessionSummary):
    """One session at a glance, as this decoder has it."""

    preview: bool = Field(
        description="Whether its face may be seen: it is published at this decoder now, and its "
        "publisher and this decoder's operator allow it. Only then is there a use in asking for "
        "`/v1/sessions/{session}/face`."
    )


class SessionList(BaseModel):
    """Sessions, the newest activity first."""

    sessions: list[SessionInfo] = Field(description="The sessions.")


def _info(service: Service, summary: SessionSummary) -> SessionInfo:
    """Of memory alone, apart from the summary."""
    preview = service.shows_face(summary.session)
    return SessionInfo.model_construct(**vars(summary), preview=preview)


@router.get(
    "",
    summary="List the sessions",
    response_model=SessionList,
    response_description="Sessions at a glance, the newest activity first.",
    responses={
        200: {"content": {"application/json": {"example": {"sessions": [_EXAMPLE]}}}},
        **problems.responses(422, 503),
    },
)
async def list_sessions(
    service: ServiceOf,
    lease: LeaseOf,
    limit: Annotated[
        int, Query(ge=1, le=MAX_LISTED, description="Most sessions to list.")
    ] = DEFAULT_PAGE,
) -> Response:
    """Every session that was ever published here, up to `limit`, the newest activity first.

    With a token, of the newest 10,000 those that it may read.
    """
    if lease.is_of_every_session:
        listed = await service.summaries(limit)
    else:
        found = await service.summaries(MAX_LISTED)
        listed = [s for s in found if lease.allows(Scope.SUBSCRIBE, s.session)][:limit]
    page = SessionList.model_construct(sessions=[_info(service, summary) for summary in listed])
    # As it is: FastAPI would check it all once more, a third of a second for 10,000.
    return Response(page.model_dump_json(), media_type="application/json")


@router.get(
    "/{session}",
    summary="One session at a glance",
    response_description="The session at a glance.",
    responses={
        200: {"content": {"application/json": {"example": _EXAMPLE}}},
        **problems.responses(404, 422, 503),
    },
)
async def get_session(service: ServiceOf, session: SessionName) -> SessionInfo:
    """State, times and counts of one session."""
    return _info(service, await service.summary(session))


@router.delete(
    "/{session}",
    summary="Delete a session",
    status_code=204,
    response_description="The session and all of its samples are gone.",
    responses=problems.responses(404, 409, 422, 503),
)
async def delete_session(
    request: Request,
    service: ServiceOf,
    session: SessionName,
    *,
    force: Annotated[
        bool, Query(description="Also where it is being published: its publisher is sent away.")
    ] = False,
) -> Response:
    """Delete the session and all of its samples, for good; who follows it is told it has ended.

    One that is being published is only deleted with `force`. Its name can be used again.
    """
    summary = await service.summary(session)
    if summary.state is SessionState.LIVE:
        if not force or service.evict is None:
            detail = f"session {session!r} is being published"
            remedy = "end its encoder first, or delete it with force=true (a command's --force)"
            return problems.response(problems.plain(request, 409, detail, remedy))
        await service.evict(session)
    await service.store.delete(session, on_gone=lambda: service.hub.end(session))
    _log.info("session %s: deleted on request", session)
    return Response(status_code=204)
