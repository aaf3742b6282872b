"""CCC by size, a line a quantiser: as SVG with the intervals, and in the terminal without."""

from collections.abc import Sequence

import plotext
from rich.text import Text

from narrowcast_models.evaluation.line_chart import Axis, Line, line_chart
from narrowcast_models.evaluation.sizes import Figures

TERMINAL_COLUMNS, TERMINAL_LINES = 72, 16

# Of the 256 colours, those nearest to the SVG's, but white for the first.
_COLOURS = (15, 214, 81, 36, 175, 32, 166, 246)


def svg(figures: Sequence[Figures], title: str) -> str:
    """The plot as SVG, intervals as bands. Raises ValueError where there are no figures of CCC."""
    lines = [_line(name, rows) for name, rows in _by_quantiser(figures).items()]
    ticks = tuple(map(float, _sizes_px(figures)))
    return line_chart(title, lines, Axis("px", logarithmic=True, ticks=ticks), Axis("CCC"))


def drawn(figures: Sequence[Figures]) -> Text:
    """The plot in braille; sizes stand at equal distances. Wants a figure at least."""
    sizes_px = _sizes_px(figures)
    # plotext keeps one figure for all; it is cleared of what was there.
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plot_size(TERMINAL_COLUMNS, TERMINAL_LINES)
    plotext.theme("clear")
    for index, (name, rows) in enumerate(_by_quantiser(figures).items()):
        places = [sizes_px.index(row.px) for row in rows]
        colour = _COLOURS[index % len(_COLOURS)]
        plotext.plot(places, [r.ccc for r in rows], marker="braille", color=colour, label=name)
    plotext.xticks(range(len(sizes_px)), map(str, sizes_px))
    plotext.xlabel("px")
    plotext.ylabel("CCC")
    return Text.from_ansi(plotext.build().rstrip("\n"))


def _by_quantiser(figures: Sequence[Figures]) -> dict[str, list[Figures]]:
    """Rows by the name of their line, quantisers in the figures' order, the smallest px first."""
    out: dict[str, list[Figures]] = {}
    for row in figures:
        out.setdefault("uncoded" if row.qp is None else f"QP {row.qp}", []).append(row)
    return {name: sorted(rows, key=lambda row: row.px) for name, rows in out.items()}


def _sizes_px(figures: Sequence[Figures]) -> list[int]:
    return sorted({row.px for row in figures})


def _line(name: str, rows: Sequence[Figures]) -> Line:
    """A band only where every row knows its interval: cards from before know none."""
    bounds = tuple(
        (row.ccc_low, row.ccc_high)
        for row in rows
        if row.ccc_low is not None and row.ccc_high is not None
    )
    points = tuple((float(row.px), row.ccc) for row in rows if row.ccc is not None)
    return Line(name, points, bounds if len(bounds) == len(points) else ())
