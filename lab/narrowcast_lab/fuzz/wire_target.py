"""The wire parser: any bytes are a message, which can be written again, or a ProtocolError."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from zlib import crc32

from narrowcast_shared.errors import ProtocolError
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.messages import (
    MAX_FRAMES,
    TIME_TOLERANCE_TICKS,
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

MAX_PARSE_BYTES = 4 << 20
"""Allocated at the peak for one message of 64 KiB at most; 4096 frames are the costliest."""

TRACED_OF = 64
"""One input in so many has its memory measured: tracing is slow, and CPython loses 500 B each time
that it is started and stopped.
"""


def run(data: bytes) -> None:
    """Parse, write, and parse again.

    Raises AssertionError where that is not the same message, or costs more memory than a
    message may; and whatever other than ProtocolError the parser raises.
    """
    is_traced = crc32(data) % TRACED_OF == 0
    with _allocating_at_most(MAX_PARSE_BYTES) if is_traced else nullcontext():
        try:
            message = parse(data)
        except ProtocolError:
            return
    if isinstance(message, Data):
        _check_bounds(message, len(data))
    _check_round_trip(message)


def seeds() -> list[bytes]:
    """One message of each type and shape."""
    coded = (
        Frame(0, FrameKind.KEYFRAME, (b"\x67sps", b"\x68pps", b"\x65idr")),
        Frame(400, FrameKind.DELTA, (b"\x41p",)),
        Frame(800, FrameKind.NO_FACE),
        Frame(1200, FrameKind.SKIPPED),
        Frame(1600, FrameKind.SKIPPED),
    )
    uneven = (
        Frame(0, FrameKind.NO_FACE),
        Frame(90, FrameKind.SKIPPED),
        Frame(900, FrameKind.DELTA, (b"A",)),
    )
    messages: list[Message] = [
        Hello("cam", bytes(8), 1_700_000_000_000_000, 200),
        Hello("cam-1", bytes(range(8)), 0, 1, Capability(15), "narrowcast 1", 8000, 1400),
        Welcome(1500, 0xFFFF, Capability(11)),
        Data(0, 0, coded, Rung(32, 30)),
        Data(255, 1500, coded[1:]),
        Data(7, 3, uneven, Rung(96, 51)),
        Data(1, 9, coded, Rung(4, 0), late=True),
        Data(7, 3, uneven, Rung(96, 51), cap_bps=8000),
        Data(2, 9, coded, late=True, cap_bps=0),
        Report(1502, 1500, 751, 40_000, 1_700_000_060_000_000, 12_500, 2),
        KeyframeRequest(7),
        KeyframeRequest(0, late=True),
        Clock(-300, 40_000),
        End(EndCode.PROTOCOL, 1500, "a text is not UTF-8"),
    ]
    return [serialise(message) for message in messages]


def _check_bounds(data: Data, payload_bytes: int) -> None:
    assert 1 <= len(data.frames) <= MAX_FRAMES
    assert sum(len(nal) for frame in data.frames for nal in frame.nals) < payload_bytes


def _check_round_trip(message: Message) -> None:
    again = parse(serialise(message))
    if isinstance(message, Data):
        assert isinstance(again, Data)
        _check_same_frames(message, again)
        message, again = again, parse(serialise(again))  # told once, it is told the same for ever
    assert again == message, f"{message} came back as {again}"


def _check_same_frames(data: Data, again: Data) -> None:
    """The same frames, their times to 1 ms."""
    assert again._replace(frames=()) == data._replace(frames=())
    for frame, other in zip(data.frames, again.frames, strict=True):
        assert frame._replace(ticks=0) == other._replace(ticks=0)
        assert abs(frame.ticks - other.ticks) <= TIME_TOLERANCE_TICKS


@contextmanager
def _allocating_at_most(limit_bytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _, spent_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert spent_bytes <= limit_bytes, f"{spent_bytes} bytes were allocated for one message"
