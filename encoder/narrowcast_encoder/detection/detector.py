"""What a face detector does, whichever it is."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.detection.box import Box


class FaceDetector(Protocol):
    """Finds faces in one image; keeps nothing from one image to the next.

    One that reports faces where there are none may have an attribute `min_sightings`: in how many
    images near each other it has to see a face before that is followed. Without it one is enough.
    """

    def detect(self, image: NDArray[np.uint8]) -> list[Box]:
        """Faces in a reduced frame uint8 [H, W, 3], BGR, in px of that image, in any order."""
        ...


def min_sightings(detector: FaceDetector) -> int:
    """In how many images the detector has to see a face before it is believed."""
    return int(getattr(detector, "min_sightings", 1))
