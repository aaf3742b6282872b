"""How a chip is cut."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.crop import Square, cut, framed, on_pixels
from narrowcast_encoder.detection import Box
from narrowcast_shared.framing import FRAMING
from narrowcast_shared.resample import resample

FRAME = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)


def test_a_face_is_framed_by_the_longer_side_of_its_box() -> None:
    target = framed(Box(100, 50, 80, 100, 0.9))
    assert target == (140, 100, FRAMING * 100)
    assert on_pixels(target) == Square(87, 47, 106)


def test_a_chip_is_gray_and_shrunk_by_area() -> None:
    gray = np.asarray(cv2.cvtColor(FRAME, cv2.COLOR_BGR2GRAY), np.uint8)
    chip = cut(FRAME, Square(10, 5, 110))
    expected = resample(gray[5:115, 10:120], 96)
    assert np.abs(chip.astype(int) - expected).max() <= 1


def test_a_small_face_is_enlarged_smoothly() -> None:
    gray = np.asarray(cv2.cvtColor(FRAME, cv2.COLOR_BGR2GRAY), np.uint8)
    chip = cut(FRAME, Square(10, 5, 40))
    expected = resample(gray[5:45, 10:50], 96)
    assert np.abs(chip.astype(int) - expected).max() <= 2


@pytest.mark.parametrize(
    ("square", "corner", "source"),
    [(Square(-30, -20, 96), (0, 0), (0, 0)), (Square(100, 60, 96), (95, 95), (119, 159))],
)
def test_the_border_is_replicated(
    square: Square, corner: tuple[int, int], source: tuple[int, int]
) -> None:
    gray = cv2.cvtColor(FRAME, cv2.COLOR_BGR2GRAY)
    assert cut(FRAME, square)[corner] == gray[source]


@given(st.integers(-500, 500), st.integers(-500, 500), st.integers(8, 400))
def test_any_square_gives_a_chip(x: int, y: int, side: int) -> None:
    chip = cut(FRAME, Square(x, y, side))
    assert chip.shape == (96, 96)
    assert chip.dtype == np.uint8
