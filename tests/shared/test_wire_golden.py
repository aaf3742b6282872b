"""The wire format is these bytes. docs/protocol.md shows them; a change here is a new version."""

import re
from pathlib import Path

import pytest

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

DOCUMENT = Path(__file__).parents[2] / "docs" / "protocol.md"

INCARNATION = bytes.fromhex("0102030405060708")

HELLO_MINIMAL = (
    Hello("a", INCARNATION, start_us=0, report_interval_ms=100),
    "01 01 00 01 61 0102030405060708 00 64 00",
)
HELLO_OPTIONS = (
    Hello(
        "anna",
        INCARNATION,
        start_us=1_700_000_000_000_000,
        report_interval_ms=200,
        capabilities=Capability.CLOCK,
        software="narrowcast 0.1.0",
        cap_bps=8000,
    ),
    (
        "01 01 01 04 616e6e61 0102030405060708 8080f9c0c1c48203 c801 02"
        "01 10 6e6172726f7763617374 20 302e312e30  02 02 c03e"
    ),
)
HELLO_BACK = (
    Hello(
        "a",
        INCARNATION,
        start_us=0,
        report_interval_ms=100,
        capabilities=Capability.CLOCK | Capability.BACKFILL,
        owed_from=1400,
    ),
    "01 01 03 01 61 0102030405060708 00 64 01 03 02 f80a",
)
HELLO_PREVIEW = (
    Hello(
        "a",
        INCARNATION,
        start_us=0,
        report_interval_ms=100,
        capabilities=Capability.CLOCK | Capability.BACKFILL | Capability.PREVIEW,
    ),
    "01 01 07 01 61 0102030405060708 00 64 00",
)
WELCOME_NEW = (
    Welcome(next_seq=0, max_message_bytes=65_535),
    "02 01 00 00 ffff03",
)
WELCOME_RESUMED = (
    Welcome(next_seq=1500, max_message_bytes=65_535, capabilities=Capability.CLOCK),
    "02 01 01 dc0b ffff03",
)
DATA_KEYFRAME = (
    Data(
        epoch=0,
        first_seq=0,
        frames=(Frame(0, FrameKind.KEYFRAME, (b"\x67\x64", b"\x68", b"\x65\x88\x84")),),
        rung=Rung(32, 30),
    ),
    "13 00 20 1e 00 00 00 01  25 02 6764 01 68 03 658884",
)
DATA_DELTAS = (
    Data(
        epoch=7,
        first_seq=1500,
        frames=(
            Frame(600_000, FrameKind.DELTA, (b"\x41\x9a\x02",)),
            Frame(600_400, FrameKind.DELTA, (b"\x41\x9a\x04\x08",)),
        ),
    ),
    "03 07 dc0b c0cf24 9003 02  0c 419a02  10 419a0408",
)
DATA_RUNS = (
    Data(
        epoch=255,
        first_seq=2,
        frames=(
            Frame(0, FrameKind.NO_FACE),
            Frame(400, FrameKind.NO_FACE),
            Frame(800, FrameKind.NO_FACE),
            Frame(1200, FrameKind.DELTA, (b"\x41",)),
            *(Frame(1600 + 400 * i, FrameKind.SKIPPED) for i in range(250)),
        ),
    ),
    "03 ff 02 00 9003 03  0e  04 41  eb07",
)
DATA_TIMES = (
    Data(
        epoch=1,
        first_seq=9,
        frames=(
            Frame(100, FrameKind.DELTA, (b"\x41",)),
            Frame(700, FrameKind.SKIPPED),
            Frame(900, FrameKind.NO_FACE),
        ),
    ),
    "23 01 09 64 9003 03  04 41  07  06  9003 00",
)
DATA_RUNG_TIMES = (
    Data(
        epoch=2,
        first_seq=5,
        frames=(
            Frame(0, FrameKind.KEYFRAME, (b"\x67", b"\x68", b"\x65")),
            Frame(90, FrameKind.DELTA, (b"\x41",)),
            Frame(200, FrameKind.DELTA, (b"\x42",)),
            Frame(240, FrameKind.DELTA, (b"\x43",)),
        ),
        rung=Rung(96, 51),
    ),
    "33 02 60 33 05 00 50 04  19 01 67 01 68 01 65  04 41  04 42  04 43  14 50 00",
)
LATE = (
    Data(
        epoch=0,
        first_seq=1400,
        frames=(
            *(Frame(560_000 + 400 * i, FrameKind.SKIPPED) for i in range(12)),
            Frame(564_800, FrameKind.KEYFRAME, (b"\x67", b"\x68", b"\x65")),
            *(Frame(565_200 + 400 * i, FrameKind.SKIPPED) for i in range(11)),
            Frame(569_600, FrameKind.DELTA, (b"\x41",)),
        ),
        rung=Rung(32, 36),
        late=True,
    ),
    "18 00 20 24 f80a 809722 9003 04  33  19 01 67 01 68 01 65  2f  04 41",
)
LATE_TIMES = (
    Data(
        epoch=1,
        first_seq=9,
        frames=(
            Frame(100, FrameKind.DELTA, (b"\x41",)),
            Frame(700, FrameKind.SKIPPED),
            Frame(900, FrameKind.NO_FACE),
        ),
        late=True,
    ),
    "28 01 09 64 9003 03  04 41  07  06  9003 00",
)
DATA_CAP = (
    Data(
        epoch=7,
        first_seq=1500,
        frames=(Frame(600_000, FrameKind.DELTA, (b"\x41\x9a\x02",)),),
        cap_bps=4000,
    ),
    "43 07 a01f dc0b c0cf24 00 01  0c 419a02",
)
DATA_CAP_AND_ALL = (
    Data(
        epoch=2,
        first_seq=9,
        frames=(
            Frame(100, FrameKind.DELTA, (b"\x41",)),
            Frame(700, FrameKind.SKIPPED),
            Frame(900, FrameKind.NO_FACE),
        ),
        rung=Rung(96, 51),
        late=True,
        cap_bps=0,
    ),
    "78 02 60 33 00 09 64 9003 03  04 41  07  06  9003 00",
)
REPORT = (
    Report(
        received_seq=1502,
        stored_seq=1500,
        messages=751,
        payload_bytes=40_000,
        received_us=1_700_000_060_000_000,
        held_us=12_500,
        queue=2,
    ),
    "04 de0b dc0b ef05 c0b802 808ec7ddc1c48203 d461 02",
)
KEYFRAME_REQUEST = (KeyframeRequest(epoch=7), "05 07")
KEYFRAME_REQUEST_LATE = (KeyframeRequest(epoch=0, late=True), "15 00")
CLOCK_BEHIND = (Clock(offset_us=-300, round_trip_us=40_000), "06 d704 c0b802")
CLOCK_AHEAD = (Clock(offset_us=300, round_trip_us=0), "06 d804 00")
END_FINISHED = (End(EndCode.FINISHED, next_seq=1502), "07 00 de0b 00")
END_REASON = (
    End(EndCode.PROTOCOL, next_seq=1500, reason="a text is not UTF-8"),
    "07 03 dc0b 13 612074657874206973206e6f74205554462d38",
)

