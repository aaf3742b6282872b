"""A series over a WebSocket: one sample a text message, as JSON.

The close code says how it ended (`narrowcast_shared.close_codes`):

1000  the session has ended, and all of it was sent; or a replay is over
1001  the service stops: connect again, after the last id
1008  the request, or something that the subscriber sent, cannot be used
1013  the store failed: connect again later, after the last id
4401  the subscriber's token is no longer good
4404  there is no session of that name
4408  the subscriber took nothing for 10 s: connect again, after the last id. Where it does
      not even take this, the connection is cut without a code (1006).
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Annotated, NamedTuple, cast

from fastapi import APIRouter, Depends, FastAPI, Query, WebSocket, WebSocketDisconnect
from fastapi.exceptions import WebSocketRequestValidationError

from narrowcast_decoder.api.parameters import (
    FromId,
    LeaseOf,
    ReplayOf,
    ServiceOf,
    SessionName,
    before,
)
from narrowcast_decoder.api.readers import reader
from narrowcast_decoder.replay import Pace
from narrowcast_decoder.security.leases import Lease
from narrowcast_decoder.service import Service
from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.errors import StoreError, UnknownSessionError

_log = logging.getLogger(__name__)

router = APIRouter(prefix="/v1/sessions")

SUBPROTOCOL = "narrowcast.subscribe.v1"
"""WebSocket subprotocol; a subscriber may leave it out."""

GONE = 1006
"""What RFC 6455 calls an end without a close frame: there is nobody to send one to."""

MAX_REASON_BYTES = 123
"""RFC 6455, section 5.5: a close frame has 125 bytes, two of them for the code."""


class Wanted(NamedTuple):
    """What a subscriber asks for."""

    session: str
    after_id: int
    wait: bool
    pace: Pace | None


async def wanted_of(
    session: SessionName,
    pace: ReplayOf,
    from_id: FromId = None,
    *,
    wait: Annotated[bool, Query(description="Wait for a session that does not exist yet.")] = False,
) -> Wanted:
    """From the path and the query."""
    return Wanted(session, before(from_id), wait, pace)


STALL_CHECKS = 4
"""How often it is looked, while a send may take, whether one takes too long: a timer a sample
would cost more than writing the sample as JSON."""


@dataclass
class Progress:
    """Since when the message that is being sent has waited for the connection; None between."""

    waits_since_s: float | None = None


class Closing(NamedTuple):
    """How a connection ends."""

    code: int
    reason: str = ""


@router.websocket("/{session}/subscribe")
async def subscribe(
    websocket: WebSocket,
    service: ServiceOf,
    lease: LeaseOf,
    wanted: Annotated[Wanted, Depends(wanted_of)],
) -> None:
    """What is stored of the series, then what comes, until one side closes."""
    offered = websocket.scope["subprotocols"]
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
    progress = Progress()
    sending = asyncio.create_task(_send_series(websocket, service, wanted, progress))
    listening = asyncio.create_task(_listen(websocket))
    stalling = asyncio.create_task(_stalled(progress, wanted.session, service.patience.send_s))
    losing = asyncio.create_task(_revoked(lease))
    tasks = [sending, listening, stalling, losing]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        closing = next(task for task in tasks if task.done()).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await _close(websocket, closing, service.patience.send_s)


def install(app: FastAPI) -> None:
    """Close WebSockets whose parameters cannot be used with 1008."""
    app.add_exception_handler(WebSocketRequestValidationError, _refuse)


async def _send_series(
    websocket: WebSocket, service: Service, wanted: Wanted, progress: Progress
) -> Closing:
    """Send samples until there are no more.

    Nothing piles up here: while one message waits for the connection, the rest waits in the
    hub's bounded queue, and what overflows there is read from the store.
    """
    now_s = asyncio.get_running_loop().time
    try:
        series = reader(service, wanted.session, wanted.after_id, wanted.pace, wait=wanted.wait)
        with series as follower:
            while page := await follower.next_page():
                for sample in page:
                    progress.waits_since_s = now_s()
                    await websocket.send_text(sample.model_dump_json())
                progress.waits_since_s = None
    except UnknownSessionError as error:
        return Closing(CloseCode.UNKNOWN_SESSION, error.problem)
    except StoreError as error:
        _log.error(
            "subscription to %s: %s", wanted.session, error, extra={"session": wanted.session}
        )
        return Closing(CloseCode.TRY_LATER, error.problem)
    except WebSocketDisconnect:
        return Closing(GONE)
    if follower.session_ended:
        return Closing(CloseCode.SESSION_ENDED, "the session has ended")
    return Closing(CloseCode.GOING_AWAY, "the service stops")


async def _stalled(progress: Progress, session: str, send_s: float) -> Closing:
    """Notice when the subscriber takes nothing for `send_s`, or a little longer."""
    now_s = asyncio.get_running_loop().time
    while True:
        await asyncio.sleep(send_s / STALL_CHECKS)
        if progress.waits_since_s is not None and now_s() - progress.waits_since_s >= send_s:
            break
    _log.warning(
        "a subscriber to %s took nothing for %g s", session, send_s, extra={"session": session}
    )
    return Closing(CloseCode.TOO_SLOW, f"nothing was taken for {send_s:g} s")


async def _revoked(lease: Lease) -> Closing:
    """Notice when the token is taken back, or expires."""
    await lease.revoked.wait()
    return Closing(CloseCode.TOKEN_ENDED, "the token is no longer good")


async def _listen(websocket: WebSocket) -> Closing:
    """Notice when the subscriber leaves; it has nothing to say otherwise."""
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        return Closing(GONE)
    return Closing(CloseCode.BAD_REQUEST, "a subscriber sends nothing")


async def _close(websocket: WebSocket, closing: Closing, send_s: float) -> None:
    if closing.code == GONE:
        return
    reason = closing.reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
    with contextlib.suppress(TimeoutError, WebSocketDisconnect):
        async with asyncio.timeout(send_s):
            await websocket.close(closing.code, reason)


async def _refuse(websocket: WebSocket, error: Exception) -> None:
    fault = cast(WebSocketRequestValidationError, error).errors()[0]
    reason = f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
    await websocket.accept()
    await _close(websocket, Closing(CloseCode.BAD_REQUEST, reason), send_s=1.0)
