"""uvicorn's WebSocket: what a peer can pile up bounded, and time for a last word when the service
ends.
"""

import asyncio
from typing import TYPE_CHECKING

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from narrowcast_shared.close_codes import CloseCode

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

CHUNK_BYTES = 16 * 1024
"""Read at a time. asyncio's 256 KiB may hold 20,000 messages, and nobody else comes meanwhile."""

MAX_FRAGMENTS = 64
"""Of one message, which has 65,535 bytes at most; no limit on bytes counts those without any."""

FAREWELL_S = 0.8
"""At the end of the service: how long the application may still finish and close by itself, and the
peer take its last word. A socket that is closed with bytes unread resets the connection, and what
the peer has not read by then is lost to it.
"""


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's; nothing that a peer does piles up, and the last word is the application's."""

    _farewell: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.max_size = CHUNK_BYTES  # type: ignore[attr-defined] # asyncio's own name for it
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._farewell is not None:
            self._farewell.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close later: at once, 1012 would come before what is queued and why it ends.

        A connection that is closed already waits so long for its peer to have heard that.
        """
        if self.handshake_complete:
            self._farewell = self.loop.call_later(FAREWELL_S, super().shutdown)
        else:
            super().shutdown()

    async def send(self, message: "ASGISendEvent") -> None:
        """A handshake that was answered with a refusal is complete: uvicorn logs an error else."""
        await super().send(message)
        if self.close_sent and self.initial_response is not None:
            self.handshake_complete = True

    def handle_cont(self, event: Frame) -> None:
        if self.close_sent:
            return
        if len(self.frames) < MAX_FRAGMENTS:
            super().handle_cont(event)
            return
        self.conn.fail(CloseCode.BAD_REQUEST, f"over {MAX_FRAGMENTS} fragments")
        self.handle_parser_exception()

    def handle_ping(self) -> None:
        """Pongs would wait in memory without limit: of a peer that takes none, they are dropped."""
        pong = self.conn.data_to_send()
        if self.writable.is_set():
            self.transport.write(b"".join(pong))
