"""One warm x264 context: chips of one rung in, access units without start codes out."""

from fractions import Fraction
from typing import NamedTuple

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from narrowcast_shared.codec import annexb
from narrowcast_shared.operating_point import Rung

# CAVLC wins at and below this side: the arithmetic coder's start-up outweighs its gain there.
CAVLC_MAX_PX = 48

# One IDR, then P frames for ever: TCP loses nothing, so only a keyframe request needs another.
_NO_KEYFRAMES = 1 << 30


class AccessUnit(NamedTuple):
    """One coded chip: its NAL units without start codes; a keyframe also holds SPS and PPS."""

    nals: tuple[bytes, ...]
    keyframe: bool

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.nals))


class ChipEncoder:
    """Codes chips uint8 [px, px] at one fixed quantiser, one access unit each, without delay.

    Full range is set on purpose: without it a decoder stretches gray silently and loses 16 dB.
    """

    def __init__(self, rung: Rung) -> None:
        self.rung = rung
        self._context = _open(rung)
        self._frame_count = 0

    def encode(self, chip: NDArray[np.uint8], *, keyframe: bool = False) -> AccessUnit:
        """Code one chip; the first one of a context is a keyframe whatever is asked.

        Raises ValueError on a chip of another size, which PyAV would scale without a word.
        """
        if chip.shape != (self.rung.px, self.rung.px):
            raise ValueError(f"want a chip of {self.rung.px} px, got shape {chip.shape}")
        frame = _gray_frame(chip)
        frame.pts = self._frame_count
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        self._frame_count += 1
        packets = self._context.encode(frame)
        nals = tuple(annexb.split(b"".join(bytes(packet) for packet in packets)))
        return AccessUnit(nals, any(annexb.nal_type(nal) == annexb.NAL_IDR for nal in nals))


def _gray_frame(chip: NDArray[np.uint8]) -> VideoFrame:
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(chip), format="gray")
    frame.color_range = ColorRange.JPEG
    return frame


def _open(rung: Rung) -> VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.width = context.height = rung.px
    context.pix_fmt = "gray"
    context.color_range = ColorRange.JPEG
    context.time_base = Fraction(1, 25)  # at fixed QP time changes nothing but the VUI
    context.thread_count = 1
    context.options = {
        "preset": "medium",
        "tune": "zerolatency",
        "qp": str(rung.qp),
        "x264-params": ":".join(_x264_params(rung)),
    }
    context.open()
    return context


def _x264_params(rung: Rung) -> list[str]:
    """What saves bits against preset medium at these sizes; docs/experiments.md has the figures.

    Sixteen reference frames hold the face before a blink, a word or a cut; at few frames a second
    they reach back over seconds. At these sizes a search through all of them is cheap.
    """
    params = ["ref=16", "subme=9", "partitions=all", "weightp=0", "psy=0", "scenecut=0"]
    params.append(f"keyint={_NO_KEYFRAMES}")
    return [*params, "cabac=0"] if rung.px <= CAVLC_MAX_PX else params
