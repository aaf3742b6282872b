"""Gray frames of a video file, one at a time, with their presentation times."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from narrowcast_shared.errors import DataError


class GrayFrame(NamedTuple):
    """number: counted from 0. time_s: since the first frame; None where the file gives none.

    pixels: uint8 [H, W], full range.
    """

    number: int
    time_s: float | None
    pixels: NDArray[np.uint8]


def frames(path: Path) -> Iterator[GrayFrame]:
    """The frames of the first video stream. Raises DataError where the file cannot be decoded.

    A frame that is damaged is an error too: left out, it would shift the number of all others.
    """
    count = 0
    try:
        with av.open(f"file:{path}") as container:
            if not container.streams.video:
                raise DataError(f"{path} has no video stream")
            for frame in _decoded(container):
                count = frame.number + 1
                yield frame
    except FFmpegError as error:
        where = f"frame {count}" if count else "its beginning"
        raise DataError(f"{path} cannot be decoded at {where} ({error.strerror})") from error
    if count == 0:
        raise DataError(f"{path} holds no frame")


def _decoded(container: InputContainer) -> Iterator[GrayFrame]:
    stream = container.streams.video[0]
    stream.thread_type = "NONE"  # threads of its own hang where reading ends early
    reformatter = VideoReformatter()  # one for all: setting one up costs as much again
    origin = stream.start_time or 0
    for number, frame in enumerate(container.decode(stream)):
        time_s = None
        if frame.pts is not None and frame.time_base is not None:
            time_s = float((frame.pts - origin) * frame.time_base)
        gray = reformatter.reformat(frame, format="gray").to_ndarray()
        yield GrayFrame(number, time_s, np.asarray(gray, dtype=np.uint8))
