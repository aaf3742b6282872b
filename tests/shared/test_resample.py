"""Our two matrix products against OpenCV's resampling, to one gray level."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_shared import resample

SIDES = (1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 16, 20, 23, 24, 31, 32, 33, 40, 47, 48, 64, 80, 95, 96)
LARGE = (97, 100, 128, 176, 240, 311)


def _noise(side: int) -> NDArray[np.uint8]:
    return np.random.default_rng(side).integers(0, 256, (side, side), dtype=np.uint8)


def _difference(image: NDArray[np.uint8], px: int, interpolation: int) -> int:
    theirs = cv2.resize(image, (px, px), interpolation=interpolation)
    return int(np.abs(resample.resample(image, px).astype(int) - theirs).max())


@pytest.mark.parametrize("source", SIDES + LARGE)
def test_shrinking_is_inter_area(source: int) -> None:
    image = _noise(source)
    for px in (px for px in SIDES if px < source):
        assert _difference(image, px, cv2.INTER_AREA) <= 1, (source, px)


@pytest.mark.parametrize("source", SIDES)
def test_enlarging_is_inter_cubic(source: int) -> None:
    image = _noise(source)
    for px in (px for px in SIDES if px > source):
        assert _difference(image, px, cv2.INTER_CUBIC) <= 1, (source, px)


@pytest.mark.parametrize("side", SIDES)
def test_the_same_size_changes_nothing(side: int) -> None:
    image = _noise(side)
    assert np.array_equal(resample.resample(image, side), image)


@pytest.mark.parametrize("source", SIDES)
def test_rows_of_weights_sum_to_one(source: int) -> None:
    for px in SIDES:
        w = resample.weights(source, px)
        assert w.shape == (px, source)
        assert w.sum(axis=1) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_a_flat_image_stays_flat(level: int) -> None:
    flat = np.full((48, 48), level, np.uint8)
    for px in (6, 47, 49, 96):
        assert np.unique(resample.resample(flat, px)).tolist() == [level]


def test_cubic_overshoot_is_clipped_not_wrapped() -> None:
    edge = np.zeros((8, 8), np.uint8)
    edge[:, 4:] = 255
    out = resample.resample(edge, 96)
    assert (out[:, :47] < 128).all()
    assert (out[:, 49:] > 127).all()
    assert {0, 255} <= set(np.unique(out).tolist())


def test_weights_are_shared_and_cannot_be_changed() -> None:
    assert resample.weights(96, 24) is resample.weights(96, 24)
    with pytest.raises(ValueError, match="read-only"):
        resample.weights(96, 24)[0, 0] = 1


@pytest.mark.parametrize(("source", "target"), [(0, 8), (8, 0), (-1, 8)])
def test_no_side_below_one(source: int, target: int) -> None:
    with pytest.raises(ValueError, match="at least 1 px"):
        resample.weights(source, target)
