"""A line that remembers what the publisher sent over it."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress


class Recording:
    """Bytes of each connection, from the publisher to the decoder."""

    def __init__(self) -> None:
        self.connections: list[bytearray] = []
        self.port = 0

    def messages(self) -> Iterator[bytes]:
        """The WebSocket messages of all connections."""
        for data in self.connections:
            yield from _messages(bytes(data).partition(b"\r\n\r\n")[2])


@asynccontextmanager
async def recording(port: int) -> AsyncIterator[Recording]:
    """Hand on to this port of this machine whatever comes to `Recording.port`."""
    found = Recording()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        data = bytearray()
        found.connections.append(data)
        with suppress(ConnectionError):
            await asyncio.gather(_hand_on(reader, back, data), _hand_on(there, writer, bytearray()))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        found.port = server.sockets[0].getsockname()[1]
        yield found


async def _hand_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray
) -> None:
    while data := await reader.read(65536):
        kept += data
        writer.write(data)
        await writer.drain()
    writer.close()


def _messages(data: bytes) -> Iterator[bytes]:
    """Payloads of a client's whole binary frames (RFC 6455, section 5.2)."""
    while len(data) >= 6:
        opcode, length, first = data[0] & 0x0F, data[1] & 0x7F, 2
        if length == 126:
            (length,), first = struct.unpack("!H", data[2:4]), 4
        mask, payload = data[first : first + 4], data[first + 4 : first + 4 + length]
        if opcode == 2 and len(payload) == length:
            yield bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        data = data[first + 4 + length :]
