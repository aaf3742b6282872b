"""Frame in, chip out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.crop.square import Square, cut, cut_turned, framed
from narrowcast_encoder.crop.steady import SteadyConfig, SteadyCrop
from narrowcast_encoder.crop.tracker import TrackingConfig
from narrowcast_encoder.crop.upright import UprightConfig, UprightTracker
from narrowcast_encoder.detection.detector import FaceDetector
from narrowcast_encoder.detection.reduction import reduce
from narrowcast_shared.framing import FRAMING


class CropConfig(NamedTuple):
    """How a face is framed, followed, turned upright and held still."""

    framing: float = FRAMING
    tracking: TrackingConfig = TrackingConfig()
    steadiness: SteadyConfig = SteadyConfig()
    upright: UprightConfig = UprightConfig()


class ChipMaker:
    """Makes the chips of one source. The same images give the same chips, at any speed."""

    def __init__(self, detector: FaceDetector, config: CropConfig | None = None) -> None:
        self._detector = detector
        self._config = config or CropConfig()
        self._shape: tuple[int, ...] = ()
        # Of the last frame, in px of the frame after it was turned; None where it had no face.
        self.square: Square | None = None
        self.turn_deg = 0  # counter-clockwise; 0 unless the face is rolled by more than 35 degrees
        self._start_over()

    def chip(self, image: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        """The chip uint8 [96, 96] of a frame uint8 [H, W, 3], BGR; None where there is no face."""
        self.square = self._square(image)
        if self.square is None:
            return None
        if self.turn_deg == 0:
            return cut(image, self.square)
        return cut_turned(image, self.square, self.turn_deg)

    def _square(self, image: NDArray[np.uint8]) -> Square | None:
        if image.shape != self._shape:
            self._shape = image.shape
            self._start_over()
        frame = reduce(image)
        face = self._tracker.update(frame)
        if face is None:
            self._steady.interrupt()
            return None
        if face.turn_deg != self.turn_deg:
            self.turn_deg = face.turn_deg
            self._steady.interrupt()  # places before mean nothing in the turned picture
        return self._steady.update(framed(face.box.scaled(1 / frame.scale), self._config.framing))

    def _start_over(self) -> None:
        """Places mean nothing in frames of another size."""
        self._tracker = UprightTracker(self._detector, self._config.tracking, self._config.upright)
        self._steady = SteadyCrop(self._config.steadiness)
