"""Frame in, chip out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.crop.square import Square, cut, framed
from narrowcast_encoder.crop.steady import SteadyConfig, SteadyCrop
from narrowcast_encoder.crop.tracker import FaceTracker, TrackingConfig
from narrowcast_encoder.detection.detector import FaceDetector
from narrowcast_encoder.detection.reduction import reduce
from narrowcast_shared.framing import FRAMING


class CropConfig(NamedTuple):
    """How a face is framed, followed and held still."""

    framing: float = FRAMING
    tracking: TrackingConfig = TrackingConfig()
    steadiness: SteadyConfig = SteadyConfig()


class ChipMaker:
    """Makes the chips of one source. The same images give the same chips, at any speed."""

    def __init__(self, detector: FaceDetector, config: CropConfig | None = None) -> None:
        self._detector = detector
        self._config = config or CropConfig()
        self._shape: tuple[int, ...] = ()
        self.square: Square | None = None  # of the last frame; None where it had no face
        self._start_over()

    def chip(self, image: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        """The chip uint8 [96, 96] of a frame uint8 [H, W, 3], BGR; None where there is no face."""
        self.square = self._square(image)
        return None if self.square is None else cut(image, self.square)

    def _square(self, image: NDArray[np.uint8]) -> Square | None:
        if image.shape != self._shape:
            self._shape = image.shape
            self._start_over()
        frame = reduce(image)
        box = self._tracker.update(frame)
        if box is None:
            self._steady.interrupt()
            return None
        return self._steady.update(framed(box.scaled(1 / frame.scale), self._config.framing))

    def _start_over(self) -> None:
        """Places mean nothing in frames of another size."""
        self._tracker = FaceTracker(self._detector, self._config.tracking)
        self._steady = SteadyCrop(self._config.steadiness)
