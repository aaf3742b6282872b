"""The operating point of greatest expected CCC that fits the line and the latency budget."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from narrowcast_encoder.control.cost import expected_bytes
from narrowcast_encoder.control.table import Row
from narrowcast_shared.operating_point import MAX_FRAMES_PER_MESSAGE, OperatingPoint
from narrowcast_shared.wire.cost import (
    DATA_HEAD_BYTES,
    ENTRY_HEAD_BYTES,
    FRAMING_BYTES,
    IP_TCP_BYTES,
    RUN_BYTES,
    SMALL_PAYLOAD_BYTES,
)

MESSAGE_BYTES = IP_TCP_BYTES + FRAMING_BYTES[0] + DATA_HEAD_BYTES
"""A small message without its entries."""

LONG_BYTES = FRAMING_BYTES[1] - FRAMING_BYTES[0]
"""More of header above a small payload."""

WAITS = 4
LATE = 0.2
"""The latency budget is doubled up to three times, each at this price in shares of the CCC."""

_LONG_ENTRIES_BYTES = SMALL_PAYLOAD_BYTES - DATA_HEAD_BYTES


class Means(NamedTuple):
    """What there is to spend.

    wire_bps: for DATA messages, headers counted. line_bps: at which a message is serialised.
    latency_us: from a frame's capture to its arrival. cut_us: the same for one that shows another
    picture, on an idle line. fps: of the source. cost: as `CostCorrection` has it for this face.
    headroom: share of wire_bps to leave free by sharing headers, as far as the latency lets.
    """

    wire_bps: float
    line_bps: float
    latency_us: float
    cut_us: float
    fps: float
    cost: float = 1.0
    headroom: float = 0.0


class Candidate(NamedTuple):
    """A row of the table, and the operating point that makes of it what the means allow.

    worth: share of the valence to expect of it, less for what comes late.
    """

    row: Row
    point: OperatingPoint
    worth: float


def best(rows: Iterable[Row], means: Means) -> Candidate:
    """The best that fits; better late than unreadable, and at last what costs least."""
    rows = list(rows)
    fitting = [
        candidate._replace(worth=candidate.worth - LATE * wait)
        for wait in range(WAITS)
        for candidate in _fitting(rows, means, 2**wait)
    ]
    if not fitting:
        return least(rows, means)
    return max(fitting, key=lambda found: (found.worth, -found.row.p_frame_bytes))


def _fitting(rows: Iterable[Row], means: Means, patience: float) -> list[Candidate]:
    """What fits a budget of so many times the latency."""
    waiting = means._replace(latency_us=patience * means.latency_us, cut_us=patience * means.cut_us)
    return [found for row in rows if (found := fit(row, waiting)) is not None]


def fit(row: Row, means: Means) -> Candidate | None:
    """The row with the fewest frames a message that fit, for those wait least; None if none do.

    Sending k frames of e bytes behind h bytes of headers takes fps (h / k + e) bytes a second,
    and the first of them waits (k - 1) / fps, then (h + k e) bytes of line.
    """
    fps = min(row.fps, means.fps)
    entry = entry_bytes(row, means)
    least_k = _least_frames(fps, entry, means.wire_bps)
    most_k = _most_frames(fps, entry, means)
    cut_us = message_us(1, row.keyframe_bytes, means.line_bps)
    if least_k is None or least_k > most_k or cut_us > means.cut_us:
        return None
    roomy_bps = (1 - means.headroom) * means.wire_bps
    k = min(_least_frames(fps, entry, roomy_bps) or most_k, most_k)
    filled_fps = _filled(fps, k, entry, roomy_bps, means.fps)
    return Candidate(row, OperatingPoint(row.rung, filled_fps, k), row.kept)


def least(rows: Iterable[Row], means: Means) -> Candidate:
    """What costs least of a line that nothing fits."""
    row = min(rows, key=lambda row: (row.fps, row.p_frame_bytes))
    fps = min(row.fps, means.fps)
    k = max(1, _most_frames(fps, entry_bytes(row, means), means))
    return Candidate(row, OperatingPoint(row.rung, fps, k), row.kept - LATE * WAITS)


def least_bps(rows: Iterable[Row], fps: float) -> float:
    """Wire rate, bit/s, of the row that costs least, one frame a message."""
    row = min(rows, key=lambda row: (row.fps, row.p_frame_bytes))
    plain = Means(0.0, 1.0, 0.0, 0.0, fps)
    return 8 * min(row.fps, fps) * (MESSAGE_BYTES + entry_bytes(row, plain))


def entry_bytes(row: Row, means: Means) -> float:
    """A coded frame in a message, with the run of those left out before the next."""
    run = RUN_BYTES if row.fps < means.fps else 0.0
    return expected_bytes(row.p_frame_bytes, means.cost) + ENTRY_HEAD_BYTES + run


def message_us(frames: int, entry: float, line_bps: float) -> float:
    """How long the line is taken by a message of so many frames."""
    return 8e6 * (MESSAGE_BYTES + LONG_BYTES + frames * entry) / line_bps


def _least_frames(fps: float, entry: float, wire_bps: float) -> int | None:
    """Fewest frames a message that keep within a wire rate; None if none do."""
    spare = wire_bps / 8 - fps * entry
    return max(1, math.ceil(fps * _head_bytes(entry) / spare)) if spare > 0 else None


def _head_bytes(entry: float) -> float:
    return MESSAGE_BYTES + (LONG_BYTES if 2 * entry > _LONG_ENTRIES_BYTES else 0)


def _most_frames(fps: float, entry: float, means: Means) -> int:
    """Most frames a message whose first arrives within the budget."""
    frame_us = 1e6 / fps
    own_us = 8e6 * entry / means.line_bps
    fixed_us = message_us(0, entry, means.line_bps)
    frames = int((means.latency_us + frame_us - fixed_us) / (frame_us + own_us))
    return min(frames, MAX_FRAMES_PER_MESSAGE)


def _filled(fps: float, k: int, entry: float, wire_bps: float, source_fps: float) -> float:
    """More frames a second where the rounding of k has left means over."""
    affordable = wire_bps / 8 / (MESSAGE_BYTES / k + entry)
    return max(fps, min(affordable, source_fps))
