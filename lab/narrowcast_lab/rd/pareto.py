"""The rows worth having: within one frame rate, those that no cheaper one equals.

Rows of different frame rates do not beat each other: fewer frames a second cost delay.
"""

from collections.abc import Callable, Iterable
from itertools import groupby

from narrowcast_lab.rd.row import Row

LEAST_KEPT = 0.002
LEAST_PSNR_DB = 0.05
"""What a row must win over the next cheaper one to be more than noise."""


def by_kept(rows: Iterable[Row]) -> list[Row]:
    """The rows that keep more for their bytes, by frame rate and then by bytes."""
    return _pareto(rows, lambda row: row.kept, LEAST_KEPT)


def by_psnr(rows: Iterable[Row]) -> list[Row]:
    """The rows that win fidelity of the picture for their bytes, which is not what is wanted."""
    return _pareto(rows, lambda row: row.psnr_db, LEAST_PSNR_DB)


def _pareto(rows: Iterable[Row], worth: Callable[[Row], float], least: float) -> list[Row]:
    kept: list[Row] = []
    ordered = sorted(rows, key=lambda row: (row.fps, row.p_frame_bytes, -worth(row)))
    for _, same_rate in groupby(ordered, key=lambda row: row.fps):
        best: float | None = None
        for row in same_rate:
            if best is None or worth(row) >= best + least:
                best = worth(row)
                kept.append(row)
    return kept
