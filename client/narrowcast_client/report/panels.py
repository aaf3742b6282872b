"""The figure of a series, before it is drawn: panels on one time axis, colours, and JSON.

`panels` chooses curves, areas and axes; `svg` draws them for print, and the page's script draws the
same from `payload`. Colours are those of the live page, distinguishable with any colour
vision. A role is also a class of the SVG, by which the page's style sheet gives it a dark colour.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from narrowcast_client.report.series import Floats
from narrowcast_client.report.text import STEPS_S
from narrowcast_client.report.timeline import SpanState
from narrowcast_client.report.tracks import LATE, LinkTrack, RateTrack, Strip, Tracks, ValenceTrack
from narrowcast_shared.charts import choose_ticks

VALENCE_TICKS = (-1.0, -0.5, 0.0, 0.5, 1.0)
PX_TICKS = (0.0, 24.0, 48.0, 72.0, 96.0)
LEAST_MS = 1.0
"""Smaller latencies are drawn as this: aligned clocks may differ by some ms."""


class Colour(NamedTuple):
    """On white, and on a dark page."""

    light: str
    dark: str


class StripStyle(NamedTuple):
    """A state of the strip: its class in SVG and style sheet, and its text in the legend."""

    name: str
    words: str
    colour: Colour


CURVE = Colour("#1b5fae", "#7fb3f5")
MINOR = Colour("#454b52", "#b9c0c8")

ROLES = {
    "valence": CURVE,
    "range": CURVE,
    "sigma": CURVE,
    "px": MINOR,
    "qp": MINOR,
    "rate": MINOR,
    "wire": MINOR,
    "cap": Colour("#b3401c", "#ff9c6b"),
    "latency": MINOR,
    "mark": Colour("#8a2d84", "#e29adb"),
}

STATES = {
    int(SpanState.READ): StripStyle("read", "estimate", Colour("#4a9b73", "#46a878")),
    LATE: StripStyle("late", "estimate, late", Colour("#1f78c8", "#58a6ff")),
    int(SpanState.NO_FACE): StripStyle("no_face", "no face", Colour("#a7adb4", "#6d757e")),
    int(SpanState.SKIPPED): StripStyle("skipped", "not sent", Colour("#f1cd7e", "#a8813a")),
    int(SpanState.LOST): StripStyle("lost", "lost", Colour("#b3261e", "#ff6b5e")),
    int(SpanState.UNRECORDED): StripStyle("unrecorded", "no frames", Colour("#ffffff", "#121417")),
}


class TimeMark(NamedTuple):
    """An event marker; at_s: since the first frame."""

    at_s: float
    text: str


class Axis(NamedTuple):
    """The vertical axis; from its first tick to its last."""

    ticks: tuple[float, ...]
    logarithmic: bool = False


class Curve(NamedTuple):
    """role: the quantity, which determines the colour. y: [P]; NaN breaks the curve."""

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
    """x_s: [P], s since the first frame. decimals: significant ones of the values."""

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
    """The panels from top to bottom, without those that would be empty."""
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
        areas.append(Area("range", "smallest to largest", track.low, track.high))
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
    curve = Curve("rate", "estimates per second", track.per_s)
    axis = Axis(_ticks(track.per_s, 1.0))
    return Panel(
        "estimates per second", "", 50, axis, track.x_s, (curve,), stepped=True, decimals=1
    )


def _wire(track: LinkTrack) -> Panel:
    wire, cap = track.wire_bps / 1000, track.cap_bps / 1000
    # A cap far above the bitrate would flatten the curve.
    shown = np.where(cap <= 4 * _greatest(wire), cap, np.nan)
    curves = [Curve("wire", "bitrate", wire)]
    if np.isfinite(cap).any():
        curves.append(Curve("cap", "cap", shown))
    axis = Axis(_ticks(np.concatenate([wire, shown]), 1.0))
    return Panel("bitrate, kbit/s", "kbit/s", 80, axis, track.x_s, tuple(curves), decimals=2)


def _latency(track: LinkTrack) -> Panel:
    latency = np.maximum(track.latency_ms, LEAST_MS)
    least = float(np.nanmin(latency)) if np.isfinite(latency).any() else LEAST_MS
    axis = Axis(choose_ticks(least, max(_greatest(latency), least), True), logarithmic=True)
    curve = Curve("latency", "latency", latency)
    return Panel("latency, ms", "ms", 70, axis, track.x_s, (curve,))


def _ticks(values: Floats, least: float) -> tuple[float, ...]:
    """From 0 to the maximum, and at least to `least`."""
    return choose_ticks(0.0, max(_greatest(values), least))


def _greatest(values: Floats) -> float:
    return float(np.nanmax(values)) if np.isfinite(values).any() else 0.0


# --- for the page's script -------------------------------------------------------------------


def payload(
    panels: Sequence[Panel],
    strip: Strip,
    marks: Sequence[TimeMark],
    start_t: float | None,
    offset_s: float,
) -> dict[str, Any]:
    """The data that `report.js` draws the figure from, for zooming and pointing: JSON values.

    start_t: Unix time in s of the first frame, None where there is no clock time. offset_s: of
    the time zone of clock times.
    """
    return {
        "start": start_t,
        "offset": offset_s,
        "steps": STEPS_S,
        "end": round(float(strip.edges_s[-1]), 3),
        "panels": [_panel(panel, float(strip.edges_s[-1])) for panel in panels],
        "strip": {"edges": _values(strip.edges_s, 3), "states": strip.state.tolist()},
        "states": {state: shown.name for state, shown in STATES.items()},
        "marks": [{"at": round(mark.at_s, 3), "text": mark.text} for mark in marks],
    }


def _panel(panel: Panel, end_s: float) -> dict[str, Any]:
    """From 0 to `end_s`, from which uPlot takes its axis; the added points have no values."""
    before, after = (int(there) for there in _is_short(panel.x_s, end_s))

    def values(column: Floats, decimals: int) -> list[float | int | None]:
        return [None] * before + _values(column, decimals) + [None] * after

    return {
        "title": panel.title,
        "unit": panel.unit,
        "height": panel.height,
        "ticks": panel.axis.ticks,
        "log": panel.axis.logarithmic,
        "stepped": panel.stepped,
        "decimals": panel.decimals,
        "x": [0.0] * before + _values(panel.x_s, 3) + [round(end_s, 3)] * after,
        "curves": [
            {"role": curve.role, "name": curve.name, "y": values(curve.y, panel.decimals)}
            for curve in panel.curves
        ],
        "areas": [
            {
                "role": area.role,
                "low": values(area.low, panel.decimals),
                "high": values(area.high, panel.decimals),
            }
            for area in panel.areas
        ],
    }


def _is_short(x_s: Floats, end_s: float) -> tuple[bool, bool]:
    """Whether the points begin after 0, and end before `end_s`."""
    return not len(x_s) or x_s[0] > 0, not len(x_s) or x_s[-1] < end_s


def _values(values: Floats, decimals: int) -> list[float | int | None]:
    rounded = np.round(values, decimals).tolist()
    if decimals == 0:
        return [None if value != value else int(value) for value in rounded]  # noqa: PLR0124 - NaN
    return [None if value != value else value for value in rounded]  # noqa: PLR0124
