"""The two WebSockets as plain HTTP sees them: 426, which is how OpenAPI tells of them too."""

from fastapi import APIRouter, Depends, Request, Response

from narrowcast_decoder.api import problems
from narrowcast_decoder.api.subscribe import SUBPROTOCOL as SUBSCRIBE_SUBPROTOCOL
from narrowcast_decoder.api.subscribe import wanted_of
from narrowcast_shared.wire import SUBPROTOCOL as PUBLISH_SUBPROTOCOL

router = APIRouter()

_SUBSCRIBE = f"""
A WebSocket (RFC 6455), subprotocol `{SUBSCRIBE_SUBPROTOCOL}` (may be left out): what is stored
of the series, then what comes, each sample once and in order of id, one a text message, as
JSON. With `replay`, what is stored is played as it was captured, and that is the end. The
subscriber sends nothing. The close code says how it ended:

| code | meaning |
|---|---|
| 1000 | the session has ended, and all of it was sent; or a replay is over |
| 1001 | the service stops: connect again, after the last id |
| 1008 | the request, or something that the subscriber sent, cannot be used |
| 1012 | the service restarts: connect again, after the last id |
| 1013 | the store failed: connect again later, after the last id |
| 4401 | the token is no longer good |
| 4404 | there is no session of that name, and `wait` was not given |
| 4408 | the subscriber took nothing for 10 s: connect again, after the last id |
"""

_PUBLISH = f"""
A WebSocket (RFC 6455), subprotocol `{PUBLISH_SUBPROTOCOL}`, binary messages: wire format v1, as
docs/protocol.md has it byte by byte. An encoder sends its coded chips, the decoder its reports.
"""


@router.get(
    "/v1/sessions/{session}/subscribe",
    tags=["series"],
    summary="Follow a series over a WebSocket",
    description=_SUBSCRIBE,
    status_code=426,
    response_class=Response,
    dependencies=[Depends(wanted_of)],
    responses=problems.responses(422, 426),
)
async def subscribe_upgrade(request: Request) -> Response:
    """Say that this is a WebSocket; `subscribe.py` is what a WebSocket meets here."""
    return _upgrade_required(request)


@router.get(
    "/v1/publish",
    tags=["publishing"],
    summary="Publish a session over a WebSocket",
    description=_PUBLISH,
    status_code=426,
    response_class=Response,
    responses=problems.responses(426),
)
async def publish_upgrade(request: Request) -> Response:
    """Say that this is a WebSocket."""
    return _upgrade_required(request)


def _upgrade_required(request: Request) -> Response:
    problem = problems.plain(
        request, 426, "this path speaks WebSocket", "connect with ws:// or wss://"
    )
    # RFC 9110, sections 7.8 and 15.5.22: 426 names the protocol, and Connection lists Upgrade.
    return problems.response(problem, {"Upgrade": "websocket", "Connection": "Upgrade"})