GOLDEN = {name: case for name, case in globals().items() if isinstance(case, tuple)}
CASES = [pytest.param(m, bytes.fromhex(h), id=name.lower()) for name, (m, h) in GOLDEN.items()]


@pytest.mark.parametrize(("message", "data"), CASES)
def test_both_directions(message: Message, data: bytes) -> None:
    assert serialise(message).hex(" ") == data.hex(" ")
    assert parse(data) == message


@pytest.mark.parametrize(("message", "data"), CASES)
def test_every_truncation_is_refused(message: Message, data: bytes) -> None:
    assert message
    for length in range(len(data)):
        with pytest.raises(ProtocolError):
            parse(data[:length])


@pytest.mark.parametrize(("message", "data"), CASES)
def test_every_extension_by_a_byte_is_refused(message: Message, data: bytes) -> None:
    assert message
    for byte in range(256):
        with pytest.raises(ProtocolError):
            parse(data + bytes([byte]))


def test_frames_within_a_millisecond_of_even_are_told_as_even() -> None:
    jitter = (0, 10, -10, 5, 0)
    frames = [Frame(400 * i + j, FrameKind.SKIPPED) for i, j in enumerate(jitter)]
    data = serialise(Data(0, 0, tuple(frames)))
    assert data == bytes.fromhex("03 00 00 00 9003 01  17")
    told = parse(data)
    assert isinstance(told, Data)
    assert [frame.ticks for frame in told.frames] == [0, 400, 800, 1200, 1600]


