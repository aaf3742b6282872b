"""The crop square: how a face is framed, and how its chip is cut."""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.crop.roll import turning
from narrowcast_encoder.detection.box import Box
from narrowcast_shared.framing import FRAMING
from narrowcast_shared.operating_point import CHIP_PX

MIN_SIDE_PX = 8


class Target(NamedTuple):
    """Where the crop ought to be: its centre and side, in px of the frame."""

    x: float
    y: float
    side: float


class Square(NamedTuple):
    """A crop on whole px of the frame; it may reach beyond the frame's border."""

    x: int
    y: int
    side: int

    def target(self) -> Target:
        """Its centre and side."""
        return Target(self.x + self.side / 2, self.y + self.side / 2, self.side)


def framed(box: Box, framing: float = FRAMING) -> Target:
    """The crop that frames a face as the training faces are framed; never turned."""
    x, y = box.centre
    return Target(x, y, max(framing * box.long_side, MIN_SIDE_PX))


def on_pixels(target: Target) -> Square:
    """The nearest square on whole px."""
    side = round(target.side)
    return Square(round(target.x - side / 2), round(target.y - side / 2), side)


def cut(frame: NDArray[np.uint8], square: Square) -> NDArray[np.uint8]:
    """The chip uint8 [96, 96] of a frame uint8 [H, W, 3]: gray, border replicated."""
    gray = _gray_square(frame, square)
    smaller = square.side >= CHIP_PX
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(gray, (CHIP_PX, CHIP_PX), interpolation=method), np.uint8)


def cut_turned(frame: NDArray[np.uint8], square: Square, turn_deg: float) -> NDArray[np.uint8]:
    """The chip uint8 [96, 96] of a square of the frame turned counter-clockwise, as `cut` makes it.

    Only what lies around the square is turned: an upright square that holds it is cut out and
    shrunk by area, then turned at the chip's scale.
    """
    how = turning(frame.shape, turn_deg)
    x, y = how.origin(square.x + square.side / 2, square.y + square.side / 2)
    around = on_pixels(Target(x, y, math.ceil(math.sqrt(2) * square.side) + 2))
    gray = _gray_square(frame, around)
    smaller = square.side >= CHIP_PX
    if smaller:
        px = max(1, round(around.side * CHIP_PX / square.side))
        gray = np.asarray(cv2.resize(gray, (px, px), interpolation=cv2.INTER_AREA), np.uint8)
    scale = gray.shape[0] / around.side
    # From a px of the chip back to a px of `gray`; both count from the middle of their first px.
    back = how.linear.T * (square.side / CHIP_PX * scale)
    middle = np.array([x - around.x, y - around.y]) * scale - 0.5
    shift = middle - back @ np.full(2, CHIP_PX / 2 - 0.5)
    method = cv2.INTER_LINEAR if smaller else cv2.INTER_CUBIC
    chip = cv2.warpAffine(
        gray,
        np.column_stack([back, shift]),
        (CHIP_PX, CHIP_PX),
        flags=method | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(chip, np.uint8)


def _gray_square(frame: NDArray[np.uint8], square: Square) -> NDArray[np.uint8]:
    rows = _replicated(square.y, square.side, frame.shape[0])
    columns = _replicated(square.x, square.side, frame.shape[1])
    inside = frame[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    gray = np.asarray(cv2.cvtColor(inside, cv2.COLOR_BGR2GRAY), np.uint8)
    if gray.shape == (square.side, square.side):
        return gray
    return gray[np.ix_(rows - rows[0], columns - columns[0])]


def _replicated(start: int, side: int, limit: int) -> NDArray[np.intp]:
    """Indices start..start + side, those beyond 0..limit replaced by the border's."""
    return np.arange(start, start + side).clip(0, limit - 1)
