"""How much a face differs from what the decoder has last seen of it."""

import numpy as np
from numpy.typing import NDArray

from narrowcast_shared.resample import resample

SIDE_PX = 24
"""Small enough that sensor noise is averaged away, large enough for a mouth that opens."""


class Change:
    """Keeps the chip that was coded last, small."""

    def __init__(self) -> None:
        self._coded: NDArray[np.int16] | None = None

    def of(self, chip: NDArray[np.uint8]) -> float | None:
        """Mean absolute difference of a chip uint8 [96, 96] to the one coded last, 0..1.

        None where none has been.
        """
        if self._coded is None:
            return None
        return float(np.abs(_small(chip) - self._coded).mean()) / 255

    def coded(self, chip: NDArray[np.uint8]) -> None:
        """Take a chip uint8 [96, 96] as what the decoder has now."""
        self._coded = _small(chip)

    def lost(self) -> None:
        """What was coded last did not go out: whatever comes is new."""
        self._coded = None


def _small(chip: NDArray[np.uint8]) -> NDArray[np.int16]:
    return resample(chip, SIDE_PX).astype(np.int16)
