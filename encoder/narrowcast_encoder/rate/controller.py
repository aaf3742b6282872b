"""The seam between rate control and the session: observations in, a decision out."""

import math
from typing import NamedTuple, Protocol

from narrowcast_encoder.rate.bandwidth import LineView
from narrowcast_shared.operating_point import OperatingPoint, Rung
from narrowcast_shared.wire.cost import (
    DATA_HEAD_BYTES,
    ENTRY_HEAD_BYTES,
    FRAMING_BYTES,
    IP_TCP_BYTES,
    SMALL_PAYLOAD_BYTES,
)

BACKFILL_SHARE = 0.2
"""Of the line's capacity, for frames of an outage that are sent late beside the live ones."""

SMALL_LATENCY_BITS, LATENCY_BITS = 4800.0, 2400.0
SMALL_LATENCY_US, MAX_LATENCY_US = (300_000.0, 400_000.0), 3_000_000.0
"""By default a frame may be as late as the line takes for so many bits, some four small messages;
of a line above 6 kbit/s for twice as many, within 300 to 400 ms.
"""


class Observation(NamedTuple):
    """What a controller may know when a frame with a face arrives.

    now_us: monotonic time. captured_us: capture time of the frame. backlog_us: how long the
    line is booked already, where that is known. unacked_us: age of the oldest message not yet
    acknowledged. line: what the acknowledgements tell of the line. change: mean absolute
    difference to the chip that was coded last, 0..1, None where none was. waiting: coded frames
    in the message under way. backfilling: frames of an outage take a share of the line,
    BACKFILL_SHARE.
    """

    now_us: int
    captured_us: int
    backlog_us: int
    unacked_us: int
    line: LineView = LineView()
    change: float | None = None
    waiting: int = 0
    backfilling: bool = False


class Decision(NamedTuple):
    """The operating point in force, and whether this frame is coded or skipped.

    full_bytes: access units of so many bytes fill a message, however few they are.
    """

    point: OperatingPoint
    code: bool
    full_bytes: float = math.inf


class Controller(Protocol):
    """Decides frame by frame. Implementations hold no clock and do no I/O."""

    def decide(self, observation: Observation) -> Decision:
        """Whether and how to code the frame that was just captured."""
        ...

    def coded(self, rung: Rung, size_bytes: int, *, keyframe: bool) -> None:
        """What the frame that was decided on really cost, as an access unit."""
        ...


def default_latency_us(capacity_bps: float) -> float:
    """The latency budget of a line of so many bit/s, from capture to arrival."""
    low, high = SMALL_LATENCY_US
    small = min(max(1e6 * SMALL_LATENCY_BITS / capacity_bps, low), high)
    return min(max(1e6 * LATENCY_BITS / capacity_bps, small), MAX_LATENCY_US)


def head_bytes(frames: int, unit_bytes: float) -> float:
    """All headers of a message of so many frames of `unit_bytes` but those of its entries."""
    payload_bytes = DATA_HEAD_BYTES + frames * (unit_bytes + ENTRY_HEAD_BYTES)
    framing_bytes = FRAMING_BYTES[payload_bytes > SMALL_PAYLOAD_BYTES]
    return IP_TCP_BYTES + framing_bytes + DATA_HEAD_BYTES


def message_us(frames: int, unit_bytes: float, line_bps: float) -> float:
    """How long the line is taken by a message of so many frames."""
    entries_bytes = frames * (unit_bytes + ENTRY_HEAD_BYTES)
    return 8e6 * (head_bytes(frames, unit_bytes) + entries_bytes) / line_bps
