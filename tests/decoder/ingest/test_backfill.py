"""The decoder's side of back-fill: what is owed, what comes late, and what is lost in the end."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.ingest.gaps import MAX_GAPS, Gap, Owed
from narrowcast_decoder.ingest.receiver import Ended, Receiver
from narrowcast_shared.errors import ProtocolError
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.messages import (
    MAX_GAP,
    Capability,
    Data,
    End,
    EndCode,
    Frame,
    FrameKind,
    Hello,
    Report,
)
from narrowcast_shared.wire.serial import parse, serialise

HELLO = Hello("cam", b"12345678", 1_000_000_000, 200, Capability.BACKFILL)
RUNG = Rung(32, 30)
TICKS = 400


def greeted(
    next_seq: int = 0, owed_from: int | None = None, owed: Owed | None = None, hello: Hello = HELLO
) -> Receiver:
    receiver = Receiver()
    receiver.receive(serialise(hello._replace(owed_from=owed_from)), 0, 0)
    last_us = HELLO.start_us + 40_000 * (next_seq - 1) if next_seq else None
    receiver.welcome(next_seq, last_us, owed)
    return receiver


def told(first_seq: int, frames: int, *, late: bool = False) -> Data:
    """Frames without a face; frame n was captured n x 40 ms after the session's start."""
    kinds = (Frame(TICKS * (first_seq + i), FrameKind.NO_FACE) for i in range(frames))
    return Data(0, first_seq, tuple(kinds), late=late)


def coded(first_seq: int, rung: Rung | None, *, late: bool) -> Data:
    frame = Frame(TICKS * first_seq, FrameKind.DELTA, (b"\x41ab",))
    return Data(0, first_seq, (frame,), rung, late)


def take(receiver: Receiver, data: Data) -> list[tuple[int, Fate]]:
    event = receiver.receive(serialise(data), 0, 0)
    assert isinstance(event, list)
    return brief(event)


def end(receiver: Receiver, next_seq: int) -> list[tuple[int, Fate]]:
    event = receiver.receive(serialise(End(EndCode.FINISHED, next_seq)), 0, 0)
    assert isinstance(event, Ended)
    return brief(event.lost)


def brief(frames: list[TakenFrame]) -> list[tuple[int, Fate]]:
    """Number and fate; every one at the time at which it was captured, up to 2 us."""
    for frame in frames:
        if frame.fate is not Fate.LOST:
            assert frame.captured_us == HELLO.start_us + 40_000 * frame.seq
    return [(frame.seq, frame.fate) for frame in frames]


def no_faces(*seqs: int) -> list[tuple[int, Fate]]:
    return [(seq, Fate.NO_FACE) for seq in seqs]


def lost(*seqs: int) -> list[tuple[int, Fate]]:
    return [(seq, Fate.LOST) for seq in seqs]


def test_a_gap_is_owed_and_filled_by_late_frames() -> None:
    receiver = greeted()
    take(receiver, told(0, 2))
    assert take(receiver, told(6, 1)) == no_faces(6)
    assert receiver.owed.frames == 4
    assert take(receiver, told(2, 3, late=True)) == no_faces(2, 3, 4)
    assert take(receiver, told(7, 1)) == no_faces(7), "live frames go on meanwhile"
    assert take(receiver, told(5, 1, late=True)) == no_faces(5)
    assert receiver.owed == Owed()
    assert end(receiver, 8) == []


def test_late_frames_that_are_not_owed_are_dropped() -> None:
    receiver = greeted()
    take(receiver, told(0, 2))
    take(receiver, told(4, 1))
    assert take(receiver, told(0, 5, late=True)) == no_faces(2, 3)
    assert take(receiver, told(2, 2, late=True)) == []


def test_what_late_frames_pass_over_is_lost_evenly_in_time() -> None:
    receiver = greeted()
    take(receiver, told(0, 1))
    take(receiver, told(10, 1))
    event = receiver.receive(serialise(told(4, 1, late=True)), 0, 0)
    assert isinstance(event, list)
    assert [(f.seq, f.fate) for f in event] == [*lost(1, 2, 3), (4, Fate.NO_FACE)]
    assert [f.captured_us - HELLO.start_us for f in event] == [40_000, 80_000, 120_000, 160_000]
    assert end(receiver, 11) == lost(5, 6, 7, 8, 9)


def test_late_frames_may_be_the_last_there_are() -> None:
    receiver = greeted()
    take(receiver, told(0, 2))
    assert take(receiver, told(4, 2, late=True)) == [*lost(2, 3), *no_faces(4, 5)]
    report = parse(receiver.report(stored_seq=2, queue=0, now_us=0))
    assert isinstance(report, Report)
    assert (report.received_seq, report.messages) == (6, 2)
    assert end(receiver, 7) == lost(6)


