"""The seam between rate control and the session: observations in, a decision out."""

import math
from typing import NamedTuple, Protocol

from narrowcast_encoder.control.line_estimate import LineView
from narrowcast_shared.operating_point import OperatingPoint, Rung

BACKFILL_SHARE = 0.2
"""Of the line's capacity, for frames of an outage that are sent late beside the live ones."""


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
