"""The load of `narrowcast bench serve`: many publishers and their subscribers in one process.

Real WebSockets and the project's own wire format, but no encoder: each publisher packs access
units that were coded beforehand. Frame i of stream n is captured, and due, at

    start + i / fps + n / streams / fps

A message is due when its last frame is. Latency is what passes from then to the sample's
arrival at a subscriber, so a load or a decoder that falls behind its time shows in it.
"""

import asyncio
import time
from array import array
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from narrowcast_lab.serve_bench_clips import Clip
from narrowcast_shared.errors import LinkError
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.remote.address import Address, parse_address
from narrowcast_shared.samples import Sample
from narrowcast_shared.wire import SUBPROTOCOL
from narrowcast_shared.wire.messages import (
    TICK_US,
    Data,
    End,
    EndCode,
    Frame,
    FrameKind,
    Hello,
    KeyframeRequest,
    Welcome,
)
from narrowcast_shared.wire.serial import parse, serialise

CONNECTING = 32
"""Connections that are opened at a time: a crowd at the door is not what is measured."""

HEAD_START_S = 0.5
"""From the last connection to the first frame."""

DRAIN_S = 10.0
"""How long after its last frame a publisher waits for the END, and a subscriber for its close."""

REPORT_INTERVAL_MS = 200
US_PER_S = 1_000_000


