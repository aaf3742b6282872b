import time

import pytest

from narrowcast_shared import clock as clock_module
from narrowcast_shared.clock import Clock, ManualClock, SteadyClock, SystemClock

HOUR_NS = 3_600_000_000_000


def test_the_system_clock_tells_us_of_both_kinds() -> None:
    clock: Clock = SystemClock()
    first, second = clock.monotonic_us(), clock.monotonic_us()
    assert first <= second < first + 5_000_000
    assert abs(clock.unix_us() - time.time() * 1e6) < 5_000_000


def test_a_manual_clock_stands_still_until_advanced() -> None:
    clock = ManualClock(monotonic_us=5, unix_us=1_000)
    assert (clock.monotonic_us(), clock.unix_us()) == (5, 1_000)
    clock.advance(40)
    assert (clock.monotonic_us(), clock.unix_us()) == (45, 1_040)


def test_setting_the_unix_clock_leaves_intervals_alone() -> None:
    clock = ManualClock(unix_us=1_000_000)
    clock.step_unix(-900_000)
    assert (clock.monotonic_us(), clock.unix_us()) == (0, 100_000)


def test_a_steady_clock_is_not_set_with_the_one_it_began_from() -> None:
    clock = ManualClock(monotonic_us=7, unix_us=1_000_000)
    steady: Clock = SteadyClock(clock)
    clock.step_unix(-900_000)
    clock.advance(40)
    assert (steady.monotonic_us(), steady.unix_us()) == (47, 1_000_040)


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        ManualClock().advance(-1)


class Machine:
    """The clocks of a computer that can be put to sleep, in place of those of module `time`."""

    CLOCK_BOOTTIME = 7
    CLOCK_MONOTONIC = 1

    def __init__(self, *, boottime: bool = True, darwin: bool = False) -> None:
        self.awake_ns, self.asleep_ns = 50 * HOUR_NS, 9 * HOUR_NS
        self.set_ns = 1_700_000_000_000_000_000
        self.darwin = darwin
        self.boottime = boottime

    def run(self, ns: int) -> None:
        self.awake_ns += ns

    def sleep(self, ns: int) -> None:
        self.asleep_ns += ns

    def monotonic_ns(self) -> int:
        return self.awake_ns

    def time_ns(self) -> int:
        return self.set_ns + self.awake_ns + self.asleep_ns

    def clock_gettime_ns(self, number: int) -> int:
        counts_sleep = self.CLOCK_MONOTONIC if self.darwin else self.CLOCK_BOOTTIME
        if number == self.CLOCK_BOOTTIME and not self.boottime:
            raise OSError
        return self.awake_ns + (self.asleep_ns if number == counts_sleep else 0)


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_capture_times_stay_right_over_a_sleep_of_the_machine(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(darwin=platform == "darwin")
    monkeypatch.setattr(clock_module, "time", machine)
    monkeypatch.setattr(clock_module.sys, "platform", platform)
    steady = SteadyClock(SystemClock())
    began_us = steady.monotonic_us()
    machine.run(HOUR_NS)
    machine.sleep(8 * HOUR_NS)
    machine.run(HOUR_NS)
    assert steady.unix_us() == machine.time_ns() // 1000
    assert steady.monotonic_us() - began_us == 10 * HOUR_NS // 1000


def test_a_system_that_refuses_that_clock_has_the_plain_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = Machine(boottime=False)
    monkeypatch.setattr(clock_module, "time", machine)
    monkeypatch.setattr(clock_module.sys, "platform", "linux")
    assert SystemClock().monotonic_us() == machine.awake_ns // 1000
