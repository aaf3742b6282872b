"""Marks: what people and other software note beside a series."""

import logging
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from narrowcast_decoder.api import problems
from narrowcast_decoder.api.parameters import ServiceOf, SessionName
from narrowcast_decoder.store.interface import MarksFullError
from narrowcast_decoder.store.ranges import MAX_ID
from narrowcast_shared.clock import Clock
from narrowcast_shared.marks import LATEST_T, MAX_MARKS, Mark, NewMark

_log = logging.getLogger(__name__)

router = APIRouter(prefix="/v1/sessions", tags=["marks"])

_MARKS = TypeAdapter(list[Mark])
_EXAMPLE = {"id": 1, "t": 1767225640.123, "text": "stimulus 3"}
_US_PER_S = 1_000_000


@router.get(
    "/{session}/marks",
    summary="Read a session's marks",
    response_model=list[Mark],
    response_description="Marks in order of id.",
    responses={
        200: {"content": {"application/json": {"example": [_EXAMPLE]}}},
        **problems.responses(404, 422, 503),
    },
)
async def get_marks(
    service: ServiceOf,
    session: SessionName,
    after: Annotated[
        int, Query(ge=0, le=MAX_ID, description="Id of the last mark not wanted: only later ones.")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_MARKS, description="Most marks to give.")] = MAX_MARKS,
) -> Response:
    """The marks in the order in which they were added, which need not be that of their times."""
    await service.summary(session)
    found = await service.store.marks(session, after, limit)
    return Response(_MARKS.dump_json(found), media_type="application/json")


@router.post(
    "/{session}/marks",
    summary="Mark a moment of a session",
    response_model=Mark,
    status_code=201,
    response_description="The mark, stored.",
    responses={
        201: {"content": {"application/json": {"example": _EXAMPLE}}},
        **problems.responses(400, 404, 413, 422, 503),
        **problems.responses_as({409: f"The session has {MAX_MARKS} marks, and no more can be."}),
    },
)
async def add_mark(
    request: Request, service: ServiceOf, session: SessionName, mark: NewMark
) -> Mark | Response:
    """Add a mark at a time of the encoder's clock, as samples have it, or at this moment.

    Of this moment, the clocks' offset (`clock_offset_ms` of the session) is taken off, where it is
    known. A mark is stored when this answers; it is never changed, and goes with its session. One
    that is sent again is another mark.
    """
    summary = await service.summary(session)
    t = _now_t(service.clock, summary.clock_offset_ms) if mark.t is None else mark.t
    try:
        added = await service.store.add_mark(session, t, mark.text)
    except MarksFullError as error:
        return problems.response(problems.plain(request, 409, error.problem))
    _log.info("session %s: mark %d", session, added.id, extra={"session": session})
    return added


def _now_t(clock: Clock, offset_ms: float | None) -> float:
    """Now, on the encoder's clock, s. An encoder may tell of any offset: a time that no mark
    can have is cut to one that it can.
    """
    t = clock.unix_us() / _US_PER_S - (offset_ms or 0.0) / 1000
    return round(min(max(t, 0.0), LATEST_T), 6)
