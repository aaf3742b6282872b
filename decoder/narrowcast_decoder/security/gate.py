"""The gate before the service (ASGI): everything passes it, or hears why it does not."""

import logging
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from narrowcast_decoder.security import leases, refusals
from narrowcast_decoder.security.admission import Admission, Request
from narrowcast_decoder.security.buckets import Bucket, Rate
from narrowcast_decoder.security.refusals import Refusal
from narrowcast_shared.clock import Clock

logger = logging.getLogger(__name__)

LOG_LINES = Rate(per_s=2, burst=20)
"""Refusals that are told in the log: whoever is refused must not fill a disk."""

MAX_PATH_CHARS = 100


class Gate:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, admission: Admission, clock: Clock) -> None:
        self._app = app
        self._admission = admission
        self._clock = clock
        self._lines = Bucket(LOG_LINES, clock.monotonic_us())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        admitted = self._admission.admit(_request(scope), self._clock.monotonic_us())
        if isinstance(admitted, Refusal):
            self._tell(admitted, scope)
            await _refuse(admitted, scope, receive, send)
            return
        scope[leases.KEY] = admitted.lease
        try:
            await self._app(scope, receive, send)
        finally:
            self._admission.leave(admitted)

    def _tell(self, refusal: Refusal, scope: Scope) -> None:
        """Who was refused what. A path is told without its query, and a token by its name alone."""
        if self._lines.take(self._clock.monotonic_us()):
            logger.warning(
                "refused (%s): %s, asked for %s",
                refusal.kind,
                _peer(scope),
                scope["path"][:MAX_PATH_CHARS],
            )


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    websocket = scope["type"] == "websocket"
    if websocket:
        await receive()  # websocket.connect, which an answer follows
    await refusals.send(refusal, scope["path"], send, websocket=websocket)


def _request(scope: Scope) -> Request:
    return Request(
        method=scope.get("method", "GET"),
        path=scope["path"],
        peer=_peer(scope),
        headers=scope["headers"],
        subprotocols=scope.get("subprotocols", ()),
        websocket=scope["type"] == "websocket",
    )


def _peer(scope: Scope) -> str:
    client: Any = scope.get("client")
    return str(client[0]) if client else ""
