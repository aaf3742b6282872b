"""RMSE, CC and CCC against hand-computed values, their laws, and series that hold nothing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from narrowcast_shared import metrics

VALUES = st.floats(-1, 1).map(lambda value: round(value, 6))
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=50).map(
    lambda rows: (np.array([p for p, _ in rows]), np.array([y for _, y in rows]))
)
Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


def test_by_hand() -> None:
    """Means 2 and 7/3, variances 2/3 and 14/9, covariance 1."""
    scores = metrics.score([1, 2, 3], [1, 2, 4])
    assert scores.rmse == pytest.approx(math.sqrt(1 / 3))
    assert scores.cc == pytest.approx(math.sqrt(27 / 28))
    assert scores.ccc == pytest.approx(6 / 7)  # 2 / (2/3 + 14/9 + 1/9)


def test_population_variance_is_used() -> None:
    """With N - 1 the variances would be 2 and 2, and CCC 2 * 2 / (2 + 2 + 1) = .8."""
    assert metrics.score([0, 2], [1, 3]).ccc == pytest.approx(2 / 3)  # 2 * 1 / (1 + 1 + 1)


def test_perfect_reversed_and_shifted() -> None:
    y = [-0.5, 0.0, 0.25, 1.0]
    assert metrics.score(y, y) == pytest.approx((0, 1, 1))
    assert metrics.score(np.negative(y), y).cc == pytest.approx(-1)
    shifted = metrics.score(np.add(y, 1), y)
    assert shifted.cc == pytest.approx(1)
    assert shifted.ccc == pytest.approx(1 / (1 + 1 / (2 * np.var(y))))


@pytest.mark.parametrize("value", [0.0, 0.1, -0.3, 1e-9, 0.7])
@pytest.mark.parametrize("count", [1, 3, 7, 10, 49, 1000])
def test_a_series_without_variance_has_recognised_nothing(value: float, count: int) -> None:
    """Also where the mean of equal floats misses them by a rounding error: 3 times 0.1."""
    same = np.full(count, value)
    moving = np.linspace(-0.9, 0.8, count)
    assert metrics.score(same, moving)[1:] == (0, 0)
    assert metrics.score(moving, same)[1:] == (0, 0)
    assert metrics.score(same, same) == (0, 0, 0)


def test_a_variance_that_underflows_is_none() -> None:
    assert metrics.score([0, 1e-200], [0, 1])[1:] == pytest.approx((0, 0), abs=1e-12)


@pytest.mark.parametrize(
    ("predicted", "label"),
    [([], []), ([1], [1, 2]), ([[1, 2]], [[1, 2]]), (1, 1), ([math.nan, 1], [0, 1]),
     ([0, 1], [math.inf, 1])],
)  # fmt: skip
def test_what_is_no_pair_of_series(predicted: object, label: object) -> None:
    with pytest.raises(ValueError, match="series"):
        metrics.score(predicted, label)  # type: ignore[arg-type]


@given(PAIRS)
def test_ccc_never_beats_cc(pair: Pair) -> None:
    rmse, cc, ccc = metrics.score(*pair)
    assert abs(ccc) <= abs(cc) + 1e-9
    assert abs(cc) <= 1 + 1e-9
    assert ccc * cc >= 0
    assert rmse >= abs(pair[0].mean() - pair[1].mean()) - 1e-12


@given(PAIRS)
def test_symmetric(pair: Pair) -> None:
    p, y = pair
    assert metrics.score(p, y) == pytest.approx(metrics.score(y, p), abs=1e-9)


@given(PAIRS, st.randoms(use_true_random=False))
def test_order_of_the_frames_does_not_matter(pair: Pair, random: object) -> None:
    order = list(range(len(pair[0])))
    random.shuffle(order)  # type: ignore[attr-defined]
    p, y = pair
    assert metrics.score(p[order], y[order]) == pytest.approx(metrics.score(p, y), abs=1e-9)


@given(PAIRS, st.floats(0.01, 100), st.floats(-10, 10))
def test_one_scale_and_shift_for_both(pair: Pair, scale: float, shift: float) -> None:
    """CC and CCC have no unit; RMSE has the labels'."""
    p, y = pair
    if min(np.ptp(p), np.ptp(y)) < 1e-3:
        return  # the shift may swallow what little variance there is
    before, after = metrics.score(p, y), metrics.score(scale * p + shift, scale * y + shift)
    assert after[1:] == pytest.approx(before[1:], abs=1e-6)
    assert after.rmse == pytest.approx(scale * before.rmse, abs=1e-9)


def test_auc_by_hand() -> None:
    """Two positives, three negatives: of six pairs four are in order and one is a tie."""
    predicted, positive = [0.9, 0.2, 0.4, 0.2, 0.1], [True, True, False, False, False]
    assert metrics.auc(predicted, positive) == pytest.approx(4.5 / 6)
    assert metrics.auc(np.ones(4), [1, 0, 0, 1]) == 0.5
    assert metrics.auc([1, 2], [0, 1]) == 1


SOME_EQUAL = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=60)


@given(SOME_EQUAL.filter(lambda rows: len({positive for _, positive in rows}) == 2))
def test_auc_counts_pairs(rows: list[tuple[int, bool]]) -> None:
    """Every positive against every negative, one by one."""
    positives = [value for value, positive in rows if positive]
    negatives = [value for value, positive in rows if not positive]
    pairs = [(p > n) + (p == n) / 2 for p in positives for n in negatives]
    predicted = np.array([value for value, _ in rows], dtype=float)
    truth = np.array([positive for _, positive in rows])
    auc = metrics.auc(predicted, truth)
    assert auc == pytest.approx(sum(pairs) / len(pairs))
    assert metrics.auc(predicted**3, truth) == auc
    assert metrics.auc(-predicted, truth) == pytest.approx(1 - auc)


@pytest.mark.parametrize("positive", [[True, True], [False, False]])
def test_auc_needs_both_classes(positive: list[bool]) -> None:
    with pytest.raises(ValueError, match="both classes"):
        metrics.auc([0.1, 0.2], positive)


@pytest.mark.parametrize(
    ("predicted", "positive"), [([1], [True, False]), ([], []), ([math.nan, 1], [True, False])]
)
def test_auc_of_no_pair_of_series(predicted: list[float], positive: list[bool]) -> None:
    with pytest.raises(ValueError, match="series"):
        metrics.auc(predicted, positive)