class Plan(NamedTuple):
    """What is played. Samples of the first `warm_up` frames of each stream are not timed."""

    url: str
    prefix: str
    rung: Rung
    clips: list[Clip]
    streams: int
    subscribers: int
    fps: float
    frames: int
    warm_up: int
    frames_per_message: int

    def session(self, stream: int) -> str:
        """Name of a stream's session."""
        return f"{self.prefix}-{stream}"

    def captured_s(self, stream: int, frame: int) -> float:
        """When a frame is captured, in s after the start."""
        return (frame + stream / self.streams) / self.fps

    def due_s(self, stream: int, frame: int) -> float:
        """When the message that carries a frame is due, in s after the start."""
        return self.captured_s(stream, self.last_with(frame))

    def last_with(self, frame: int) -> int:
        """The last frame of the message that carries this one."""
        k = self.frames_per_message
        return min((frame // k + 1) * k, self.frames) - 1


@dataclass
class Outcome:
    """What the load saw. Times in ms: `array`s of doubles, for there are many.

    late_ms: how long after its time a message was handed to the socket, which is the load's
    own doing or the decoder's back-pressure. missed: samples that their subscriber was owed.
    """

    latency_ms: "array[float]" = field(default_factory=lambda: array("d"))
    late_ms: "array[float]" = field(default_factory=lambda: array("d"))
    frames_sent: int = 0
    missed: int = 0
    keyframe_requests: int = 0
    broken: int = 0  # connections that ended before their time
    cpu_s: float = 0.0


OnSample = Callable[[int, Sample, float, float], None]
"""Told of a sample: its stream, itself, and when it was due and came, monotonic, in s."""


async def play(plan: Plan, on_start: Callable[[], None]) -> Outcome:
    """Play the plan to its end, which comes in bounded time whatever the decoder does.

    Raises LinkError where not all can connect.
    """
    load, cpu_s = Load(plan), time.process_time()
    async with AsyncExitStack() as sockets:
        await load.connect(sockets)
        on_start()
        await load.run(time.monotonic() + HEAD_START_S)
    load.outcome.cpu_s = time.process_time() - cpu_s
    return load.outcome


class Load:
    """The connections of one plan."""

    def __init__(self, plan: Plan, on_sample: OnSample | None = None) -> None:
        """on_sample: told of every sample that a subscriber gets, beside the outcome."""
        self.outcome = Outcome()
        self._plan = plan
        self._on_sample = on_sample
        self._address = parse_address(plan.url)
        self._publishers: list[ClientConnection] = []
        self._subscribers: list[ClientConnection] = []
        # One reading of both clocks: times agree however Unix time is set meanwhile.
        self._unix_s = time.time() - time.monotonic()
        self._hello_us = round(time.time() * US_PER_S)
        self._start_s = 0.0  # monotonic

    async def connect(self, sockets: AsyncExitStack) -> None:
        """Open every connection: publishers first, since a subscriber's session has to exist.

        Raises LinkError where one cannot be opened.
        """
        plan = self._plan
        try:
            self._publishers = await _some_at_a_time(
                sockets, (self._publisher(stream) for stream in range(plan.streams))
            )
            self._subscribers = await _some_at_a_time(
                sockets,
                (_subscriber(self._address, self._followed(i)) for i in range(plan.subscribers)),
            )
        except (OSError, ConnectionClosed, TimeoutError) as error:
            raise LinkError(f"{plan.streams} streams cannot connect ({error})") from error

    async def run(self, start_s: float) -> None:
        """Play from `start_s` of the monotonic clock on, and end."""
        self._start_s = start_s
        plan = self._plan
        play_s = start_s - time.monotonic() + plan.captured_s(plan.streams, plan.frames)
        with suppress(TimeoutError):  # what has not come by then is missing
            async with asyncio.timeout(play_s + DRAIN_S), asyncio.TaskGroup() as tasks:
                for stream, socket in enumerate(self._publishers):
                    tasks.create_task(self._publish(socket, stream))
                    tasks.create_task(self._heed(socket))
                for index, socket in enumerate(self._subscribers):
                    tasks.create_task(self._follow(socket, index))

    def _followed(self, subscriber: int) -> str:
        return self._plan.session(subscriber % self._plan.streams)

    async def _publisher(self, stream: int) -> ClientConnection:
        socket = await connect(
            self._address.publish_url(),
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            compression=None,
            ping_interval=None,
            proxy=None,
        )
        hello = Hello(self._plan.session(stream), bytes(8), self._hello_us, REPORT_INTERVAL_MS)
        await socket.send(serialise(hello))
        welcome = parse(await socket.recv(decode=False))
        if not isinstance(welcome, Welcome):
            raise LinkError(f"the decoder answered {welcome}")
        return socket

    async def _publish(self, socket: ClientConnection, stream: int) -> None:
        plan = self._plan
        try:
            for first in range(0, plan.frames, plan.frames_per_message):
                last = plan.last_with(first)
                due_s = self._start_s + plan.due_s(stream, last)
                await asyncio.sleep(due_s - time.monotonic())
                await socket.send(self._message(stream, first, last))
                self.outcome.frames_sent += last - first + 1
                if first >= plan.warm_up:
                    self.outcome.late_ms.append(1000 * (time.monotonic() - due_s))
            await socket.send(serialise(End(EndCode.FINISHED, plan.frames)))
        except ConnectionClosed:
            self.outcome.broken += 1

    def _message(self, stream: int, first: int, last: int) -> bytes:
        plan = self._plan
        clip = plan.clips[stream % len(plan.clips)]
        frames = []
        for frame in range(first, last + 1):
            unit = clip[frame % len(clip)]
            kind = FrameKind.KEYFRAME if unit.keyframe else FrameKind.DELTA
            frames.append(Frame(self._ticks(stream, frame), kind, unit.nals))
        return serialise(Data(0, first, tuple(frames), plan.rung if first == 0 else None))

    def _ticks(self, stream: int, frame: int) -> int:
        captured_s = self._unix_s + self._start_s + self._plan.captured_s(stream, frame)
        return (round(captured_s * US_PER_S) - self._hello_us) // TICK_US

    async def _heed(self, socket: ClientConnection) -> None:
        """Take the decoder's reports off the line until it closes."""
        with suppress(ConnectionClosed):
            while True:
                message = parse(await socket.recv(decode=False))
                self.outcome.keyframe_requests += isinstance(message, KeyframeRequest)

    async def _follow(self, socket: ClientConnection, index: int) -> None:
        """Time the samples of one session until it ends."""
        plan, stream = self._plan, index % self._plan.streams
        owed = plan.frames
        try:
            while True:
                sample = Sample.model_validate_json(await socket.recv())
                now_s = time.monotonic()
                owed -= 1
                due_s = self._start_s + plan.due_s(stream, sample.seq)
                if self._on_sample is not None:
                    self._on_sample(stream, sample, due_s, now_s)
                if sample.seq >= plan.warm_up:
                    self.outcome.latency_ms.append(1000 * (now_s - due_s))
        except ConnectionClosed:
            pass
        finally:  # the drain may have ended it
            self.outcome.missed += owed


async def _subscriber(address: Address, session: str) -> ClientConnection:
    url = address.subscribe_url(session, from_id=1)
    return await connect(url, compression=None, ping_interval=None, proxy=None)


async def _some_at_a_time(
    sockets: AsyncExitStack, openings: Iterable[Awaitable[ClientConnection]]
) -> list[ClientConnection]:
    """Await the openings, `CONNECTING` at a time; what was opened is cut with `sockets`."""
    waiting, opened = list(openings), []
    for start in range(0, len(waiting), CONNECTING):
        for socket in await asyncio.gather(*waiting[start : start + CONNECTING]):
            # What is open at the end did not end in time: nobody waits for its close as well.
            sockets.callback(socket.transport.abort)
            opened.append(socket)
    return opened
