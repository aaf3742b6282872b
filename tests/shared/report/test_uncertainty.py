"""The interval of the mean: how often it holds the truth, and when there is none."""

import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_shared.report.uncertainty import LEAST_EFFECTIVE, MeanError, mean_error


def wandering(count: int, seed: int, correlation_s: float) -> NDArray[np.float64]:
    """Seconds of a normal process around 0 whose correlation falls to 1/e in that time."""
    generator = np.random.default_rng(seed)
    kept = np.exp(-1 / correlation_s)
    steps = generator.normal(size=count) * np.sqrt(1 - kept**2)
    out = np.empty(count)
    out[0] = generator.normal()
    for index in range(1, count):
        out[index] = kept * out[index - 1] + steps[index]
    return out


@pytest.mark.parametrize(
    ("count", "correlation_s", "least", "most"),
    [
        (600, 1, 0.93, 0.99),
        (600, 3, 0.92, 0.98),
        (600, 8, 0.90, 0.96),
        (120, 1, 0.91, 0.98),
        (120, 3, 0.85, 0.96),
    ],
)
def test_how_often_it_holds_the_truth(
    count: int, correlation_s: float, least: float, most: float
) -> None:
    held = []
    for seed in range(200):
        values = wandering(count, seed, correlation_s)
        if (error := mean_error(np.ones(count), values)) is not None:
            held.append(abs(values.mean()) < error.half_width)
    assert least < np.mean(held) < most


def test_of_independent_values_it_is_the_textbooks() -> None:
    values = np.random.default_rng(1).normal(size=2000)
    error = mean_error(np.ones(2000), values)
    assert error is not None
    assert error.standard_error == pytest.approx(1 / np.sqrt(2000), rel=0.15)


def test_students_t() -> None:
    assert MeanError(1.0, 11.0).half_width == pytest.approx(2.228, rel=0.02)  # 10 degrees
    assert MeanError(1.0, 1e6).half_width == pytest.approx(1.96, abs=0.001)


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(100),  # never varies
        np.linspace(-1, 1, 100),  # one slow change: hardly two observations
        np.random.default_rng(0).normal(size=int(LEAST_EFFECTIVE) - 1),  # too few
    ],
)
def test_none_where_it_could_not_be_trusted(values: NDArray[np.float64]) -> None:
    assert mean_error(np.ones(len(values)), values) is None


def test_what_is_missing_does_not_count() -> None:
    values = wandering(600, 5, 1.0)
    weights = np.ones(600)
    weights[100:300] = 0
    holed = np.where(weights > 0, values, np.nan)
    error, full = mean_error(weights, holed), mean_error(np.ones(600), values)
    assert error is not None
    assert full is not None
    assert error.effective < full.effective
