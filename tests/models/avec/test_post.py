"""Smoothing and rescaling: their laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_models.data.avec import post

SERIES = st.lists(st.floats(-1, 1), min_size=1, max_size=50).map(np.array)
WINDOWS = st.floats(0, 3)


def _times(values: np.ndarray) -> np.ndarray:
    return 0.04 * np.arange(len(values))


@given(st.floats(-1, 1), st.integers(1, 50), WINDOWS)
def test_smoothing_keeps_constants(value: float, count: int, window_s: float) -> None:
    values = np.full(count, value)
    assert post.median_smoothed(_times(values), values, window_s).tolist() == values.tolist()


@given(SERIES, WINDOWS)
def test_smoothing_stays_in_range_and_knows_no_direction(
    values: np.ndarray, window_s: float
) -> None:
    smooth = post.median_smoothed(_times(values), values, window_s)
    assert values.min() <= smooth.min()
    assert smooth.max() <= values.max()
    reverse = post.median_smoothed(_times(values), values[::-1], window_s)[::-1]
    assert reverse == pytest.approx(smooth)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50, unique=True).map(sorted).map(np.array))
def test_a_median_keeps_what_only_rises(values: np.ndarray) -> None:
    """Away from the ends, where the window is cut short."""
    smooth = post.median_smoothed(_times(values), values, 0.4)
    assert smooth[5:-5] == pytest.approx(values[5:-5])


def test_one_outlier_is_gone() -> None:
    values = np.zeros(20)
    values[7] = 1
    assert not post.median_smoothed(_times(values), values, 0.1).any()


def test_windows_end_at_gaps() -> None:
    """By time, not by count: what lies a second away does not count."""
    times_s, values = np.array([0, 0.04, 1.0, 1.04]), np.array([0.0, 0, 1, 1])
    assert post.median_smoothed(times_s, values, 0.4).tolist() == [0, 0, 1, 1]


def test_no_window_leaves_the_series_alone() -> None:
    values = np.array([0.1, 0.9, 0.2])
    assert post.median_smoothed(_times(values), values, 0) is values


@given(SERIES, SERIES)
def test_rescaling_gives_the_gold_standards_mean_and_spread(
    predicted: np.ndarray, gold: np.ndarray
) -> None:
    out = post.rescaling(predicted, gold).apply(predicted)
    assert out.mean() == pytest.approx(gold.mean(), abs=1e-6)
    if np.ptp(predicted) > 1e-6:
        assert out.std() == pytest.approx(gold.std(), rel=1e-6, abs=1e-9)
        assert (np.diff(out[predicted.argsort()]) >= -1e-9).all()


def test_the_first_of_equal_candidates_is_the_best() -> None:
    assert post.best([0.0, 1.0, 2.0], lambda _: 1.0) == 0.0
    assert post.best(post.DELAYS_S, lambda delay_s: -abs(delay_s - 2.4)) == 2.4
