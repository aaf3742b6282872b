"""The decoder's side of one connection, Sans-I/O: bytes in, events out. docs/protocol.md.

GREETING --HELLO--> OPEN --END--> ENDED
any state --a violation--> ENDED (ProtocolError)
"""

import logging
from enum import Enum, auto
from typing import NamedTuple

from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.ingest.gaps import Gap, fill
from narrowcast_shared.errors import ProtocolError
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire import MAX_MESSAGE_BYTES
from narrowcast_shared.wire.messages import (
    TICK_US,
    Capability,
    Clock,
    Data,
    End,
    EndCode,
    FrameKind,
    Hello,
    KeyframeRequest,
    Report,
    Welcome,
)
from narrowcast_shared.wire.serial import parse, serialise
from narrowcast_shared.wire_rate import WireRateMeter

logger = logging.getLogger(__name__)

_FATES = {
    FrameKind.DELTA: Fate.CODED,
    FrameKind.KEYFRAME: Fate.CODED,
    FrameKind.NO_FACE: Fate.NO_FACE,
    FrameKind.SKIPPED: Fate.SKIPPED,
}


class State(Enum):
    """Where a connection stands."""

    GREETING = auto()
    OPEN = auto()
    ENDED = auto()


class Ended(NamedTuple):
    """The encoder has told all; `lost` are frames at its end that never came."""

    lost: list[TakenFrame]


Event = Hello | list[TakenFrame] | Clock | Ended
"""What a message amounts to: the greeting, frames to read, the clocks' offset, or the end."""


class Receiver:
    """Takes one publisher's messages apart and says what to answer."""

    def __init__(self) -> None:
        self._state = State.GREETING
        self._start_us = 0
        self._next_seq = 0
        self._last_captured_us: int | None = None
        self._rungs: dict[int, Rung] = {}
        self._meter = WireRateMeter()
        self._messages = 0
        self._payload_bytes = 0
        self._received_us = 0

    @property
    def state(self) -> State:
        return self._state

    def _move(self, state: State) -> None:
        logger.debug("receiver %s -> %s", self._state.name, state.name)
        self._state = state

    def receive(self, data: bytes, now_us: int, unix_us: int) -> Event:
        """Take one message that arrived at `now_us` (monotonic). Raises ProtocolError."""
        try:
            return self._receive(data, now_us, unix_us)
        except ProtocolError:
            self._move(State.ENDED)
            raise

    def welcome(self, next_seq: int, last_captured_us: int | None) -> bytes:
        """Answer the HELLO: the session goes on at `next_seq`.

        last_captured_us: capture time of the session's last frame, where there is one.
        """
        self._next_seq = next_seq
        self._last_captured_us = last_captured_us
        self._move(State.OPEN)
        return serialise(Welcome(next_seq, MAX_MESSAGE_BYTES, Capability.CLOCK))

    def report(self, stored_seq: int, queue: int, unix_us: int) -> bytes:
        """An acknowledgement of everything received so far."""
        held_us = max(0, unix_us - self._received_us) if self._messages else 0
        report = Report(
            received_seq=self._next_seq,
            stored_seq=stored_seq,
            messages=self._messages,
            payload_bytes=self._payload_bytes,
            received_us=self._received_us,
            held_us=held_us,
            queue=queue,
        )
        return serialise(report)

    @staticmethod
    def request_keyframe(epoch: int) -> bytes:
        """Ask for a keyframe in `epoch`."""
        return serialise(KeyframeRequest(epoch))

    @staticmethod
    def end(code: EndCode, next_seq: int, reason: str = "") -> bytes:
        """The decoder's END."""
        return serialise(End(code, next_seq, reason))

    def _receive(self, data: bytes, now_us: int, unix_us: int) -> Event:
        message = parse(data)
        match self._state, message:
            case State.GREETING, Hello():
                self._start_us = message.start_us
                return message
            case State.OPEN, Data():
                self._meter.add(len(data), now_us)
                self._messages += 1
                self._payload_bytes += len(data)
                self._received_us = unix_us
                return self._take(message, now_us)
            case State.OPEN, Clock():
                return message
            case State.OPEN, End():
                return self._end(message, now_us)
            case _:
                name = type(message).__name__
                raise ProtocolError(f"{name} does not belong in state {self._state.name}")

    def _take(self, data: Data, now_us: int) -> list[TakenFrame]:
        rung = self._rung(data)
        wire_bps = self._meter.bps(now_us)
        frames = [
            TakenFrame(
                data.first_seq + index,
                self._start_us + frame.ticks * TICK_US,
                _FATES[frame.kind],
                wire_bps,
                data.epoch,
                rung if frame.nals else None,
                frame.nals,
            )
            for index, frame in enumerate(data.frames)
        ]
        fresh = [frame for frame in frames if frame.seq >= self._next_seq]
        if not fresh:
            return []  # sent again after a reconnect: each frame has its one sample already
        lost = self._lost_before(fresh[0].seq, fresh[0].captured_us, wire_bps)
        self._next_seq = fresh[-1].seq + 1
        self._last_captured_us = fresh[-1].captured_us
        return lost + fresh

    def _lost_before(self, end_seq: int, end_us: int, wire_bps: int) -> list[TakenFrame]:
        """Frames that are missing up to `end_seq`, captured up to `end_us`."""
        start_us = end_us if self._last_captured_us is None else self._last_captured_us
        return fill(Gap(self._next_seq, end_seq, start_us, end_us), wire_bps)

    def _end(self, end: End, now_us: int) -> Ended:
        """Frames captured after the last that came are lost; they carry that one's time."""
        self._move(State.ENDED)
        last_us = self._start_us if self._last_captured_us is None else self._last_captured_us
        lost = self._lost_before(end.next_seq, last_us, self._meter.bps(now_us))
        self._next_seq += len(lost)
        return Ended(lost)

    def _rung(self, data: Data) -> Rung | None:
        if data.rung is not None:
            self._rungs[data.epoch] = data.rung
        rung = self._rungs.get(data.epoch)
        if rung is None and any(frame.nals for frame in data.frames):
            raise ProtocolError(f"epoch {data.epoch} has coded frames and was told no rung")
        return rung
