"""Labelled faces, whatever data set they came from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from narrowcast_models.emotions import EMOTIONS


@dataclass(frozen=True)
class LabelledFaces:
    """N square gray faces with labels.

    images: uint8 [N, side, side]. valence: float32 [N], -1..1. shares: float32 [N, 8], how the
    votes fell on `emotions.EMOTIONS`, rows summing to 1; None where nobody voted. emotion:
    uint8 [N], which of them the one annotator chose; None where there was no such annotator.
    rows: int64 [N], where each face lies in its file; None where no file numbers them.
    """

    name: str
    images: NDArray[np.uint8]
    valence: NDArray[np.float32]
    shares: NDArray[np.float32] | None = None
    emotion: NDArray[np.uint8] | None = None
    rows: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.images)

    def select(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "LabelledFaces":
        """The faces of these rows, in their order."""
        return LabelledFaces(
            self.name,
            self.images[rows],
            self.valence[rows],
            None if self.shares is None else self.shares[rows],
            None if self.emotion is None else self.emotion[rows],
            None if self.rows is None else self.rows[rows],
        )

    def showing(self, emotion: str) -> NDArray[np.bool_]:
        """Mask [N] of the faces labelled with this emotion: the annotator's, or the top vote.

        Empty where there is neither. Of equal top votes the first in `EMOTIONS` counts.
        """
        index = EMOTIONS.index(emotion)
        if self.emotion is not None:
            return np.asarray(self.emotion == index)
        if self.shares is not None:
            return np.asarray(self.shares.argmax(axis=1) == index)
        return np.zeros(len(self), dtype=bool)
