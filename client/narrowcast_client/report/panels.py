"""What the figure of a series shows: panel under panel on one time axis."""

from typing import NamedTuple

import numpy as np

from narrowcast_client.report.series import Floats
from narrowcast_client.report.tracks import LinkTrack, RateTrack, Tracks, ValenceTrack
from narrowcast_shared.axes import choose_ticks

VALENCE_TICKS = (-1.0, -0.5, 0.0, 0.5, 1.0)
PX_TICKS = (0.0, 24.0, 48.0, 72.0, 96.0)
LEAST_MS = 1.0
"""A latency below it is drawn as this: clocks that are aligned may differ by some ms."""


class Axis(NamedTuple):
    """The vertical axis; from its first tick to its last."""

    ticks: tuple[float, ...]
    logarithmic: bool = False


class Curve(NamedTuple):
    """role: what it is of, which chooses its colour. y: [P]; NaN breaks it."""

    role: str
    name: str
    y: Floats


class Area(NamedTuple):
    """Between two curves [P]."""

    role: str
    name: str
    low: Floats
    high: Floats


class Panel(NamedTuple):
    """x_s: [P], s since the first frame. decimals: of values that are worth telling."""

    title: str
    unit: str
    height: int
    axis: Axis
    x_s: Floats
    curves: tuple[Curve, ...]
    areas: tuple[Area, ...] = ()
    stepped: bool = False
    decimals: int = 0


def panels(tracks: Tracks) -> list[Panel]:
    """The panels from top to bottom; one that has nothing to show is left out."""
    every = [
        _valence(tracks.valence, columned=tracks.column_s is not None),
        _px(tracks.valence),
        _qp(tracks.valence),
        _rate(tracks.rate),
        _wire(tracks.link),
        _latency(tracks.link),
    ]
    return [panel for panel in every if panel.title == "valence" or _shows(panel)]


def _shows(panel: Panel) -> bool:
    return any(bool(np.isfinite(curve.y).any()) for curve in panel.curves)


def _valence(track: ValenceTrack, *, columned: bool) -> Panel:
    low, high = (np.clip(track.mean + side * track.sigma, -1, 1) for side in (-1, 1))
    areas = [Area("sigma", "± sigma", low, high)]
    if columned:
        areas.append(Area("range", "least to greatest", track.low, track.high))
    curve = Curve("valence", "valence", track.mean)
    axis = Axis(VALENCE_TICKS)
    return Panel("valence", "", 190, axis, track.x_s, (curve,), tuple(areas), decimals=3)


def _px(track: ValenceTrack) -> Panel:
    curve = Curve("px", "px", track.px)
    return Panel("size, px", "px", 60, Axis(PX_TICKS), track.x_s, (curve,), stepped=True)


def _qp(track: ValenceTrack) -> Panel:
    curve = Curve("qp", "QP", track.qp)
    axis = Axis(_ticks(track.qp, 10.0))
    return Panel("quantiser QP", "", 50, axis, track.x_s, (curve,), stepped=True)


def _rate(track: RateTrack) -> Panel:
    curve = Curve("rate", "readings a second", track.per_s)
    axis = Axis(_ticks(track.per_s, 1.0))
    return Panel("readings a second", "", 50, axis, track.x_s, (curve,), stepped=True, decimals=1)


def _wire(track: LinkTrack) -> Panel:
    wire, cap = track.wire_bps / 1000, track.cap_bps / 1000
    # A cap far above what was sent says no more than that there was room.
    told = np.where(cap <= 4 * _greatest(wire), cap, np.nan)
    curves = [Curve("wire", "wire rate", wire)]
    if np.isfinite(cap).any():
        curves.append(Curve("cap", "cap", told))
    axis = Axis(_ticks(np.concatenate([wire, told]), 1.0))
    return Panel("wire rate, kbit/s", "kbit/s", 80, axis, track.x_s, tuple(curves), decimals=2)


def _latency(track: LinkTrack) -> Panel:
    latency = np.maximum(track.latency_ms, LEAST_MS)
    least = float(np.nanmin(latency)) if np.isfinite(latency).any() else LEAST_MS
    axis = Axis(choose_ticks(least, max(_greatest(latency), least), True), logarithmic=True)
    curve = Curve("latency", "latency", latency)
    return Panel("latency, ms", "ms", 70, axis, track.x_s, (curve,))


def _ticks(values: Floats, least: float) -> tuple[float, ...]:
    """From 0 to the greatest value, at least to `least`."""
    return choose_ticks(0.0, max(_greatest(values), least))


def _greatest(values: Floats) -> float:
    return float(np.nanmax(values)) if np.isfinite(values).any() else 0.0
