"""Time stamps as they come, and stamps as we want them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.sources.timeline import Timeline


def test_time_starts_at_zero_and_keeps_its_gaps() -> None:
    timeline = Timeline(0.5)
    assert [timeline.stamp(t) for t in (8, 9, 12)] == [0, 1, 4]


def test_frames_without_a_time_follow_at_the_period() -> None:
    timeline = Timeline(0.5)
    assert [timeline.stamp(None) for _ in range(3)] == [0, 0.5, 1]


def test_a_second_round_follows_the_first() -> None:
    timeline = Timeline(0.5)
    assert [timeline.stamp(t) for t in (8, 9)] == [0, 1]
    timeline.start_over()
    assert [timeline.stamp(t) for t in (8, 9)] == [1.5, 2.5]


def test_a_jump_back_runs_on() -> None:
    timeline = Timeline(0.5)
    assert [timeline.stamp(t) for t in (100, 101, 4, 5)] == [0, 1, 1.5, 2.5]


@pytest.mark.parametrize("jump_s", [50_000.0, 6.0, -2.0])
def test_a_jump_is_passed_and_known(jump_s: float) -> None:
    timeline = Timeline(0.5)
    times = [100, 100.5, 101 + jump_s, 101.5 + jump_s]
    stamps, jumps = [], []
    for time_s in times:
        stamps.append(timeline.stamp(time_s))
        jumps.append(timeline.jump_s)
    assert stamps == [0, 0.5, 1, 1.5]
    assert jumps == [0, 0, pytest.approx(jump_s + 0.5), 0]


def test_a_picture_that_is_to_stand_for_long_does() -> None:
    timeline = Timeline(0.5)
    assert [timeline.stamp(t, 30.0) for t in (0, 30, 60)] == [0, 30, 60]


@given(st.lists(st.none() | st.floats(0, 1e6), min_size=1))
def test_time_never_runs_backwards(times: list[float | None]) -> None:
    timeline = Timeline(0.04)
    stamps = [timeline.stamp(t) for t in times]
    assert stamps[0] == 0
    assert stamps == sorted(stamps)
