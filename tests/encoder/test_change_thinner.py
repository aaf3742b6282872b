"""Frames are spent where the face changes, at the rate that was asked for."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.control.change_thinner import ChangeThinner

FRAME_US = 40_000


def taken(changes: Sequence[float], fps: float) -> list[int]:
    """Frames that are taken; a change is what this frame adds to that since the last taken one."""
    thinner, out = ChangeThinner(), []
    since: float | None = None
    for index, change in enumerate(changes):
        since = None if since is None else since + change
        if thinner.due(index * FRAME_US, fps, since, 25.0):
            out.append(index)
            since = 0.0
    return out


@pytest.mark.parametrize("fps", [1, 3, 5, 8, 12.5])
def test_even_motion_is_thinned_evenly(fps: float) -> None:
    frames = taken([0.01] * 1500, fps)
    assert len(frames) == pytest.approx(60 * fps, rel=0.1)
    steps = [after - before for before, after in pairwise(frames[len(frames) // 2 :])]
    assert max(steps) - min(steps) <= 2


def test_all_frames_are_taken_at_the_rate_of_the_source() -> None:
    assert len(taken([0.0, 0.5] * 100, 25)) == 200


def test_a_face_that_moves_gets_more_frames_than_one_that_rests() -> None:
    moving, resting = [0.02] * 50, [0.001] * 50
    frames = taken((moving + resting) * 15, 5)
    in_motion = sum(1 for index in frames if index % 100 < 50)
    assert in_motion > 1.5 * (len(frames) - in_motion)
    assert len(frames) == pytest.approx(60 * 5, rel=0.25)


def test_another_picture_is_taken_at_once() -> None:
    changes = [0.002] * 400
    for cut in range(53, 400, 61):
        changes[cut] = 0.3
    frames = taken(changes, 2)
    assert set(range(53, 400, 61)) <= set(frames)


def test_a_frame_that_could_not_be_coded_is_made_up_for_at_once() -> None:
    thinner = ChangeThinner()
    due = [thinner.due(index * FRAME_US, 2, 0.01, 25.0) for index in range(50)]
    first = due.index(True, 5)
    thinner = ChangeThinner()
    for index in range(first):
        thinner.due(index * FRAME_US, 2, 0.01, 25.0)
    assert thinner.due(first * FRAME_US, 2, 0.01, 25.0)
    thinner.missed()
    assert thinner.due((first + 1) * FRAME_US, 2, 0.01, 25.0)


@given(levels=st.lists(st.floats(0.0005, 0.02), min_size=8, max_size=16), fps=st.floats(0.5, 12))
def test_whatever_the_motion_the_rate_is_near_what_was_asked(
    levels: list[float], fps: float
) -> None:
    """Motion that changes its strength once a second."""
    frames = taken([level for level in levels for _ in range(25)], fps)
    assert 0.3 * len(levels) * fps - 2 <= len(frames) <= 2 * len(levels) * fps + 10


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    thinner = ChangeThinner()
    for index in range(100):
        thinner.due(10**12 + index * FRAME_US, 5, 0.01, 25.0)
    assert any(thinner.due(index * FRAME_US, 5, 0.01, 25.0) for index in range(20))


def test_frames_of_one_time_teach_nothing() -> None:
    """Files have them, and clocks are set back."""
    thinner = ChangeThinner()
    for captured_us in (0, 0, FRAME_US, FRAME_US, 0):
        thinner.due(captured_us, 5, 0.01, 25.0)
    assert thinner.due(10 * FRAME_US, 5, 0.01, 25.0)
