"""The valence of a series over time: mean, median, shares by sign, and the error of the mean.

A face that smiles at one moment smiles at the next: 25 estimates a second are not 25 observations.
For the error of the mean, the series is averaged to seconds, and the error is estimated from its
slowest waves. The sum of the series with a slow cosine is by chance about as far from 0 as the
error of the whole sum is; each of some cosines gives one such value, and the interval is Student's
for their number (equal-weighted cosines; Lazarus, Lewis, Stock and Watson 2018, "HAR Inference:
Recommendations for Practice", section 3). It does not cover what changes more slowly than the
recording is long. Of simulated series whose correlation falls to 1/e within 5 s it holds the truth
in 90 of 100 or more from a minute on, within 8 s from two minutes on, within 20 s from five; over a
minute at 8 s and over two at 20 s in 85 to 88 (tests/client/report/test_uncertainty.py).

Whether an error is given depends only on the time with estimates. A rule that looked at the
correlation would select the series that hide theirs, whose interval is much too narrow.
"""

from typing import NamedTuple

import numpy as np

from narrowcast_client.baseline.estimate import effective_number
from narrowcast_client.report.series import Floats, Series
from narrowcast_client.report.timeline import SpanState, Timeline, span_means

LEAST_READ_S = 60.0
"""Less is too short to estimate how fast the face changes."""

_FEWEST_WAVES, _MOST_WAVES = 4, 24
_SECONDS_A_WAVE = 5.0
"""Independent seconds per wave: waves as fast as the changes underestimate the error."""

_Z95 = 1.959964


class MeanError(NamedTuple):
    """standard_error: of the mean. effective: approximate number of independent seconds with the
    same error. degrees: of freedom of the standard error.
    """

    standard_error: float
    effective: float
    degrees: int

    @property
    def half_width(self) -> float:
        """Of the 95 % interval."""
        return students_t(self.degrees) * self.standard_error


def students_t(degrees: int) -> float:
    """The 97.5th percentile, by its expansion (Abramowitz & Stegun 26.7.5); 4 degrees or more."""
    z = _Z95
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return float(sum(term / degrees**power for power, term in enumerate(terms)))


def mean_error(read_s: Floats, values: Floats) -> MeanError | None:
    """The error of the mean of B neighbouring values, weighted by their time with estimates.

    None where that time is less than `LEAST_READ_S` in all. Values without such time are removed
    and the gap is closed.
    """
    places = np.flatnonzero(read_s > 0)
    known, weights = values[places], read_s[places]
    if weights.sum() < LEAST_READ_S:
        return None
    apart = known - np.average(known, weights=weights)
    effective = effective_number(places, apart, weights, max_lag=len(places))
    waves = round(min(max(effective / _SECONDS_A_WAVE, _FEWEST_WAVES), _MOST_WAVES))
    return MeanError(_standard_error(apart * weights / weights.sum(), waves), effective, waves)


def _standard_error(shares: Floats, waves: int) -> float:
    """Of the sum of N neighbouring shares, which is 0, by the slowest `waves` cosines."""
    middle = (np.arange(len(shares)) + 0.5) / len(shares)
    heights = [float(shares @ np.cos(np.pi * wave * middle)) for wave in range(1, waves + 1)]
    return float(np.sqrt(2 * np.mean(np.square(heights))))


# --- mean, median and shares -----------------------------------------------------------------

NEAR_ZERO = 0.1
"""An estimate within this distance of zero counts as near zero."""

SURE_SIGMAS = 1.645
"""A sign is sure where the estimate is this many of its sigmas from zero: the 90 % interval, for
which sigma was calibrated, excludes zero."""

BIN_S = 1.0
"""Estimates are averaged over this time before they are compared with their neighbours."""


class Shares(NamedTuple):
    """Shares of the duration; the first four sum to 1. The sure shares are part of their sign's."""

    positive: float
    near_zero: float
    negative: float
    unknown: float
    surely_positive: float
    surely_negative: float


class Summary(NamedTuple):
    """Over the time with an estimate. Valence from -1 to +1.

    mean_error: sampling error of the mean; None where the series is too short for it.
    low, high: the 5th and the 95th percentile. sigma: mean of the estimates' own sigma.
    """

    readings: int
    mean: float
    mean_error: MeanError | None
    median: float
    low: float
    high: float
    deviation: float
    sigma: float


def summarise(series: Series, line: Timeline) -> Summary | None:
    """The summary; None where there is no estimate."""
    weights = line.reading_s(len(series))
    stood = weights > 0
    if not stood.any():
        return None
    values, weights, sigma = series.valence[stood], weights[stood], series.sigma[stood]
    mean = float(np.average(values, weights=weights))
    low, median, high = (quantile(values, weights, share) for share in (0.05, 0.5, 0.95))
    spread = float(np.average((values - mean) ** 2, weights=weights)) ** 0.5
    read_s, means = span_means(line, series.valence, seconds(line))
    return Summary(
        int(series.is_reading.sum()),
        mean,
        mean_error(read_s, means),
        median,
        low,
        high,
        spread,
        mean_of_known(sigma, weights),
    )


def shares(series: Series, line: Timeline) -> Shares:
    """Shares of the duration with a positive, negative, near-zero or unknown valence."""
    values, sigma = series.valence, series.sigma
    weights = line.reading_s(len(series)) / line.duration_s
    positive, negative = values > NEAR_ZERO, values < -NEAR_ZERO
    sure = np.abs(values) > SURE_SIGMAS * sigma  # never where sigma is NaN
    read = float(weights.sum())
    above, below = float(weights[positive].sum()), float(weights[negative].sum())
    return Shares(
        above,
        max(0.0, read - above - below),
        below,
        1.0 - line.seconds_by_state()[SpanState.READ] / line.duration_s,
        float(weights[positive & sure].sum()),
        float(weights[negative & sure].sum()),
    )


def seconds(line: Timeline) -> Floats:
    """Edges of the whole seconds of the duration; the last may be shorter."""
    whole = np.arange(0.0, line.duration_s, BIN_S)
    return np.append(whole, line.duration_s)


def quantile(values: Floats, weights: Floats, share: float) -> float:
    """The smallest value that, with all below it, has `share` of the weight. [N], N >= 1."""
    order = np.argsort(values, kind="stable")
    held = np.cumsum(weights[order])
    place = int(np.searchsorted(held, share * held[-1] * (1 - 1e-12)))
    return float(values[order][min(place, len(values) - 1)])


def mean_of_known(values: Floats, weights: Floats) -> float:
    """Weighted mean of the values that are not NaN; NaN where none is."""
    known = np.isfinite(values)
    if not weights[known].sum() > 0:
        return float("nan")
    return float(np.average(values[known], weights=weights[known]))
