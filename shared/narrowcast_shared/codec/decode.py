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

_KEYFRAME_TYPES = [annexb.NAL_SPS, annexb.NAL_PPS, annexb.NAL_IDR]
_DELTA_TYPES = [annexb.NAL_SLICE]


class ChipDecoder:
    """Decodes access units into chips uint8 [px, px].

    Only what our own encoder writes reaches FFmpeg, and the size is checked in the SPS before,
    so a header that claims 16384x16384 allocates nothing. After a CodecError the decoder wants
    a keyframe, which opens a new context.
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
        if self.wants_keyframe:
            # What went wrong may have left a frame of delay or half a picture behind.
            self._context = _open()
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
        """Whether this is a keyframe, once its NAL units are those that we code, of our size."""
        types = [annexb.nal_type(nal) if nal else -1 for nal in nals]
        if types not in (_KEYFRAME_TYPES, _DELTA_TYPES):
            raise CodecError(f"NAL unit types {types} are no access unit of narrowcast")
        if any(annexb.hides_start_code(nal) for nal in nals):
            raise CodecError("a NAL unit holds a start code")
        if types == _DELTA_TYPES:
            return False
        self._check_size(nals[0])
        return True

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
    # A damaged access unit is an error, not a picture that FFmpeg made up around the damage.
    context.options = {"err_detect": "explode", "ec": "0"}
    return context
