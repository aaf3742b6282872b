"""How far chance in time moves the mean of a series whose values resemble their neighbours.

A face that smiles at one moment smiles at the next: 25 readings a second are not 25 observations.
The series is averaged to seconds; as many independent seconds would tell as much of the mean as
`baseline.estimate.effective_number` says, and the interval is Student's for that number. It knows
nothing of what changes more slowly than the recording is long: over 10 minutes it holds the truth
in 90 of 100 series or more whose correlation falls to 1/e within 1 to 8 s, over 2 minutes in 85 or
more at 3 s, over a minute or at slower changes in fewer (tests/shared/report/test_uncertainty.py).
"""

from typing import NamedTuple

import numpy as np

from narrowcast_shared.baseline.estimate import effective_number
from narrowcast_shared.report.series import Floats

LEAST_EFFECTIVE = 10.0
"""Below so many effective observations their number itself is not to be trusted."""

_Z95 = 1.96


class MeanError(NamedTuple):
    """standard_error: of the mean. effective: how many independent seconds would tell as much."""

    standard_error: float
    effective: float

    @property
    def half_width(self) -> float:
        """Of the 95 % interval: Student's t by its expansion, Abramowitz & Stegun 26.7.5."""
        return (_Z95 + (_Z95**3 + _Z95) / (4 * (self.effective - 1))) * self.standard_error


def mean_error(weights: Floats, values: Floats) -> MeanError | None:
    """Of the mean of B neighbouring values with their weights; those of weight 0 are missing.

    None where fewer than `LEAST_EFFECTIVE` are left of them, or they do not vary.
    """
    places = np.flatnonzero(weights > 0)
    if len(places) < LEAST_EFFECTIVE:
        return None
    known, held = values[places], weights[places]
    apart = known - np.average(known, weights=held)
    variance = float(np.average(apart**2, weights=held))
    if variance <= 1e-18:
        return None
    effective = effective_number(places, apart, held, max_lag=len(places))
    if effective < LEAST_EFFECTIVE:
        return None
    # About their own mean, n values spread less than about the true one, by 1 / n.
    return MeanError(float(np.sqrt(variance / (effective - 1))), effective)
