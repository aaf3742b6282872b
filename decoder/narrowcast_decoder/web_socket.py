"""uvicorn's WebSocket: its reading paused only where it must, what a peer can pile up bounded, and
time for a last word when the service ends.
"""

import asyncio
from typing import TYPE_CHECKING, Any, cast

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


class LazyPause:
    """A transport that stops reading only once more has come than was asked for.

    uvicorn pauses after every message until the application has taken it, which is mostly at
    once: two changes of the selector, two system calls, a message. Here the pause waits until
    bytes arrive while it is wanted. So one chunk (`CHUNK_BYTES` at most) may lie in memory beyond
    the message that the application has not taken; the rest waits in the kernel as before.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        transport.max_size = CHUNK_BYTES  # type: ignore[attr-defined] # asyncio's own name for it
        self._transport = transport
        self._wanted = False
        self._paused = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the transport's own
        return getattr(self._transport, name)

    def pause_reading(self) -> None:
        self._wanted = True

    def resume_reading(self) -> None:
        self._wanted = False
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    def data_comes(self) -> None:
        """Bytes have arrived: pause where that is wanted."""
        if self._wanted and not self._paused:
            self._paused = True
            self._transport.pause_reading()


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's; nothing that a peer does piles up, and the last word is the application's."""

    _full = False  # the socket takes no more: a send would wait
    _farewell: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._lazy = LazyPause(cast(asyncio.Transport, transport))
        super().connection_made(cast(asyncio.BaseTransport, self._lazy))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._farewell is not None:
            self._farewell.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._lazy.data_comes()
        super().data_received(data)

    def pause_writing(self) -> None:
        self._full = True
        super().pause_writing()

    def resume_writing(self) -> None:
        self._full = False
        super().resume_writing()

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
        if not self._full:
            self.transport.write(b"".join(pong))
