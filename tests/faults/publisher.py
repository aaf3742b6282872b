"""A publisher that says what a test wants said, and remembers all that it was told."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from narrowcast_shared.codec import AccessUnit, ChipEncoder
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.remote.address import Address, as_address
from narrowcast_shared.wire import SUBPROTOCOL
from narrowcast_shared.wire.messages import (
    TICK_US,
    Capability,
    Data,
    End,
    EndCode,
    Frame,
    FrameKind,
    Hello,
    KeyframeRequest,
    Report,
    Welcome,
)
from narrowcast_shared.wire.serial import parse, serialise

RUNG = Rung(32, 30)
CLIP_FRAMES = 50
NO_CAPABILITIES = Capability(0)
ANSWER_S = 90.0
"""A decoder that owes an answer for so long has failed the test."""


@cache
def clip(rung: Rung = RUNG) -> tuple[AccessUnit, ...]:
    """A blob that moves, coded; the first access unit is a keyframe, so that it can be looped."""
    encoder = ChipEncoder(rung)
    y, x = (np.mgrid[0 : rung.px, 0 : rung.px] + 0.5) / rung.px
    chips = [
        60 + 150 * np.exp(-(((x - 0.5 - 0.1 * np.sin(i / 4)) / 0.3) ** 2) - ((y - 0.5) / 0.4) ** 2)
        for i in range(CLIP_FRAMES)
    ]
    return tuple(encoder.encode(chip.astype(np.uint8)) for chip in chips)


def hello(
    session: str, capabilities: Capability = NO_CAPABILITIES, owed_from: int | None = None
) -> Hello:
    """A greeting of a new incarnation whose tick 0 is now; a report every 50 ms."""
    start_us = time.time_ns() // 1000
    return Hello(session, os.urandom(8), start_us, 50, capabilities, owed_from=owed_from)


class Publisher:
    """One connection, welcomed. `seq` is the number of its next frame."""

    def __init__(self, socket: ClientConnection, greeting: Hello, welcome: Welcome) -> None:
        self.socket = socket
        self.greeting = greeting
        self.seq = welcome.next_seq
        self.acknowledged = 0
        """One above the highest frame of which it was told that it is stored."""
        self.requests: list[KeyframeRequest] = []
        self.end: End | None = None
        self.stirred = asyncio.Event()
        """Set whenever the decoder has said something."""
        self._since_keyframe = CLIP_FRAMES

    async def hear(self) -> None:
        """Take what the decoder says until it closes."""
        with suppress(ConnectionClosed):
            while True:
                self._heard(parse(await self.socket.recv(decode=False)))  # type: ignore[arg-type]
        self.stirred.set()

    def _heard(self, message: object) -> None:
        match message:
            case Report():
                self.acknowledged = message.stored_seq
            case KeyframeRequest():
                self.requests.append(message)
            case End():
                self.end = message
        self.stirred.set()

    async def send(self, frames: Sequence[Frame], rung: Rung | None = None) -> None:
        """DATA of the next frames."""
        await self.socket.send(serialise(Data(0, self.seq, tuple(frames), rung)))
        self.seq += len(frames)

    async def send_runs(self, frames: int) -> None:
        """So many skipped frames, as few messages as carry them."""
        for first in range(0, frames, 4000):
            skipped = Frame(self.ticks(), FrameKind.SKIPPED)
            await self.send([skipped] * min(4000, frames - first))

    def next_frame(self, rung: Rung = RUNG) -> Frame:
        """The next frame of the clip, captured now."""
        unit = clip(rung)[self._since_keyframe % CLIP_FRAMES]
        self._since_keyframe += 1
        kind = FrameKind.KEYFRAME if unit.keyframe else FrameKind.DELTA
        return Frame(self.ticks(), kind, unit.nals)

    def start_over(self) -> None:
        """Let the next frame be a keyframe."""
        self._since_keyframe = 0

    async def play(self, frames: int, fps: float = 25, rung: Rung = RUNG) -> None:
        """Send so many coded frames, one a message, in real time."""
        start_s = time.monotonic()
        for index in range(frames):
            await asyncio.sleep(start_s + index / fps - time.monotonic())
            await self.send([self.next_frame(rung)], rung)

    def ticks(self) -> int:
        """Now, as the wire has it."""
        return (time.time_ns() // 1000 - self.greeting.start_us) // TICK_US

    async def until_acknowledged(self, seq: int) -> None:
        """Wait until all frames below `seq` are said to be stored."""
        async with asyncio.timeout(ANSWER_S):
            while self.acknowledged < seq and self.end is None:
                self.stirred.clear()
                await self.stirred.wait()
        assert self.acknowledged >= seq, self.end

    async def ended(self) -> End:
        """The END that the decoder says, once it has closed."""
        async with asyncio.timeout(ANSWER_S):
            await self.socket.wait_closed()
            while self.end is None:
                self.stirred.clear()
                await self.stirred.wait()
        return self.end

    async def finish(self) -> None:
        """Say that this was all, and have it acknowledged."""
        await self.socket.send(serialise(End(EndCode.FINISHED, self.seq)))
        assert await self.ended() == End(EndCode.FINISHED, self.seq, "finished")


def dial(decoder: str | Address, local: str | None = None) -> connect:
    """A connection to the decoder, not yet greeted. local: our own address, where it counts."""
    address = as_address(decoder)
    here = {} if local is None else {"local_addr": (local, 0)}
    return connect(
        address.publish_url(),
        subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
        compression=None,
        proxy=None,
        additional_headers=address.headers,
        ssl=address.tls,
        **here,
    )


@asynccontextmanager
async def publishing(
    decoder: str | Address, greeting: Hello | str, local: str | None = None
) -> AsyncIterator[Publisher]:
    """A welcomed publisher of a session, or with a greeting of its own."""
    if isinstance(greeting, str):
        greeting = hello(greeting)
    async with dial(decoder, local) as socket:
        await socket.send(serialise(greeting))
        async with asyncio.timeout(ANSWER_S):
            welcome = parse(await socket.recv(decode=False))  # type: ignore[arg-type]
        assert isinstance(welcome, Welcome), welcome
        publisher = Publisher(socket, greeting, welcome)
        hearing = asyncio.create_task(publisher.hear())
        try:
            yield publisher
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)
