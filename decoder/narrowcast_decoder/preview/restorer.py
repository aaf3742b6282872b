"""The face as it may have been before the link, by a network of the preview's own.

`Recogniser` is not thread-safe, and the one that reads the streams must not wait for pictures. A
second one takes some MB, and is loaded only once somebody asks for a face.
"""

import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from narrowcast_decoder.preview.contexts import ReceivedFace
from narrowcast_models.coding import Coding
from narrowcast_models.recogniser import CPU, CodedChip, Precision, Recogniser
from narrowcast_shared.errors import WeightsError

logger = logging.getLogger(__name__)


class Restorer:
    """Super-resolution of single chips, on the CPU. Not thread-safe: one thread owns it."""

    def __init__(self, load: Callable[[], Recogniser]) -> None:
        self._load = load
        self._recogniser: Recogniser | None = None
        self._is_able = True

    @classmethod
    def of(cls, model: str) -> "Restorer":
        """By a shipped model or a weight file, which is not looked at yet."""
        return cls(lambda: Recogniser.load(model, Precision.FLOAT32, CPU))

    def restore(self, face: ReceivedFace) -> NDArray[np.uint8] | None:
        """The picture, uint8 [48, 48]; None where the model has no head for that."""
        if not self._is_able:
            return None
        frame, pixels = face
        assert frame.rung is not None
        try:
            self._recogniser = self._recogniser or self._load()
            chip = CodedChip(pixels, Coding(*frame.rung))
            return self._recogniser.super_resolve([chip])[0]
        except WeightsError as error:  # for good; also where the file is no longer there
            logger.info("faces are shown as received alone: %s", error)
            self._is_able = False
            return None
