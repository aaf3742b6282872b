"""The reduced copy that detection looks at."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrowcast_encoder.detection import reduce
from narrowcast_encoder.detection.reduction import REDUCED_PX

SIDES = st.integers(1, 1500)


@settings(max_examples=30)
@given(SIDES, SIDES)
def test_the_longer_side_fits_and_the_shape_stays(height: int, width: int) -> None:
    frame = np.zeros((height, width, 3), np.uint8)
    reduced = reduce(frame)
    assert max(reduced.image.shape[:2]) == min(REDUCED_PX, max(height, width))
    assert reduced.gray.shape == reduced.image.shape[:2]
    assert reduced.image.shape[0] == pytest.approx(height * reduced.scale, abs=1.5)


@pytest.mark.parametrize("shape", [(720, 1280), (360, 640), (288, 360)])
def test_it_is_the_mean_of_the_area_that_each_px_covers(shape: tuple[int, int]) -> None:
    """Halving first only rounds more often than one area reduction."""
    frame = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    reduced = reduce(frame).image
    size = (reduced.shape[1], reduced.shape[0])
    expected = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    assert np.abs(reduced.astype(int) - expected).max() <= 2


def test_a_small_frame_is_left_alone() -> None:
    frame = np.zeros((144, 176, 3), np.uint8)
    reduced = reduce(frame)
    assert reduced.image is frame
    assert reduced.scale == 1
