"""Events of a series: long stretches of one sign, large changes, and gaps.

Stretches and changes are found in means over seconds, so that a single frame starts and ends
nothing. Gaps are the times without an estimate, by cause; frames are counted by status.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_client.report.series import STATUSES, Floats, Series
from narrowcast_client.report.timeline import SpanState, Timeline, span_means
from narrowcast_client.report.valence import BIN_S, NEAR_ZERO, seconds
from narrowcast_shared.samples import Status

LEAST_STRETCH_S = 3.0
MOST_STRETCHES = 3
"""Of each sign, the longest first."""

SIDE_S = 5.0
"""A change is between the means over this time before and after."""

LEAST_CHANGE = 0.3
MOST_CHANGES = 10
LEAST_READ = 0.5
"""Least share with estimates of a second, and of the seconds on each side of a change."""


class Stretch(NamedTuple):
    """Consecutive seconds with means beyond `NEAR_ZERO`. Times in s since the first frame."""

    start_s: float
    end_s: float
    mean: float


class Change(NamedTuple):
    """The means over `SIDE_S` before and after `at_s`, and the px of their chips."""

    at_s: float
    before: float
    after: float
    px_before: float
    px_after: float


class Events(NamedTuple):
    """In order of time."""

    positive: tuple[Stretch, ...]
    negative: tuple[Stretch, ...]
    changes: tuple[Change, ...]


def find_events(series: Series, line: Timeline) -> Events:
    """The events of a series."""
    edges = seconds(line)
    read_s, means = span_means(line, series.valence, edges)
    _, px = span_means(line, series.px, edges)
    enough = read_s >= LEAST_READ * np.diff(edges)
    means = np.where(enough, means, np.nan)
    return Events(
        _longest(means > NEAR_ZERO, means, edges),
        _longest(means < -NEAR_ZERO, means, edges),
        _changes(means, px, edges),
    )


def _longest(wanted: NDArray[np.bool_], means: Floats, edges: Floats) -> tuple[Stretch, ...]:
    """The longest runs of wanted seconds."""
    turns = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8)))
    runs = [
        Stretch(float(edges[first]), float(edges[end]), float(means[first:end].mean()))
        for first, end in turns.reshape(-1, 2)
        if edges[end] - edges[first] >= LEAST_STRETCH_S
    ]
    longest = sorted(runs, key=lambda run: run.start_s - run.end_s)[:MOST_STRETCHES]
    return tuple(sorted(longest))


def _changes(means: Floats, px: Floats, edges: Floats) -> tuple[Change, ...]:
    """The largest changes, none within `SIDE_S` of a larger one."""
    side = round(SIDE_S / BIN_S)
    before, after = _side_means(means, side)
    size = np.nan_to_num(np.abs(after - before))
    found: list[int] = []
    for place in np.argsort(-size, kind="stable"):
        if size[place] < LEAST_CHANGE or len(found) == MOST_CHANGES:
            break
        if all(abs(place - other) >= side for other in found):
            found.append(int(place))
    px_before, px_after = _side_means(px, side)
    return tuple(
        Change(
            float(edges[place + side]),
            float(before[place]),
            float(after[place]),
            float(px_before[place]),
            float(px_after[place]),
        )
        for place in sorted(found)
    )


def _side_means(values: Floats, side: int) -> tuple[Floats, Floats]:
    """Means of the `side` values before and after each place that has that many on both sides."""
    if len(values) < 2 * side:
        return np.empty(0), np.empty(0)
    windows = np.lib.stride_tricks.sliding_window_view(values, side)
    known = np.isfinite(windows)
    count = known.sum(axis=1)
    sums = np.where(known, windows, 0.0).sum(axis=1)
    means = np.where(count >= LEAST_READ * side, sums / np.maximum(count, 1), np.nan)
    return means[:-side], means[side:]


# --- missing frames and gaps -----------------------------------------------------------------

LEAST_GAP_S = 1.0
MOST_GAPS = 10


class Gap(NamedTuple):
    """A time without an estimate, in s since the first frame; `mostly`: its main cause."""

    start_s: float
    end_s: float
    mostly: SpanState


class Missing(NamedTuple):
    """frames: by status. shares: of the duration, by state; they sum to 1.

    gaps: all those longer than `LEAST_GAP_S`, in order of time.
    """

    frames: dict[Status, int]
    shares: dict[SpanState, float]
    gaps: tuple[Gap, ...]

    @property
    def longest(self) -> tuple[Gap, ...]:
        """At most `MOST_GAPS` of them, in order of time."""
        by_length = sorted(self.gaps, key=lambda gap: gap.start_s - gap.end_s)
        return tuple(sorted(by_length[:MOST_GAPS]))

    @property
    def in_gaps_s(self) -> float:
        """Total length of the gaps."""
        return sum(gap.end_s - gap.start_s for gap in self.gaps)


def find_missing(series: Series, line: Timeline) -> Missing:
    """Missing frames and time of a series."""
    counts = np.bincount(series.status, minlength=len(STATUSES))
    shares = {state: s / line.duration_s for state, s in line.seconds_by_state().items()}
    frames = {status: int(counts[place]) for place, status in enumerate(STATUSES)}
    return Missing(frames, shares, _gaps(line))


def _gaps(line: Timeline) -> tuple[Gap, ...]:
    unknown = line.state != SpanState.READ
    turns = np.flatnonzero(np.diff(np.concatenate([[False], unknown, [False]]).astype(np.int8)))
    gaps = []
    for first, end in turns.reshape(-1, 2):
        start_s, end_s = float(line.edges[first]), float(line.edges[end])
        if end_s - start_s > LEAST_GAP_S:
            lasted = np.bincount(line.state[first:end], line.spans_s[first:end])
            gaps.append(Gap(start_s, end_s, SpanState(int(lasted.argmax()))))
    return tuple(gaps)
