"""One clip through the encoder and the decoder at one rung, as one stream."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from narrowcast_lab.rd.held import Held
from narrowcast_models import canvas
from narrowcast_shared.codec import ChipDecoder, ChipEncoder
from narrowcast_shared.operating_point import CHIP_PX, Rung


class CodedClip(NamedTuple):
    """C access units and the pictures they decode to.

    size_bytes: int64 [C], the first being the keyframe. pictures: uint8 [U, px, px], only those
    that differ from the one before, as faces rest. shown: int64 [C], the row of the picture that
    each access unit shows.
    """

    size_bytes: NDArray[np.int64]
    pictures: NDArray[np.uint8]
    shown: NDArray[np.int64]


def code(small: NDArray[np.uint8], rung: Rung) -> CodedClip:
    """Code chips uint8 [C, px, px] in order: a keyframe, then P frames."""
    encoder, decoder = ChipEncoder(rung), ChipDecoder(rung.px)
    sizes: list[int] = []
    pictures: list[NDArray[np.uint8]] = []
    shown: list[int] = []
    for chip in small:
        unit = encoder.encode(chip)
        picture = decoder.decode(unit.nals)
        if not pictures or not np.array_equal(picture, pictures[-1]):
            pictures.append(picture)
        sizes.append(unit.size_bytes)
        shown.append(len(pictures) - 1)
    return CodedClip(np.array(sizes), np.stack(pictures), np.array(shown))


def squared_error(clip: CodedClip, held: Held) -> float:
    """Summed over all pixels of all captured frames: the held picture, enlarged, against chips."""
    large = canvas.resize(torch.from_numpy(clip.pictures).float(), CHIP_PX).round_().clamp_(0, 255)
    missed = large[torch.from_numpy(clip.shown)] - torch.from_numpy(held.mean)
    by_frame = missed.square_().sum(dim=(1, 2)).double()
    return float(by_frame @ torch.from_numpy(held.frames).double()) + held.spread
