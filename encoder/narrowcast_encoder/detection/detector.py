"""What a face detector does, whichever it is."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.detection.box import Box


class FaceDetector(Protocol):
    """Finds faces in one image; keeps nothing from one image to the next."""

    def detect(self, image: NDArray[np.uint8]) -> list[Box]:
        """Faces in a reduced frame uint8 [H, W, 3], BGR, in px of that image, in any order."""
        ...
