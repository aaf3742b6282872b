"""What a face reads at rest, out of readings, and how uncertain that is. Pure.

Readings are first gathered into bins of 0.25 s of capture time, so that a moment coded at 25
frames a second counts no more than one coded at 4. The resting valence is the median of the
bins, each weighted by its precision (1 / sigma^2): whoever smiles for a third of the time moves it
little, where a mean would follow, and what was read at 8 px counts for less than what was read
at 48.

Neighbouring readings resemble each other, so a minute of them is far fewer than its number says.
The standard error rests on an effective number of bins: that of the weighted mean of a series
with this one's autocorrelation (its estimate summed up to the first lag that is not positive, as
in Geyer 1992, section 3.3, by single lags), times pi / 2 for a median in place of a mean. It
cannot know what changes more slowly than the time it has seen. Over 30 s, two standard errors hold
the truth in 94 to 97 of 100 made-up series whose correlation falls to 1/e within 1 s, in 90 at 2 s
and in 83 at 4 s.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BIN_S = 0.25
MAX_LAG_BINS = 120
"""30 s: longer correlations are not looked for."""

_MAD_TO_SIGMA = 1.4826  # of a normal distribution
_MEDIAN_BY_MEAN = math.pi / 2  # variance of the median by that of the mean, normal, large samples
_NO_PRODUCT = 1e-12  # share of the squares that is none: a transform's rounding
_WINSOR = 3.0  # spreads from the median: what is further off counts as being there


class Bin(NamedTuple):
    """What was read within 0.25 s: mean valence by precision, and mean precision."""

    place: int  # floor(t / BIN_S)
    valence: float
    precision: float


class Rest(NamedTuple):
    """The resting valence."""

    valence: float
    standard_error: float
    spread: float
    """Of the bins around it: a standard deviation, robust."""
    effective_bins: float
    """As many independent bins would tell as much."""


def rest_of(bins: Sequence[Bin]) -> Rest:
    """The resting valence of bins in order of place, at least one; none twice."""
    values = np.array([b.valence for b in bins])  # [N]
    weights = np.array([b.precision for b in bins])  # [N]
    valence = weighted_median(values, weights)
    deviations = values - valence
    spread = _MAD_TO_SIGMA * weighted_median(np.abs(deviations), weights)
    bounded = np.clip(deviations, -_WINSOR * spread, _WINSOR * spread)
    effective = effective_number(_places([b.place for b in bins]), bounded, weights)
    error = spread * math.sqrt(_MEDIAN_BY_MEAN / effective)
    return Rest(valence, error, spread, effective)


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Where half of the weight lies below, between values in a straight line. Both [N], N >= 1."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(weights.sum() / 2, below, values[order]))


def effective_number(
    places: NDArray[np.intp],
    deviations: NDArray[np.float64],
    weights: NDArray[np.float64],
    max_lag: int = MAX_LAG_BINS,
) -> float:
    """How many independent values tell as much of the weighted mean; 1 to N. All [N].

    places: when each was read, in whole steps, rising; steps may be missing.
    max_lag: steps beyond which correlations are not looked for.
    """
    x, w = np.zeros((2, places[-1] + 1))
    x[places], w[places] = deviations, weights
    squares, most = float(np.sum(x**2)), min(max_lag, len(places) // 2, int(places[-1]))
    sum_of_pairs = float(np.sum(w**2))
    if squares > 0 and most > 0:
        pairs = np.rint(_lagged(np.sign(w), most))
        products = _lagged(x, most)
        uncorrelated = np.flatnonzero((pairs > 0) & (products <= _NO_PRODUCT * squares))
        counted = slice(uncorrelated[0] if len(uncorrelated) else most)
        means = products[counted] / np.maximum(pairs[counted], 1)
        correlations = means * len(places) / squares
        sum_of_pairs += 2 * float(np.sum(correlations * _lagged(w, most)[counted]))
    return min(float(len(places)), max(1.0, float(np.sum(w)) ** 2 / sum_of_pairs))


def _lagged(values: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Sums of the products of values 1, 2, ... `most` steps apart; by Fourier transforms, for a
    day of seconds has as many lags as seconds.
    """
    size = 1 << (len(values) + most).bit_length()
    spectrum = np.fft.rfft(values, size)
    sums: NDArray[np.float64] = np.fft.irfft(np.abs(spectrum) ** 2, size)
    return sums[1 : most + 1]


def _places(places: Sequence[int]) -> NDArray[np.intp]:
    """The places from 0, with gaps of more than the longest lag cut to just that."""
    steps = np.minimum(np.diff(np.array(places)), MAX_LAG_BINS + 1)
    return np.concatenate([[0], np.cumsum(steps)]).astype(np.intp)