MALFORMED = {
    "no type": "00",
    "unknown type": "09",
    "flags on another type": "16 d704 c0b802",
    "unknown KEYFRAME_REQUEST flag": "25 07",
    "unknown LATE flag": "88 07 dc0b 00 00 01 0c 419a02",
    "a LATE message of no entries": "08 00 00 00 00 00",
    "unknown DATA flag": "83 07 dc0b 00 00 01 0c 419a02",
    "another version": "01 02 00 01 61 0102030405060708 00 64 00",
    "a WELCOME of another version": "02 02 00 00 ffff03",
    "a padded varint": "02 01 00 8000 ffff03",
    "a varint of ten bytes": "02 01 00 80808080808080808001 ffff03",
    "an empty session name": "01 01 00 00 0102030405060708 00 64 00",
    "a session name with a slash": "01 01 00 03 612f62 0102030405060708 00 64 00",
    "a session name that starts with a dot": "01 01 00 02 2e61 0102030405060708 00 64 00",
    "a session start in the year 2255": "01 01 00 01 61 0102030405060708 8080808080808010 64 00",
    "no report interval": "01 01 00 01 61 0102030405060708 00 00 00",
    "a report interval over a minute": "01 01 00 01 61 0102030405060708 00 e1d403 00",
    "17 options": "01 01 00 01 61 0102030405060708 00 64 11" + "0900" * 17,
    "an option over 200 bytes": "01 01 00 01 61 0102030405060708 00 64 01 09c901" + "00" * 201,
    "software that is not UTF-8": "01 01 00 01 61 0102030405060708 00 64 01 0101ff",
    "software that clears the screen": "01 01 00 01 61 0102030405060708 00 64 01 01021b63",
    "an owed frame with a byte too many": "01 01 02 01 61 0102030405060708 00 64 01 03020101",
    "a cap with a byte too many": "01 01 00 01 61 0102030405060708 00 64 01 02020101",
    "a rung of 3 px": "13 00 03 1e 00 00 00 01 03",
    "a rung of 97 px": "13 00 61 1e 00 00 00 01 03",
    "a rung of QP 52": "13 00 20 34 00 00 00 01 03",
    "no entries": "03 00 00 00 00 00",
    "4097 entries": "03 00 00 00 00 8120" + "07" * 4097,
    "a run of no frames": "03 00 00 00 00 01 03",
    "runs of 4097 frames in all": "03 00 00 00 00 02 838001 07",
    "an empty P access unit": "03 00 00 00 00 01 00",
    "an empty keyframe": "03 00 00 00 00 01 01",
    "a keyframe with an empty NAL unit": "03 00 00 00 00 01 05 00",
    "a keyframe of nine NAL units": "03 00 00 00 00 01 49" + "0167" * 9,
    "a keyframe that ends in a NAL unit": "03 00 00 00 00 01 09 0567",
    "a cap beyond 42 bits": "43 00 80808080808001 00 00 00 01 07",
    "a cap that is not there": "43 00",
    "times that run backwards": "23 00 00 64 00 02 07 07 0d",
    "a time beyond 13 years": "03 00 00 80808080808001 00 01 07",
    "a sequence number beyond 42 bits": "03 00 ffffffffff7f 00 00 01 07",
    "an unknown end code": "07 06 00 00",
    "a reason over 200 bytes": "07 00 00 c901" + "61" * 201,
    "a reason with a line feed": "07 00 00 01 0a",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name: str) -> None:
    with pytest.raises(ProtocolError):
        parse(bytes.fromhex(MALFORMED[name]))


