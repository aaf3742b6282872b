"""The table, what it says of the paper's claims, and its figure, out of the cells' files."""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from narrowcast_models.evaluation import markdown as markdown_
from narrowcast_models.evaluation.line_chart import Axis, Line, line_chart
from narrowcast_models.paper.cells import HR_FACTOR, Method
from narrowcast_models.paper.store import CellFigures, CellReport
from narrowcast_shared.operating_point import CHIP_PX

METRICS: dict[str, Callable[[CellFigures], float]] = {
    "CCC": lambda figures: figures.ccc,
    "CC": lambda figures: figures.cc,
    "RMSE": lambda figures: figures.rmse,
}

PAPERS_ORDER = (Method.LR, Method.NON_JOINT, Method.JOINT, Method.JOINT_OA)
"""From worst to best, as the paper has them (sections 4.2 and 4.3)."""


class Claim(NamedTuple):
    """In how many of the compared pairs the paper's claim held, and by how much on average."""

    text: str
    held: int
    compared: int
    mean_gain: float

    def __str__(self) -> str:
        if self.compared == 0:
            return f"{self.text}: nothing to compare yet"
        return f"{self.text}: {self.held} of {self.compared} ({self.mean_gain:+.3f} CCC on average)"


def markdown(reports: Sequence[CellReport]) -> str:
    """A table by metric, rows by method, columns by factor; then the claims."""
    tables = [f"{name}:\n\n{_table(reports, metric)}" for name, metric in METRICS.items()]
    claimed = "\n".join(f"- {claim}" for claim in [*claims(reports), *orderings(reports)])
    return "\n\n".join([_heading(reports), *tables, f"The paper's claims:\n\n{claimed}"]) + "\n"


def figure(reports: Sequence[CellReport]) -> str:
    """CCC against the downsampling factor, a line a method, as SVG."""
    rows = _rows(reports)
    factors = _factors(reports)
    lines = [
        Line(name, tuple((f, figures[f].ccc) for f in factors if f in figures))
        for name, figures in rows.items()
    ]
    side = Axis("downsampling factor of the 96-px chip", logarithmic=True, ticks=tuple(factors))
    return line_chart(f"{reports[0].faces}, {_width(reports[0])}", lines, side, Axis("CCC"))


def claims(reports: Sequence[CellReport]) -> list[Claim]:
    """What the paper says of its methods, by CCC, counted over factors and mixtures."""
    return [
        _claim("Joint-s beats Non-Joint-s", reports, Method.JOINT, Method.NON_JOINT),
        _claim("Joint-s beats LR-s", reports, Method.JOINT, Method.LR),
        _claim("Joint-OA beats the dedicated Joint-s", reports, Method.JOINT_OA, Method.JOINT),
        _claim("Joint-OA beats LR-s", reports, Method.JOINT_OA, Method.LR),
    ]


def orderings(reports: Sequence[CellReport]) -> list[str]:
    """By metric, how many pairs of methods at one factor stand as the paper has them."""
    out = []
    for name, metric in METRICS.items():
        sign = -1 if name == "RMSE" else 1
        pairs = [
            sign * (metric(better) - metric(worse)) > 0
            for low, high in combinations(PAPERS_ORDER, 2)
            for worse, better in _pairs(reports, low, high)
        ]
        out.append(f"{name} orders {sum(pairs)} of {len(pairs)} pairs of methods as the paper has")
    return out


def _claim(text: str, reports: Sequence[CellReport], high: Method, low: Method) -> Claim:
    gains = [better.ccc - worse.ccc for worse, better in _pairs(reports, low, high)]
    mean = sum(gains) / len(gains) if gains else 0.0
    return Claim(text, sum(gain > 0 for gain in gains), len(gains), mean)


def _pairs(
    reports: Iterable[CellReport], low: Method, high: Method
) -> list[tuple[CellFigures, CellFigures]]:
    """Figures of two methods at the same factor, every mixture with every dedicated model."""
    reports = list(reports)
    return [
        (worse, better)
        for worse in _figures(reports, low)
        for better in _figures(reports, high)
        if worse.factor == better.factor
    ]


def _figures(reports: Iterable[CellReport], method: Method) -> list[CellFigures]:
    return [row for report in reports if report.method is method for row in report.figures]


def _rows(reports: Iterable[CellReport]) -> dict[str, dict[int, CellFigures]]:
    """Figures by factor, by row of the table, rows in the methods' order."""
    rows: dict[str, dict[int, CellFigures]] = {}
    for report in sorted(reports, key=_place):
        row = rows.setdefault(report.cell.row, {})
        row.update({figures.factor: figures for figures in report.figures})
    return rows


def _place(report: CellReport) -> tuple[int, tuple[int, ...]]:
    return list(Method).index(report.method), report.factors


def _factors(reports: Iterable[CellReport]) -> list[int]:
    return sorted({row.factor for report in reports for row in report.figures})


def _table(reports: Sequence[CellReport], metric: Callable[[CellFigures], float]) -> str:
    factors = _factors(reports)
    heads = ["96 px" if f == HR_FACTOR else f"s={f} ({CHIP_PX // f} px)" for f in factors]
    lines = [
        [name, *(f"{metric(figures[f]):.3f}" if f in figures else "" for f in factors)]
        for name, figures in _rows(reports).items()
    ]
    return markdown_.table(["method", *heads], lines)


def _heading(reports: Sequence[CellReport]) -> str:
    first = reports[0]
    variants = sorted({report.variant for report in reports})
    revisions = sorted({report.git_revision for report in reports})
    return (
        f"{'; '.join(variants)}. {first.faces}: trained on {first.train_faces} faces, scored on "
        f"{first.test_faces}. Revision {', '.join(revisions)}."
    )


def _width(report: CellReport) -> str:
    return report.variant.partition(",")[0]
