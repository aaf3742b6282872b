"""The parts of the drawing: the plot of valence over capture time, the status strip, large digits.

The plot has a band of one sigma, and gaps where there is no valence. The strip below shares its
time axis and shows the status of the frames, by colour and shape.
"""

from typing import NamedTuple

import plotext
from rich.text import Text

from narrowcast_shared.samples import Sample, Status

MARGIN = 5
"""Columns left of the plot's area: the y axis and its labels."""

_FRAME_LINES = 2  # the x axis and its labels
MIN_LINES = _FRAME_LINES + 3

LONGEST_BRIDGE_S = 0.5
"""Frames not sent for less than this do not break the curve: a low frame rate is not a gap."""

_DOTS_PER_COLUMN = 2  # braille
_LINE = 51  # of the 256 colours: cyan
_BAND = 240  # gray


class Point(NamedTuple):
    """A sample with a valence: seconds relative to the newest (<= 0), valence, sigma."""

    ago_s: float
    valence: float
    sigma: float


def segments(samples: list[Sample]) -> list[list[Point]]:
    """The samples with a valence, split where a face or frames were missing, or time passed."""
    parts: list[list[Point]] = []
    broken = True
    for sample in samples:
        if sample.valence is None:
            broken = broken or sample.status is not Status.SKIPPED
            continue
        point = Point(sample.t - samples[-1].t, sample.valence, sample.sigma or 0.0)
        if broken or point.ago_s - parts[-1][-1].ago_s > LONGEST_BRIDGE_S:
            parts.append([])
        parts[-1].append(point)
        broken = False
    return parts


def thin(part: list[Point], window_s: float, dots: int) -> list[Point]:
    """At most one point for each dot of the plot: the mean of those that fall on it."""
    bins: dict[int, list[Point]] = {}
    for point in part:
        bins.setdefault(int((point.ago_s + window_s) * dots / window_s), []).append(point)
    return [_mean(points) for points in bins.values()]


def _mean(points: list[Point]) -> Point:
    ago_s, valence, sigma = (sum(column) / len(points) for column in zip(*points, strict=True))
    return Point(ago_s, valence, sigma)


def draw_plot(samples: list[Sample], window_s: float, width: int, lines: int) -> list[Text]:
    """The plot as `lines` lines of `width` columns."""
    _frame(window_s, width, lines)
    dots = _DOTS_PER_COLUMN * (width - MARGIN)
    parts = [thin(part, window_s, dots) for part in segments(samples)]
    for sign in (1, -1):
        for part in parts:
            band = [_clip(point.valence + sign * point.sigma) for point in part]
            plotext.plot([p.ago_s for p in part], band, marker="braille", color=_BAND)
    for part in parts:
        curve = [_clip(point.valence) for point in part]
        plotext.plot([p.ago_s for p in part], curve, marker="braille", color=_LINE)
    return [Text.from_ansi(line) for line in plotext.build().rstrip("\n").split("\n")]


def _frame(window_s: float, width: int, lines: int) -> None:
    """An empty plot. plotext has one global figure, which is cleared first."""
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plot_size(width, lines)
    plotext.theme("clear")
    plotext.xaxes(True, False)
    plotext.yaxes(True, False)
    plotext.ylim(-1, 1)
    plotext.xlim(-window_s, 0)
    values = [-1, -0.5, 0, 0.5, 1] if lines >= 11 else [-1, 0, 1]
    plotext.yticks(values, [f"{value:+.1f}" if value else " 0.0" for value in values])
    ticks = [-window_s, -window_s * 3 / 4, -window_s / 2, -window_s / 4, 0]
    plotext.xticks(ticks, [*(f"{tick:.3g} s" for tick in ticks[:-1]), "now"])
    plotext.hline(0, _BAND)


def _clip(valence: float) -> float:
    return min(1.0, max(-1.0, valence))


# --- the status strip ------------------------------------------------------------------------

STYLES = {
    Status.OK: "green",
    Status.NO_FACE: "yellow",
    Status.SKIPPED: "bright_black",
    Status.LOST: "red",
}
SHAPES = {Status.OK: "▄", Status.NO_FACE: "▒", Status.SKIPPED: "╌", Status.LOST: "x"}

_PRECEDENCE = (Status.LOST, Status.NO_FACE, Status.OK, Status.SKIPPED)


def columns(samples: list[Sample], window_s: float, width: int) -> list[Status | None]:
    """The status that each of `width` columns shows; None where there is no frame.

    Of the several frames in a column, the first in `_PRECEDENCE` decides.
    """
    held: list[set[Status]] = [set() for _ in range(width)]
    for sample in samples:
        age = (samples[-1].t - sample.t) / window_s  # 0 now, 1 at the left end
        held[min(width - 1, max(0, round((1 - age) * (width - 1))))].add(sample.status)
    return [next((s for s in _PRECEDENCE if s in statuses), None) for statuses in held]


def draw_strip(samples: list[Sample], window_s: float, width: int) -> Text:
    """The strip, `width` columns wide."""
    strip = Text(no_wrap=True)
    for status in columns(samples, window_s, width):
        strip.append(SHAPES[status] if status else " ", STYLES[status] if status else "")
    return strip


# --- large digits ----------------------------------------------------------------------------

_GLYPHS = {
    "0": ("###", "#.#", "#.#", "#.#", "###"),
    "1": ("##.", ".#.", ".#.", ".#.", "###"),
    "2": ("###", "..#", "###", "#..", "###"),
    "3": ("###", "..#", "###", "..#", "###"),
    "4": ("#.#", "#.#", "###", "..#", "..#"),
    "5": ("###", "#..", "###", "..#", "###"),
    "6": ("###", "#..", "###", "#.#", "###"),
    "7": ("###", "..#", "..#", "..#", "..#"),
    "8": ("###", "#.#", "###", "#.#", "###"),
    "9": ("###", "#.#", "###", "..#", "###"),
    "+": ("...", ".#.", "###", ".#.", "..."),
    "-": ("...", "...", "###", "...", "..."),
    ".": (".", ".", ".", ".", "#"),
    " ": ("...", "...", "...", "...", "..."),
}

_BLOCKS = {"..": " ", "#.": "▀", ".#": "▄", "##": "█"}

DIGIT_LINES = 3


def large_digits(text: str) -> list[str]:
    """Three lines that show `text`, which consists of digits, `+`, `-`, `.` and spaces."""
    rows = [".".join(_GLYPHS[char][row] for char in text) for row in range(5)]
    rows.append("." * len(rows[0]))
    return [
        "".join(_BLOCKS[upper + lower] for upper, lower in zip(rows[i], rows[i + 1], strict=True))
        for i in range(0, 2 * DIGIT_LINES, 2)
    ]
