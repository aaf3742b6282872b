"""Moving clips' figures as tables for the terminal, a chart and JSON."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from narrowcast_models.evaluation.line_chart import Axis, Line, line_chart
from narrowcast_models.evaluation.moving_figures import FPS, MovingFigures
from narrowcast_models.evaluation.moving_frontier import ASKED, Point, best_under, frontier
from narrowcast_shared.operating_point import Rung

RATE = f"video rate at {FPS} fps: P frames only, each stream's keyframe left out"
_COLUMNS = ("px", "QP", "kbit/s", "bit/px", "CCC kept")
_LABEL_COLUMNS = ("CCC", "90 % covers", "CC sigma", "mean |error| by fifths of sigma")


def points(rungs: Sequence[MovingFigures]) -> list[Point]:
    """The rungs that have a rate, as points of a frontier."""
    return [
        Point(row.video_kbps, row.ccc_kept, Rung(row.px, row.qp))
        for row in rungs
        if row.qp is not None and row.video_kbps is not None
    ]


def as_json(uncoded: MovingFigures, rungs: Sequence[MovingFigures]) -> dict[str, Any]:
    """All figures, the frontier, and what is asked beside the best at or under its rate."""
    found = points(rungs)
    return {
        "rate": RATE,
        "uncoded": _row(uncoded),
        "rungs": [_row(row) for row in rungs],
        "frontier": [_point(point) for point in frontier(found)],
        "asked": [
            {**asked._asdict(), "best": _point(best_under(found, asked.kbps))} for asked in ASKED
        ],
    }


def table(uncoded: MovingFigures, rungs: Sequence[MovingFigures], title: str) -> Table:
    """A row a rung, below that of the uncoded chips; `*` on the frontier."""
    out = Table(title=title, caption=f"* on the frontier; {RATE}")
    for column in (*_COLUMNS, *_LABEL_COLUMNS) if uncoded.labels else _COLUMNS:
        out.add_column(column, justify="right")
    best = {point.rung for point in frontier(points(rungs))}
    for row in (uncoded, *rungs):
        on_frontier = row.qp is not None and Rung(row.px, row.qp) in best
        out.add_row(*_cells(row, "*" if on_frontier else " "))
    return out


def asked_table(rungs: Sequence[MovingFigures]) -> Table:
    """What is asked at a rate, and the rung that keeps most at or under it."""
    out = Table(title="CCC kept at or under a video rate")
    for column in ("kbit/s", "asked", "kept", "by px, QP", "at kbit/s"):
        out.add_column(column, justify="right")
    for asked in ASKED:
        best = best_under(points(rungs), asked.kbps)
        wanted = (f"{asked.kbps:g}", f"{asked.kept:.2f}")
        if best is None:
            out.add_row(*wanted, "-", "-", "-")
        else:
            rung = f"{best.rung.px}, {best.rung.qp}"
            out.add_row(*wanted, f"{best.kept:.3f}", rung, f"{best.kbps:.2f}")
    return out


def chart(rungs: Sequence[MovingFigures], title: str) -> str:
    """CCC kept against rate as SVG: the frontier, a line a size, and what is asked.

    Raises ValueError where no rung has a rate.
    """
    found = points(rungs)
    if not found:
        raise ValueError("no rung has a rate")
    lines = [Line("frontier", tuple((p.kbps, p.kept) for p in frontier(found)))]
    for px in dict.fromkeys(point.rung.px for point in found):
        own = sorted(point for point in found if point.rung.px == px)
        lines.append(Line(f"{px} px", tuple((p.kbps, p.kept) for p in own)))
    lines.append(Line("asked", ASKED, joined=False))
    rate = Axis("video rate, kbit/s (P frames, 25 fps)", logarithmic=True)
    return line_chart(title, lines, rate, Axis("CCC kept of uncoded readings"))


def _row(row: MovingFigures) -> dict[str, Any]:
    return {**row._asdict(), "labels": row.labels and row.labels._asdict()}


def _point(point: Point | None) -> dict[str, Any] | None:
    if point is None:
        return None
    return {**point.rung._asdict(), "video_kbps": point.kbps, "ccc_kept": point.kept}


def _cells(row: MovingFigures, mark: str) -> list[str]:
    cells = [
        str(row.px),
        "-" if row.qp is None else str(row.qp),
        "-" if row.video_kbps is None else f"{row.video_kbps:.2f}",
        "-" if row.bits_per_pixel is None else f"{row.bits_per_pixel:.4f}",
        f"{row.ccc_kept:.3f}{mark}",
    ]
    if row.labels is not None:
        cells += [
            f"{row.labels.ccc:.3f}",
            f"{row.labels.coverage_90:.1%}",
            f"{row.labels.sigma_cc:.2f}",
            " ".join(f"{error:.2f}" for error in row.labels.error_by_sigma),
        ]
    return cells
