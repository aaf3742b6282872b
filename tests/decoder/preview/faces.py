"""What these tests have in common: contexts of a publisher, with faces in them."""

import numpy as np
from numpy.typing import NDArray

from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.preview.contexts import PreviewedContexts
from narrowcast_shared.codec import ChipEncoder
from narrowcast_shared.operating_point import Rung

RUNG = Rung(16, 30)


def chips(count: int, px: int = RUNG.px) -> list[NDArray[np.uint8]]:
    """A blob that moves."""
    y, x = (np.mgrid[0:px, 0:px] + 0.5) / px
    return [
        (60 + 150 * np.exp(-(((x - 0.3 - 0.05 * i) / 0.3) ** 2) - ((y - 0.5) / 0.4) ** 2)).astype(
            np.uint8
        )
        for i in range(count)
    ]


def frames(count: int) -> list[TakenFrame]:
    """The same, coded; a frame each 40 ms from 1 s on."""
    encoder = ChipEncoder(RUNG)
    return [
        TakenFrame(
            i, 1_000_000 + 40_000 * i, Fate.CODED, 0, rung=RUNG, nals=encoder.encode(chip).nals
        )
        for i, chip in enumerate(chips(count))
    ]


def received(count: int) -> PreviewedContexts:
    """Contexts through which so many frames have gone."""
    contexts = PreviewedContexts(session="cam")
    for frame in frames(count):
        contexts.decode(frame)
    return contexts
