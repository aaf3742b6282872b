"""Where the last chip of a session is kept: the contexts that it was decoded by."""

import numpy as np
from numpy.typing import NDArray

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.ingest.frames import TakenFrame

ReceivedFace = tuple[TakenFrame, NDArray[np.uint8]]
"""A coded frame, and what it was decoded to: uint8 [px, px]."""


class PreviewedContexts(RungContexts):
    """Contexts of a publisher that lets its face be seen.

    Those of all others know nothing of it. `last` is set by the worker thread, by reference, and
    may be read by any: what it is set to never changes.
    """

    def __init__(self, *, session: str = "") -> None:
        super().__init__(session=session)
        self.last: ReceivedFace | None = None

    def decode(self, frame: TakenFrame) -> NDArray[np.uint8] | None:
        pixels = super().decode(frame)
        if pixels is not None:
            self.last = frame, pixels  # a tuple with names would take six times as long
        return pixels
