"""The best that any rung keeps at or under a rate. Nothing is interpolated."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from narrowcast_shared.operating_point import Rung


class Point(NamedTuple):
    """A rung, its video rate, and the CCC that it keeps of the uncoded readings."""

    kbps: float
    kept: float
    rung: Rung


class Asked(NamedTuple):
    """What is to be kept at or under a rate."""

    kbps: float
    kept: float


ASKED = (
    Asked(10.5, 0.98), Asked(5.8, 0.96), Asked(4.1, 0.94), Asked(2.4, 0.88), Asked(1.2, 0.65),
)  # fmt: skip


def frontier(points: Iterable[Point]) -> list[Point]:
    """The points that none at the same rate or less equals or beats, cheapest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.kbps, -point.kept)):
        if not best or point.kept > best[-1].kept:
            best.append(point)
    return best


def best_under(points: Sequence[Point], kbps: float) -> Point | None:
    """The point that keeps most at this rate or less; None where all cost more."""
    affordable = [point for point in frontier(points) if point.kbps <= kbps]
    return affordable[-1] if affordable else None
