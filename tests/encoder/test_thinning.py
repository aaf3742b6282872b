"""Thinning keeps the wanted mean rate, evenly, for any source rate and jitter."""

import itertools
import random

import pytest

from narrowcast_encoder.control.thinning import FrameThinner


def taken(source_fps: float, fps: float, seconds: int, jitter_us: int = 0) -> list[int]:
    thinner, chance = FrameThinner(), random.Random(1)
    times = [
        round(i * 1e6 / source_fps) + chance.randint(-jitter_us, jitter_us)
        for i in range(round(seconds * source_fps))
    ]
    return [t for t in times if thinner.due(t, fps)]


@pytest.mark.parametrize("jitter_us", [0, 8_000])
@pytest.mark.parametrize(("source_fps", "fps"), [(30, 25), (30, 10), (25, 12.5), (60, 7), (24, 5)])
def test_mean_rate(source_fps: float, fps: float, jitter_us: int) -> None:
    assert len(taken(source_fps, fps, 40, jitter_us)) == pytest.approx(40 * fps, rel=0.01, abs=2)


@pytest.mark.parametrize(("source_fps", "fps"), [(25, 25), (25, 30), (24, 120), (29.97, 30)])
@pytest.mark.parametrize("jitter_us", [0, 8_000])
def test_a_source_no_faster_than_asked_for_loses_no_frame(
    source_fps: float, fps: float, jitter_us: int
) -> None:
    assert len(taken(source_fps, fps, 20, jitter_us)) == round(20 * source_fps)


def test_gaps_between_taken_frames_stay_within_one_frame_of_even() -> None:
    times = taken(30, 10, 20)
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert max(gaps) - min(gaps) <= 34_000


def test_after_a_pause_the_rhythm_goes_on_without_a_burst() -> None:
    thinner = FrameThinner()
    assert thinner.due(0, 10)
    after = [5_000_000 + i * 33_333 for i in range(30)]
    assert len([t for t in after if thinner.due(t, 10)]) <= 11


def test_a_clock_set_back_does_not_stop_it() -> None:
    thinner = FrameThinner()
    for i in range(50):
        thinner.due(10_000_000 + i * 40_000, 25)
    assert any(thinner.due(i * 40_000, 25) for i in range(3))
