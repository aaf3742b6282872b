"""Time as something that is handed in, so that control logic runs under a fake clock too."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings: one for intervals, one that other machines understand. Both in us."""

    def monotonic_us(self) -> int:
        """Time that never steps, from an unknown origin: for intervals and deadlines."""
        ...

    def unix_us(self) -> int:
        """Unix time: for time stamps. It may step when the machine's clock is set."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def monotonic_us(self) -> int:
        return time.monotonic_ns() // 1000

    def unix_us(self) -> int:
        return time.time_ns() // 1000


class SteadyClock:
    """Another clock's Unix time as it was at first, carried on by its monotonic time.

    It never steps: capture times of one session, and the offsets read against them, agree.
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