def test_neighbours_of_the_malformed_are_fine() -> None:
    for fine in (
        "01 01 00 01 61 0102030405060708 ffffffffffffff0f e0d403 10" + "0900" * 16,
        "01 01 00 01 61 0102030405060708 00 01 01 09c801" + "00" * 200,
        "13 00 04 33 00 00 00 01 07",
        "03 00 00 00 00 8020" + "07" * 4096,
        "03 00 00 00 00 01 838001",
        "03 00 00 00 00 01 41" + "0167" * 8,
        "23 00 00 64 00 02 07 07 00",
        "43 00 ffffffffff7f 00 00 00 01 07",
        "03 00 feffffffff7f ffffffffff7f 00 01 07",
        "07 05 00 c801" + "61" * 200,
    ):
        assert parse(bytes.fromhex(fine))


IMPOSSIBLE = {
    "no frames": Data(0, 0, ()),
    "4097 frames": Data(0, 0, (Frame(0, FrameKind.SKIPPED),) * 4097),
    "a rung of 300 px": Data(0, 0, (Frame(0, FrameKind.SKIPPED),), Rung(300, 30)),
    "a rung of 2 px": Data(0, 0, (Frame(0, FrameKind.SKIPPED),), Rung(2, 30)),
    "a P access unit of no NAL unit": Data(0, 0, (Frame(0, FrameKind.DELTA),)),
    "a P access unit of two": Data(0, 0, (Frame(0, FrameKind.DELTA, (b"a", b"b")),)),
    "an empty NAL unit": Data(0, 0, (Frame(0, FrameKind.DELTA, (b"",)),)),
    "an empty keyframe": Data(0, 0, (Frame(0, FrameKind.KEYFRAME),)),
    "nine NAL units": Data(0, 0, (Frame(0, FrameKind.KEYFRAME, (b"a",) * 9),)),
    "a time before the start": Data(0, 0, (Frame(-1, FrameKind.SKIPPED),)),
    "times backwards": Data(0, 0, tuple(Frame(t, FrameKind.SKIPPED) for t in (500, 0))),
    "a message over the limit": Data(0, 0, (Frame(0, FrameKind.DELTA, (b"a" * 65_530,)),)),
    "seven bytes of incarnation": Hello("a", b"1234567", 0, 100),
    "a session name with a space": Hello("a b", INCARNATION, 0, 100),
    "no report interval": Hello("a", INCARNATION, 0, 0),
    "a negative queue": Report(0, 0, 0, 0, 0, 0, -1),
    "a negative cap": Data(0, 0, (Frame(0, FrameKind.SKIPPED),), cap_bps=-1),
    "a cap beyond 42 bits": Data(0, 0, (Frame(0, FrameKind.SKIPPED),), cap_bps=1 << 42),
    "an offset beyond 63 bits": Clock(1 << 62, 0),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_impossible_values_are_not_serialised(name: str) -> None:
    with pytest.raises(ProtocolError):
        serialise(IMPOSSIBLE[name])


def test_texts_are_made_fit_for_the_wire() -> None:
    end = parse(serialise(End(EndCode.FAULT, 0, "line\nfeed, \udcff, \x1b[2J and é" + "é" * 200)))
    assert isinstance(end, End)
    assert end.reason.startswith("line feed, ?,  [2J and é")
    assert 199 <= len(end.reason.encode()) <= 200
    hello = parse(serialise(Hello("a", INCARNATION, 0, 100, software="é" * 150)))
    assert isinstance(hello, Hello)
    assert hello.software == "é" * 100


def test_what_a_later_version_may_add_is_ignored() -> None:
    """Unknown capabilities are dropped, unknown options skipped by their length."""
    hello = parse(
        bytes.fromhex("01 01 81 08 01 61 0102030405060708 00 64 02 630412345678 0202c03e")
    )
    assert isinstance(hello, Hello)
    assert hello.cap_bps == 8000
    assert hello.capabilities == Capability.CLOCK


def test_the_document_shows_these_bytes() -> None:
    """Every ```hex block of docs/protocol.md is a golden message, and every one is shown."""
    blocks = re.findall(r"```hex\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    shown = [bytes.fromhex(re.sub(r"#.*", "", block)) for block in blocks]
    for data in shown:
        parse(data)
    assert sorted(shown) == sorted(bytes.fromhex(literal) for _, literal in GOLDEN.values())
