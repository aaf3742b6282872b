"""Video files, still images, standard input and URLs as sources of frames."""

import logging
import math
from collections.abc import Callable, Generator
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from narrowcast_encoder.sources.byte_stream import interruptible, standard_input
from narrowcast_encoder.sources.container import (
    VideoContainer,
    open_file_container,
    open_stream_container,
    open_url_container,
)
from narrowcast_encoder.sources.frame import CapturedFrame, FrameSource
from narrowcast_encoder.sources.live import LiveStream
from narrowcast_encoder.sources.names import shown
from narrowcast_encoder.sources.picture import BgrPictures
from narrowcast_encoder.sources.tiles import TiledPictureError, whole_picture
from narrowcast_encoder.sources.timeline import Timeline
from narrowcast_shared.errors import SourceError

_log = logging.getLogger(__name__)

STILL_PERIOD_S = 0.04
"""Frame period where the container states none, as of a still image: 25 frames a second."""

MIN_SPACING_S = 1 / 60
"""Between frames that are stamped as they come: a server may send a second of them at once."""

STANDARD_INPUT = "standard input"
_NO_PICTURE = np.zeros((0, 0, 3), np.uint8)


class Recording(FrameSource):
    """A container with an end: stamped with its own times, replayed without end on request.

    reopen: opens the same container once more, at its beginning.
    clock: gives seconds, read as each frame comes, where frames have no times of their own.
    """

    live = False

    def __init__(
        self,
        container: VideoContainer,
        reopen: Callable[[], VideoContainer] | None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._container = container
        self._reopen = reopen
        self._clock = clock
        self._last_arrival_s = -math.inf
        self._pictures = BgrPictures(self._sample_aspect)
        self._timeline = Timeline(container.period_s or STILL_PERIOD_S)
        self._told_jump = False
        self._frames = self._play()

    def __next__(self) -> CapturedFrame:
        return next(self._frames)

    def close(self) -> None:
        self._frames.close()
        self._container.close()

    def _play(self) -> Generator[CapturedFrame]:
        yield from map(self._captured, self._container.frames(hanging_up_ends=True))
        for told in self._container.missing():
            _log.warning("%s", told)
        while self._reopen is not None:
            self._container.close()
            self._container = self._reopen()
            self._timeline.start_over()
            yield from map(self._captured, self._container.frames(hanging_up_ends=True))

    def _captured(self, frame: VideoFrame) -> CapturedFrame:
        presentation_s = frame.time if self._clock is None else self._arrival_s(self._clock())
        t_s = self._timeline.stamp(presentation_s, _duration_s(frame))
        if self._timeline.jump_s:
            self._tell_jump(self._timeline.jump_s, t_s)
        if t_s < self.unwanted_before_s:
            return CapturedFrame(_NO_PICTURE, t_s)
        return CapturedFrame(self._pictures.picture(frame), t_s)

    def _arrival_s(self, now_s: float) -> float:
        self._last_arrival_s = max(now_s, self._last_arrival_s + MIN_SPACING_S)
        return self._last_arrival_s

    def _sample_aspect(self) -> Fraction | None:
        return self._container.sample_aspect()  # that of this round

    def _tell_jump(self, jump_s: float, t_s: float) -> None:
        """Once: a damaged recording may be full of them."""
        if self._told_jump:
            return
        self._told_jump = True
        _log.warning(
            "%s: its time stamps jump by %+.1f s at %.1f s; the frames behind follow at once",
            self._container.name,
            jump_s,
            t_s,
        )


class StillPicture(FrameSource):
    """One picture, as a recording of one frame; replayed it is the same frame again and again."""

    live = False

    def __init__(self, image: NDArray[np.uint8], *, loop: bool) -> None:
        self._image = image
        self._loop = loop
        self._next = 0

    def __next__(self) -> CapturedFrame:
        if self._next < 0 or (self._next > 0 and not self._loop):
            raise StopIteration
        self._next += 1
        return CapturedFrame(self._image, (self._next - 1) * STILL_PERIOD_S)

    def close(self) -> None:
        self._next = -1


def _duration_s(frame: VideoFrame) -> float | None:
    """For how long a frame is to stand, as far as its container knows."""
    if not frame.duration or frame.time_base is None:
        return None
    return float(frame.duration * frame.time_base)


def open_file(path: Path, *, loop: bool) -> FrameSource:
    """A video file or a still image, which is one frame. Raises SourceError."""

    def container() -> VideoContainer:
        return open_file_container(path)

    if loop and path.is_fifo():
        raise SourceError(f"{path} is a pipe, which cannot be replayed", "leave out --loop")
    try:
        return Recording(container(), reopen=container if loop else None)
    except TiledPictureError:
        return StillPicture(whole_picture(path, str(path)), loop=loop)


@interruptible()
def open_standard_input(*, loop: bool) -> FrameSource:
    """A video or a still image that is piped in, as a recording. Raises SourceError."""
    if loop:
        raise SourceError(
            f"{STANDARD_INPUT} cannot be replayed", "leave out --loop, or name a file"
        )
    stream = standard_input()
    try:
        return Recording(open_stream_container(stream, STANDARD_INPUT), reopen=None)
    except TiledPictureError:
        image = whole_picture(stream.whole(), STANDARD_INPUT)
        stream.forget()
        return StillPicture(image, loop=False)
    except SourceError:
        stream.forget()
        raise


def open_url(
    url: str,
    *,
    clock: Callable[[], float],
    loop: bool,
    timeout_s: float,
    as_recording: bool = False,
) -> FrameSource:
    """An rtsp or http URL; a file on a web server is a recording. Raises SourceError.

    as_recording: take a live stream, too, for a recording; where it has no times of its own, time
    is what the clock says since the first frame.
    """

    def container() -> VideoContainer:
        return open_url_container(url, timeout_s)

    first = container()
    is_live = url.lower().startswith("rtsp") or not first.has_end
    if is_live and loop:
        first.close()
        raise SourceError(f"{shown(url)} is live: it has no end to replay", "leave out --loop")
    if is_live and not as_recording:
        return LiveStream(first, clock)
    comes_without_times = is_live and not first.has_times
    return Recording(
        first, reopen=container if loop else None, clock=clock if comes_without_times else None
    )
