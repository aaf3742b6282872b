"""The figure of a series as SVG: for print, for readers without scripts, and to save as a file."""

from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from narrowcast_client.report.panels import ROLES, STATES, Area, Curve, Panel, TimeMark
from narrowcast_client.report.series import Floats
from narrowcast_client.report.text import TimeTick
from narrowcast_client.report.tracks import Strip
from narrowcast_shared.charts import Scale

WIDTH = 760
LEFT, RIGHT, TOP = 40, 10, 46
"""Margins in px; marks are labelled in the top one."""

_GAP = 24  # px between panels, for the title of the lower one
_TITLE = 6  # px from a title to its panel
_STRIP = 12
_FOOT = 38
_MARK_LINES = 2
_CHAR_PX = 5.6  # of a mark's text, about
_RULE = 'class="rule" stroke="#d9d9d9"'
_SHARED = 'font-family="Helvetica, Arial, sans-serif" font-size="10.5"'
_OPACITY = {"sigma": 0.16, "range": 0.32}


class TimeLabels(NamedTuple):
    """One kind of labels of the time axis; `kind` is the class that shows and hides it."""

    kind: str
    title: str
    ticks: Sequence[TimeTick]


def draw(
    panels: Sequence[Panel],
    strip: Strip,
    marks: Sequence[TimeMark],
    labels: Sequence[TimeLabels],
    description: str,
) -> str:
    """The figure as one SVG element. Without a style sheet, the first of `labels` is shown."""
    duration_s = float(strip.edges_s[-1])
    across = Scale(0.0, duration_s, LEFT, WIDTH - RIGHT)
    tops, foot = _layout(panels)
    parts = [_times(label, across, foot, shown=label is labels[0]) for label in labels]
    for panel, top in zip(panels, tops, strict=True):
        parts.append(_panel(panel, across, top))
    parts.append(_strip(strip, across, tops[0] + panels[0].height + 5))
    parts += [_mark(mark, across, foot, index) for index, mark in enumerate(marks)]
    height = foot + _FOOT
    box = f'viewBox="0 0 {WIDTH} {height}" {_SHARED}'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {box} fill="#222" class="figure">'
        f"<title>{escape(description)}</title>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _layout(panels: Sequence[Panel]) -> tuple[list[int], int]:
    """Top of each panel, and the end of the last one. The strip is below the first."""
    tops, at = [], TOP
    for index, panel in enumerate(panels):
        tops.append(at)
        at += panel.height + _GAP + (_STRIP + 4 if index == 0 else 0)
    return tops, at - _GAP


def _panel(panel: Panel, across: Scale, top: int) -> str:
    bottom = top + panel.height
    ticks, logarithmic = panel.axis
    up = Scale(ticks[0], ticks[-1], bottom, top, logarithmic)
    parts = [
        *(
            _tick(up(tick), tick, heavy=panel.axis.ticks[0] < 0 == tick)
            for tick in _labelled(panel)
        ),
        *(_area(area, panel.x_s, across, up) for area in panel.areas),
        *(_curve(curve, panel, across, up) for curve in panel.curves),
        _text(LEFT, top - _TITLE, panel.title, 'font-weight="bold"'),
    ]
    return f"<g>{''.join(parts)}</g>"


