"""Round trips of every message, and a parser that nothing but ProtocolError escapes from."""

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrowcast_shared.errors import ProtocolError
from narrowcast_shared.operating_point import CHIP_PX, MAX_QP, MIN_PX, Rung
from narrowcast_shared.wire import MAX_MESSAGE_BYTES
from narrowcast_shared.wire.messages import (
    MAX_COUNT,
    MAX_REPORT_INTERVAL_MS,
    MAX_TIME_US,
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
from narrowcast_shared.wire.primitives import MAX_VARINT, Reader, varint, zigzag
from narrowcast_shared.wire.serial import parse, serialise

UNSIGNED = st.integers(0, MAX_VARINT)
CAPABILITIES = UNSIGNED.map(Capability)
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=50)
NAL = st.binary(min_size=1, max_size=60)


@st.composite
def data_messages(draw: st.DrawFn) -> Data:
    steps = draw(st.lists(st.integers(0, 2000), max_size=12))
    if draw(st.booleans()):
        steps = [400 + draw(st.integers(-5, 5)) for _ in steps]
    ticks = [draw(st.integers(0, MAX_COUNT - sum(steps)))]
    for step in steps:
        ticks.append(ticks[-1] + step)
    rung = draw(st.none() | st.builds(Rung, st.integers(MIN_PX, CHIP_PX), st.integers(0, MAX_QP)))
    first_seq = draw(st.integers(0, MAX_COUNT - len(ticks)))
    frames = tuple(draw(frames_at(t)) for t in ticks)
    cap_bps = draw(st.none() | st.integers(0, MAX_COUNT))
    return Data(draw(st.integers(0, 255)), first_seq, frames, rung, draw(st.booleans()), cap_bps)


@st.composite
def frames_at(draw: st.DrawFn, ticks: int) -> Frame:
    kind = draw(st.sampled_from(FrameKind))
    if kind is FrameKind.DELTA:
        return Frame(ticks, kind, (draw(NAL),))
    if kind is FrameKind.KEYFRAME:
        return Frame(ticks, kind, tuple(draw(st.lists(NAL, min_size=1, max_size=8))))
    return Frame(ticks, kind)


HELLOS = st.builds(
    Hello,
    session=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True),
    incarnation=st.binary(min_size=8, max_size=8),
    start_us=st.integers(0, MAX_TIME_US),
    report_interval_ms=st.integers(1, MAX_REPORT_INTERVAL_MS),
    capabilities=CAPABILITIES,
    software=TEXT,
    cap_bps=UNSIGNED,
    owed_from=st.none() | UNSIGNED,
)
OTHERS = st.one_of(
    st.builds(Welcome, UNSIGNED, UNSIGNED, CAPABILITIES),
    st.builds(Report, *[UNSIGNED] * len(Report._fields)),
    st.builds(KeyframeRequest, st.integers(0, 255), st.booleans()),
    st.builds(Clock, st.integers(-(1 << 62), (1 << 62) - 1), UNSIGNED),
    st.builds(End, st.sampled_from(EndCode), UNSIGNED, TEXT),
)
MESSAGES = st.one_of(HELLOS, OTHERS, data_messages())


@given(HELLOS | OTHERS)
def test_round_trip(message: Message) -> None:
    assert parse(serialise(message)) == message


@given(data_messages())
def test_round_trip_of_data_is_exact_but_for_a_millisecond(data: Data) -> None:
    told = parse(serialise(data))
    assert isinstance(told, Data)
    assert told._replace(frames=()) == data._replace(frames=())
    assert [f._replace(ticks=0) for f in told.frames] == [f._replace(ticks=0) for f in data.frames]
    for was, is_ in zip(data.frames, told.frames, strict=True):
        assert abs(was.ticks - is_.ticks) <= TIME_TOLERANCE_TICKS
    assert told.frames[0].ticks == data.frames[0].ticks
    assert parse(serialise(told)) == told, "what was told once is told the same again"


@given(st.binary(max_size=200))
def test_arbitrary_bytes(data: bytes) -> None:
    _parse_or_refuse(data)


