"""What the readings say, over time: mean and median, and shares of time by sign."""

from typing import NamedTuple

import numpy as np

from narrowcast_client.report.series import Floats, Series
from narrowcast_client.report.timeline import State, Timeline, span_means
from narrowcast_client.report.uncertainty import MeanError, mean_error

NEAR_ZERO = 0.1
"""A reading of at most so much to either side counts as near zero."""

SURE_SIGMAS = 1.645
"""A sign is sure where the reading is so many of its sigmas from zero: the 90 % interval, by
which sigma was calibrated, does not hold zero."""

BIN_S = 1.0
"""What readings are averaged over before they are compared with their neighbours."""


class Shares(NamedTuple):
    """Shares of the duration; the first four sum to 1. The sure ones are part of their sign's."""

    positive: float
    near_zero: float
    negative: float
    unknown: float
    surely_positive: float
    surely_negative: float


class Summary(NamedTuple):
    """Of the time that a reading stood. Valence from -1 to +1.

    mean_error: how far chance in time moves the mean; None where too little was read to tell.
    low, high: the 5th and the 95th percentile. sigma: mean of the readings' own sigma.
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
    """None where nothing was read."""
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
    """How much of the duration the face looked positive, negative or neither, or was unknown."""
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
        1.0 - line.seconds_by_state()[State.READ] / line.duration_s,
        float(weights[positive & sure].sum()),
        float(weights[negative & sure].sum()),
    )


def seconds(line: Timeline) -> Floats:
    """Edges of the whole seconds of the duration; the last may be shorter."""
    whole = np.arange(0.0, line.duration_s, BIN_S)
    return np.append(whole, line.duration_s)


def quantile(values: Floats, weights: Floats, share: float) -> float:
    """The least value that, with all below it, holds `share` of the weight. [N], N >= 1."""
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
