"""Video files, still images and URLs as sources of frames."""

import logging
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame

from narrowcast_encoder.sources.container import (
    VideoContainer,
    open_file_container,
    open_url_container,
)
from narrowcast_encoder.sources.frame import CapturedFrame, FrameSource
from narrowcast_encoder.sources.live import LiveStream
from narrowcast_encoder.sources.picture import BgrPictures
from narrowcast_encoder.sources.timeline import Timeline

_log = logging.getLogger(__name__)

STILL_PERIOD_S = 0.04
"""Frame period where the container states none, as of a still image: 25 frames a second."""

_NO_PICTURE = np.zeros((0, 0, 3), np.uint8)


class Recording(FrameSource):
    """A container with an end: stamped with its own times, replayed without end on request.

    reopen: opens the same container once more, at its beginning.
    """

    live = False

    def __init__(
        self, container: VideoContainer, reopen: Callable[[], VideoContainer] | None
    ) -> None:
        self._container = container
        self._reopen = reopen
        self._pictures = BgrPictures()
        self._timeline = Timeline(container.period_s or STILL_PERIOD_S)
        self._told_jump = False
        self._frames = self._play()

    def __next__(self) -> CapturedFrame:
        return next(self._frames)

    def close(self) -> None:
        self._frames.close()
        self._container.close()

    def _play(self) -> Generator[CapturedFrame]:
        yield from map(self._captured, self._container.frames())
        for told in self._container.missing():
            _log.warning("%s", told)
        while self._reopen is not None:
            self._container.close()
            self._container = self._reopen()
            self._timeline.start_over()
            yield from map(self._captured, self._container.frames())

    def _captured(self, frame: VideoFrame) -> CapturedFrame:
        t_s = self._timeline.stamp(frame.time, _duration_s(frame))
        if self._timeline.jump_s:
            self._tell_jump(self._timeline.jump_s, t_s)
        if t_s < self.unwanted_before_s:
            return CapturedFrame(_NO_PICTURE, t_s)
        return CapturedFrame(self._pictures.picture(frame), t_s)

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


def _duration_s(frame: VideoFrame) -> float | None:
    """For how long a frame is to stand, as far as its container knows."""
    if not frame.duration or frame.time_base is None:
        return None
    return float(frame.duration * frame.time_base)


def open_file(path: Path, *, loop: bool) -> FrameSource:
    """A video file or a still image, which is one frame. Raises SourceError."""

    def container() -> VideoContainer:
        return open_file_container(path)

    return Recording(container(), reopen=container if loop else None)


def open_url(url: str, *, clock: Callable[[], float], loop: bool, timeout_s: float) -> FrameSource:
    """An rtsp or http URL; a file on a web server is a recording. Raises SourceError."""

    def container() -> VideoContainer:
        return open_url_container(url, timeout_s)

    first = container()
    if url.lower().startswith("rtsp") or not first.has_end:
        return LiveStream(first, clock)
    return Recording(first, reopen=container if loop else None)
