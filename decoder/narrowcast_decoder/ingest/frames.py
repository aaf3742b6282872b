"""A captured frame as the decoder knows it: what is still to be turned into a sample."""

from enum import Enum, auto
from typing import NamedTuple

from narrowcast_shared.operating_point import Rung


class Fate(Enum):
    """What is known of a frame before it is read."""

    CODED = auto()
    SHED = auto()  # coded, and there is no time to read it: to be decoded only
    NO_FACE = auto()
    SKIPPED = auto()
    LOST = auto()


class Line(NamedTuple):
    """What was known of the line when a message arrived: its wire rate, and the cap if told."""

    wire_bps: int = 0
    cap_bps: int | None = None


class TakenFrame(NamedTuple):
    """One frame of one session. `epoch`, `rung` and `nals` only where it is coded.

    captured_us: Unix time of the encoder's clock. wire_bps, cap_bps: the wire rate when it
    arrived, and what the encoder keeps it under, where that is told. late: it came in a LATE
    message, whose contexts are their own.
    """

    seq: int
    captured_us: int
    fate: Fate
    wire_bps: int
    epoch: int = 0
    rung: Rung | None = None
    nals: tuple[bytes, ...] = ()
    late: bool = False
    cap_bps: int | None = None

    @property
    def line(self) -> Line:
        """For the frames before it that are lost."""
        return Line(self.wire_bps, self.cap_bps)
