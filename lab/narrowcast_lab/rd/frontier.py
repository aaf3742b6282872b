"""The best operating point that a line carries, in time."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from narrowcast_lab.rd.row import Row, wire_bps

MAX_BUNDLE = 25
"""Frames a message that are tried."""

LEAST_DELAY_S = 0.3
DELAY_BITS = 2400.0


class Point(NamedTuple):
    """A row with so many frames a message, and what that takes of the line."""

    row: Row
    frames_per_message: int
    wire_bps: float

    def delay_s(self, line_bps: float) -> float:
        """Of a message's first frame on a line of this rate: waiting for the others, then
        being sent.
        """
        fps = self.row.fps
        message_bits = self.wire_bps * self.frames_per_message / fps
        return (self.frames_per_message - 1) / fps + message_bits / line_bps


class Best(NamedTuple):
    """The point that keeps most on a line of this rate."""

    line_bps: float
    point: Point


def allowed_delay_s(line_bps: float) -> float:
    """300 ms, and what 2400 bits take where that is more."""
    return max(LEAST_DELAY_S, DELAY_BITS / line_bps)


def frontier(rows: Iterable[Row], lines_bps: Sequence[float]) -> list[Best]:
    """The best point of each line; a line that carries none in time is left out."""
    points = [
        Point(row, k, wire_bps(row.fps, k, row.p_frame_bytes))
        for row in rows
        for k in range(1, MAX_BUNDLE + 1)
    ]
    best = [(line_bps, _best(points, line_bps)) for line_bps in lines_bps]
    return [Best(line_bps, point) for line_bps, point in best if point is not None]


def _best(points: Sequence[Point], line_bps: float) -> Point | None:
    """What keeps most; of equal ones the cheapest."""
    allowed_s = allowed_delay_s(line_bps)
    fitting = (p for p in points if p.wire_bps <= line_bps and p.delay_s(line_bps) <= allowed_s)
    return max(fitting, key=lambda p: (p.row.kept, -p.wire_bps), default=None)
