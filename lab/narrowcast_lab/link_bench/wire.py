"""What went over the line: in its busiest windows, by second, and as a share of the capacity."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_lab.link_bench.play import Departure
from narrowcast_shared.link import Capacity
from narrowcast_shared.wire.cost import OPENING_BYTES

US_PER_S = 1_000_000
UBIT_PER_BIT = 1_000_000


class WireFigures(NamedTuple):
    """Rates in bit/s, all headers counted; shares of the capacity, None where there is no cap.

    wire_bps_max_2s, wire_bps_max_5s: the busiest window that begins or ends at a departure, the
    opening of the connection left out. wire_bps_mean, cap_used: from the first frame to the end
    of the last, the opening counted. cap_used_moving: over the seconds in which the face moves.
    """

    wire_bps_max_2s: int
    wire_bps_max_5s: int
    wire_bps_mean: int
    cap_used: float | None
    cap_used_moving: float | None


def figures(
    wire: Sequence[Departure],
    capacity: Capacity | None,
    duration_us: int,
    moving: NDArray[np.bool_],
) -> WireFigures:
    """Figures of departures in order; `moving` [S] says in which seconds the face moves."""
    carried = OPENING_BYTES * 8 + sum(8 * size for at_us, size in wire if at_us < duration_us)
    used = moving_used = None
    if capacity is not None:
        used = _share(carried, capacity.total(duration_us) / UBIT_PER_BIT)
        by_second = bits_by_second(wire, len(moving))
        allowed = capacity_by_second(capacity, len(moving))
        moving_used = _share(float(by_second[moving].sum()), float(allowed[moving].sum()))
    return WireFigures(
        busiest_bps(wire, 2 * US_PER_S),
        busiest_bps(wire, 5 * US_PER_S),
        round(carried * US_PER_S / duration_us),
        used,
        moving_used,
    )


def busiest_bps(wire: Sequence[Departure], window_us: int) -> int:
    """Rate in the busiest window of so many us; departures are in order.

    A half-open window that holds most can be moved until it begins at a departure, so that one
    that ends at one holds no more.
    """
    at_us = np.array([departure.at_us for departure in wire], dtype=np.int64)
    total = np.concatenate([[0], np.cumsum([departure.wire_bytes for departure in wire])])
    ends = np.searchsorted(at_us, at_us + window_us, side="left")
    held = total[ends] - total[:-1]
    return round(8 * int(held.max(initial=0)) * US_PER_S / window_us)


def bits_by_second(wire: Sequence[Departure], seconds: int) -> NDArray[np.float64]:
    """Bits of the messages that departed in each second [S]; later ones are left out."""
    inside = [departure for departure in wire if departure.at_us < seconds * US_PER_S]
    second = np.array([departure.at_us // US_PER_S for departure in inside], dtype=np.intp)
    bits = np.array([8 * departure.wire_bytes for departure in inside], dtype=np.float64)
    return np.bincount(second, weights=bits, minlength=seconds).astype(np.float64)


def capacity_by_second(capacity: Capacity, seconds: int) -> NDArray[np.float64]:
    """Bits that the line could carry in each second [S]."""
    edges = [capacity.total(second * US_PER_S) / UBIT_PER_BIT for second in range(seconds + 1)]
    return np.diff(np.array(edges))


def _share(carried_bits: float, allowed_bits: float) -> float | None:
    return round(carried_bits / allowed_bits, 4) if allowed_bits else None
