"""Which frames are coded: the source's rate, the leaky bucket, cuts in the picture."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.rate.frame_selection import (
    CUT,
    WARM_UP_S,
    ByteBudget,
    CutDetector,
    FrameThinner,
    SourceRate,
)

FRAME_US = 40_000
S = 1_000_000


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


@pytest.mark.parametrize("fps", [5, 15, 30, 60])
def test_the_rate_is_known_within_a_few_seconds(fps: int) -> None:
    rate = SourceRate()
    for index in range(5 * fps + 40):
        rate.seen(round(index * 1_000_000 / fps))
    assert rate.fps == pytest.approx(fps, rel=0.05)


def test_a_pause_and_a_clock_set_back_are_no_intervals() -> None:
    rate = SourceRate()
    for captured_us in (0, 40_000, 9_000_000, 9_040_000, 1_000_000, 1_040_000):
        rate.seen(captured_us)
    assert rate.fps == pytest.approx(25)


@given(
    bps=st.floats(500, 1e6),
    sizes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 200_000)), max_size=60),
)
def test_a_bucket_holds_what_was_spent_and_not_yet_drained(
    bps: float, sizes: list[tuple[int, int]]
) -> None:
    budget, now_us, left_bits = ByteBudget(), 0, 0.0
    budget.drain(bps, now_us)
    for size_bytes, elapsed_us in sizes:
        budget.spend(size_bytes)
        now_us += elapsed_us
        budget.drain(bps, now_us)
        left_bits = max(0.0, left_bits + 8 * size_bytes - bps * elapsed_us / S)
        assert budget.filled_us(bps) == pytest.approx(left_bits * S / bps, abs=1)


def test_a_clock_that_was_set_back_drains_nothing() -> None:
    budget = ByteBudget()
    budget.drain(8_000, 10 * S)
    budget.spend(1_000)
    budget.drain(8_000, 5 * S)
    assert budget.filled_us(8_000) == S
    budget.drain(8_000, 6 * S)
    assert budget.filled_us(8_000) == 0


def _moving(seconds: float, change: float) -> CutDetector:
    cuts = CutDetector()
    cuts.coded(None, 0)
    for index in range(1, round(seconds * S / FRAME_US) + 1):
        cuts.coded(change, index * FRAME_US)
    return cuts


def test_a_cut_is_much_more_than_usual_motion() -> None:
    cuts = _moving(WARM_UP_S + 1, 0.02)
    assert not cuts.is_cut(0.02 * CUT * 0.99)
    assert cuts.is_cut(0.02 * CUT * 1.01)


def test_before_it_knows_motion_nothing_is_a_cut() -> None:
    assert not CutDetector().is_cut(1.0)
    assert not _moving(WARM_UP_S / 2, 0.02).is_cut(1.0)
    assert not _moving(5, 0.02).is_cut(None)


def test_after_another_picture_the_usual_is_learned_anew() -> None:
    cuts = _moving(5, 0.02)
    cuts.coded(None, 6 * S)
    assert not cuts.is_cut(1.0)


def test_one_cut_does_not_make_cuts_usual() -> None:
    cuts = _moving(5, 0.02)
    cuts.coded(0.5, 5 * S + FRAME_US)
    assert cuts.is_cut(0.1)


def test_a_still_picture_that_changes_at_last_is_no_division_by_zero() -> None:
    cuts = _moving(5, 0.0)
    assert not cuts.is_cut(0.1)
