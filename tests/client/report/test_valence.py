"""What the readings say, over time."""

import numpy as np
import pytest

from narrowcast_client.report.timeline import timeline
from narrowcast_client.report.valence import quantile, shares, summarise

from .made import Frame, series, steady


def test_time_counts_and_not_frames() -> None:
    """A second of smiling at 30 frames a second, then nine of frowning at one."""
    made = series([*steady(1, 0.8, fps=30), *steady(9, -0.4, fps=1, start_s=1)])
    line = timeline(made)
    summary, found = summarise(made, line), shares(made, line)
    assert summary is not None
    assert summary.readings == 39
    assert summary.mean == pytest.approx(0.1 * 0.8 - 0.9 * 0.4)
    assert summary.median == -0.4
    assert summary.deviation == pytest.approx(1.2 * 0.3)  # of two values, 1 to 9
    assert found.positive == pytest.approx(0.1)
    assert found.negative == pytest.approx(0.9)


def test_signs_near_zero_and_sure_ones() -> None:
    frames = [
        Frame(0, 0.1),  # not above
        Frame(1, 0.11),
        Frame(2, 0.9, sigma=0.5),  # 1.8 sigma
        Frame(3, 0.9, sigma=0.6),  # 1.5 sigma
        Frame(4, -0.2, sigma=0.1),
        Frame(5, "."),
        Frame(6, "x"),
        Frame(7, "x"),
    ]
    made = series(frames)
    found = shares(made, timeline(made))
    eighth = pytest.approx(1 / 8)
    assert found.near_zero == eighth
    assert found.positive == pytest.approx(3 / 8)
    assert found.surely_positive == eighth
    assert (found.negative, found.surely_negative) == (eighth, eighth)
    assert found.unknown == pytest.approx(3 / 8)


def test_of_what_was_never_read_there_is_no_mean() -> None:
    made = series([Frame(0, "."), Frame(1, ".")])
    assert summarise(made, timeline(made)) is None
    assert shares(made, timeline(made)).unknown == 1


def test_quantiles_are_values_by_their_weight() -> None:
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 8.0])
    assert [quantile(values, weights, share) for share in (0, 0.1, 0.5, 0.9, 0.95, 1)] == [
        1.0, 1.0, 2.0, 2.0, 3.0, 3.0,
    ]  # fmt: skip


def test_a_sigma_that_is_not_told_is_not_guessed() -> None:
    made = series([Frame(0, 0.5, sigma=float("nan")), Frame(1, 0.5, sigma=0.2)])
    summary = summarise(made, timeline(made))
    assert summary is not None
    assert summary.sigma == pytest.approx(0.2)
    assert shares(made, timeline(made)).surely_positive == pytest.approx(0.5)
