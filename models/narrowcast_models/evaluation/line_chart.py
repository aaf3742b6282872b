"""A line chart as SVG: text that a review can read, the same bytes for the same figures."""

from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from narrowcast_shared.charts import Scale, choose_ticks

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 60, 230, 40, 50
"""Margins in px; the right one holds the legend."""

# Okabe & Ito 2008: told apart with any colour vision. The first is black.
_COLOURS = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#999999",
)  # fmt: skip


class Line(NamedTuple):
    """A named run of points (x, y), drawn in their order; as dots alone where not `joined`,
    without them where not `dots`: where they would cover each other.

    `bounds` (low, high), one for each point or none at all, are drawn as a band around them.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    bounds: tuple[tuple[float, float], ...] = ()
    joined: bool = True
    dots: bool = True


class Axis(NamedTuple):
    """What an axis shows; `ticks` where they are not to be chosen by themselves."""

    label: str
    logarithmic: bool = False
    ticks: tuple[float, ...] = ()


def line_chart(title: str, lines: Sequence[Line], x: Axis, y: Axis) -> str:
    """The chart as an SVG document. Raises ValueError where no line has a point."""
    xs = [point[0] for line in lines for point in line.points]
    ys = [point[1] for line in lines for point in line.points]
    ys += [bound for line in lines for bounds in line.bounds for bound in bounds]
    if not xs:
        raise ValueError("a chart needs a point")
    x_ticks = x.ticks or choose_ticks(min(xs), max(xs), x.logarithmic)
    y_ticks = y.ticks or choose_ticks(min(ys), max(ys), y.logarithmic)
    across = Scale(*_span(xs, x_ticks), LEFT, WIDTH - RIGHT, x.logarithmic)
    up = Scale(*_span(ys, y_ticks), HEIGHT - BOTTOM, TOP, y.logarithmic)
    middle = (TOP + HEIGHT - BOTTOM) / 2
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, TOP - 16, title, 'font-weight="bold"'),
        *(_x_tick(across(tick), tick) for tick in x_ticks),
        *(_y_tick(up(tick), tick) for tick in y_ticks),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x.label, 'text-anchor="middle"'),
        _text(16, middle, y.label, f'text-anchor="middle" transform="rotate(-90 16 {middle:g})"'),
        *(_draw(index, line, across, up) for index, line in enumerate(lines)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _draw(index: int, line: Line, across: Scale, up: Scale) -> str:
    colour = _COLOURS[index % len(_COLOURS)]
    dash = ' stroke-dasharray="5 3"' if index >= len(_COLOURS) else ""
    places = [(across(x), up(y)) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = ""
    if line.dots:
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places)
    band = _band(line, across, up) if line.bounds else ""
    top = TOP + 10 + 18 * index
    legend_x = WIDTH - RIGHT + 16
    run = f'<polyline points="{path}" fill="none"/>'
    key = f'<line x1="{legend_x}" x2="{legend_x + 20}" y1="{top - 4}" y2="{top - 4}"/>'
    if not line.joined:
        run, key = "", f'<circle cx="{legend_x + 10}" cy="{top - 4}" r="3"/>'
    return (
        f'<g stroke="{colour}" fill="{colour}" stroke-width="2"{dash}>{band}{run}{dots}{key}</g>\n'
        + _text(legend_x + 26, top, line.name)
    )


def _band(line: Line, across: Scale, up: Scale) -> str:
    """There along the low bounds and back along the high ones; at a single point a whisker."""
    xs = [across(x) for x, _ in line.points]
    low = [(x, up(bounds[0])) for x, bounds in zip(xs, line.bounds, strict=True)]
    high = [(x, up(bounds[1])) for x, bounds in zip(xs, line.bounds, strict=True)]
    ring = low + high[::-1]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in ring)
    return f'<polygon points="{path}" fill-opacity=".15" stroke-opacity=".3" stroke-width="1"/>'


def _x_tick(at: float, value: float) -> str:
    rule = f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>'
    return rule + _text(at, HEIGHT - BOTTOM + 16, f"{value:g}", 'text-anchor="middle"')


def _y_tick(at: float, value: float) -> str:
    rule = f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>'
    return rule + _text(LEFT - 6, at + 4, f"{value:g}", 'text-anchor="end"')


def _text(x: float, y: float, content: str, attributes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(content)}</text>'


def _span(values: Sequence[float], ticks: Sequence[float]) -> tuple[float, float]:
    low, high = min(*values, *ticks), max(*values, *ticks)
    return (low, high) if high > low else (low, low + 1)
