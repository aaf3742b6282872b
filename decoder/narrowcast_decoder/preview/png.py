"""Gray pictures as PNG, by the FFmpeg that is loaded anyway: OpenCV would take 15 MB and .2 s."""

from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray


def encode_png(picture: NDArray[np.uint8]) -> bytes:
    """A picture uint8 [height, width] as a PNG file, without loss."""
    context = av.CodecContext.create("png", "w")
    assert isinstance(context, VideoCodecContext)
    context.height, context.width = picture.shape
    context.pix_fmt = "gray"
    context.time_base = Fraction(1, 1)  # of no meaning to a picture; FFmpeg wants one
    context.thread_count = 1
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="gray")
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
