"""A face's valence at rest, from estimates of it, and how uncertain that is. Pure.

Estimates are first gathered into bins of 0.25 s of capture time, so that a moment coded at 25
frames a second counts no more than one coded at 4. The resting valence is the median of the
bins, each weighted by its precision (1 / sigma^2). A person who smiles for a third of the time
moves it little, where a mean would follow; an estimate at 8 px counts for less than one at 48.

Neighbouring estimates resemble each other, so a minute of them is worth far fewer than its number.
The standard error rests on an effective number of bins: that of the weighted mean of a series
with this one's autocorrelation (its estimate summed up to the first lag that is not positive, as
in Geyer 1992, section 3.3, by single lags), times pi / 2 for a median in place of a mean. It
does not cover what changes more slowly than the time observed. Over 30 s, two standard errors hold
the truth in 94 to 97 of 100 simulated series whose correlation falls to 1/e within 1 s, in 90 at
2 s and in 83 at 4 s.

`RestLearner` applies this to the first seconds of a series: samples in, state out.
"""

import math
from bisect import bisect, insort
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_shared.samples import Sample

BIN_S = 0.25
MAX_LAG_BINS = 120
"""30 s; longer correlations are ignored."""

MIN_S, MAX_S = 5.0, 600.0
"""Less says almost nothing of rest; the maximum bounds the memory, to 2,400 bins."""

LONGEST_STEP_S = 1.0
"""Between two estimates the face counts as seen for at most this long."""

_LEAST_SIGMA = 0.01  # no model is more precise, and a precision must be finite

_MAD_TO_SIGMA = 1.4826  # of a normal distribution
_MEDIAN_BY_MEAN = math.pi / 2  # variance of the median by that of the mean, normal, large samples
_NO_PRODUCT = 1e-12  # share of the squares below which a product is rounding of the transform
_WINSOR = 3.0  # spreads from the median, to which values further off are clipped


class Bin(NamedTuple):
    """The estimates of 0.25 s: mean valence weighted by precision, and mean precision."""

    place: int  # floor(t / BIN_S)
    valence: float
    precision: float


class Rest(NamedTuple):
    """The resting valence."""

    valence: float
    standard_error: float
    spread: float
    """Robust standard deviation of the bins around it."""
    effective_bins: float
    """Number of independent bins that would hold as much information."""


def rest_of(bins: Sequence[Bin]) -> Rest:
    """The resting valence of one bin or more, in order of place, none twice."""
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
    """The value with half of the weight below it, interpolated linearly. Both [N], N >= 1."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(weights.sum() / 2, below, values[order]))


def effective_number(
    places: NDArray[np.intp],
    deviations: NDArray[np.float64],
    weights: NDArray[np.float64],
    max_lag: int = MAX_LAG_BINS,
) -> float:
    """Number of independent values with the same error of the weighted mean; 1 to N. All [N].

    places: time of each in whole steps, rising; steps may be missing.
    max_lag: steps beyond which correlations are ignored.
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
    """Sums of the products of values 1, 2, ... `most` steps apart. By Fourier transforms, because
    a day has as many lags as seconds.
    """
    size = 1 << (len(values) + most).bit_length()
    spectrum = np.fft.rfft(values, size)
    sums: NDArray[np.float64] = np.fft.irfft(np.abs(spectrum) ** 2, size)
    return sums[1 : most + 1]


def _places(places: Sequence[int]) -> NDArray[np.intp]:
    """The places from 0, with gaps cut to one step more than the longest lag."""
    steps = np.minimum(np.diff(np.array(places)), MAX_LAG_BINS + 1)
    return np.concatenate([[0], np.cumsum(steps)]).astype(np.intp)


class RestLearner:
    """The resting valence of the first `seconds` of face, in order of id.

    Only time with a face counts: frames without a face, not sent or lost do not. Which samples
    are the first depends on the series alone, so a reader that joins late and is given the
    beginning learns the same.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.seen_s = 0.0
        """Time with estimates so far, s; at most a bin more than `seconds`."""
        self.last_id = 0
        """Id of the last sample that was used; final once rest is learned."""
        self.rest: Rest | None = None
        self.readings = 0
        self.first_t: float | None = None
        self.px: tuple[int, int] | None = None
        """Smallest and largest side of the chips."""
        self._indices: list[int] = []
        self._sums: dict[int, tuple[float, float, int]] = {}  # sum of w v, sum of w, number

    def add(self, sample: Sample) -> None:
        """Take the next sample. Ignored if it was taken before, or rest is learned."""
        if self.rest is not None or sample.id <= self.last_id:
            return
        self.last_id = sample.id
        if sample.valence is None:
            return
        self._take(sample, sample.valence)
        if self.seen_s >= self.seconds:
            self.rest = rest_of(self.bins())

    def bins(self) -> list[Bin]:
        """The bins so far, in order of capture."""
        return [self._bin(index) for index in self._indices]

    def _bin(self, index: int) -> Bin:
        weighted, weight, count = self._sums[index]
        return Bin(index, weighted / weight, weight / count)

    def _take(self, sample: Sample, valence: float) -> None:
        self.readings += 1
        self.first_t = sample.t if self.first_t is None else min(self.first_t, sample.t)
        if sample.px is not None:
            least, greatest = self.px or (sample.px, sample.px)
            self.px = min(least, sample.px), max(greatest, sample.px)
        index = int(sample.t // BIN_S)
        if index not in self._sums:
            self.seen_s += self._gained_s(index)
            insort(self._indices, index)
        precision = max(sample.sigma or 1.0, _LEAST_SIGMA) ** -2
        weighted, weight, count = self._sums.get(index, (0.0, 0.0, 0))
        self._sums[index] = weighted + precision * valence, weight + precision, count + 1

    def _gained_s(self, index: int) -> float:
        """The time with a face that a new bin adds."""
        if not self._indices:
            return BIN_S
        place = bisect(self._indices, index)
        before = self._indices[place - 1] if place else None
        after = self._indices[place] if place < len(self._indices) else None
        return _step_s(before, index) + _step_s(index, after) - _step_s(before, after)


def _step_s(before: int | None, after: int | None) -> float:
    """Time from bin to bin that counts; 0 where one of them is missing."""
    if before is None or after is None:
        return 0.0
    return min((after - before) * BIN_S, LONGEST_STEP_S)
