import time

import pytest

from narrowcast_shared.clock import Clock, ManualClock, SteadyClock, SystemClock


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
