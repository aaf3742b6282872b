"""What the challenge allows to be done to a series of predictions, each step by itself.

Source: Valstar et al. 2016: median filtering, centring, scaling and shifting in
time, each kept where it helps on the partition that chooses. Pure functions of arrays; the
shift is `Ratings.at`, which moves the gold standard instead.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

DELAYS_S = tuple(np.arange(0, 8.01, 0.2).round(2).tolist())
"""Delays of the raters that are tried. The challenge's went in steps of .04 s up to 10 s."""

WINDOWS_S = (0.0, 0.4, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 20.0)
"""Median windows that are tried. The challenge's went in steps of .4 s up to 20 s."""


def median_smoothed(times_s: Series, values: Series, window_s: float) -> Series:
    """The median of what lies within half a window before and after each time.

    By time, not by count: frames that were left out leave the window emptier, not longer. It
    looks ahead, as the challenge's did; a live series cannot.
    """
    if window_s <= 0:
        return values
    reach_s = window_s / 2 + 1e-6  # a window of .4 s is 11 frames, whatever the rounding
    first = np.searchsorted(times_s, times_s - reach_s)
    last = np.searchsorted(times_s, times_s + reach_s, side="right")
    return np.array([np.median(values[a:b]) for a, b in zip(first, last, strict=True)])


class Rescaling(NamedTuple):
    """Centring and scaling: value * scale + offset."""

    scale: float
    offset: float

    def apply(self, values: Series) -> Series:
        return values * self.scale + self.offset


def rescaling(predicted: Series, gold: Series) -> Rescaling:
    """What gives the predictions the mean and standard deviation of the gold standard.

    Predictions without variance are centred only.
    """
    spread = float(predicted.std()) if np.ptp(predicted) > 0 else 0.0
    scale = float(gold.std()) / spread if spread > 0 else 1.0
    return Rescaling(scale, float(gold.mean() - scale * predicted.mean()))


def best(candidates: Iterable[float], score: Callable[[float], float]) -> float:
    """The candidate of the highest score, the first of equal ones: order them by effort."""
    return max(candidates, key=score)
