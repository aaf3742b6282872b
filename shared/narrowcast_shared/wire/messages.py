"""The messages of wire format v1, as values. `wire.serial` turns them to bytes and back."""

import re
from enum import CONFORM, IntEnum, IntFlag
from typing import NamedTuple

from narrowcast_shared.errors import ProtocolError
from narrowcast_shared.operating_point import Rung

TICKS_PER_SECOND = 10_000
"""Capture times on the wire count 0.1 ms from the session's start, as the HELLO gives it."""

TICK_US = 1_000_000 // TICKS_PER_SECOND

TIME_TOLERANCE_TICKS = 10
"""Frames of one message may be told as evenly spaced when none is over 1 ms off."""

MAX_FRAMES = 4096
"""Frames that one message may speak of: two minutes of skipped frames at 30 fps."""

MAX_GAP = 200_000
"""Frames that may be missing before a message: almost two hours at 30 fps."""

MAX_COUNT = (1 << 42) - 1
"""Highest sequence number and capture time, the latter 13 years into a session."""

MAX_TIME_US = (1 << 53) - 1
"""Latest start of a session, in the year 2255: a double holds its microseconds exactly."""

MAX_REPORT_INTERVAL_MS = 60_000

EPOCHS = 256
"""Epoch numbers count modulo this."""

INCARNATION_BYTES = 8
MAX_SESSION_BYTES = 64
MAX_REASON_BYTES = 200
MAX_OPTION_BYTES = 200
MAX_OPTIONS = 16

SESSION_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""A session's whole name: safe in a URL, a file name and a CSV field as it is."""


_VALUES = {"na", "nan", "null", "none", "true", "false"}
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")


class MessageType(IntEnum):
    """Low four bits of a message's first byte."""

    HELLO = 1
    WELCOME = 2
    DATA = 3
    REPORT = 4
    KEYFRAME_REQUEST = 5
    CLOCK = 6
    END = 7
    LATE = 8


class Capability(IntFlag, boundary=CONFORM):
    """What an end can do beyond the minimum. An unknown bit is dropped: kept, each new value that
    a stranger sends would become a member of this class, and stay in memory for ever.
    """

    NONE = 0
    CLOCK = 1  # CLOCK messages are sent (encoder) or used (decoder)
    BACKFILL = 2  # a gap in sequence numbers is told later, in LATE messages
    PREVIEW = 4  # whoever may subscribe may see the received face (encoder)
    CAPS = 8  # what the wire rate is kept under is told where it changes


class EndCode(IntEnum):
    """Why an end stops. An encoder comes back after DRAINING and FAULT, and after no other."""

    FINISHED = 0
    DRAINING = 1
    REPLACED = 2
    PROTOCOL = 3
    REFUSED = 4
    FAULT = 5


class OptionKey(IntEnum):
    """Keys of HELLO's options. An unknown key is skipped by its length."""

    SOFTWARE = 1  # text: name and version of the encoder
    CAP_BPS = 2  # varint: the wire rate that the encoder keeps under, bit/s; its mean if it varies
    OWED_FROM = 3  # varint: first sequence number that the encoder can still tell of


class Hello(NamedTuple):
    """First message of an encoder.

    incarnation: 8 random bytes, new with each encoder process, kept over its reconnects.
    start_us: Unix time of tick 0, in us. report_interval_ms: how often it wants reports, at
    least 1. cap_bps: 0 where no cap is set. owed_from: with BACKFILL, the first sequence number
    that it can still tell of; None where it has not published before.
    """

    session: str
    incarnation: bytes
    start_us: int
    report_interval_ms: int
    capabilities: Capability = Capability.NONE
    software: str = ""
    cap_bps: int = 0
    owed_from: int | None = None


class Welcome(NamedTuple):
    """The decoder's answer: the sequence number that it wants next, and its limit."""

    next_seq: int
    max_message_bytes: int
    capabilities: Capability = Capability.NONE


class FrameKind(IntEnum):
    """Low two bits of an entry's head."""

    DELTA = 0  # a P access unit: one NAL unit
    KEYFRAME = 1  # an IDR access unit: SPS, PPS and slices
    NO_FACE = 2
    SKIPPED = 3


class Frame(NamedTuple):
    """One captured frame: when, what became of it, and its NAL units where it was coded."""

    ticks: int
    kind: FrameKind
    nals: tuple[bytes, ...] = ()


class Data(NamedTuple):
    """Consecutive frames of one epoch; the first has sequence number `first_seq`.

    `rung` is given in the first message of an epoch (and wherever the encoder likes); None
    means the epoch's rung has been told before on this connection. `late` makes it a LATE
    message: frames of a gap, in epochs and contexts of their own. cap_bps: with CAPS, what the
    encoder keeps its wire rate under from this message on, bit/s, 0 for nothing that it knows;
    None where that is as it was.
    """

    epoch: int
    first_seq: int
    frames: tuple[Frame, ...]
    rung: Rung | None = None
    late: bool = False
    cap_bps: int | None = None


class Report(NamedTuple):
    """The decoder's acknowledgement, for all data of this connection together.

    received_seq, stored_seq: one above the highest sequence number received, and stored for
    good; what is owed below them does not count. messages, payload_bytes: DATA and LATE messages
    of this connection and their bytes, so far. received_us: the decoder's Unix time at the last
    of them. held_us: from then to this report. queue: frames received and not yet read.
    """

    received_seq: int
    stored_seq: int
    messages: int
    payload_bytes: int
    received_us: int
    held_us: int
    queue: int


class KeyframeRequest(NamedTuple):
    """The decoder cannot go on in this epoch, of LATE messages if `late`, without a keyframe."""

    epoch: int
    late: bool = False


class Clock(NamedTuple):
    """Decoder's clock minus encoder's, as the encoder estimates it from reports; round trip."""

    offset_us: int
    round_trip_us: int


class End(NamedTuple):
    """Orderly end. From the encoder `next_seq` is the number of frames it ever captured;
    from the decoder the first that it has not stored.
    """

    code: EndCode
    next_seq: int
    reason: str = ""


Message = Hello | Welcome | Data | Report | KeyframeRequest | Clock | End


def check_session_name(name: str) -> str:
    """The name, or ProtocolError where it is not 1 to 64 of A-Z a-z 0-9 . _ - in all."""
    if not re.fullmatch(SESSION_PATTERN, name):
        raise ProtocolError(
            f"{name[:80]!r} is no session name",
            "1 to 64 letters, digits, '.', '_' or '-', the first a letter or a digit",
        )
    return name


def reads_as_value(name: str) -> bool:
    """Whether a table's reader makes something else of a session's name: a missing value of `NA`,
    a truth value of `true`, 7 of `007` or 100000.0 of `1e5`, as pandas does. A whole number such
    as a participant's `101` stays what it is.
    """
    if name.lower() in _VALUES:
        return True
    if _WHOLE_NUMBER.fullmatch(name):
        return False
    try:
        float(name)
    except ValueError:
        return False
    return "_" not in name  # Python's own way to write a number, which tables do not have


def check_new_session_name(name: str) -> str:
    """The name of a session that is to begin. Raises ProtocolError where it cannot be, also where
    it reads as a value. Sessions of earlier releases may have such names, and are read by them.
    """
    if reads_as_value(check_session_name(name)):
        raise ProtocolError(
            f"a session is not named {name!r}: tables read that as something else",
            f"put letters before it, as in session-{name}",
        )
    return name
