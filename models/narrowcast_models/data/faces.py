"""Labelled faces, whatever data set they came from."""

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_models.emotions import EMOTIONS


class Contrast(NamedTuple):
    """Two classes of faces that a valence should tell apart: masks bool [N], and their names."""

    positive: NDArray[np.bool_]
    negative: NDArray[np.bool_]
    name: str


@dataclass(frozen=True)
class LabelledFaces:
    """N square gray faces with labels.

    images: uint8 [N, side, side]. valence: float32 [N], -1..1; NaN throughout where the faces are
    only known to look positive or not. shares: float32 [N, 8], how the votes fell on
    `emotions.EMOTIONS`, rows summing to 1; None where nobody voted. emotion: uint8 [N], which of
    them the one annotator chose; None where there was no such annotator. rows: int64 [N], where
    each face lies in its file; None where no file numbers them. positive: bool [N], whether each
    face looks positive. group: [N] of text or numbers, a column that says which group each face
    belongs to. Both None where the file has none.
    """

    name: str
    images: NDArray[np.uint8]
    valence: NDArray[np.float32]
    shares: NDArray[np.float32] | None = None
    emotion: NDArray[np.uint8] | None = None
    rows: NDArray[np.int64] | None = None
    positive: NDArray[np.bool_] | None = None
    group: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.images)

    def select(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "LabelledFaces":
        """The faces of these rows, in their order."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        chosen: dict[str, Any] = {
            name: array[rows] for name, array in arrays.items() if isinstance(array, np.ndarray)
        }
        return replace(self, **chosen)

    @property
    def has_valence(self) -> bool:
        """Whether anybody rated these faces."""
        return bool(np.isfinite(self.valence).all())

    def contrast(self) -> Contrast | None:
        """Positive against all others where that is known, or else happiness against neutral.

        None where one of the two classes is empty.
        """
        if self.positive is not None:
            found = Contrast(self.positive, ~self.positive, "positive against the others")
        else:
            happy, neutral = self.showing("happiness"), self.showing("neutral")
            found = Contrast(happy, neutral, "happiness against neutral")
        return found if found.positive.any() and found.negative.any() else None

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
