"""Figures of a rung: rates from P frames, CCC over all frames together, the truth of sigma."""

import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_models.coding import Coding
from narrowcast_models.evaluation.moving_figures import Readings, against_labels, figures
from narrowcast_shared import metrics

UNCODED = [
    Readings(np.array([0.0, 0.2, 0.4]), np.full(3, 0.1), 0, 0),
    Readings(np.array([-0.5, -0.3]), np.full(2, 0.1), 0, 0),
]
CODED = [
    Readings(np.array([0.1, 0.2, 0.3]), np.full(3, 0.2), 2, 30),
    Readings(np.array([-0.3, -0.3]), np.full(2, 0.2), 1, 60),
]


def _joined(read: list[Readings]) -> NDArray[np.float64]:
    return np.concatenate([clip.valence for clip in read])


def test_a_rung_against_the_uncoded() -> None:
    row = figures(Coding(24, 30), CODED, UNCODED, None)
    assert (row.px, row.qp, row.frames, row.labels) == (24, 30, 5, None)
    assert row.ccc_kept == pytest.approx(
        metrics.score(_joined(CODED), _joined(UNCODED)).ccc, abs=1e-4
    )


def test_rates_are_means_over_all_p_frames() -> None:
    """90 B in 3 P frames: 240 bits a frame, 25 times a second; 9216 pixels of the full chip."""
    row = figures(Coding(24, 30), CODED, UNCODED, None)
    assert row.video_kbps == pytest.approx(6.0)
    assert row.bits_per_pixel == pytest.approx(240 / 9216, abs=1e-5)


def test_the_uncoded_keep_all_and_have_no_rate() -> None:
    row = figures(Coding(96, None), UNCODED, UNCODED, None)
    assert (row.ccc_kept, row.video_kbps, row.bits_per_pixel) == (1, None, None)


def test_against_labels() -> None:
    labels = np.array([0.1, 0.6, 0.3, -0.3, -0.7], np.float32)
    found = figures(Coding(24, 30), CODED, UNCODED, labels).labels
    assert found is not None
    assert found.ccc == pytest.approx(metrics.score(_joined(CODED), labels).ccc, abs=1e-4)
    assert found.coverage_90 == 0.6, "errors of .4 lie outside of 1.64 times .2"


def test_a_true_sigma_covers_90_percent_and_rises_with_error() -> None:
    rng = np.random.default_rng(0)
    sigma = rng.uniform(0.05, 0.5, 20_000)
    labels = rng.uniform(-1, 1, 20_000).astype(np.float32)
    found = against_labels(labels + rng.normal(0, sigma), sigma, labels)
    assert found.coverage_90 == pytest.approx(0.9, abs=0.01)
    assert found.sigma_cc > 0.4
    assert list(found.error_by_sigma) == sorted(found.error_by_sigma)
    # Of a Gaussian, mean |error| is .798 sigma; sigma's lowest fifth lies about .095.
    assert found.error_by_sigma[0] == pytest.approx(0.798 * 0.095, abs=0.01)


def test_a_sigma_that_knows_nothing() -> None:
    rng = np.random.default_rng(1)
    labels = rng.uniform(-1, 1, 20_000).astype(np.float32)
    found = against_labels(labels + rng.normal(0, 0.2, 20_000), rng.random(20_000), labels)
    assert abs(found.sigma_cc) < 0.03
    assert np.ptp(found.error_by_sigma) < 0.02
