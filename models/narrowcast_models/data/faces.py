"""Labelled faces, whatever data set they came from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LabelledFaces:
    """N square gray faces with labels.

    images: uint8 [N, side, side]. valence: float32 [N], -1..1. shares: float32 [N, 8], how the
    votes fell on `emotions.EMOTIONS`, rows summing to 1; None where nobody voted.
    """

    name: str
    images: NDArray[np.uint8]
    valence: NDArray[np.float32]
    shares: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.images)

    def select(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "LabelledFaces":
        """The faces of these rows, in their order."""
        shares = None if self.shares is None else self.shares[rows]
        return LabelledFaces(self.name, self.images[rows], self.valence[rows], shares)
