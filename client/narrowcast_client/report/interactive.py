"""What the page's script draws the figure from, to zoom into and to point at: JSON values."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from narrowcast_client.report.colours import STATES
from narrowcast_client.report.panels import Panel
from narrowcast_client.report.series import Floats
from narrowcast_client.report.svg import TimeMark
from narrowcast_client.report.time_axis import STEPS_S
from narrowcast_client.report.tracks import Strip


def payload(
    panels: Sequence[Panel],
    strip: Strip,
    marks: Sequence[TimeMark],
    start_t: float | None,
    offset_s: float,
) -> dict[str, Any]:
    """What `report.js` reads; its names are told there.

    start_t: Unix time in s of the first frame, None where there is no clock time. offset_s: of
    the time zone that clock time is written in.
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
    """From 0 to `end_s`, which uPlot takes the axis from; nothing is drawn at what is added."""
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
