"""What a line can carry over time, as a value: pure, and exact.

A capacity is told by its running total. Amounts are in ubit, millionths of a bit: a rate in
bit/s times a time in us is a whole number of them, so that nothing is lost to rounding.
Times are us since the line's time 0.
"""

from typing import Protocol

UBIT_PER_BYTE = 8_000_000

NEVER_US = 1 << 62
"""A time that no run reaches: when a line that stays down is up again."""


class Capacity(Protocol):
    """What a line can carry between two times is the difference of its totals at them."""

    @property
    def mean_bps(self) -> float:
        """Rate in the long run, bit/s, above 0."""
        ...

    def total(self, at_us: int) -> int:
        """Most that the line can have carried by `at_us`, ubit; 0 before time 0, never falling."""
        ...

    def when(self, total: int) -> int:
        """First time, us, at which the running total is at least `total`; NEVER_US for none.

        Found directly, however long the line is down in between.
        """
        ...


class Repeating:
    """A capacity that begins anew whenever `period_us` have passed; something fits in each."""

    def __init__(self, once: Capacity, period_us: int) -> None:
        self._once = once
        self._period_us = period_us
        self._lap_total = once.total(period_us)

    @property
    def mean_bps(self) -> float:
        return self._lap_total / self._period_us

    def total(self, at_us: int) -> int:
        if at_us < 0:
            return 0
        laps, rest_us = divmod(at_us, self._period_us)
        return laps * self._lap_total + self._once.total(rest_us)

    def when(self, total: int) -> int:
        if total <= 0:
            return 0
        laps = (total - 1) // self._lap_total
        return laps * self._period_us + self._once.when(total - laps * self._lap_total)
