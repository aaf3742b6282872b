"""Figures of groups of faces, each by itself: whether a model reads one worse than another.

A group is whatever the faces' file says: a place, a camera, an age. Numbers of more than eight
values, ages for one, become three groups of about equal size. Beside the scores stands what the
model reads on average of the positive faces and of the others, for a model may keep the order
within each group and yet read one group lower than another.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.markup import escape
from rich.table import Table

from narrowcast_models.coding import Coding
from narrowcast_models.data import delimited
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation import bootstrap, sizes
from narrowcast_models.evaluation.sizes import DIGITS, Figures, Predictions
from narrowcast_models.evaluation.table import interval_cell

MOST_VALUES = 8
PARTS = 3


class GroupFigures(NamedTuple):
    """Figures of one group at one coding, and the mean estimate of each class of
    `LabelledFaces.contrast`, with its interval; None where there is none.
    """

    group: str
    figures: Figures
    positive_mean: float | None = None
    positive_mean_low: float | None = None
    positive_mean_high: float | None = None
    negative_mean: float | None = None
    negative_mean_low: float | None = None
    negative_mean_high: float | None = None

    def flat(self) -> dict[str, Any]:
        """All of it by name, for JSON."""
        return {"group": self.group, **self.figures._asdict()} | {
            name: value for name, value in self._asdict().items() if name.endswith(_MEANS)
        }


_MEANS = ("_mean", "_mean_low", "_mean_high")


def score(coding: Coding, predicted: Predictions, faces: LabelledFaces) -> list[GroupFigures]:
    """Figures of each group at one coding, in the groups' order. Wants `faces.group`."""
    assert faces.group is not None
    out = []
    for name, rows in masks(faces.group).items():
        read = Predictions(predicted.valence[rows], predicted.sigma[rows])
        some = faces.select(rows)
        out.append(
            GroupFigures(name, sizes.score(coding, read, some), **_means(read.valence, some))
        )
    return out


def _means(valence: NDArray[np.float64], faces: LabelledFaces) -> dict[str, float | None]:
    contrast = faces.contrast()
    if contrast is None:
        return {}
    positive, negative = valence[contrast.positive], valence[contrast.negative]
    found = bootstrap.contrast_intervals(positive, negative)._asdict()
    del found["auc"]
    means = {"positive_mean": positive.mean(), "negative_mean": negative.mean()}
    out = {name: round(float(value), DIGITS) for name, value in means.items()}
    return out | sizes.bounds(found)


def masks(column: NDArray[Any]) -> dict[str, NDArray[np.bool_]]:
    """Mask [N] of each group by its name, in order: a value each, or between which two it lies.

    Faces of which the column says nothing (empty, NA, NaN) are a group by themselves.
    """
    text = np.char.strip(column.astype(str))
    missing = np.isin(np.char.lower(text), list(delimited.MISSING))
    try:
        numbers = np.where(missing, "nan", text).astype(np.float64)
    except ValueError:
        out = {name: text == name for name in np.unique(text[~missing]).tolist()}
    else:
        edges = np.unique(numbers[~missing])
        if len(edges) > MOST_VALUES:
            edges = np.quantile(numbers[~missing], np.arange(1, PARTS + 1) / PARTS, method="lower")
        lows = [-np.inf, *edges][: len(edges)]
        spans = [(numbers > low) & (numbers <= high) for low, high in zip(lows, edges, strict=True)]
        out = {_span(numbers[rows]): rows for rows in spans if rows.any()}
    return out | ({"(none)": missing} if missing.any() else {})


def _span(numbers: NDArray[np.float64]) -> str:
    low, high = numbers.min(), numbers.max()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def table(rows: Sequence[GroupFigures], title: str, contrast: str) -> Table:
    """A row a group and coding. `contrast`: what AUC and means tell apart."""
    out = Table(
        title=escape(title),
        caption=f"AUC, and mean estimate of each: {contrast}" if contrast else None,
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    rated = any(row.figures.ccc is not None for row in rows)
    heads = ["group", "px", "QP", "faces", *(["CCC"] if rated else [])]
    for head in [*heads, *(["AUC", "positive", "others"] if contrast else [])]:
        out.add_column(head, justify="left" if head == "group" else "right")
    for row in rows:
        of = row.figures
        cells = [escape(row.group), str(of.px), "-" if of.qp is None else str(of.qp), str(of.faces)]
        if rated:
            cells.append(interval_cell(of.ccc, of.ccc_low, of.ccc_high))
        if contrast:
            cells += [
                interval_cell(of.auc, of.auc_low, of.auc_high),
                interval_cell(row.positive_mean, row.positive_mean_low, row.positive_mean_high),
                interval_cell(row.negative_mean, row.negative_mean_low, row.negative_mean_high),
            ]
        out.add_row(*cells)
    return out
