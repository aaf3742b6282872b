"""What a memory could add, as a table for the terminal and JSON."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table

from narrowcast_models.evaluation.memory import TIME_CONSTANTS_S, MemoryBounds, Score

READ = {
    "frame": "readings as they come, frame by frame",
    "so_far": "mean of the readings since the segment began, which no memory is told",
    "segment": "mean over the whole segment, later frames too: about the most that averaging gives",
    "filtered": "causal exponential filter that knows of no cut, its time constant the one of "
    "the greatest CC on these reels",
}
"""What the columns are."""

_HEADS = ("frame", "so far", "whole", "filter")


def table(rows: Sequence[MemoryBounds], title: str) -> Table:
    """One row a coding: CC four times, then RMSE, then the filter's time constant."""
    out = Table(
        title=title,
        caption="so far, whole: means over what is known to be one face; filter: cuts unknown",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for column in ("px", "QP", *(f"{name}\n{head}" for name in ("CC", "RMSE") for head in _HEADS)):
        out.add_column(column, justify="right")
    out.add_column("filter\ns", justify="right")
    for row in rows:
        scores = (row.frame, row.so_far, row.segment, row.filtered)
        out.add_row(
            str(row.px),
            "-" if row.qp is None else str(row.qp),
            *(f"{score.cc:.3f}" for score in scores),
            *(f"{score.rmse:.3f}" for score in scores),
            f"{row.time_constant_s:g}",
        )
    return out


def as_json(rows: Sequence[MemoryBounds]) -> dict[str, Any]:
    """All figures, and what they are of."""
    return {"read": READ, "time_constants_s": TIME_CONSTANTS_S, "codings": [_row(r) for r in rows]}


def _row(row: MemoryBounds) -> dict[str, Any]:
    return {
        name: value._asdict() if isinstance(value, Score) else value
        for name, value in row._asdict().items()
    }
