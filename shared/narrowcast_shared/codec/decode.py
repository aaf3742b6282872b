"""One H.264 decoding context: access units of one rung in, chips out."""

from collections.abc import Sequence

import av
import numpy as np
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from narrowcast_shared.codec import annexb, sps
from narrowcast_shared.errors import CodecError


class ChipDecoder:
    """Decodes access units into chips uint8 [px, px].

    The size is checked in the SPS before FFmpeg sees a byte, so a header that claims
    16384x16384 allocates nothing. After a CodecError the context wants a keyframe.
    """

    def __init__(self, px: int) -> None:
        self.px = px
        self._context = _open()
        self.wants_keyframe = True

    def decode(self, nals: Sequence[bytes]) -> NDArray[np.uint8]:
        """The chip of one access unit. Raises CodecError on anything else than exactly one."""
        try:
            return self._decode(nals)
        except CodecError:
            self.wants_keyframe = True
            raise

    def _decode(self, nals: Sequence[bytes]) -> NDArray[np.uint8]:
        keyframe = self._check(nals)
        if self.wants_keyframe and not keyframe:
            raise CodecError("an access unit arrived before the keyframe that it builds on")
        try:
            frames = self._context.decode(av.Packet(annexb.join(nals)))
        except FFmpegError as error:
            raise CodecError(f"FFmpeg refused the access unit ({error.strerror})") from error
        if len(frames) != 1:
            raise CodecError(f"one access unit gave {len(frames)} frames")
        chip = _plane(frames[0])
        if chip.shape != (self.px, self.px):
            raise CodecError(f"promised {self.px} px, decoded {chip.shape[1]}x{chip.shape[0]}")
        self.wants_keyframe = False
        return chip

    def _check(self, nals: Sequence[bytes]) -> bool:
        """Whether this is a keyframe, once every NAL unit is of a kind and size allowed."""
        types = [annexb.nal_type(nal) if nal else -1 for nal in nals]
        for kind, nal in zip(types, nals, strict=True):
            if kind == annexb.NAL_SPS:
                self._check_size(nal)
            elif kind not in (annexb.NAL_SLICE, annexb.NAL_IDR, annexb.NAL_PPS):
                raise CodecError(f"NAL unit type {kind} does not belong in an access unit")
        keyframe = annexb.NAL_IDR in types
        if keyframe and annexb.NAL_SPS not in types:
            raise CodecError("a keyframe came without its SPS")
        if not keyframe and types != [annexb.NAL_SLICE]:
            raise CodecError(f"a P access unit is one slice, got NAL unit types {types}")
        return keyframe

    def _check_size(self, nal: bytes) -> None:
        width, height = sps.frame_size(nal)
        if (width, height) != (self.px, self.px):
            raise CodecError(f"promised {self.px} px, the SPS says {width}x{height}")


def _plane(frame: VideoFrame) -> NDArray[np.uint8]:
    """Luma plane, copied: `to_ndarray` takes 50 times as long and may convert the range."""
    plane = frame.planes[0]
    rows = np.asarray(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
    return np.array(rows[: frame.height, : frame.width])


def _open() -> VideoCodecContext:
    context = av.CodecContext.create("h264", "r")
    assert isinstance(context, VideoCodecContext)
    # With AUTO, dropping an undrained context hangs in its destructor, and frames come 2 late.
    context.thread_type = "NONE"
    context.thread_count = 1
    return context
