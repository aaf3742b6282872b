"""The state of a series at each time: the basis of every share of time in a report.

Frames do not measure time, because the encoder sends fewer of them on a thin link. So a reading
holds until the next one, until a frame without a face, or for `HOLD_S`, whichever is first. Frames
that were not sent or lost in between do not end it: they carry no information about the face.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_client.report.series import STATUSES, Floats, Ints, Series
from narrowcast_shared.samples import Status

HOLD_S = 1.0
"""The longest time that a reading, or any frame, holds. The lowest frame rates of the rate control
still give about two readings a second."""

LATE_MS = 1000.0
"""A sample with a greater latency is late."""


class SpanState(IntEnum):
    """The state at one time."""

    READ = 0
    NO_FACE = 1
    SKIPPED = 2
    LOST = 3
    UNRECORDED = 4  # no frame for longer than `HOLD_S`


_OWN = {
    Status.OK: SpanState.LOST,  # without a valence, which no writer produces
    Status.NO_FACE: SpanState.NO_FACE,
    Status.SKIPPED: SpanState.SKIPPED,
    Status.LOST: SpanState.LOST,
}


class Timeline(NamedTuple):
    """K spans without a gap between them, none of them empty, in s since the first frame.

    edges: [K + 1]. state: [K], of `SpanState`. reading: [K], index of the frame whose
    reading holds; -1 where none does.
    """

    edges: Floats
    state: NDArray[np.int8]
    reading: Ints

    @property
    def spans_s(self) -> Floats:
        """[K], length of each."""
        return np.diff(self.edges)

    @property
    def duration_s(self) -> float:
        """From the first frame to the end of the last one."""
        return float(self.edges[-1] - self.edges[0])

    def seconds_by_state(self) -> dict[SpanState, float]:
        """Total time of each state; their sum is the duration."""
        sums = np.bincount(self.state, weights=self.spans_s, minlength=len(SpanState))
        return {state: float(sums[state]) for state in SpanState}

    def reading_s(self, frames: int) -> Floats:
        """[N], how long the reading of each frame held."""
        read = self.reading >= 0
        stood_s = np.bincount(self.reading[read], self.spans_s[read], minlength=frames)
        return np.asarray(stood_s, dtype=np.float64)


def frame_ends_s(series: Series) -> Floats:
    """[N], the end of each frame: the start of the next. The last lasts as long as the one before,
    at most `HOLD_S`; `HOLD_S` where there is none before, or at the same time.
    """
    at_s = series.at_s
    before_s = float(at_s[-1] - at_s[-2]) if len(series) > 1 else 0.0
    return np.append(at_s[1:], at_s[-1] + (min(before_s, HOLD_S) or HOLD_S))


def timeline(series: Series) -> Timeline:
    """The spans of a series. Of frames with the same time, the last in order counts."""
    start, end = series.at_s, frame_ends_s(series)
    covered = np.minimum(end, start + HOLD_S)
    readings = series.is_reading
    informs = readings | (series.status == STATUSES.index(Status.NO_FACE))
    index = np.arange(len(series))
    # The latest frame, up to each one, with information about the face.
    anchor = np.maximum.accumulate(np.where(informs, index, -1))
    stands = (anchor >= 0) & readings[anchor]
    stood = np.where(stands, np.clip(start[anchor] + HOLD_S, start, covered), start)
    own = np.array([_OWN[status] for status in STATUSES])[series.status]
    # Three spans per frame: a reading holds; none holds; there is no frame.
    ends = np.stack([stood, covered, end], axis=1).ravel()
    states = np.stack(
        [_all(SpanState.READ, own), own, _all(SpanState.UNRECORDED, own)], axis=1
    ).ravel()
    reading = np.stack([np.where(stands, anchor, -1), *[np.full_like(index, -1)] * 2], axis=1)
    return _without_empty(ends, states, reading.ravel())


def _all(state: SpanState, like: Ints) -> Ints:
    return np.full_like(like, state)


def _without_empty(ends: Floats, states: Ints, reading: Ints) -> Timeline:
    edges = np.concatenate([[0.0], ends])
    kept = np.diff(edges) > 0
    edges = np.concatenate([[0.0], ends[kept]])
    return Timeline(edges, states[kept].astype(np.int8), reading[kept])


def span_means(line: Timeline, values: Floats, edges: Floats) -> tuple[Floats, Floats]:
    """Means over time between each two of B + 1 `edges`, in s.

    values: [N], of each frame, finite where it has a reading. Returns the time with readings in
    each of the B spans, and their mean there; NaN where there is none.
    """
    read = line.reading >= 0
    spans_s = np.where(read, line.spans_s, 0.0)
    amounts = np.where(read, values[line.reading], 0.0) * spans_s
    # Both integrals are linear between the timeline's edges, so this is exact.
    stood_s = np.diff(_integral(line, spans_s, edges))
    stood_s[stood_s < 1e-9] = 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.diff(_integral(line, amounts, edges)) / stood_s
    return stood_s, np.where(stood_s > 0, means, np.nan)


def _integral(line: Timeline, amounts: Floats, edges: Floats) -> Floats:
    return np.asarray(np.interp(edges, line.edges, np.concatenate([[0.0], np.cumsum(amounts)])))
