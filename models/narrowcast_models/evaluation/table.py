"""Figures as a table for the terminal."""

from collections.abc import Iterable

from rich import box
from rich.markup import escape
from rich.table import Table

from narrowcast_models.evaluation import bootstrap
from narrowcast_models.evaluation.sizes import Figures

_COLUMNS = ("px", "QP", "CCC", "CC", "RMSE", "90 %\nholds", "mean\nsigma")


def table(figures: Iterable[Figures], title: str) -> Table:
    """One row a coding; `-` where a chip was not coded, or the model gives no sigma.

    Scores stand before their interval: .887 [.880 .893]. AUC where there is any.
    """
    rows = list(figures)
    with_auc = any(row.auc is not None for row in rows)
    out = Table(
        title=escape(title),
        caption=_caption(rows, with_auc=with_auc),
        # Without a frame a row with its three intervals has room in 80 columns.
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for column in (*_COLUMNS, "AUC") if with_auc else _COLUMNS:
        out.add_column(column, justify="right")
    for row in rows:
        out.add_row(*_cells(row), *([_short(row.auc)] if with_auc else []))
    return out


def _cells(row: Figures) -> tuple[str, ...]:
    return (
        str(row.px),
        "-" if row.qp is None else str(row.qp),
        _score(row.ccc, row.ccc_low, row.ccc_high),
        _score(row.cc, row.cc_low, row.cc_high),
        _score(row.rmse, row.rmse_low, row.rmse_high),
        "-" if row.coverage_90 is None else f"{100 * row.coverage_90:.1f}%",
        _short(row.mean_sigma),
    )


def _caption(rows: Iterable[Figures], *, with_auc: bool) -> str | None:
    parts = []
    if any(row.ccc_low is not None for row in rows):
        parts.append(f"in brackets the {100 * bootstrap.LEVEL:g} % interval over faces")
    if with_auc:
        parts.append("AUC: happiness against neutral")
    return "; ".join(parts) or None


def _score(value: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return _short(value)
    return f"{_short(value)} [{_short(low)} {_short(high)}]"


def _short(value: float | None) -> str:
    """Three digits without the zero before the point, as tables of coefficients have it."""
    if value is None:
        return "-"
    text = f"{round(value, 3) + 0.0:.3f}"  # -0. + 0. is 0.: no score is minus nothing
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0") else text
