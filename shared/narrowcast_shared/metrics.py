"""RMSE, CC and CCC, as AVEC scores them; the area under the ROC curve for weaker labels.

Source: Valstar et al. 2016, "AVEC 2016", section 4; Lin 1989 for CCC. Variances and the
covariance are population ones (divided by N), which is what Lin's definition needs.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Scores(NamedTuple):
    """The three figures of one prediction series against its labels."""

    rmse: float
    cc: float
    ccc: float


def score(predicted: ArrayLike, label: ArrayLike) -> Scores:
    """RMSE, Pearson's CC and Lin's CCC of two series of shape [N], N >= 1.

    CC and CCC of a series without variance are 0, not NaN: a recogniser that always says
    the same has recognised nothing. Raises ValueError on unequal shapes, empty series, and
    values that are not finite.
    """
    p, y = _pair(predicted, label)
    rmse = float(np.sqrt(np.mean((p - y) ** 2)))
    spread = float(p.std() * y.std())
    # The mean of equal floats may miss them by a rounding error, so std() alone cannot tell.
    if spread == 0 or np.ptp(p) == 0 or np.ptp(y) == 0:
        return Scores(rmse, cc=0.0, ccc=0.0)
    covariance = float(np.mean((p - p.mean()) * (y - y.mean())))
    distance = float(p.var() + y.var() + (p.mean() - y.mean()) ** 2)
    return Scores(rmse, cc=covariance / spread, ccc=2 * covariance / distance)


def auc(predicted: ArrayLike, positive: ArrayLike) -> float:
    """Area under the ROC curve of a series [N] against the truth bool [N].

    The share of all pairs of a positive and a negative in which the positive is rated higher,
    a tie counting one half (Mann & Whitney 1947): .5 is chance, 1 a perfect order. Raises
    ValueError on unequal shapes, values that are not finite, and where a class is empty.
    """
    p, truth = _pair(predicted, np.asarray(positive, dtype=bool))
    positives = truth > 0
    count = int(positives.sum())
    negatives = p.size - count
    if count == 0 or negatives == 0:
        raise ValueError(f"want both classes, got {count} positives and {negatives} negatives")
    surplus = float(_ranks(p)[positives].sum()) - count * (count + 1) / 2
    return surplus / (count * negatives)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, those of equal values averaged."""
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(sizes) - (sizes - 1) / 2)[group], dtype=np.float64)


def _pair(
    predicted: ArrayLike, label: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    p = np.asarray(predicted, dtype=np.float64)
    y = np.asarray(label, dtype=np.float64)
    if p.shape != y.shape or p.ndim != 1 or p.size == 0:
        raise ValueError(f"want two equal series of shape [N], got {p.shape} and {y.shape}")
    if not (np.isfinite(p).all() and np.isfinite(y).all()):
        raise ValueError("a series holds a value that is not finite")
    return p, y