def _labelled(panel: Panel) -> list[float]:
    """The ticks with labels: low panels have no room for all."""
    room = max(2, panel.height // 16)
    ticks = panel.axis.ticks
    every = -(-len(ticks) // room)
    return [tick for index, tick in enumerate(ticks) if index % every == 0]


def _tick(y: float, value: float, *, heavy: bool) -> str:
    rule = _RULE.replace("#d9d9d9", "#8a8a8a").replace("rule", "zero") if heavy else _RULE
    line = f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" {rule}/>'
    text = f"{value:g}".replace("-", "\N{MINUS SIGN}")
    return line + _text(LEFT - 5, y + 3.5, text, 'text-anchor="end"')


def _curve(curve: Curve, panel: Panel, across: Scale, up: Scale) -> str:
    colour = ROLES[curve.role].light
    dash = ' stroke-dasharray="5 3"' if curve.role == "cap" else ""
    path = _path(panel.x_s, curve.y, across, up, stepped=panel.stepped or curve.role == "cap")
    style = f'fill="none" stroke="{colour}" stroke-width="1.2" stroke-linejoin="round"{dash}'
    return f'<path class="line {curve.role}" {style} d="{path}"/>'


def _area(area: Area, x_s: Floats, across: Scale, up: Scale) -> str:
    rings = []
    for run in _runs(area.low):
        there = [f"{across(x):.1f} {up(y):.1f}" for x, y in _pairs(x_s, area.low, run)]
        back = [f"{across(x):.1f} {up(y):.1f}" for x, y in _pairs(x_s, area.high, run)]
        rings.append(f"M{'L'.join(there + back[::-1])}Z")
    style = f'fill="{ROLES[area.role].light}" fill-opacity="{_OPACITY[area.role]}"'
    return f'<path class="area {area.role}" {style} d="{"".join(rings)}"/>'


def _path(x_s: Floats, y: Floats, across: Scale, up: Scale, *, stepped: bool) -> str:
    parts = []
    for run in _runs(y):
        last = ""
        for index, (x, value) in enumerate(_pairs(x_s, y, run)):
            right, height = f"{across(x):.1f}", f"{up(value):.1f}"
            if not index:
                parts.append(f"M{right} {height}")
            elif stepped:
                parts.append(f"H{right}" + (f"V{height}" if height != last else ""))
            else:
                parts.append(f"L{right} {height}")
            last = height
    return "".join(parts)


def _runs(y: Floats) -> list[tuple[int, int]]:
    """The runs of values without a NaN, as (first, end)."""
    known = np.concatenate([[False], np.isfinite(y), [False]]).astype(np.int8)
    turns = np.flatnonzero(np.diff(known)).tolist()
    return list(zip(turns[0::2], turns[1::2], strict=True))


def _pairs(x_s: Floats, y: Floats, run: tuple[int, int]) -> list[tuple[float, float]]:
    first, end = run
    return list(zip(x_s[first:end].tolist(), y[first:end].tolist(), strict=True))


def _strip(strip: Strip, across: Scale, top: float) -> str:
    parts = []
    for index, state in enumerate(strip.state.tolist()):
        left, right = across(float(strip.edges_s[index])), across(float(strip.edges_s[index + 1]))
        name, _, colour = STATES[state]
        place = f'x="{left:.1f}" y="{top:g}" width="{max(right - left, 0.3):.1f}"'
        parts.append(
            f'<rect class="state {name}" {place} height="{_STRIP}" fill="{colour.light}"/>'
        )
    frame = f'x="{LEFT}" y="{top:g}" width="{WIDTH - LEFT - RIGHT}" height="{_STRIP}"'
    parts.append(f'<rect {frame} fill="none" stroke="#8a8a8a" stroke-width=".5" class="frame"/>')
    parts.append(_text(LEFT - 5, top + 9.5, "status", 'text-anchor="end"'))
    return "".join(parts)


def _mark(mark: TimeMark, across: Scale, foot: float, index: int) -> str:
    """A line through all panels; neighbouring texts are at different heights."""
    x = across(mark.at_s)
    y = TOP - _TITLE - 14 - 12 * (index % _MARK_LINES)
    room = int((WIDTH - RIGHT - x) / _CHAR_PX)
    anchor = ' text-anchor="end"' if room < len(mark.text) and x > WIDTH / 2 else ""
    text = mark.text if len(mark.text) <= 40 else mark.text[:39] + "…"
    line = (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y + 2}" y2="{foot}" stroke="{ROLES["mark"].light}"'
    )
    return (
        f'<g class="mark"><title>{escape(mark.text)}</title>'
        f'{line} stroke-width=".8" stroke-dasharray="2 2"/>'
        + _text(x + (-3 if anchor else 3), y, text, f'fill="{ROLES["mark"].light}"{anchor}')
        + "</g>"
    )


def _times(labels: TimeLabels, across: Scale, foot: float, *, shown: bool) -> str:
    hidden = "" if shown else ' display="none"'
    parts = []
    for tick in labels.ticks:
        x = across(tick.at_s)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{foot}" {_RULE}/>')
        parts.append(_text(x, foot + 14, tick.text, 'text-anchor="middle"'))
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(_text(middle, foot + 30, labels.title, 'text-anchor="middle"'))
    return f"<g class={quoteattr('time ' + labels.kind)}{hidden}>{''.join(parts)}</g>"


def _text(x: float, y: float, content: str, attributes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(content)}</text>'
