"""uvicorn's WebSocket, its share of the stages timed, and its reading paused only where it must."""

import asyncio
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from narrowcast_decoder.stages import Stages

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent


class LazyPause:
    """A transport that stops reading only once more has come than was asked for.

    uvicorn pauses after every message until the application has taken it, which is mostly at
    once: two changes of the selector, two system calls, a message. Here the pause waits until
    bytes arrive while it is wanted. So one chunk (256 KiB at most) may lie in memory beyond the
    message that the application has not taken; the rest waits in the kernel as before.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
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


def timed(stages: Stages, publish_path: str) -> type[asyncio.Protocol]:
    """A protocol for `uvicorn.Config(ws=...)` that tells `stages` what its connections cost."""

    class TimedWebSocket(WebSocketsSansIOProtocol):
        _full = False  # the socket takes no more: a send would wait, and waiting is not timed

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._lazy = LazyPause(cast(asyncio.Transport, transport))
            super().connection_made(cast(asyncio.BaseTransport, self._lazy))

        def data_received(self, data: bytes) -> None:
            with stages.receive:
                self._lazy.data_comes()
                super().data_received(data)

        async def send(self, message: "ASGISendEvent") -> None:
            if self._full:
                await super().send(message)
                return
            with stages.report if self.scope["path"] == publish_path else stages.send:
                await super().send(message)

        def pause_writing(self) -> None:
            self._full = True
            super().pause_writing()

        def resume_writing(self) -> None:
            self._full = False
            super().resume_writing()

    return TimedWebSocket
