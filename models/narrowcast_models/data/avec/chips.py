"""The chip that the encoder would make of a face, cut where a box says that it is."""

import cv2
import numpy as np
from numpy.typing import NDArray

from narrowcast_models.data.avec.boxes import Box
from narrowcast_shared.framing import FRAMING
from narrowcast_shared.operating_point import CHIP_PX


def cut(frame: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The chip uint8 [96, 96] of a gray frame uint8 [H, W]: a square of 1.06 x the longer side.

    On whole px, the border replicated where the square reaches beyond it.
    """
    side = max(round(FRAMING * box.long_side), 1)
    rows = _span(box.y + box.h / 2, side, frame.shape[0])
    columns = _span(box.x + box.w / 2, side, frame.shape[1])
    square = frame[np.ix_(rows, columns)]
    method = cv2.INTER_AREA if side >= CHIP_PX else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (CHIP_PX, CHIP_PX), interpolation=method), np.uint8)


def _span(centre: float, side: int, limit: int) -> NDArray[np.intp]:
    """Indices of `side` px about the centre, those beyond 0..limit replaced by the border's."""
    start = round(centre - side / 2)
    return np.arange(start, start + side).clip(0, limit - 1)
