"""Where something happened: long stretches of one sign, and large changes.

Both are looked for in means over seconds: a single frame starts and ends nothing.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_client.report.series import Floats, Series
from narrowcast_client.report.timeline import Timeline, span_means
from narrowcast_client.report.valence import BIN_S, NEAR_ZERO, seconds

LEAST_STRETCH_S = 3.0
MOST_STRETCHES = 3
"""Of each sign, the longest first."""

SIDE_S = 5.0
"""A change is between the means of so long before and after."""

LEAST_CHANGE = 0.3
MOST_CHANGES = 10
LEAST_READ = 0.5
"""Share of a second, or of the seconds of a change's side, that must have been read."""


class Stretch(NamedTuple):
    """Seconds on end, each with a mean beyond `NEAR_ZERO`. Times in s since the first frame."""

    start_s: float
    end_s: float
    mean: float


class Change(NamedTuple):
    """The means of `SIDE_S` before and after `at_s`, and the px that they were read at."""

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
    """Events of a series, by the definitions above."""
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
    """The greatest changes, none within `SIDE_S` of a greater one."""
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
    """Means of the `side` values before and after each place that has so many to both sides."""
    if len(values) < 2 * side:
        return np.empty(0), np.empty(0)
    windows = np.lib.stride_tricks.sliding_window_view(values, side)
    known = np.isfinite(windows)
    count = known.sum(axis=1)
    sums = np.where(known, windows, 0.0).sum(axis=1)
    means = np.where(count >= LEAST_READ * side, sums / np.maximum(count, 1), np.nan)
    return means[:-side], means[side:]
