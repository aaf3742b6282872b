"""Figures as a table for the terminal."""

from collections.abc import Iterable

from rich.table import Table

from narrowcast_models.evaluation.sizes import Figures

_COLUMNS = ("px", "QP", "CCC", "CC", "RMSE", "90 % covers", "mean sigma")


def table(figures: Iterable[Figures], title: str) -> Table:
    """One row a coding; `-` where a chip was shrunk and not coded. AUC where there is any."""
    rows = list(figures)
    with_auc = any(row.auc is not None for row in rows)
    out = Table(title=title, caption="AUC: happiness against neutral" if with_auc else None)
    for column in (*_COLUMNS, "AUC") if with_auc else _COLUMNS:
        out.add_column(column, justify="right")
    for row in rows:
        out.add_row(
            str(row.px),
            "-" if row.qp is None else str(row.qp),
            f"{row.ccc:.3f}",
            f"{row.cc:.3f}",
            f"{row.rmse:.3f}",
            f"{100 * row.coverage_90:.1f} %",
            f"{row.mean_sigma:.3f}",
            *([_auc(row)] if with_auc else []),
        )
    return out


def _auc(row: Figures) -> str:
    return "-" if row.auc is None else f"{row.auc:.3f}"
