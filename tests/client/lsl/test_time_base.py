"""From the encoder's clock to LSL's: steady over steps of clocks, and slow drift followed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_client.lsl import STEP_READINGS, STEP_S, TimeBase

UNIX, LSL = 1_767_225_600.0, 5_000.0
AHEAD = UNIX - LSL


def test_what_the_decoder_has_as_now_is_now() -> None:
    """The encoder's clock is 2 s behind; a frame captured now has that clock's time."""
    base = TimeBase()
    assert base.observe(2.0, AHEAD) is False
    assert base.stamp(UNIX - 2.0) == pytest.approx(LSL)
    assert base.stamp(UNIX - 2.0 + 7.5) == pytest.approx(LSL + 7.5)


def test_an_offset_that_becomes_known_is_taken_over_at_once() -> None:
    base = TimeBase()
    base.observe(None, AHEAD)
    assert base.stamp(UNIX) == pytest.approx(LSL)
    assert base.observe(30.0, AHEAD) is True
    assert base.stamp(UNIX) == pytest.approx(LSL + 30)


def test_a_small_one_is_no_step() -> None:
    base = TimeBase()
    base.observe(None, AHEAD)
    assert base.observe(0.02, AHEAD) is False
    assert base.stamp(UNIX) == pytest.approx(LSL + 0.02)


@given(step_s=st.floats(-1e6, 1e6), lag=st.integers(0, STEP_READINGS - 1))
def test_a_clock_that_is_set_moves_nothing(step_s: float, lag: int) -> None:
    """One machine decodes and watches: its Unix time steps, and the offset does so a bit later."""
    base = TimeBase()
    for _ in range(3):
        base.observe(0.5, AHEAD)
    before = base.stamp(UNIX)
    for _ in range(lag):
        base.observe(0.5, AHEAD + step_s)
    for _ in range(20):
        base.observe(0.5 + step_s, AHEAD + step_s)
    assert base.stamp(UNIX) == pytest.approx(before, abs=0.005)


def test_what_stays_is_taken_over() -> None:
    """The encoder was restarted with a clock of its own: nothing makes up for that."""
    base = TimeBase()
    base.observe(0.5, AHEAD)
    steps = [base.observe(3.5, AHEAD) for _ in range(STEP_READINGS)]
    assert steps == [False] * (STEP_READINGS - 1) + [True]
    assert base.stamp(UNIX) == pytest.approx(LSL + 3.5)


def test_readings_that_disagree_are_no_step() -> None:
    base = TimeBase()
    base.observe(0.0, AHEAD)
    for index in range(20):
        assert base.observe(float(1 + index % 3), AHEAD) is False
    assert base.stamp(UNIX) == pytest.approx(LSL)


def test_drift_is_followed_without_going_back() -> None:
    """50 ppm, read once a second for an hour, frames at 25 fps."""
    base = TimeBase()
    last = 0.0
    for second in range(3600):
        base.observe(50e-6 * second, AHEAD)
        stamps = [base.stamp(UNIX + second + frame / 25) for frame in range(25)]
        assert last < stamps[0]
        last = stamps[-1]
    assert base.stamp(UNIX) == pytest.approx(LSL + 0.18, abs=0.001)


@given(st.lists(st.floats(-STEP_S / 2, STEP_S / 2), min_size=1, max_size=50))
def test_noise_is_averaged_and_never_exceeded(noise: list[float]) -> None:
    base = TimeBase()
    for value in noise:
        base.observe(value, AHEAD)
        assert min(noise) - 1e-5 <= base.stamp(UNIX) - LSL <= max(noise) + 1e-5
