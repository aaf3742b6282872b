"""uvicorn's HTTP, but a request that never ends does, and so does a body that nobody wants."""

import asyncio
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from narrowcast_decoder.security.limits import Limits

MAX_HEAD_BYTES = 16 * 1024
"""Of a request line and its headers; more is answered with 400."""

_ON_ITS_WAY = {h11.IDLE, h11.SEND_BODY}
"""What h11 says of a peer of whose request something is still to come."""


class BoundedHttp(H11Protocol):
    """One connection. A timer runs from its first moment, and from the first byte of each later
    request, to the last byte of that request's head and body. A connection on which it runs out,
    or a body goes on for too long, is cut: uvicorn alone waits for ever.
    """

    limits: ClassVar[Limits] = Limits()

    _deadline: asyncio.TimerHandle | None = None
    _body_bytes = 0
    _upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        in_body = self.conn.their_state is h11.SEND_BODY
        self._body_bytes = self._body_bytes + len(data) if in_body else 0
        if self._body_bytes > self.limits.body_bytes:
            self.transport.abort()
            return
        super().data_received(data)
        self._watch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        super().handle_websocket_upgrade(event)
        self._upgraded = True  # a WebSocket has limits of its own

    def _watch(self) -> None:
        """Have the timer run exactly while a request is on its way."""
        if self._upgraded or self.conn.their_state not in _ON_ITS_WAY:
            self._disarm()
        elif self._deadline is None:
            self._arm()

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(self.limits.request_s, self._cut)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.abort()


def bounded(limits: Limits) -> type[asyncio.Protocol]:
    """A protocol for `uvicorn.Config(http=...)` with these limits."""
    return type("BoundedHttp", (BoundedHttp,), {"limits": limits})
