"""Finding a face again by its looks, without the detector: a few hundredths of a ms a frame."""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.detection.box import Box
from narrowcast_encoder.detection.reduction import halved

TEMPLATE_PX = 32
"""Side, about, that the face is matched at: larger costs more and finds the same."""

SEARCH_MARGIN = 0.3
"""How far the face is looked for around its last place, by its side."""


class Match(NamedTuple):
    """Where the template was found, and how alike it is: -1 to 1, 1 the same."""

    box: Box
    score: float


class FaceTemplate:
    """The face as it looked when it was last detected.

    It is matched at a halved resolution; the template is never renewed between detections,
    so that small errors cannot add up.
    """

    def __init__(self, gray: NDArray[np.uint8], box: Box) -> None:
        self._box = box
        self._halvings = max(0, round(math.log2(max(box.long_side, 1.0) / TEMPLATE_PX)))
        level = self._level(gray)
        self._left, right = _span(box.x, box.w, self._factor, level.shape[1])
        self._top, bottom = _span(box.y, box.h, self._factor, level.shape[0])
        self._looks = level[self._top : bottom, self._left : right]

    def find(self, gray: NDArray[np.uint8], near: Box) -> Match | None:
        """The best match in a window around `near`; None where the window has no room for one."""
        level = self._level(gray)
        height, width = self._looks.shape
        margin = math.ceil(SEARCH_MARGIN * max(height, width))
        left = max(0, self._left + round((near.x - self._box.x) * self._factor) - margin)
        top = max(0, self._top + round((near.y - self._box.y) * self._factor) - margin)
        window = level[top : top + height + 2 * margin, left : left + width + 2 * margin]
        if window.shape[0] < height or window.shape[1] < width:
            return None
        scores = cv2.matchTemplate(window, self._looks, cv2.TM_CCOEFF_NORMED)
        x, y, score = _peak(np.asarray(scores, np.float32))
        dx, dy = left + x - self._left, top + y - self._top
        return Match(self._box.moved(dx / self._factor, dy / self._factor), score)

    @property
    def _factor(self) -> float:
        """Px of the level matched at for each px of the reduced frame."""
        return 0.5**self._halvings

    def _level(self, gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
        for _ in range(self._halvings):
            gray = halved(gray)
        return gray


def _span(start: float, length: float, factor: float, limit: int) -> tuple[int, int]:
    """First and last + 1 of the whole px that a box side covers, at least one, inside the image."""
    first = min(max(round(start * factor), 0), limit - 1)
    return first, min(max(round((start + length) * factor), first + 1), limit)


def _peak(scores: NDArray[np.float32]) -> tuple[float, float, float]:
    """Place of the highest score, between the px, and that score."""
    _, score, _, (x, y) = cv2.minMaxLoc(scores)
    return x + _vertex(scores[y], x), y + _vertex(scores[:, x], y), score


def _vertex(line: NDArray[np.float32], at: int) -> float:
    """Offset, -.5 to .5, of the vertex of the parabola through a maximum and its neighbours."""
    if not 0 < at < len(line) - 1:
        return 0.0
    before, here, after = (float(value) for value in line[at - 1 : at + 2])
    bend = before - 2 * here + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
