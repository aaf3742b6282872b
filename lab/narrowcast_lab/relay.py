"""A TCP relay on loopback that counts what an encoder really puts on the line.

It knows nothing of our format: it bills every chunk that arrives from the encoder with the
IPv4 and TCP headers of its segments, the handshake included.
"""

import asyncio
import contextlib
import time
from typing import NamedTuple, Self

from narrowcast_shared.wire.cost import IP_TCP_BYTES, TCP_SEGMENT_BYTES

CHUNK_BYTES = 65_536


class Billed(NamedTuple):
    """One chunk from the encoder: when it came (monotonic s), and its bytes with headers."""

    at_s: float
    wire_bytes: int


class Relay:
    """Forwards connections to one port. An asynchronous context manager; `port` is its own."""

    def __init__(self, target_port: int) -> None:
        self.billed: list[Billed] = []
        self.started = asyncio.Event()
        self.port = 0
        self.is_down = False  # then connections end as soon as they are made
        self._target_port = target_port
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break every connection, as an outage does."""
        for task in self._tasks:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self.is_down:
            writer.close()
            return
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.CancelledError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            with contextlib.closing(far_writer):
                await self._both_ways(reader, writer, far_reader, far_writer)

    async def _both_ways(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        up = asyncio.create_task(self._forward(reader, far_writer, bill=True))
        down = asyncio.create_task(self._forward(far_reader, writer, bill=False))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, bill: bool
    ) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            if bill:
                segments = -(-len(chunk) // TCP_SEGMENT_BYTES)
                size = len(chunk) + IP_TCP_BYTES * segments
                self.billed.append(Billed(time.monotonic(), size))
                self.started.set()
            writer.write(chunk)
            await writer.drain()


def busiest_bps(billed: list[Billed], window_s: float) -> float:
    """Highest wire rate of any window of `window_s` that begins with a chunk, bit/s."""
    best, start, inside = 0, 0, 0
    for chunk in billed:
        inside += chunk.wire_bytes
        while billed[start].at_s <= chunk.at_s - window_s:
            inside -= billed[start].wire_bytes
            start += 1
        best = max(best, inside)
    return 8 * best / window_s
