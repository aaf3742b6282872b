"""The decoder's side of one connection, Sans-I/O: bytes in, events out. docs/protocol.md.

GREETING --HELLO--> OPEN --END--> ENDED
any state --a violation--> ENDED (ProtocolError)
"""

import logging
from enum import Enum, auto
from typing import NamedTuple

from narrowcast_decoder.ingest.frames import Fate, Line, TakenFrame
from narrowcast_decoder.ingest.gaps import Owed
from narrowcast_decoder.ingest.numbering import EVERYTHING, Numbering
from narrowcast_shared.errors import ProtocolError
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire import MAX_MESSAGE_BYTES
from narrowcast_shared.wire.messages import (
    MAX_COUNT,
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

CAPABILITIES = Capability.CLOCK | Capability.BACKFILL | Capability.CAPS

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
    """The encoder has told all; `lost` are the frames that never came."""

    lost: list[TakenFrame]


Event = Hello | list[TakenFrame] | Clock | Ended
"""What a message amounts to: the greeting, frames to read, the clocks' offset, or the end."""


class Receiver:
    """Takes one publisher's messages apart and says what to answer."""

    def __init__(self) -> None:
        self._state = State.GREETING
        self._start_us = 0
        self._backfill = False
        self._owed_from: int | None = None
        self._numbering = Numbering(0, None, Owed(), EVERYTHING)
        self._rungs: dict[tuple[bool, int], Rung] = {}  # by late, epoch
        self._meter = WireRateMeter()
        self._tells_caps = False
        self._cap_bps: int | None = None
        self._messages = 0
        self._payload_bytes = 0
        self._received_us = 0
        self._received_unix_us = 0

    @property
    def state(self) -> State:
        return self._state

    @property
    def messages(self) -> int:
        """Those that told of frames, new or not, so far: what a report acknowledges."""
        return self._messages

    @property
    def owed(self) -> Owed:
        """Gaps of which the encoder may still tell, as of the last message."""
        return self._numbering.owed

    def _move(self, state: State) -> None:
        logger.debug("receiver %s -> %s", self._state.name, state.name)
        self._state = state

    def receive(self, data: bytes, now_us: int, unix_us: int) -> Event:
        """Take one message that arrived at `now_us` (monotonic). Raises ProtocolError.

        unix_us: Unix time then, as the encoder is told; it may step.
        """
        try:
            return self._receive(data, now_us, unix_us)
        except ProtocolError:
            self._move(State.ENDED)
            raise

    def welcome(
        self, next_seq: int, last_captured_us: int | None, owed: Owed | None = None
    ) -> bytes:
        """Answer the HELLO: the session goes on at `next_seq`.

        last_captured_us: capture time of the session's last frame, where there is one.
        owed: gaps that the session has below `next_seq`.
        """
        # An encoder that publishes for the first time has nothing to tell of what was before.
        owed_from = next_seq if self._owed_from is None else self._owed_from
        if not self._backfill:
            owed_from = EVERYTHING
        self._numbering = Numbering(next_seq, last_captured_us, owed or Owed(), owed_from)
        self._move(State.OPEN)
        return serialise(Welcome(next_seq, MAX_MESSAGE_BYTES, CAPABILITIES))

    def disown(self) -> list[TakenFrame]:
        """Once welcomed: frames of the session's gaps that this encoder cannot tell of, lost."""
        return self._numbering.disown()

    def report(self, stored_seq: int, queue: int, now_us: int) -> bytes:
        """An acknowledgement of everything received so far, sent at `now_us` (monotonic)."""
        held_us = now_us - self._received_us if self._messages else 0
        report = Report(
            received_seq=self._numbering.next_seq,
            stored_seq=stored_seq,
            messages=self._messages,
            payload_bytes=self._payload_bytes,
            received_us=self._received_unix_us,
            held_us=held_us,
            queue=queue,
        )
        return serialise(report)

    @staticmethod
    def request_keyframe(request: KeyframeRequest) -> bytes:
        """Ask for a keyframe."""
        return serialise(request)

    @staticmethod
    def end(code: EndCode, next_seq: int, reason: str = "") -> bytes:
        """The decoder's END."""
        return serialise(End(code, next_seq, reason))

    def _receive(self, data: bytes, now_us: int, unix_us: int) -> Event:
        message = parse(data)
        match self._state, message:
            case State.GREETING, Hello():
                self._start_us = message.start_us
                self._backfill = Capability.BACKFILL in message.capabilities
                self._owed_from = message.owed_from
                self._tells_caps = Capability.CAPS in message.capabilities
                self._cap_bps = min(message.cap_bps, MAX_COUNT) or None
                return message
            case State.OPEN, Data():
                self._meter.add(len(data), now_us)
                self._messages += 1
                self._payload_bytes += len(data)
                self._received_us, self._received_unix_us = now_us, unix_us
                return self._take(message, now_us)
            case State.OPEN, Clock():
                return message
            case State.OPEN, End():
                return self._end(message, now_us)
            case _:
                name = type(message).__name__
                raise ProtocolError(f"{name} does not belong in state {self._state.name}")

    def _take(self, data: Data, now_us: int) -> list[TakenFrame]:
        if data.late and not self._backfill:
            raise ProtocolError("LATE comes from an encoder that did not announce BACKFILL")
        if data.cap_bps is not None:
            self._set_cap(data.cap_bps)
        rung = self._rung(data)
        wire_bps, cap_bps = self._meter.bps(now_us), self._cap_bps
        frames = [
            TakenFrame(
                data.first_seq + index,
                self._start_us + frame.ticks * TICK_US,
                _FATES[frame.kind],
                wire_bps,
                data.epoch,
                rung if frame.nals else None,
                frame.nals,
                data.late,
                cap_bps,
            )
            for index, frame in enumerate(data.frames)
        ]
        return self._numbering.late(frames) if data.late else self._numbering.live(frames)

    def _set_cap(self, cap_bps: int) -> None:
        if not self._tells_caps:
            raise ProtocolError("a cap is told by an encoder that did not announce CAPS")
        self._cap_bps = cap_bps or None

    def _end(self, end: End, now_us: int) -> Ended:
        self._move(State.ENDED)
        line = Line(self._meter.bps(now_us), self._cap_bps)
        return Ended(self._numbering.end(end.next_seq, self._start_us, line))

    def _rung(self, data: Data) -> Rung | None:
        key = (data.late, data.epoch)
        if data.rung is not None:
            self._rungs[key] = data.rung
        rung = self._rungs.get(key)
        if rung is None and any(frame.nals for frame in data.frames):
            raise ProtocolError(f"epoch {data.epoch} has coded frames and was told no rung")
        return rung
