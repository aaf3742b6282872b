"""A series reduced for drawing, to no more points than the figure has room for.

A series of few frames is drawn as it is. A longer one is cut into columns of equal time: means
over time with their smallest and largest reading, so that no peak is lost. All
times are s since the first frame; NaN breaks a line.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_client.report.series import Floats, Ints, Series
from narrowcast_client.report.timeline import HOLD_S, LATE_MS, SpanState, Timeline, span_means

LATE = len(SpanState)
"""In a strip, in addition to the states: a late reading holds."""

READINGS_PER = 1.0
"""s; readings a second are counted over this time, or over a column where that is longer."""


class ValenceTrack(NamedTuple):
    """[P] each. px and QP are those of the reading at `x_s`."""

    x_s: Floats
    mean: Floats
    low: Floats
    high: Floats
    sigma: Floats
    px: Floats
    qp: Floats


class LinkTrack(NamedTuple):
    """[Q] each. Of a column, the greatest wire rate and latency, and the cap at its end."""

    x_s: Floats
    wire_bps: Floats
    cap_bps: Floats
    latency_ms: Floats


class RateTrack(NamedTuple):
    """[R] each: readings a second, drawn as steps that begin at `x_s`."""

    x_s: Floats
    per_s: Floats


class Strip(NamedTuple):
    """S runs: edges_s [S + 1], state [S] of `SpanState` or `LATE`, no two neighbours alike."""

    edges_s: Floats
    state: Ints


class Tracks(NamedTuple):
    """column_s: the time of a column; None where every frame is drawn."""

    column_s: float | None
    valence: ValenceTrack
    link: LinkTrack
    rate: RateTrack
    strip: Strip


def thin(series: Series, line: Timeline, most: int) -> Tracks:
    """The tracks with at most about `most` points."""
    edges = np.linspace(0.0, line.duration_s, most + 1)
    columned = len(series) > most
    return Tracks(
        line.duration_s / most if columned else None,
        _valence_columns(series, line, edges) if columned else _valence_points(series, line),
        _link_columns(series, edges) if columned else _link_points(series),
        _readings_per_s(series, line, most),
        _strip(series, line, edges),
    )


def _valence_points(series: Series, line: Timeline) -> ValenceTrack:
    """Every reading, the last of a run also at its end, followed by a break."""
    readings = np.flatnonzero(line.reading_s(len(series)) > 0)
    read = line.state == SpanState.READ
    ends = np.flatnonzero(read & np.append(~read[1:], True))
    end_s = line.edges[ends + 1]
    x_s = np.concatenate([series.at_s[readings], end_s, end_s])
    which = np.concatenate([readings, line.reading[ends], np.full(len(ends), -1)])
    order = np.lexsort((np.repeat([0, 1, 2], [len(readings), len(ends), len(ends)]), x_s))
    x_s, which = x_s[order], which[order]
    values = [_taken(column, which) for column in (series.valence, series.sigma)]
    value, sigma = values
    return ValenceTrack(
        x_s, value, value, value, sigma, _taken(series.px, which), _taken(series.qp, which)
    )


def _valence_columns(series: Series, line: Timeline, edges: Floats) -> ValenceTrack:
    _, mean = span_means(line, series.valence, edges)
    _, sigma = span_means(line, series.sigma, edges)
    read = series.is_reading
    places = _columns(series.at_s[read], edges)
    low = np.fmin(mean, _per_column(np.minimum, places, series.valence[read], len(mean)))
    high = np.fmax(mean, _per_column(np.maximum, places, series.valence[read], len(mean)))
    middle = (edges[:-1] + edges[1:]) / 2
    spans = np.searchsorted(line.edges, middle, side="right") - 1
    which = line.reading[np.clip(spans, 0, len(line.reading) - 1)]
    broken = np.isnan(mean)
    low[broken] = high[broken] = np.nan
    px, qp = _taken(series.px, which), _taken(series.qp, which)
    return ValenceTrack(middle, mean, low, high, sigma, px, qp)


def _link_points(series: Series) -> LinkTrack:
    """Every frame, and a break where none came for longer than `HOLD_S`."""
    gaps = np.flatnonzero(np.diff(series.at_s) > HOLD_S)
    breaks = np.append(series.at_s[gaps] + HOLD_S, np.inf)[:-1]
    x_s = np.concatenate([series.at_s, breaks])
    order = np.argsort(x_s, kind="stable")
    which = np.concatenate([np.arange(len(series)), np.full(len(breaks), -1)])[order]
    columns = (series.wire_bps, series.cap_bps, series.latency_ms)
    return LinkTrack(x_s[order], *(_taken(column, which) for column in columns))


def _link_columns(series: Series, edges: Floats) -> LinkTrack:
    middle = (edges[:-1] + edges[1:]) / 2
    places = _columns(series.at_s, edges)
    # A column without a frame shows the frame before, while that holds.
    before = np.searchsorted(series.at_s, middle, side="right") - 1
    stands = (before >= 0) & (middle - series.at_s[before] < HOLD_S)
    which = np.where(stands, before, -1)
    greatest = (
        _filled(_per_column(np.maximum, places, column, len(middle)), _taken(column, which))
        for column in (series.wire_bps, series.latency_ms)
    )
    wire_bps, latency_ms = greatest
    return LinkTrack(middle, wire_bps, _taken(series.cap_bps, which), latency_ms)


def _readings_per_s(series: Series, line: Timeline, most: int) -> RateTrack:
    width_s = max(READINGS_PER, line.duration_s / most)
    count = max(1, int(line.duration_s / width_s))
    edges = np.linspace(0.0, line.duration_s, count + 1)
    numbers, _ = np.histogram(series.at_s[series.is_reading], edges)
    per_s = numbers / np.diff(edges)
    return RateTrack(edges, np.append(per_s, per_s[-1]))


def _strip(series: Series, line: Timeline, edges: Floats) -> Strip:
    """The state that lasted longest in each column."""
    late = series.latency_ms[line.reading] > LATE_MS
    state = np.where((line.state == SpanState.READ) & late, LATE, line.state)
    lasted = np.stack([_lasted(line, state == one, edges) for one in range(LATE + 1)])
    longest = lasted.argmax(axis=0)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(longest)) + 1])
    return Strip(np.append(edges[starts], edges[-1]), longest[starts])


def _lasted(line: Timeline, chosen: NDArray[np.bool_], edges: Floats) -> Floats:
    sums = np.concatenate([[0.0], np.cumsum(np.where(chosen, line.spans_s, 0.0))])
    return np.asarray(np.diff(np.interp(edges, line.edges, sums)))


def _taken(column: Floats, which: Ints) -> Floats:
    """The values at these indices; NaN where an index is below 0."""
    return np.where(which >= 0, column[which], np.nan)


def _filled(values: Floats, others: Floats) -> Floats:
    return np.where(np.isnan(values), others, values)


def _columns(at_s: Floats, edges: Floats) -> Ints:
    """The column that each time falls into; the last one has its end too."""
    return np.minimum(np.searchsorted(edges, at_s, side="right") - 1, len(edges) - 2)


def _per_column(reduce: np.ufunc, places: Ints, values: Floats, count: int) -> Floats:
    """Minimum or maximum of the values of each column; NaN where it has none."""
    known = np.isfinite(values)
    places, values = places[known], values[known]
    out = np.full(count, np.nan)
    if len(values):
        starts = np.concatenate([[0], np.flatnonzero(np.diff(places)) + 1])
        out[places[starts]] = reduce.reduceat(values, starts)
    return out
