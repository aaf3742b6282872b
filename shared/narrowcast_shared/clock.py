"""Time as something that is handed in, so that control logic runs under a fake clock too.

Intervals count the time that a machine sleeps. A laptop that is closed for an hour in the middle of
a session would otherwise stamp every later frame an hour too early: Unix time of a session is read
once and carried on by the monotonic clock. Which clock counts sleep depends on the system:

    Linux, Android   CLOCK_BOOTTIME (`time.monotonic` stands still in sleep)
    macOS            CLOCK_MONOTONIC, read by `clock_gettime` (`time.monotonic` stands still)
    Windows, others  `time.monotonic`
"""

import sys
import time
from typing import Protocol


class Clock(Protocol):
    """Two readings: one for intervals, one that other machines understand. Both in us."""

    def monotonic_us(self) -> int:
        """Time that never steps, from an unknown origin: for intervals and deadlines. It goes on
        while the machine sleeps, so one interval may be hours long.
        """
        ...

    def unix_us(self) -> int:
        """Unix time: for time stamps. It may step when the machine's clock is set."""
        ...


def _clock_that_counts_sleep() -> int | None:
    """Its number for `time.clock_gettime_ns`; None where `time.monotonic` has to do."""
    if sys.platform == "darwin":
        return time.CLOCK_MONOTONIC
    number: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    if number is not None:
        try:
            time.clock_gettime_ns(number)
        except OSError:  # a sandbox or a kernel without it
            return None
    return number


class SystemClock:
    """The machine's own clocks."""

    def __init__(self) -> None:
        self._number = _clock_that_counts_sleep()

    def monotonic_us(self) -> int:
        if self._number is None:
            return time.monotonic_ns() // 1000
        return time.clock_gettime_ns(self._number) // 1000

    def unix_us(self) -> int:
        return time.time_ns() // 1000


class SteadyClock:
    """Another clock's Unix time as it was at first, carried on by its monotonic time.

    It never steps: capture times of one session, and the offsets read against them, agree. It
    stays right over a sleep of the machine if the other clock's monotonic time counts sleep.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_us = clock.unix_us() - clock.monotonic_us()

    def monotonic_us(self) -> int:
        return self._clock.monotonic_us()

    def unix_us(self) -> int:
        return self._clock.monotonic_us() + self._ahead_us


class ManualClock:
    """Stands still until advanced: for scoring faster than real time, and for tests."""

    def __init__(self, monotonic_us: int = 0, unix_us: int = 0) -> None:
        self._monotonic_us = monotonic_us
        self._unix_us = unix_us

    def monotonic_us(self) -> int:
        return self._monotonic_us

    def unix_us(self) -> int:
        return self._unix_us

    def advance(self, us: int) -> None:
        """Let `us` pass on both clocks. Raises ValueError where it is negative."""
        if us < 0:
            raise ValueError(f"time does not run backwards, got {us} us")
        self._monotonic_us += us
        self._unix_us += us

    def step_unix(self, us: int) -> None:
        """Set the Unix clock forward or back by `us`, as an administrator or NTP would."""
        self._unix_us += us
