"""H.264 contexts of one connection, one per rung, and the keyframes they miss.

A face at rest costs a P frame that changes nothing: the decoded picture is byte for byte the one
before, and so is its estimate, which is kept with the picture (`Picture`).
"""

import logging

import numpy as np
from numpy.typing import NDArray

from narrowcast_decoder.ingest.frames import TakenFrame
from narrowcast_models.coding import Coding
from narrowcast_models.recogniser import CodedChip, Reading
from narrowcast_shared.codec import ChipDecoder
from narrowcast_shared.errors import CodecError
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.messages import KeyframeRequest

logger = logging.getLogger(__name__)

MAX_CONTEXTS = 16
"""More rungs than an encoder keeps warm; beyond, the one unused for longest is dropped."""

MAX_LATE_CONTEXTS = 4
"""Likewise for frames that come late."""


class Picture:
    """A decoded chip, and its estimate once it is read: one object while the picture stays."""

    __slots__ = ("chip", "reading")

    def __init__(self, chip: CodedChip) -> None:
        self.chip = chip
        self.reading: Reading | None = None


class RungContexts:
    """Decodes the access units of DATA, or of LATE, in order. Owned by the worker thread."""

    def __init__(self, *, late: bool = False, session: str = "") -> None:
        """session: its name, for the log."""
        self.late = late
        self.session = session
        self._decoders: dict[Rung, ChipDecoder] = {}
        self._pictures: dict[Rung, Picture] = {}  # the last one of each decoder
        self.keyframe_wanted: KeyframeRequest | None = None
        """For the epoch that cannot go on without one; None where all is well."""

    def decode(self, frame: TakenFrame) -> NDArray[np.uint8] | None:
        """The chip of a coded frame; None where it cannot be decoded (a keyframe is wanted)."""
        assert frame.rung is not None
        decoder = self._decoder(frame.rung)
        try:
            chip = decoder.decode(frame.nals)
        except CodecError as error:
            if self.keyframe_wanted is None:
                logger.warning(
                    "session %s: frame %d cannot be decoded: %s",
                    self.session,
                    frame.seq,
                    error,
                    extra={"session": self.session, "seq": frame.seq},
                )
            self.keyframe_wanted = KeyframeRequest(frame.epoch, self.late)
            return None
        self.keyframe_wanted = None
        return chip

    def picture(self, frame: TakenFrame) -> Picture | None:
        """What a coded frame shows: the same object as before where not one byte is another one.

        None where it cannot be decoded.
        """
        pixels = self.decode(frame)
        if pixels is None:
            return None
        rung = frame.rung
        assert rung is not None
        before = self._pictures.get(rung)
        if before is not None and np.array_equal(before.chip.pixels, pixels):
            return before
        picture = self._pictures[rung] = Picture(CodedChip(pixels, Coding(*rung)))
        return picture

    def _decoder(self, rung: Rung) -> ChipDecoder:
        decoder = self._decoders.pop(rung, None) or ChipDecoder(rung.px)
        self._decoders[rung] = decoder  # last in order is last in use
        if len(self._decoders) > (MAX_LATE_CONTEXTS if self.late else MAX_CONTEXTS):
            unused = next(iter(self._decoders))
            del self._decoders[unused]
            self._pictures.pop(unused, None)
        return decoder
