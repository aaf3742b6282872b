"""H.264 contexts of one connection, one per rung, and the keyframes they miss."""

import logging

import numpy as np
from numpy.typing import NDArray

from narrowcast_decoder.ingest.frames import TakenFrame
from narrowcast_shared.codec import ChipDecoder
from narrowcast_shared.errors import CodecError
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.messages import KeyframeRequest

logger = logging.getLogger(__name__)

MAX_CONTEXTS = 16
"""More rungs than an encoder keeps warm; beyond, the one unused for longest is dropped."""

MAX_LATE_CONTEXTS = 4
"""Likewise for frames that come late."""


class RungContexts:
    """Decodes the access units of DATA, or of LATE, in order. Owned by the worker thread."""

    def __init__(self, *, late: bool = False, session: str = "") -> None:
        """session: its name, for the log."""
        self._late = late
        self._session = session
        self._decoders: dict[Rung, ChipDecoder] = {}
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
                    self._session,
                    frame.seq,
                    error,
                    extra={"session": self._session, "seq": frame.seq},
                )
            self.keyframe_wanted = KeyframeRequest(frame.epoch, self._late)
            return None
        self.keyframe_wanted = None
        return chip

    def _decoder(self, rung: Rung) -> ChipDecoder:
        decoder = self._decoders.pop(rung, None) or ChipDecoder(rung.px)
        self._decoders[rung] = decoder  # last in order is last in use
        if len(self._decoders) > (MAX_LATE_CONTEXTS if self._late else MAX_CONTEXTS):
            self._decoders.pop(next(iter(self._decoders)))
        return decoder
