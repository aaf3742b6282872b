"""The interval of the mean: how often it holds the truth, and when there is none."""

import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_client.report.valence import MeanError, mean_error, students_t


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
    ("count", "correlation_s", "least"),
    [
        (1800, 60, 0.90),
        (600, 1, 0.90),
        (600, 8, 0.90),
        (300, 20, 0.90),
        (120, 3, 0.90),
        (120, 8, 0.90),
        (120, 20, 0.82),
        (60, 1, 0.90),
        (60, 5, 0.90),
        (60, 8, 0.86),
    ],
)
def test_how_often_it_holds_the_truth(count: int, correlation_s: float, least: float) -> None:
    """Of all series of a length, whatever they look like."""
    held = []
    for seed in range(300):
        values = wandering(count, seed, correlation_s)
        error = mean_error(np.ones(count), values)
        assert error is not None
        held.append(abs(values.mean()) < error.half_width)
    assert least < np.mean(held) < 0.98


def test_of_independent_values_it_is_the_textbooks() -> None:
    widths = []
    for seed in range(100):
        error = mean_error(np.ones(2000), wandering(2000, seed, 1e-3))
        assert error is not None
        widths.append(error.half_width)
    assert np.mean(widths) == pytest.approx(1.96 / np.sqrt(2000), rel=0.1)


@pytest.mark.parametrize(("degrees", "told"), [(4, 2.776), (10, 2.228), (24, 2.064)])
def test_students_t(degrees: int, told: float) -> None:
    assert students_t(degrees) == pytest.approx(told, rel=0.003)
    assert MeanError(2.0, 50.0, degrees).half_width == 2 * students_t(degrees)


def test_one_slow_change_leaves_little_known() -> None:
    error = mean_error(np.ones(100), np.linspace(-1, 1, 100))
    assert error is not None
    assert error.half_width > 0.5


def test_none_of_too_short_a_recording() -> None:
    short, long = wandering(59, 0, 1.0), wandering(60, 0, 1.0)
    assert mean_error(np.ones(59), short) is None
    assert mean_error(np.ones(60), long) is not None
    assert mean_error(np.full(60, 0.9), long) is None  # 54 s of it were read
    assert mean_error(np.zeros(60), long) is None


def test_what_never_varies_has_no_error() -> None:
    error = mean_error(np.ones(100), np.full(100, 0.3))
    assert error is not None
    assert error.half_width < 1e-12


def test_what_is_missing_does_not_count() -> None:
    values = wandering(600, 5, 1.0)
    read_s = np.ones(600)
    read_s[100:300] = 0
    holed = np.where(read_s > 0, values, np.nan)
    error, full = mean_error(read_s, holed), mean_error(np.ones(600), values)
    assert error is not None
    assert full is not None
    assert error.effective < full.effective


def test_a_long_pause_makes_it_no_surer() -> None:
    """Five minutes, an hour without a reading, five minutes: as of ten minutes on end."""
    held = []
    for seed in range(200):
        values = wandering(600, seed, 5.0)
        read_s = np.zeros(300 + 3600 + 300)
        spread = np.full(len(read_s), np.nan)
        for part, start in ((values[:300], 0), (values[300:], 3900)):
            read_s[start : start + 300], spread[start : start + 300] = 1.0, part
        error = mean_error(read_s, spread)
        assert error is not None
        held.append(abs(values.mean()) < error.half_width)
    assert np.mean(held) > 0.90
