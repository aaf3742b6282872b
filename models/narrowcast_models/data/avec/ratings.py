"""The gold standard of one recording: valence every 0.04 s."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from narrowcast_models.data import delimited
from narrowcast_models.data.avec import arff
from narrowcast_shared.errors import DataError

TIME_COLUMNS = ("frametime", "time")
VALUE_COLUMNS = ("goldstandard", "valence")


@dataclass(frozen=True)
class Ratings:
    """Times in s, increasing, and the valence rated at each: float64 [N] both."""

    times_s: NDArray[np.float64]
    values: NDArray[np.float64]

    @cached_property
    def _reach_s(self) -> float:
        """Half a step, and what times written with few digits may lack."""
        return float(np.median(np.diff(self.times_s))) / 2 + 1e-6

    def covers(self, time_s: float) -> bool:
        """Whether this time lies between the first and the last rating, half a step allowed."""
        return bool(-self._reach_s <= time_s - self.times_s[0]) and bool(
            time_s - self.times_s[-1] <= self._reach_s
        )

    def at(self, times_s: NDArray[np.float64], delay_s: float = 0.0) -> NDArray[np.float64]:
        """The ratings given `delay_s` after these times, [M]: raters need time to react.

        The nearest rating in time; beyond the ends the first or last one holds.
        """
        middles = (self.times_s[1:] + self.times_s[:-1]) / 2
        return self.values[np.searchsorted(middles, times_s + delay_s)]


def read(path: Path) -> Ratings:
    """Ratings out of an ARFF file or a CSV. Raises DataError naming the file and the line."""
    rows = arff.read(path) if path.suffix == ".arff" else delimited.read(path)
    if len(rows) < 2:
        raise DataError(f"{path} holds {len(rows)} ratings", "there is one every 0.04 s")
    time = delimited.column(path, rows[0].cells, TIME_COLUMNS)
    value = delimited.column(path, rows[0].cells, VALUE_COLUMNS)
    times_s = np.array([row.number(time) for row in rows])
    for row, step_s in zip(rows[1:], np.diff(times_s), strict=True):
        if step_s <= 0:
            raise row.error("this time is not after the one before")
    return Ratings(times_s, np.array([row.number(value) for row in rows]))
