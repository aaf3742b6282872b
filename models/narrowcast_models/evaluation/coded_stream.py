"""One stream of chips as the decoder gets it: shrunk, coded from frame to frame, decoded."""

import numpy as np
from numpy.typing import NDArray

from narrowcast_models.coding import Coding
from narrowcast_models.recogniser import CodedChip
from narrowcast_shared.codec import ChipDecoder, ChipEncoder
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.resample import resample


class CodedStream:
    """A keyframe first, then P frames for ever, as on the live path. Only shrinks without QP.

    coded_bytes counts all access units; p_frames and p_frame_bytes those after the keyframe,
    which are what a stream costs once it runs.
    """

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._codec: tuple[ChipEncoder, ChipDecoder] | None = None
        if coding.qp is not None:
            self._codec = ChipEncoder(Rung(coding.px, coding.qp)), ChipDecoder(coding.px)
        self.coded_bytes = 0
        self.p_frames = 0
        self.p_frame_bytes = 0

    def next(self, chip: NDArray[np.uint8]) -> CodedChip:
        """The next chip uint8 [n, n], of 96 px on the live path, gone through the link."""
        small = resample(chip, self._coding.px)
        if self._codec is None:
            return CodedChip(small, self._coding)
        encoder, decoder = self._codec
        unit = encoder.encode(small)
        self.coded_bytes += unit.size_bytes
        if not unit.keyframe:
            self.p_frames += 1
            self.p_frame_bytes += unit.size_bytes
        return CodedChip(decoder.decode(unit.nals), self._coding)
