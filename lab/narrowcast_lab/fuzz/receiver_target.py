"""The receiver's states: any sequence of messages, over any number of connections of a session.

Checked at every step: each frame comes out once and only where it was due, what comes out and
what is still owed are together all there is, and debts keep to their limits.
"""

from typing import NamedTuple
from unittest.mock import patch

import numpy as np

from narrowcast_decoder.ingest import gaps
from narrowcast_decoder.ingest.frames import TakenFrame
from narrowcast_decoder.ingest.gaps import Owed
from narrowcast_decoder.ingest.live import LiveSession
from narrowcast_decoder.ingest.receiver import Ended, Receiver, State
from narrowcast_lab.fuzz.choices import Choices
from narrowcast_shared.errors import ProtocolError
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.messages import (
    Capability,
    Clock,
    Data,
    End,
    EndCode,
    Frame,
    FrameKind,
    Hello,
    KeyframeRequest,
    Message,
    Report,
    Welcome,
)
from narrowcast_shared.wire.serial import parse, serialise

MAX_STEPS = 64
"""Messages of one input."""

STEP_US = 40_000
SEEDS = 64

_MAX_FRAMES, _MAX_GAPS = 600, 8
"""In place of the limits of `gaps`: small enough to be reached often, and cheaply."""

_JUMPS = (0, 0, 0, 0, 1, 2, 7, 40, -1, -3, -20, 250, _MAX_FRAMES, _MAX_FRAMES + 1)
"""From the number wanted to the first one told."""

_NALS = {
    FrameKind.DELTA: (b"\x41p",),
    FrameKind.KEYFRAME: (b"\x67s", b"\x68p", b"\x65i"),
    FrameKind.NO_FACE: (),
    FrameKind.SKIPPED: (),
}


class _Standing(NamedTuple):
    """What a receiver wants next, and what it is owed."""

    next_seq: int
    owed: Owed

    def is_owed(self, seq: int) -> bool:
        return any(gap.next_seq <= seq < gap.end_seq for gap in self.owed.gaps)


def run(data: bytes) -> None:
    """Play what the bytes decide. Raises AssertionError where an invariant does not hold."""
    with patch.multiple(gaps, MAX_GAP=_MAX_FRAMES, MAX_OWED=_MAX_FRAMES, MAX_GAPS=_MAX_GAPS):
        played = _Run(Choices(data))
        for _ in range(MAX_STEPS):
            if played.choices.spent:
                break
            played.step()


def seeds() -> list[bytes]:
    """Decisions to begin with."""
    rng = np.random.default_rng(2)
    return [rng.bytes(6 * (1 + i)) for i in range(SEEDS)]


