"""A decoded frame made into the image that a person would see: BGR, upright."""

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

# PyAV gives the turn counter-clockwise that makes the picture upright.
_TURNS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}


class BgrPictures:
    """Keeps one conversion context: setting one up for every frame costs as much again."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def picture(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """uint8 [H, W, 3], turned as the metadata of a telephone's video asks."""
        image = self._reformatter.reformat(frame, format="bgr24").to_ndarray()
        turn = _TURNS.get(frame.rotation % 360)
        upright = image if turn is None else cv2.rotate(image, turn)
        return np.asarray(upright, dtype=np.uint8)
