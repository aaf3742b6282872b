"""What is not known: frames by status, time by state, and the gaps."""

from typing import NamedTuple

import numpy as np

from narrowcast_client.report.series import STATUSES, Series
from narrowcast_client.report.timeline import State, Timeline
from narrowcast_shared.samples import Status

LEAST_GAP_S = 1.0
MOST_GAPS = 10


class Gap(NamedTuple):
    """A time without a standing reading, in s since the first frame; `mostly`: its main cause."""

    start_s: float
    end_s: float
    mostly: State


class Missing(NamedTuple):
    """frames: by status. shares: of the duration, by state; they sum to 1.

    gaps: all those longer than `LEAST_GAP_S`, in order of time.
    """

    frames: dict[Status, int]
    shares: dict[State, float]
    gaps: tuple[Gap, ...]

    @property
    def longest(self) -> tuple[Gap, ...]:
        """At most `MOST_GAPS` of them, in order of time."""
        by_length = sorted(self.gaps, key=lambda gap: gap.start_s - gap.end_s)
        return tuple(sorted(by_length[:MOST_GAPS]))

    @property
    def in_gaps_s(self) -> float:
        """How long the gaps lasted together."""
        return sum(gap.end_s - gap.start_s for gap in self.gaps)


def find_missing(series: Series, line: Timeline) -> Missing:
    """What a series does not know."""
    counts = np.bincount(series.status, minlength=len(STATUSES))
    shares = {state: s / line.duration_s for state, s in line.seconds_by_state().items()}
    frames = {status: int(counts[place]) for place, status in enumerate(STATUSES)}
    return Missing(frames, shares, _gaps(line))


def _gaps(line: Timeline) -> tuple[Gap, ...]:
    unknown = line.state != State.READ
    turns = np.flatnonzero(np.diff(np.concatenate([[False], unknown, [False]]).astype(np.int8)))
    gaps = []
    for first, end in turns.reshape(-1, 2):
        start_s, end_s = float(line.edges[first]), float(line.edges[end])
        if end_s - start_s > LEAST_GAP_S:
            lasted = np.bincount(line.state[first:end], line.spans_s[first:end])
            gaps.append(Gap(start_s, end_s, State(int(lasted.argmax()))))
    return tuple(gaps)