@given(st.integers(1, 8), st.integers(0, 15), st.binary(max_size=200))
def test_arbitrary_bytes_behind_a_known_type(kind: int, flags: int, body: bytes) -> None:
    """Flags that DATA knows are drawn often enough for its parser to be entered deeply."""
    _parse_or_refuse(bytes([flags << 4 | kind]) + body)


@settings(max_examples=300)
@given(MESSAGES, st.data())
def test_mutated_messages(message: Message, draw: st.DataObject) -> None:
    data = bytearray(serialise(message))
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(data)))
        end = draw.draw(st.integers(at, min(at + 8, len(data))))
        data[at:end] = draw.draw(st.binary(max_size=8) | st.just(bytes(data[at:end]) * 2))
    _parse_or_refuse(bytes(data))


def _parse_or_refuse(data: bytes) -> None:
    """Either ProtocolError, or a message that can be written again."""
    try:
        message = parse(data)
    except ProtocolError:
        return
    again = parse(serialise(message))
    if isinstance(message, Data):
        assert isinstance(again, Data)
        assert len(again.frames) == len(message.frames)
    else:
        assert again == message


@given(UNSIGNED)
def test_unknown_capabilities_are_dropped(value: int) -> None:
    """An IntFlag remembers each value that it has ever been made of: 400 B a stranger's HELLO."""
    assert parse(b"\x02\x01" + varint(value) + b"\0\0") == Welcome(0, 0, Capability(value & 15))
    assert len(Capability._value2member_map_) <= 16


@given(UNSIGNED, st.integers(-(1 << 62), (1 << 62) - 1))
def test_integers(unsigned: int, signed: int) -> None:
    reader = Reader(varint(unsigned) + zigzag(signed))
    assert (reader.varint(), reader.zigzag()) == (unsigned, signed)
    reader.finish()


@pytest.mark.parametrize("value", [-1, MAX_VARINT + 1])
def test_a_varint_has_63_bits(value: int) -> None:
    with pytest.raises(ProtocolError):
        varint(value)


HUGE = varint(MAX_VARINT)
HEAD = b"\x03\x00\x00\x00\x00"
HELLO_HEAD = bytes.fromhex("0101000161010203040506070800 64")
BOMBS = {
    "entries": HEAD + HUGE,
    "a run": HEAD + b"\x01" + HUGE,
    "runs on runs": HEAD + b"\x80\x20" + varint(4096 << 2 | 3) * 4096,
    "an access unit": HEAD + b"\x01" + varint(MAX_VARINT - 3),
    "a NAL unit": HEAD + b"\x01" + varint(9 << 2 | 1) + HUGE,
    "options": HELLO_HEAD + HUGE,
    "an option": HELLO_HEAD + b"\x01\x09" + HUGE,
    "a session name": b"\x01\x01\x00" + HUGE,
    "a reason": b"\x07\x00\x00" + HUGE,
    "an endless varint": b"\x02\x01" + b"\xff" * 60_000,
    "a message": b"\x03" * (MAX_MESSAGE_BYTES + 1),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_count_is_no_promise_of_memory(name: str) -> None:
    peak, seconds = _cost(BOMBS[name])
    assert peak < 1 << 20
    assert seconds < 0.5


def test_the_costliest_message_is_cheap() -> None:
    """4096 coded frames with their own times: 20 kB that become the most objects there are."""
    irregular = [Frame(1000 * i + 500 * (i % 2), FrameKind.DELTA, (b"ab",)) for i in range(4096)]
    peak, seconds = _cost(serialise(Data(0, 0, tuple(irregular))))
    assert peak < 4 << 20
    assert seconds < 0.5


def _cost(data: bytes) -> tuple[int, float]:
    """Bytes allocated at the peak and seconds of this thread's CPU (traced, so a loose bound)."""
    tracemalloc.start()
    began = time.thread_time()
    try:
        _parse_or_fail(data)
        return tracemalloc.get_traced_memory()[1], time.thread_time() - began
    finally:
        tracemalloc.stop()


def _parse_or_fail(data: bytes) -> None:
    try:
        parse(data)
    except ProtocolError:
        assert data in BOMBS.values()
    else:
        assert data not in BOMBS.values()
