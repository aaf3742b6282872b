"""Moving chips to code, and parameter sets that x264 would never write."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_lab.fuzz import parameter_sets

Chip = NDArray[np.uint8]


@pytest.fixture
def moving_chip() -> Callable[[int, int], Chip]:
    """`moving_chip(px, frame)`: a soft blob that drifts, the same picture at every size."""
    return _moving_chip


@pytest.fixture
def make_sps() -> Callable[..., bytes]:
    """`make_sps(width, height, ...)`: an SPS NAL unit, sides in macroblocks."""
    return parameter_sets.make_sps


def _moving_chip(px: int, frame: int) -> Chip:
    y, x = (np.mgrid[0:px, 0:px] + 0.5) / px
    blob = np.exp(-(((x - 0.5 - 0.01 * frame) / 0.3) ** 2) - ((y - 0.5) / 0.4) ** 2)
    return np.asarray(255 * blob * (0.75 + 0.25 * np.sin(12 * y + 0.1 * frame)), dtype=np.uint8)
