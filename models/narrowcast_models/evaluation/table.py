"""Figures as a table for the terminal."""

from collections.abc import Iterable

from rich import box
from rich.markup import escape
from rich.table import Table

from narrowcast_models.evaluation import bootstrap
from narrowcast_models.evaluation.sizes import Figures


def table(
    figures: Iterable[Figures], title: str, auc_of: str = "happiness against neutral"
) -> Table:
    """One row a coding; `-` where a chip was not coded, or the model gives no sigma.

    Scores stand before their interval: .887 [.880 .893]. AUC where there is any; `auc_of` says what
    it tells apart. Of faces that nobody rated only that is shown.
    """
    rows = list(figures)
    with_auc = any(row.auc is not None for row in rows)
    rated = any(row.ccc is not None for row in rows)
    out = Table(
        title=escape(title),
        caption=_caption(rows, auc_of if with_auc else ""),
        # Without a frame a row with its three intervals has room in 80 columns.
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    cells = [_cells(row, rated=rated, with_auc=with_auc) for row in rows]
    for column in cells[0] if cells else ():
        out.add_column(column, justify="right")
    for row_cells in cells:
        out.add_row(*row_cells.values())
    return out


def _cells(row: Figures, *, rated: bool, with_auc: bool) -> dict[str, str]:
    """By the head of the column."""
    cells = {"px": str(row.px), "QP": "-" if row.qp is None else str(row.qp)}
    if rated:
        cells |= {
            "CCC": interval_cell(row.ccc, row.ccc_low, row.ccc_high),
            "CC": interval_cell(row.cc, row.cc_low, row.cc_high),
            "RMSE": interval_cell(row.rmse, row.rmse_low, row.rmse_high),
            "90 %\nholds": "-" if row.coverage_90 is None else f"{100 * row.coverage_90:.1f}%",
        }
    cells["mean\nsigma"] = _short(row.mean_sigma)
    if with_auc:
        auc = interval_cell(row.auc, row.auc_low, row.auc_high)
        cells["AUC"] = _short(row.auc) if rated else auc  # no room for a fourth interval
    return cells


def _caption(rows: Iterable[Figures], auc_of: str) -> str | None:
    parts = []
    if any(row.ccc_low is not None or row.auc_low is not None for row in rows):
        parts.append(f"in brackets the {100 * bootstrap.LEVEL:g} % interval over faces")
    if auc_of:
        parts.append(f"AUC: {auc_of}")
    return "; ".join(parts) or None


def interval_cell(value: float | None, low: float | None, high: float | None) -> str:
    """A score before its interval: .887 [.880 .893]; `-` where there is none."""
    if low is None or high is None:
        return _short(value)
    return f"{_short(value)} [{_short(low)} {_short(high)}]"


def _short(value: float | None) -> str:
    """Three digits without the zero before the point, as tables of coefficients have it."""
    if value is None:
        return "-"
    text = f"{round(value, 3) + 0.0:.3f}"  # -0. + 0. is 0.: no score is minus nothing
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0") else text