class _Run:
    """One session, and the connection that publishes it."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self._session = LiveSession("cam", 0, 1, 0, None)
        self._now_us = 0
        self._ticks = 0
        self._connect()

    def step(self) -> None:
        """One message, and on a new connection where that was the last one's end."""
        self._now_us += STEP_US
        if self._receiver.state is State.OPEN and not self.choices.yes(of=64):
            self._say(self._bytes())
        else:
            self._connect()

    def _connect(self) -> None:
        """HELLO, WELCOME, and what the encoder cannot tell of."""
        choices, session = self.choices, self._session
        self._receiver = Receiver()
        hello = Hello(
            session.name,
            bytes(8),
            start_us=choices.below(1 << 16),
            report_interval_ms=200,
            capabilities=Capability(choices.one_of((11, 11, 3, 0))),
            cap_bps=choices.one_of((0, 0, 8000)),
            owed_from=choices.one_of((None, 0, session.next_seq // 2, session.next_seq + 5)),
        )
        event = self._receiver.receive(serialise(hello), self._now_us, self._now_us)
        assert isinstance(event, Hello)
        before = _Standing(session.next_seq, session.owed)
        self._receiver.welcome(session.next_seq, session.last_captured_us, session.owed)
        self._account(before, self._receiver.disown())

    def _say(self, data: bytes) -> None:
        before = self._standing()
        try:
            event = self._receiver.receive(data, self._now_us, self._now_us)
        except ProtocolError:
            self._check_ended()
            return
        if isinstance(event, list):
            self._account(before, event)
        elif isinstance(event, Ended):
            self._account(before, event.lost)
            assert not self._receiver.owed.frames, "an END leaves no debts"
            self._check_ended()
        else:
            assert isinstance(event, Clock), f"{event} in the middle of a connection"
            assert self._standing() == before

    def _bytes(self) -> bytes:
        """A message, and now and then one that something has happened to."""
        try:
            data = bytearray(serialise(self._message()))
        except ProtocolError:  # a number beyond what can be written
            data = bytearray(self.choices.take(8))
        if data and self.choices.yes(of=32):
            data[self.choices.below(len(data))] ^= 1 << self.choices.below(8)
        return bytes(data)

    def _message(self) -> Message:
        choices = self.choices
        match choices.below(64):
            case 63:
                return Clock(choices.below(1 << 16) - (1 << 15), choices.below(1 << 16))
            case 62:
                return End(EndCode(choices.below(6)), self._first_seq())
            case 61:
                others: tuple[Message, ...] = (Welcome(0, 1), Report(*[0] * 7), KeyframeRequest(0))
                return choices.one_of(others)
            case kind:
                return self._frames(late=kind >= 48)

    def _frames(self, *, late: bool) -> Data:
        choices = self.choices
        frames = []
        for _ in range(1 + choices.below(12)):
            self._ticks += choices.below(1 << 10)
            kind = choices.one_of(tuple(FrameKind))
            frames.append(Frame(self._ticks, kind, _NALS[kind]))
        first_seq = self._owed_seq() if late and choices.yes() else self._first_seq()
        rung = None if choices.yes(of=16) else Rung(32, 30)
        cap_bps = choices.below(1 << 16) if choices.yes(of=16) else None
        return Data(choices.below(4), first_seq, tuple(frames), rung, late, cap_bps)

    def _first_seq(self) -> int:
        return max(0, self._standing().next_seq + self.choices.one_of(_JUMPS))

    def _owed_seq(self) -> int:
        owed = self._receiver.owed.gaps
        if not owed:
            return 0
        gap = self.choices.one_of(owed)
        return max(0, gap.next_seq + self.choices.below(16) - 4)

    def _standing(self) -> _Standing:
        report = parse(self._receiver.report(0, 0, self._now_us))
        assert isinstance(report, Report)
        return _Standing(report.received_seq, self._receiver.owed)

    def _account(self, before: _Standing, frames: list[TakenFrame]) -> None:
        """Hand the frames to the session as a publisher does, and check that all adds up."""
        after = self._standing()
        _check_owed(after)
        seqs = {frame.seq for frame in frames}
        assert len(seqs) == len(frames), "a frame came out twice"
        for seq in seqs:
            assert before.next_seq <= seq < after.next_seq or before.is_owed(seq), (
                f"frame {seq} came out, which was not due"
            )
            assert not after.is_owed(seq), f"frame {seq} came out, and is owed still"
        due = after.next_seq - before.next_seq + before.owed.frames
        assert len(seqs) + after.owed.frames == due, "a frame was forgotten"
        if frames:
            self._session.owed = after.owed
            last = frames[-1]
            self._session.taken(len(frames), last.seq + 1, last.captured_us)
        assert self._session.next_seq == after.next_seq, "session and connection disagree"
        assert self._session.owed == after.owed, "session and connection disagree on debts"

    def _check_ended(self) -> None:
        """Nothing more is taken on this connection."""
        assert self._receiver.state is State.ENDED
        try:
            self._receiver.receive(serialise(Clock(0, 0)), self._now_us, self._now_us)
        except ProtocolError:
            return
        raise AssertionError("a message was taken after the end")


def _check_owed(standing: _Standing) -> None:
    """Gaps are in order, apart, below the number wanted, and within their limits."""
    owed = standing.owed.gaps
    assert len(owed) <= _MAX_GAPS
    assert standing.owed.frames <= _MAX_FRAMES
    ends = [0, *(seq for gap in owed for seq in (gap.next_seq, gap.end_seq)), standing.next_seq]
    assert ends == sorted(ends), f"gaps {owed} below {standing.next_seq}"
    assert all(gap.frames for gap in owed)
