"""How far CCC, CC, RMSE and AUC would move with other faces: percentile bootstrap over faces.

Source: Efron & Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVEL = 0.95
RESAMPLES = 1000
SEED = 1
"""Fixed: models, sizes and quantisers are scored on the same draws of the same faces."""

DESCRIPTION = {
    "method": "percentile bootstrap over faces",
    "level": LEVEL,
    "resamples": RESAMPLES,
    "seed": SEED,
}
"""What a file of figures says of its bounds."""

_ROUNDING = 1e-12
"""Of a series' largest square: a variance below it is what rounding left of none."""

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """Bounds that hold `LEVEL` of the resampled scores."""

    low: float
    high: float


class Intervals(NamedTuple):
    """An interval for each of `metrics.Scores`."""

    rmse: Interval
    cc: Interval
    ccc: Interval


def intervals(
    predicted: ArrayLike, label: ArrayLike, resamples: int = RESAMPLES, seed: int = SEED
) -> Intervals:
    """Intervals of the scores of two series of shape [N], N >= 1, finite throughout.

    Each resample draws N of the faces with replacement. As in `metrics.score`, CC and CCC of
    a resample without variance are 0.
    """
    p, y = np.asarray(predicted, dtype=np.float64), np.asarray(label, dtype=np.float64)
    # Variances and covariance do not depend on the origin; from its first value, a series that
    # never varies is 0 throughout.
    u, v = p - p[0], y - y[0]
    means = _resampled_means([u, v, u * u, v * v, u * v, (p - y) ** 2], resamples, seed)
    floor = _ROUNDING * np.array([(u * u).max(), (v * v).max()])
    tail = (1 - LEVEL) / 2
    edges = np.quantile(_scores(means, floor), (tail, 1 - tail), axis=1)  # [2, 3]
    return Intervals(*(Interval(low, high) for low, high in edges.T.tolist()))


class ContrastIntervals(NamedTuple):
    """Of two classes: the area under the ROC curve, and the mean of each."""

    auc: Interval
    positive_mean: Interval
    negative_mean: Interval


def contrast_intervals(
    positive: ArrayLike, negative: ArrayLike, resamples: int = RESAMPLES, seed: int = SEED
) -> ContrastIntervals:
    """Intervals of what tells values [P] from values [M], P and M >= 1.

    Each class is drawn from by itself, so that none is ever empty.
    """
    p, n = np.asarray(positive, dtype=np.float64), np.asarray(negative, dtype=np.float64)
    values, rank = np.unique(np.concatenate([p, n]), return_inverse=True)
    generator = np.random.default_rng(seed)
    rows = np.empty((resamples, 3))
    for row in rows:
        # How often each value was drawn: [K].
        above, below = (
            np.bincount(generator.choice(ranks, len(ranks)), minlength=len(values))
            for ranks in (rank[: len(p)], rank[len(p) :])
        )
        lower = np.cumsum(below) - below / 2  # a tie counts one half
        row[:] = above @ lower / (len(p) * len(n)), above @ values / len(p), below @ values / len(n)
    tail = (1 - LEVEL) / 2
    edges = np.quantile(rows, (tail, 1 - tail), axis=0)  # [2, 3]
    return ContrastIntervals(*(Interval(low, high) for low, high in edges.T.tolist()))


def _resampled_means(terms: list[Floats], resamples: int, seed: int) -> Floats:
    """Mean of each of K terms [N] in each of R resamples: [K, R]."""
    generator = np.random.default_rng(seed)
    table = np.stack(terms, axis=1)  # [N, K]
    faces = len(table)
    sums = np.empty((resamples, len(terms)))
    for row in range(resamples):
        drawn = np.bincount(generator.integers(faces, size=faces), minlength=faces)
        sums[row] = drawn @ table  # how often each face was drawn, times what it adds
    return np.asarray(sums.T / faces)


def _scores(means: Floats, floor: Floats) -> Floats:
    """RMSE, CC and CCC of R resamples: [3, R]. Variances up to `floor` [2] count as none."""
    mean_u, mean_v, mean_uu, mean_vv, mean_uv, squared_error = means
    var_u, var_v = mean_uu - mean_u**2, mean_vv - mean_v**2
    varied = (var_u > floor[0]) & (var_v > floor[1])
    covariance = np.where(varied, mean_uv - mean_u * mean_v, 0)
    spread = np.sqrt(np.where(varied, var_u * var_v, 1))
    # Lin's var + var + (mean - mean)^2 is the mean squared error and twice the covariance.
    distance = np.where(varied, squared_error + 2 * covariance, 1)
    return np.stack([np.sqrt(squared_error), covariance / spread, 2 * covariance / distance])
