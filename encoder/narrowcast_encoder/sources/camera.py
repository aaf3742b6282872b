"""Cameras, through OpenCV.

A driver keeps some frames until they are read. Those that lay there while nobody read, because the
process was stopped or waited for a decoder, are old: V4L2 says when each one was captured, on the
machine's monotonic clock, which is brought to ours like a network camera's. Other drivers tell no
time that could be trusted; their frames are stamped as they are read.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from cv2.typing import MatLike

from narrowcast_encoder.sources.anchor import CaptureClock
from narrowcast_encoder.sources.frame import CapturedFrame, FrameSource
from narrowcast_shared.errors import SourceError

logger = logging.getLogger(__name__)

# A face two metres away still fills 96 px of such a frame; larger ones only cost more.
_WANTED = {
    cv2.CAP_PROP_FRAME_WIDTH: 640,
    cv2.CAP_PROP_FRAME_HEIGHT: 480,
    cv2.CAP_PROP_FPS: 30,
    # One frame waits, not four: the oldest would be 130 ms old when it is read.
    cv2.CAP_PROP_BUFFERSIZE: 1,
}


_TELLS_TIME = "V4L2"
"""OpenCV's name of the backend whose CAP_PROP_POS_MSEC is the driver's time of capture."""

MAX_OLD_S = 0.5
"""A camera's frame that lay in the driver for longer is skipped."""

BUFFERED = 8
BLOCKS_S = 0.002
"""At first up to `BUFFERED` frames are left out until one had to be waited for by `BLOCKS_S`."""

_NO_PICTURE = np.zeros((0, 0, 3), np.uint8)


class CameraSource(FrameSource):
    """Frames of an opened capture device, stamped with their time of capture where it tells."""

    live = True

    def __init__(self, capture: cv2.VideoCapture, name: str, clock: Callable[[], float]) -> None:
        self._capture = capture
        self._name = name
        self._clock = clock
        self._open = True
        self._anchor = CaptureClock() if capture.getBackendName() == _TELLS_TIME else None
        self._begun = self._told_old = False
        self._driver_s = 0.0
        self._last_s = float("-inf")

    def __next__(self) -> CapturedFrame:
        if not self._open:
            raise StopIteration
        if not self._begun and self._anchor is not None:
            self._leave_out_buffered()
        self._begun = True
        image = self._read()
        now_s = self._clock()
        captured_s = self._captured_s(now_s)
        self._last_s = max(self._last_s, captured_s)
        if now_s - captured_s > MAX_OLD_S:
            return self._old()
        return CapturedFrame(np.asarray(image, dtype=np.uint8), self._last_s)

    def _read(self) -> MatLike:
        taken, image = self._capture.read()
        if not taken:
            self.close()
            raise SourceError(f"{self._name} gives no more pictures", "check its connection")
        return image

    def _leave_out_buffered(self) -> None:
        """What lies in the driver since it was opened is of then."""
        for _ in range(BUFFERED):
            began_s = self._clock()
            self._read()
            if self._clock() - began_s >= BLOCKS_S:
                return

    def _captured_s(self, now_s: float) -> float:
        """Time of capture of the frame that was read last."""
        if self._anchor is None:
            return now_s
        driver_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
        before_s, self._driver_s = self._driver_s, driver_s
        if driver_s <= before_s:  # a driver that does not fill it in
            self._anchor = None
            return now_s
        self._anchor.arrived(driver_s, now_s)
        assert self._anchor.epoch is not None
        return self._anchor.epoch.captured_s(driver_s)

    def _old(self) -> CapturedFrame:
        if not self._told_old:
            self._told_old = True
            logger.warning("%s is read late: old frames are skipped", self._name)
        return CapturedFrame(_NO_PICTURE, self._last_s, old=True)

    def close(self) -> None:
        self._open = False
        self._capture.release()


def open_camera(spec: str, clock: Callable[[], float]) -> CameraSource:
    """The camera of this index or device file. Raises SourceError where there is none.

    OpenCV's own warnings are switched off: the error says the same on one line.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    name = f"camera {spec}"
    capture = cv2.VideoCapture(_device(spec, name))
    if not capture.isOpened():
        raise SourceError(
            f"{name} cannot be opened",
            "check that it is connected, that no other program holds it, and that you may read it",
        )
    for setting, value in _WANTED.items():
        capture.set(setting, value)  # a wish: a camera that cannot takes its nearest mode
    return CameraSource(capture, name, clock)


def _device(spec: str, name: str) -> int:
    """Index of the camera: given a file's name, OpenCV would try to play it as a video."""
    if spec.isdigit():
        return int(spec)
    device = Path(spec).resolve().name  # /dev/v4l/by-id/... leads to /dev/videoN
    if not device.removeprefix("video").isdigit():
        raise SourceError(f"{name} is not there", "ls /dev/video* lists the cameras")
    return int(device.removeprefix("video"))
