"""Axes of charts: values onto pixels, and round numbers to write at them."""

import math
from typing import NamedTuple

_TICKS = 5


class Scale(NamedTuple):
    """Maps `low` to `high` onto pixels `start` to `end`; low < high, above 0 where logarithmic."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = self.low, self.high, value
        if self.logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return self.start + (at - low) / (high - low) * (self.end - self.start)


def choose_ticks(low: float, high: float, logarithmic: bool = False) -> tuple[float, ...]:
    """Round numbers from at or below `low` to at or above `high`."""
    if logarithmic:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ladder = [float(f"{count}e{decade}") for decade in decades for count in (1, 2, 5)]
        below = max(tick for tick in ladder if tick <= low)
        above = min(tick for tick in ladder if tick > below and tick >= high)
        return tuple(tick for tick in ladder if below <= tick <= above)
    rough = max(high - low, 1e-9) / _TICKS
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * count for count in (1, 2, 5, 10) if unit * count >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return tuple(round(step * index, 9) for index in range(first, max(last, first + 1) + 1))
