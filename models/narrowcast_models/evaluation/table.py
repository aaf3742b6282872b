"""Figures as a table for the terminal."""

from collections.abc import Iterable

from rich.table import Table

from narrowcast_models.evaluation.sizes import Figures

_COLUMNS = ("px", "QP", "CCC", "CC", "RMSE", "90 % covers", "mean sigma")


def table(figures: Iterable[Figures], title: str) -> Table:
    """One row a coding; `-` where a chip was shrunk and not coded."""
    out = Table(title=title)
    for column in _COLUMNS:
        out.add_column(column, justify="right")
    for row in figures:
        out.add_row(
            str(row.px),
            "-" if row.qp is None else str(row.qp),
            f"{row.ccc:.3f}",
            f"{row.cc:.3f}",
            f"{row.rmse:.3f}",
            f"{100 * row.coverage_90:.1f} %",
            f"{row.mean_sigma:.3f}",
        )
    return out
