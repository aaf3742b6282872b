"""Cameras, through OpenCV."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from narrowcast_encoder.sources.frame import CapturedFrame, FrameSource
from narrowcast_shared.errors import SourceError

# A face two metres away still fills 96 px of such a frame; larger ones only cost more.
_WANTED = {
    cv2.CAP_PROP_FRAME_WIDTH: 640,
    cv2.CAP_PROP_FRAME_HEIGHT: 480,
    cv2.CAP_PROP_FPS: 30,
    # One frame waits, not four: the oldest would be 130 ms old when it is read.
    cv2.CAP_PROP_BUFFERSIZE: 1,
}


class CameraSource(FrameSource):
    """Frames of an opened capture device, stamped as they arrive."""

    live = True

    def __init__(self, capture: cv2.VideoCapture, name: str, clock: Callable[[], float]) -> None:
        self._capture = capture
        self._name = name
        self._clock = clock
        self._open = True

    def __next__(self) -> CapturedFrame:
        if not self._open:
            raise StopIteration
        taken, image = self._capture.read()
        t_s = self._clock()
        if not taken:
            self.close()
            raise SourceError(f"{self._name} gives no more pictures", "check its connection")
        return CapturedFrame(np.asarray(image, dtype=np.uint8), t_s)

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
