"""The decoder's side of a connection: order, gaps, repeats and violations, byte by byte."""

import pytest

from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.ingest.receiver import Ended, Receiver, State
from narrowcast_shared.errors import ProtocolError
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire import MAX_MESSAGE_BYTES
from narrowcast_shared.wire.messages import (
    MAX_COUNT,
    MAX_GAP,
    Capability,
    Clock,
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

HELLO = Hello("cam", b"12345678", 1_000_000_000, 200)
RUNG = Rung(32, 30)


def greeted(next_seq: int = 0, last_captured_us: int | None = None) -> Receiver:
    receiver = Receiver()
    assert receiver.receive(serialise(HELLO), 0, 0) == HELLO
    assert parse(receiver.welcome(next_seq, last_captured_us)) == Welcome(
        next_seq, MAX_MESSAGE_BYTES, Capability.CLOCK | Capability.BACKFILL | Capability.CAPS
    )
    return receiver


def take(receiver: Receiver, data: Data) -> list[TakenFrame]:
    event = receiver.receive(serialise(data), 0, 0)
    assert isinstance(event, list)
    return event


def no_faces(first_seq: int, count: int, ticks: int = 0) -> Data:
    frames = tuple(Frame(ticks + 400 * i, FrameKind.NO_FACE) for i in range(count))
    return Data(0, first_seq, frames)


def coded(first_seq: int, rung: Rung | None, epoch: int = 0) -> Data:
    return Data(epoch, first_seq, (Frame(0, FrameKind.DELTA, (b"\x41ab",)),), rung)


def test_frames_carry_unix_time_fate_and_rung() -> None:
    receiver = greeted()
    frames = (
        Frame(10_000, FrameKind.KEYFRAME, (b"\x67s", b"\x68p", b"\x65i")),
        Frame(10_400, FrameKind.NO_FACE),
        Frame(10_800, FrameKind.SKIPPED),
    )
    first, second, third = take(receiver, Data(0, 0, frames, RUNG))
    assert (first.seq, first.captured_us, first.fate) == (0, 1_001_000_000, Fate.CODED)
    assert (first.rung, first.nals) == (RUNG, (b"\x67s", b"\x68p", b"\x65i"))
    assert (second.fate, second.rung, third.fate) == (Fate.NO_FACE, None, Fate.SKIPPED)
    assert third.captured_us == 1_001_080_000


def test_a_gap_is_filled_with_lost_frames_evenly_in_time() -> None:
    receiver = greeted()
    take(receiver, no_faces(0, 1, ticks=0))
    frames = take(receiver, no_faces(4, 1, ticks=40_000))
    assert [f.seq for f in frames] == [1, 2, 3, 4]
    assert [f.fate for f in frames] == [Fate.LOST] * 3 + [Fate.NO_FACE]
    assert [f.captured_us - 1_000_000_000 for f in frames] == [
        1_000_000, 2_000_000, 3_000_000, 4_000_000,
    ]  # fmt: skip


def test_after_a_reconnect_the_gap_starts_where_the_session_stood() -> None:
    frames = take(greeted(5, 1_000_000_000), no_faces(8, 1, ticks=30_000))
    assert [(f.seq, f.fate) for f in frames] == [
        (5, Fate.LOST), (6, Fate.LOST), (7, Fate.LOST), (8, Fate.NO_FACE),
    ]  # fmt: skip


def test_what_was_taken_before_is_not_taken_again() -> None:
    receiver = greeted(3)
    assert take(receiver, no_faces(0, 2)) == []
    assert [f.seq for f in take(receiver, no_faces(1, 4))] == [3, 4]
    assert take(receiver, no_faces(3, 2)) == []


def test_an_endless_gap_is_no_outage() -> None:
    with pytest.raises(ProtocolError, match="gap"):
        take(greeted(), no_faces(MAX_GAP + 1, 1))


def test_coded_frames_need_a_rung_told_for_their_epoch() -> None:
    receiver = greeted()
    take(receiver, coded(0, RUNG, epoch=0))
    assert take(receiver, coded(1, None, epoch=0))[0].rung == RUNG
    with pytest.raises(ProtocolError, match="epoch 1"):
        take(receiver, coded(2, None, epoch=1))


@pytest.mark.parametrize(
    "message",
    [
        Welcome(0, 1),
        Report(0, 0, 0, 0, 0, 0, 0),
        KeyframeRequest(0),
        HELLO,
    ],
)
def test_what_an_encoder_may_not_say_ends_the_connection(message: Welcome) -> None:
    receiver = greeted()
    with pytest.raises(ProtocolError):
        receiver.receive(serialise(message), 0, 0)
    assert receiver.state is State.ENDED
    with pytest.raises(ProtocolError):
        take(receiver, no_faces(0, 1))


@pytest.mark.parametrize(
    "message", [no_faces(0, 1), Clock(0, 0), End(EndCode.FINISHED, 0), Welcome(0, 1)]
)
def test_the_first_message_is_the_hello(message: Data) -> None:
    with pytest.raises(ProtocolError):
        Receiver().receive(serialise(message), 0, 0)


def test_garbage_is_one_documented_error() -> None:
    with pytest.raises(ProtocolError):
        greeted().receive(b"\xff garbage", 0, 0)


def test_clock_and_end_come_through() -> None:
    receiver = greeted()
    assert receiver.receive(serialise(Clock(-5, 9)), 0, 0) == Clock(-5, 9)
    assert receiver.receive(serialise(End(EndCode.FINISHED, 0)), 0, 0) == Ended([])
    assert receiver.state is State.ENDED


@pytest.mark.parametrize(("in_hello", "at_first"), [(8000, 8000), (0, None)])
def test_the_cap_is_that_of_the_hello_until_another_one_is_told(
    in_hello: int, at_first: int | None
) -> None:
    hello = HELLO._replace(cap_bps=in_hello, capabilities=Capability.CAPS | Capability.BACKFILL)
    receiver = Receiver()
    receiver.receive(serialise(hello), 0, 0)
    receiver.welcome(0, None)
    assert {f.cap_bps for f in take(receiver, no_faces(0, 2))} == {at_first}
    assert {f.cap_bps for f in take(receiver, no_faces(2, 2)._replace(cap_bps=4000))} == {4000}
    lost_and_new = take(receiver, no_faces(6, 1)), take(receiver, no_faces(7, 1))
    assert {f.cap_bps for frames in lost_and_new for f in frames} == {4000}
    late = no_faces(4, 1)._replace(late=True, cap_bps=5000)
    assert [f.cap_bps for f in take(receiver, late)] == [5000]
    assert [f.cap_bps for f in take(receiver, no_faces(8, 1)._replace(cap_bps=0))] == [None]
    end = receiver.receive(serialise(End(EndCode.FINISHED, 9)), 0, 0)
    assert isinstance(end, Ended)
    assert [(f.seq, f.cap_bps) for f in end.lost] == [(5, None)]


def test_lost_frames_have_the_cap_of_the_message_that_passed_them_over() -> None:
    receiver = Receiver()
    receiver.receive(serialise(HELLO._replace(capabilities=Capability.CAPS)), 0, 0)
    receiver.welcome(0, None)
    frames = take(receiver, no_faces(2, 1)._replace(cap_bps=4000))
    assert [(f.fate, f.cap_bps) for f in frames] == [
        (Fate.LOST, 4000),
        (Fate.LOST, 4000),
        (Fate.NO_FACE, 4000),
    ]


def test_a_cap_is_told_by_those_alone_who_said_that_they_would() -> None:
    receiver = greeted()
    with pytest.raises(ProtocolError, match="did not announce CAPS"):
        receiver.receive(serialise(no_faces(0, 1)._replace(cap_bps=4000)), 0, 0)
    assert receiver.state is State.ENDED


def test_a_cap_beyond_all_lines_is_cut() -> None:
    """A HELLO may hold any number; samples go to those who count in doubles."""
    receiver = Receiver()
    receiver.receive(serialise(HELLO._replace(cap_bps=1 << 62)), 0, 0)
    receiver.welcome(0, None)
    assert take(receiver, no_faces(0, 1))[0].cap_bps == MAX_COUNT


def test_frames_at_the_end_that_never_came_are_lost() -> None:
    receiver = greeted()
    take(receiver, no_faces(0, 2))
    ended = receiver.receive(serialise(End(EndCode.FINISHED, 5)), 0, 0)
    assert isinstance(ended, Ended)
    assert [(f.seq, f.fate) for f in ended.lost] == [(s, Fate.LOST) for s in (2, 3, 4)]
    assert {f.captured_us for f in ended.lost} == {1_000_040_000}


def test_an_end_before_what_was_taken_loses_nothing() -> None:
    receiver = greeted()
    take(receiver, no_faces(0, 5))
    assert receiver.receive(serialise(End(EndCode.FINISHED, 3)), 0, 0) == Ended([])


def test_the_report_counts_this_connection_and_carries_the_time_stamps() -> None:
    receiver = greeted()
    payload = serialise(no_faces(0, 3))
    receiver.receive(payload, 1_000, 50_000)
    report = parse(receiver.report(stored_seq=2, queue=1, now_us=8_000))
    assert report == Report(3, 2, 1, len(payload), 50_000, 7_000, 1)


def test_wire_rate_counts_headers() -> None:
    receiver = greeted()
    for i in range(50):
        receiver.receive(serialise(no_faces(i, 1, 400 * i)), i * 40_000, 0)
    size = 58 + len(serialise(no_faces(49, 1, 400 * 49)))
    (frame,) = take_at(receiver, no_faces(50, 1, 20_000), 2_000_000)
    assert frame.wire_bps == pytest.approx(25 * 8 * size, rel=0.03)


def take_at(receiver: Receiver, data: Data, now_us: int) -> list[TakenFrame]:
    event = receiver.receive(serialise(data), now_us, 0)
    assert isinstance(event, list)
    return event
