"""How far a difference in CCC would move with other faces: bootstrap over stretches of footage.

Two controllers are compared on the same draws, so that what is hard for both cancels out.
Source: Efron & Tibshirani 1993, "An Introduction to the Bootstrap", sections 8.6 and 13.3.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_models.evaluation.bootstrap import LEVEL, RESAMPLES, SEED
from narrowcast_models.evaluation.moving_figures import FPS

BLOCK_FRAMES = 5 * FPS
"""A stretch as long as a reel's longest segment: frames of one face are drawn together."""

MIN_BLOCKS = 4
"""Of n stretches, one in n^n resamples is n times the same: of three, more than a tail of 2.5 %."""

Floats = NDArray[np.float64]


class Ahead(NamedTuple):
    """By how much one CCC is above another, and bounds that hold 95 % of the resampled ones; none
    where the footage has fewer than `MIN_BLOCKS` stretches to draw from.
    """

    ccc: float
    low: float | None
    high: float | None


def ahead(ours: Floats, other: Floats, truth: Floats) -> Ahead:
    """CCC of our series [N] minus that of another [N], against the truth [N], N >= 1."""
    blocks = -(-len(truth) // BLOCK_FRAMES)
    draws = np.random.default_rng(SEED).multinomial(blocks, np.full(blocks, 1 / blocks), RESAMPLES)
    drawn = np.vstack([np.ones(blocks), draws])  # the footage itself, then the resamples
    lead = _ccc(drawn @ _sums(ours, truth)) - _ccc(drawn @ _sums(other, truth))
    ccc = round(float(lead[0]), 4)
    if blocks < MIN_BLOCKS:
        return Ahead(ccc, None, None)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(lead[1:], (tail, 1 - tail))
    return Ahead(ccc, round(float(low), 4), round(float(high), 4))


def _sums(series: Floats, truth: Floats) -> Floats:
    """What CCC is made of, added up over each block: [B, 6]."""
    terms = np.stack(
        [np.ones(len(truth)), series, truth, series**2, truth**2, series * truth], axis=1
    )
    return np.asarray(np.add.reduceat(terms, np.arange(0, len(truth), BLOCK_FRAMES), axis=0))


def _ccc(sums: Floats) -> Floats:
    """CCC [R] out of sums [R, 6]; 0 where nothing varies."""
    count, u, v, uu, vv, uv = sums.T
    covariance = uv / count - (u / count) * (v / count)
    # Lin's var + var + (mean - mean)^2 is the mean squares less twice the product of the means.
    distance = (uu + vv) / count - 2 * (u / count) * (v / count)
    return np.asarray(2 * covariance / np.where(distance > 0, distance, np.inf))