def test_the_end_loses_all_that_is_owed() -> None:
    receiver = greeted()
    take(receiver, told(0, 1))
    take(receiver, told(3, 1))
    take(receiver, told(6, 1))
    assert end(receiver, 8) == lost(1, 2, 4, 5, 7)
    assert receiver.owed == Owed()


def test_late_epochs_are_their_own() -> None:
    receiver = greeted()
    take(receiver, coded(0, RUNG, late=False))
    take(receiver, told(5, 1))
    with pytest.raises(ProtocolError, match="rung"):
        take(receiver, coded(1, None, late=True))


def test_late_frames_say_so() -> None:
    receiver = greeted()
    take(receiver, coded(0, RUNG, late=False))
    take(receiver, told(2, 1))
    (frame,) = receiver.receive(serialise(coded(1, Rung(16, 40), late=True)), 0, 0)  # type: ignore[misc]
    assert isinstance(frame, TakenFrame)
    assert (frame.late, frame.rung, frame.fate) == (True, Rung(16, 40), Fate.CODED)


def test_without_the_capability_a_gap_is_lost_at_once_and_late_is_a_violation() -> None:
    receiver = greeted(hello=HELLO._replace(capabilities=Capability.CLOCK))
    take(receiver, told(0, 1))
    assert take(receiver, told(3, 1)) == [*lost(1, 2), *no_faces(3)]
    with pytest.raises(ProtocolError, match="BACKFILL"):
        take(receiver, told(1, 1, late=True))


OWED = Owed((Gap(2, 5, 1_000_040_000, 1_000_200_000), Gap(7, 9, 1_000_240_000, 1_000_360_000)))


@pytest.mark.parametrize(
    ("owed_from", "disowned"),
    [(None, (2, 3, 4, 7, 8)), (0, ()), (3, (2,)), (8, (2, 3, 4, 7)), (12, (2, 3, 4, 7, 8))],
)
def test_what_an_encoder_cannot_tell_of_is_lost_when_it_comes(
    owed_from: int | None, disowned: tuple[int, ...]
) -> None:
    receiver = greeted(12, owed_from, OWED)
    assert brief(receiver.disown()) == lost(*disowned)
    rest = tuple(seq for seq in (2, 3, 4, 7, 8) if seq not in disowned)
    assert end(receiver, 12) == lost(*rest)


def test_a_gap_below_what_can_be_told_is_lost_at_once() -> None:
    """The decoder's store was thrown away, or its last frames were never stored."""
    receiver = greeted(3, owed_from=5)
    assert take(receiver, told(8, 1)) == [*lost(3, 4), *no_faces(8)]
    assert take(receiver, told(5, 3, late=True)) == no_faces(5, 6, 7)


def test_of_too_many_gaps_the_oldest_is_lost() -> None:
    receiver = greeted()
    for index in range(MAX_GAPS):
        assert take(receiver, told(2 * index + 1, 1)) == no_faces(2 * index + 1)
    first = take(receiver, told(2 * MAX_GAPS + 1, 1))
    assert first == [*lost(0), *no_faces(2 * MAX_GAPS + 1)]
    assert len(receiver.owed.gaps) == MAX_GAPS


def test_of_too_many_frames_the_oldest_gap_is_lost() -> None:
    receiver = greeted()
    take(receiver, told(0, 1))
    take(receiver, told(11, 1))
    frames = take(receiver, told(12 + MAX_GAP, 1))
    assert frames == [*lost(*range(1, 11)), *no_faces(12 + MAX_GAP)]
    assert receiver.owed.frames == MAX_GAP


steps = st.tuples(st.booleans(), st.integers(0, 30), st.integers(1, 6))


@given(st.lists(steps, max_size=30), st.none() | st.integers(0, 20))
def test_whatever_comes_every_frame_comes_out_once(
    plan: list[tuple[bool, int, int]], owed_from: int | None
) -> None:
    """Live messages with gaps, late ones anywhere: behind the END each number was given once."""
    receiver = greeted(owed_from=owed_from)
    out: list[tuple[int, Fate]] = []
    top = 0
    for late, offset, frames in plan:
        first = max(0, top - offset) if late else top + offset // 6
        out += take(receiver, told(first, frames, late=late))
        top = max(top, first + frames)
    out += end(receiver, top + 2)
    assert Counter(seq for seq, _ in out) == Counter(range(top + 2))
