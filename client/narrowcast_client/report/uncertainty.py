"""How far chance in time moves the mean of a series whose values resemble their neighbours.

A face that smiles at one moment smiles at the next: 25 readings a second are not 25 observations.
The series is averaged to seconds. How far their mean may be off is read from its slowest waves: the
sum of the series with a cosine is about as far from 0 by chance as the error of the whole sum is,
each of some cosines tells so once, and the interval is Student's for their number (equal-weighted
cosines; Lazarus, Lewis, Stock and Watson 2018, "HAR Inference: Recommendations for Practice",
section 3). It knows nothing of what changes more slowly than the recording is long: of simulated
series whose correlation falls to 1/e within 5 s it holds the truth in 90 of 100 or more from a
minute on, within 8 s from two minutes on, within 20 s from five; over a minute at 8 s and over
two at 20 s it does so in 85 to 88 (tests/client/report/test_uncertainty.py).

Whether it is given depends on the time read and on nothing else. A rule that looks at the
correlation would choose the series that hide theirs, of which the interval is much too narrow.
"""

from typing import NamedTuple

import numpy as np

from narrowcast_client.baseline.estimate import effective_number
from narrowcast_client.report.series import Floats

LEAST_READ_S = 60.0
"""With less it is too short to tell how fast the face changes."""

_FEWEST_WAVES, _MOST_WAVES = 4, 24
_SECONDS_A_WAVE = 5.0
"""Independent seconds for each wave: waves that are no slower than the changes are too small."""

_Z95 = 1.959964


class MeanError(NamedTuple):
    """standard_error: of the mean. effective: how many independent seconds would tell as much,
    roughly. degrees: of freedom that the standard error has.
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
    """Of the mean of B neighbouring values, each weighted by the time that was read of it.

    None where that is less than `LEAST_READ_S` together. Values that nothing was read of are
    left out, and what was before and after them is put together.
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
    """Of the sum of N neighbouring shares that are 0 together, by so many of its slowest waves."""
    middle = (np.arange(len(shares)) + 0.5) / len(shares)
    heights = [float(shares @ np.cos(np.pi * wave * middle)) for wave in range(1, waves + 1)]
    return float(np.sqrt(2 * np.mean(np.square(heights))))
