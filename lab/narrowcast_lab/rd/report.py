"""What was measured as JSON, as the encoder's table, as a chart and for the terminal."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from narrowcast_encoder.control.table import RowJson, TableJson
from narrowcast_lab.rd import pareto
from narrowcast_lab.rd.frontier import Best, frontier
from narrowcast_lab.rd.measure import Measured
from narrowcast_lab.rd.monotone import smoothed
from narrowcast_lab.rd.row import Row
from narrowcast_models.evaluation.line_chart import Axis, Line, line_chart

LINES_BPS = (1000, 1500, 2000, 3000, 4000, 6000, 8000, 12_000, 16_000, 24_000, 32_000)
READABLE = 0.3
"""What keeps less is not worth a line."""

CHART_LINES = 61
CHART_BUNDLE = 5


def shipped(measured: Measured, source: dict[str, Any]) -> dict[str, Any]:
    """The encoder's table: what it comes from, and the rows worth having."""
    everything = full(measured, source)
    return TableJson(**{**everything, "rows": everything["kept_rows"]}).model_dump()


def full(measured: Measured, source: dict[str, Any]) -> dict[str, Any]:
    """Everything: all rows; those that win valence, and PSNR, for their bytes; the frontier."""
    winners = _winners(measured)
    return {
        **source,
        "ccc_uncoded": round(measured.ccc_uncoded, 4),
        "frontier": [_best(best) for best in frontier(winners, LINES_BPS)],
        "kept_rows": _as_table(winners),
        "psnr_rows": _as_table(pareto.by_psnr(measured.rows)),
        "rows": [row.model_dump() for row in measured.rows],
    }


def _as_table(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows with the columns of a table alone."""
    return [RowJson(**row.model_dump()).model_dump() for row in rows]


def table(measured: Measured, title: str) -> Table:
    """The best operating point of some lines."""
    out = Table(title=title, title_justify="left", caption="k: frames a message")
    for column in ("line, kbit/s", "px", "QP", "fps", "k", "wire, kbit/s"):
        out.add_column(column, justify="right")
    for column in ("delay, ms", "kept", "PSNR, dB"):
        out.add_column(column, justify="right")
    for best in frontier(_winners(measured), LINES_BPS):
        row, point = best.point.row, best.point
        out.add_row(
            f"{best.line_bps / 1000:g}",
            str(row.px),
            str(row.qp),
            f"{row.fps:g}",
            str(point.frames_per_message),
            f"{point.wire_bps / 1000:.2f}",
            f"{1000 * point.delay_s(best.line_bps):.0f}",
            f"{row.kept:.3f}",
            f"{row.psnr_db:.1f}",
        )
    return out


def chart(measured: Measured, title: str) -> str:
    """What is kept over wire rate as SVG: sizes at the highest frame rate, and the best of all."""
    fps = max(row.fps for row in measured.rows)
    lines = [Line("best of all", tuple(_curve(_winners(measured))))]
    for px in dict.fromkeys(row.px for row in measured.rows):
        own = (row for row in measured.rows if (row.px, row.fps) == (px, fps))
        points = sorted((row.wire_bps[CHART_BUNDLE] / 1000, row.kept) for row in own)
        lines.append(Line(f"{px} px, {fps:g} fps, {CHART_BUNDLE} a message", tuple(points)))
    rate = Axis("wire rate, kbit/s (all headers)", logarithmic=True)
    return line_chart(title, [line for line in lines if line.points], rate, Axis("valence kept"))


def _winners(measured: Measured) -> list[Row]:
    """The rows worth having, luck taken out; those that keep next to nothing only alone."""
    fitted = smoothed(measured.rows)
    readable = [row for row in fitted if row.kept >= READABLE]
    return pareto.by_kept(readable or fitted)


def _curve(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """What the best point keeps, by the line's rate."""
    lines_bps = np.geomspace(LINES_BPS[0] / 2, LINES_BPS[-1] * 2, CHART_LINES).tolist()
    found = frontier(rows, lines_bps)
    return [(best.line_bps / 1000, best.point.row.kept) for best in found]


def _best(best: Best) -> dict[str, Any]:
    row, point = best.point.row, best.point
    return {
        "line_bps": best.line_bps,
        "px": row.px,
        "qp": row.qp,
        "fps": row.fps,
        "frames_per_message": point.frames_per_message,
        "wire_bps": round(point.wire_bps, 1),
        "delay_ms": round(1000 * point.delay_s(best.line_bps)),
        "kept": row.kept,
    }
