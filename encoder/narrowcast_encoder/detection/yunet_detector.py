"""OpenCV's YuNet detector, with a model file that the user brings (Wu et al. 2023)."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from narrowcast_encoder.detection.box import Box
from narrowcast_shared.errors import WeightsError

MIN_SCORE = 0.6
"""Score from which the network reports a face; OpenCV's own .9 misses faces turned aside."""

NMS_OVERLAP = 0.3
MAX_FACES = 50


class YunetDetector:
    """Raises WeightsError where the model is missing or is none that OpenCV can run."""

    def __init__(self, model_path: Path) -> None:
        if not model_path.is_file():
            raise WeightsError(f"there is no YuNet model {model_path}")
        self._size = (0, 0)
        try:
            self._network = cv2.FaceDetectorYN.create(
                str(model_path), "", (320, 320), MIN_SCORE, NMS_OVERLAP, MAX_FACES
            )
            self.detect(np.zeros((320, 320, 3), np.uint8))
        except cv2.error as error:
            raise WeightsError(
                f"OpenCV cannot run {model_path} as YuNet",
                "take face_detection_yunet_2023mar.onnx of the OpenCV Zoo",
            ) from error

    def detect(self, image: NDArray[np.uint8]) -> list[Box]:
        """Faces in uint8 [H, W, 3], BGR, in px of that image."""
        height, width = image.shape[:2]
        if self._size != (width, height):
            self._size = (width, height)
            self._network.setInputSize(self._size)
        _, faces = self._network.detect(image)
        return boxes(faces)


def boxes(faces: ArrayLike | None) -> list[Box]:
    """Boxes of OpenCV's table float32 [N, 15]: x, y, w, h, five landmarks, score; None: none."""
    if faces is None:
        return []
    rows = np.asarray(faces, dtype=np.float64)
    return [Box._make(row) for row in rows[:, [0, 1, 2, 3, -1]].tolist()]
