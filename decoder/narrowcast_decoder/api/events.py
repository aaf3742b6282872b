"""A series as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from collections.abc import AsyncGenerator, Iterable

from fastapi import APIRouter, Response

from narrowcast_decoder.api import problems
from narrowcast_decoder.api.bounded_stream import BoundedStream
from narrowcast_decoder.api.parameters import (
    FromId,
    LastEventId,
    LeaseOf,
    ReplayOf,
    ServiceOf,
    SessionName,
    before,
)
from narrowcast_decoder.api.readers import SeriesReader, reader
from narrowcast_decoder.security.leases import Lease
from narrowcast_decoder.service import Service
from narrowcast_decoder.store.interface import SessionState
from narrowcast_shared.samples import Sample

router = APIRouter(prefix="/v1/sessions", tags=["series"])

MEDIA_TYPE = "text/event-stream"
RETRY_MS = 2000
"""Pause that a browser makes before it reconnects."""

TOKEN_CHECK_S = 2.0

_HEARTBEAT = ": nothing new\n\n"
_EXAMPLE = (
    f"retry: {RETRY_MS}\n\n"
    'id: 1002\nevent: sample\ndata: {"id":1002,"session":"lobby","seq":1001,...}\n\n'
    'event: end\ndata: {"reason":"ended"}\n\n'
)


@router.get(
    "/{session}/events",
    summary="Follow a series as server-sent events",
    response_class=Response,
    response_description="The series, event by event.",
    responses={
        200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _EXAMPLE}}},
        204: {"description": "The session has ended, and `Last-Event-ID` was its last sample."},
        **problems.responses(404, 422, 503),
    },
)
async def follow_events(
    service: ServiceOf,
    lease: LeaseOf,
    session: SessionName,
    from_id: FromId = None,
    last_event_id: LastEventId = None,
    *,
    pace: ReplayOf,
) -> Response:
    """What is stored of the series, then what comes, each sample once and in order of id.

    - `event: sample`, with the sample's id as `id:` and the sample as JSON in `data:`.
    - A comment every 15 s in which nothing came.
    - `event: end`, last of all, without an id; its data is `{"reason": "ended"}` where the
      session has ended and all of it was given, `{"reason": "draining"}` where the service is
      about to stop: then connect again; `{"reason": "refused"}` where the token is no longer good.

    A browser's EventSource reconnects by itself with `Last-Event-ID` and goes on after it.
    That of a session that has ended is answered with 204, which tells it to stop. A stream
    that breaks off without `event: end` was cut, by the network, a fault of the store, or
    because the client took nothing for 10 s: connect again with the last id.

    With `replay=true` the series is played as it was captured, and then ends with
    `{"reason": "ended"}`.
    """
    summary = await service.summary(session)
    if last_event_id is None:
        after_id = before(from_id)
    elif summary.state is SessionState.ENDED and last_event_id >= summary.last_id:
        return Response(status_code=204)
    else:
        after_id = last_event_id
    return BoundedStream(
        _events(service, lease, reader(service, session, after_id, pace)),
        send_s=service.patience.send_s,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(
    service: Service, lease: Lease, series: SeriesReader
) -> AsyncGenerator[str, None]:
    yield f"retry: {RETRY_MS}\n\n"
    with series as follower:
        quiet_s, step_s = 0.0, _step_s(lease, service.patience.heartbeat_s)
        while not (follower.is_over or lease.revoked.is_set()):
            page = await follower.next_page(step_s)
            quiet_s = 0.0 if page else quiet_s + step_s
            if page:
                yield sample_events(page)
            elif quiet_s >= service.patience.heartbeat_s and not follower.is_over:
                quiet_s = 0.0
                yield _HEARTBEAT
        reason = "ended" if follower.session_ended else "draining"
        if lease.revoked.is_set():
            reason = "refused"
    yield f'event: end\ndata: {{"reason":"{reason}"}}\n\n'


def _step_s(lease: Lease, heartbeat_s: float) -> float:
    """How long to wait for samples before it is looked whether the token is still good."""
    return heartbeat_s if lease.token is None else min(TOKEN_CHECK_S, heartbeat_s)


def sample_events(samples: Iterable[Sample]) -> str:
    """Samples as events."""
    return "".join(
        f"id: {sample.id}\nevent: sample\ndata: {sample.model_dump_json()}\n\n"
        for sample in samples
    )
