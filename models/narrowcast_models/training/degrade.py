"""What the link does to a clip: shrink to px, code with x264 at a fixed quantiser, decode."""

import numpy as np
import torch
from torch import Tensor

from narrowcast_models import canvas
from narrowcast_models.coding import Coding
from narrowcast_shared.codec import ChipDecoder, ChipEncoder
from narrowcast_shared.operating_point import Rung


def shrink(clips: Tensor, px: int) -> Tensor:
    """Clips float [..., n, n] (0..255) to uint8 [..., px, px], rounded as the encoder does."""
    return canvas.resize(clips, px).round().clamp(0, 255).to(torch.uint8)


class Link:
    """Warm contexts by rung, each face of a batch opening with a keyframe."""

    def __init__(self) -> None:
        self._contexts: dict[Rung, tuple[ChipEncoder, ChipDecoder]] = {}

    def last_frames(self, clips: Tensor, coding: Coding) -> Tensor:
        """The last frame of each clip as the decoder gets it: uint8 [B, px, px].

        `clips` is float [B, F, n, n] in 0..255. Where qp is None it is shrunk and not coded.
        """
        if coding.qp is None:
            return shrink(clips[:, -1], coding.px)
        return self.all_frames(clips, coding)[:, -1]

    def all_frames(self, clips: Tensor, coding: Coding) -> Tensor:
        """Every frame as the decoder gets it, uint8 [B, F, px, px]; a keyframe, then P frames."""
        small = shrink(clips, coding.px)
        if coding.qp is None:
            return small
        encoder, decoder = self._context(Rung(coding.px, coding.qp))
        out = np.empty(tuple(small.shape), np.uint8)
        for row, clip in enumerate(small.numpy()):
            for index, chip in enumerate(clip):
                unit = encoder.encode(chip, keyframe=index == 0)
                out[row, index] = decoder.decode(unit.nals)
        return torch.from_numpy(out)

    def _context(self, rung: Rung) -> tuple[ChipEncoder, ChipDecoder]:
        if rung not in self._contexts:
            self._contexts[rung] = (ChipEncoder(rung), ChipDecoder(rung.px))
        return self._contexts[rung]
