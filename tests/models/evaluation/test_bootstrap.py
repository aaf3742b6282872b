"""Intervals of the scores: by hand, by brute force, by how often they hold the truth."""

import numpy as np
import pytest

from narrowcast_models.evaluation import bootstrap
from narrowcast_models.evaluation.bootstrap import Intervals, intervals
from narrowcast_shared import metrics


def _series(faces: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    label = rng.normal(0.1, 0.4, faces)
    return 0.8 * label + rng.normal(0.05, 0.2, faces), label


def test_as_if_every_resample_were_scored() -> None:
    """The six means give what `metrics.score` gives of the same draws, one by one."""
    predicted, label = _series(200)
    rng = np.random.default_rng(3)
    draws = [rng.integers(200, size=200) for _ in range(50)]
    slow = np.array([metrics.score(predicted[d], label[d]) for d in draws])  # [50, 3]
    fast = intervals(predicted, label, resamples=50, seed=3)
    expected = np.quantile(slow, (0.025, 0.975), axis=0).T
    assert np.array(fast) == pytest.approx(expected, abs=1e-9)


def test_the_names_are_those_of_the_scores() -> None:
    assert Intervals._fields == metrics.Scores._fields


def test_around_the_score_and_narrower_with_more_faces() -> None:
    """Four times as wide with a sixteenth of the faces, but for what so few happen to be."""
    widths = []
    for faces in (400, 6400):
        predicted, label = _series(faces)
        scores = metrics.score(predicted, label)
        found = intervals(predicted, label)
        for score, interval in zip(scores, found, strict=True):
            assert interval.low < score < interval.high
        widths.append(found.ccc.high - found.ccc.low)
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.25)


def test_the_truth_is_inside_as_often_as_said() -> None:
    """Of 200 samples out of one population, about 95 % of the intervals hold its CCC."""
    truth = metrics.score(*_series(400_000, seed=99)).ccc
    found = [intervals(*_series(250, seed), resamples=300).ccc for seed in range(200)]
    held = sum(interval.low <= truth <= interval.high for interval in found)
    assert 178 <= held <= 198


def test_the_same_every_time() -> None:
    predicted, label = _series(60)
    assert intervals(predicted, label) == intervals(predicted, label)
    assert intervals(predicted, label, seed=2) != intervals(predicted, label)


def test_no_variance_is_no_correlation() -> None:
    """A constant reading, a single face, and draws of two faces that take one of them twice."""
    label = np.array([0.1, 0.3, 0.7])
    constant = intervals(np.full(3, 0.1 + 0.2), label)
    assert constant.ccc == constant.cc == (0, 0)
    assert intervals([0.4], [0.1]).rmse == pytest.approx((0.3, 0.3))
    assert intervals([0.4], [0.1]).ccc == (0, 0)
    two = intervals([0.1, 0.7], [0.1, 0.7])
    assert two.ccc == (0, 1)
    assert two.rmse == (0, 0)


def test_far_from_zero() -> None:
    """The origin makes no difference."""
    predicted, label = _series(80)
    near, far = intervals(predicted, label), intervals(predicted + 1e4, label + 1e4)
    assert np.array(far) == pytest.approx(np.array(near), abs=1e-6)


def test_what_a_file_says_of_them() -> None:
    assert bootstrap.DESCRIPTION["level"] == 0.95
    assert bootstrap.DESCRIPTION["resamples"] == 1000


def test_two_classes_as_if_every_resample_were_scored() -> None:
    """Ties among them: estimates are rounded."""
    rng = np.random.default_rng(5)
    positive, negative = rng.normal(0.4, 0.4, 30).round(1), rng.normal(0, 0.4, 50).round(1)
    values = np.concatenate([positive, negative])
    rank = np.unique(values, return_inverse=True)[1]
    drawn = np.random.default_rng(3)
    slow = []
    for _ in range(50):
        above, below = drawn.choice(rank[:30], 30), drawn.choice(rank[30:], 50)
        both = np.concatenate([above, below])
        area = metrics.auc(both, np.repeat([True, False], [30, 50]))
        means = [np.unique(values)[drawn_of].mean() for drawn_of in (above, below)]
        slow.append((area, *means))
    expected = np.quantile(slow, (0.025, 0.975), axis=0).T
    fast = bootstrap.contrast_intervals(positive, negative, resamples=50, seed=3)
    assert np.array(fast) == pytest.approx(expected, abs=1e-9)


def test_classes_that_never_mix() -> None:
    found = bootstrap.contrast_intervals([0.5, 0.6], [0.1])
    assert found.auc == (1, 1)
    assert found.negative_mean == pytest.approx((0.1, 0.1))
    assert bootstrap.contrast_intervals([0.1], [0.1]).auc == (0.5, 0.5)
