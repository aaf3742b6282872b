"""Video files, still images and URLs as sources of frames."""

import logging
from collections.abc import Callable, Generator
from pathlib import Path

from av.video.frame import VideoFrame

from narrowcast_encoder.sources.container import (
    VideoContainer,
    open_file_container,
    open_url_container,
)
from narrowcast_encoder.sources.frame import CapturedFrame, FrameSource
from narrowcast_encoder.sources.picture import BgrPictures
from narrowcast_encoder.sources.timeline import Timeline

_log = logging.getLogger(__name__)

STILL_PERIOD_S = 0.04
"""Frame period where the container states none, as of a still image: 25 frames a second."""


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
        return CapturedFrame(self._pictures.picture(frame), self._timeline.stamp(frame.time))


class LiveStream(FrameSource):
    """A stream that comes at its own pace: stamped as each frame arrives."""

    live = True

    def __init__(self, container: VideoContainer, clock: Callable[[], float]) -> None:
        self._container = container
        self._clock = clock
        self._pictures = BgrPictures()
        self._frames = container.frames()

    def __next__(self) -> CapturedFrame:
        frame = next(self._frames)
        t_s = self._clock()
        return CapturedFrame(self._pictures.picture(frame), t_s)

    def close(self) -> None:
        self._frames.close()
        self._container.close()


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
