"""The link of a series: bitrate, cap and latency, and the operating points that were used."""

from typing import NamedTuple

import numpy as np

from narrowcast_client.report.series import Floats, Series
from narrowcast_client.report.timeline import HOLD_S, LATE_MS, Timeline, frame_ends_s
from narrowcast_client.report.valence import mean_of_known


class WireRate(NamedTuple):
    """bit/s, all headers counted. Each frame reports the rate of the 2 s before it."""

    mean_bps: float
    busiest_bps: float


class Cap(NamedTuple):
    """The cap that the encoder was given. `over`: share of the time with a rate above it."""

    lowest_bps: float
    highest_bps: float
    over: float


class Latency(NamedTuple):
    """From capture to sample, ms, of readings; `late`: share of them beyond `LATE_MS`."""

    median_ms: float
    p95_ms: float
    p99_ms: float
    greatest_ms: float
    late: float


class RungUse(NamedTuple):
    """share: of the time with a reading. sigma: mean over that time."""

    px: int
    qp: int
    share: float
    readings: int
    sigma: float


class Link(NamedTuple):
    """None where the series has no such values. readings_per_s: over the time with frames."""

    wire: WireRate | None
    cap: Cap | None
    latency: Latency | None
    rungs: tuple[RungUse, ...]
    readings_per_s: float


def link_quality(series: Series, line: Timeline) -> Link:
    """Statistics over time, in which a frame holds until the next, at most `HOLD_S`."""
    recorded_s = np.minimum(np.diff(np.append(series.at_s, frame_ends_s(series)[-1])), HOLD_S)
    readings = int(series.is_reading.sum())
    return Link(
        _wire(series.wire_bps, recorded_s),
        _cap(series, recorded_s),
        _latency(series),
        _rungs(series, line),
        readings / float(recorded_s.sum()),
    )


def _wire(wire_bps: Floats, recorded_s: Floats) -> WireRate | None:
    mean_bps = mean_of_known(wire_bps, recorded_s)  # also NaN where such frames last 0 s
    return WireRate(mean_bps, float(np.nanmax(wire_bps))) if np.isfinite(mean_bps) else None


def _cap(series: Series, recorded_s: Floats) -> Cap | None:
    known = np.isfinite(series.cap_bps) & np.isfinite(series.wire_bps)
    if not known.any():
        return None
    cap_bps, wire_bps, weights = series.cap_bps[known], series.wire_bps[known], recorded_s[known]
    over_s = float(weights[wire_bps > cap_bps].sum())
    total_s = float(weights.sum())
    return Cap(float(cap_bps.min()), float(cap_bps.max()), over_s / total_s if total_s else 0.0)


def _latency(series: Series) -> Latency | None:
    latency_ms = series.latency_ms[series.is_reading & np.isfinite(series.latency_ms)]
    if not len(latency_ms):
        return None
    median, p95, p99, greatest = np.percentile(latency_ms, (50, 95, 99, 100)).tolist()
    return Latency(median, p95, p99, greatest, float((latency_ms > LATE_MS).mean()))


def _rungs(series: Series, line: Timeline) -> tuple[RungUse, ...]:
    """The most used first."""
    weights = line.reading_s(len(series))
    known = series.is_reading & np.isfinite(series.px) & np.isfinite(series.qp)
    total_s = float(weights[known].sum())
    pairs = np.stack([series.px[known], series.qp[known]], axis=1)
    rungs, places = np.unique(pairs, axis=0, return_inverse=True)
    uses = []
    for place, (px, qp) in enumerate(rungs):
        of_rung = places == place
        stood_s = weights[known][of_rung]
        share = float(stood_s.sum()) / total_s if total_s else 0.0
        sigma = mean_of_known(series.sigma[known][of_rung], stood_s)
        uses.append(RungUse(int(px), int(qp), share, int(of_rung.sum()), sigma))
    return tuple(sorted(uses, key=lambda use: (-use.share, use.px, use.qp)))
