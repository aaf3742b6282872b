"""Chips of real video, as the live encoder crops them, at the one frame rate of a benchmark."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tqdm import tqdm

from narrowcast_encoder.crop import ChipMaker
from narrowcast_encoder.detection import FaceDetector
from narrowcast_encoder.sources import open_source
from narrowcast_models.evaluation.moving import MovingClip
from narrowcast_shared.errors import DataError, SourceError

VIDEO_SUFFIXES = frozenset(
    {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm"}
)
MIN_FACES = 2
"""A stream begins with a keyframe: only what follows it has a rate."""


def find(paths: Iterable[Path]) -> list[Path]:
    """The files, and of each folder its video files. Raises SourceError where it has none."""
    return [file for path in paths for file in (_videos(path) if path.is_dir() else [path])]


def load(files: Iterable[Path], detector: FaceDetector, fps: float) -> list[MovingClip]:
    """Clips of the files in which a face is seen; frames without one are left out.

    Raises SourceError where a file cannot be read, DataError where no file shows a face.
    """
    files = list(files)
    made = [_clip(file, detector, fps) for file in tqdm(files, "cropping", disable=None)]
    clips = [clip for clip in made if clip is not None]
    if not clips:
        raise DataError(f"no face is seen in {', '.join(file.name for file in files)}")
    return clips


def chips(file: Path, detector: FaceDetector, fps: float) -> list[NDArray[np.uint8] | None]:
    """Chips uint8 [96, 96] of one file, frame by frame at `fps`, None where no face is seen.

    Raises SourceError where it cannot be read.
    """
    maker = ChipMaker(detector)
    times_s: list[float] = []
    found: list[NDArray[np.uint8] | None] = []
    with open_source(str(file)) as source:
        for frame in source:
            times_s.append(frame.t_s)
            found.append(maker.chip(frame.image))
    return [found[row] for row in nearest_frames(times_s, fps)]


def nearest_frames(times_s: ArrayLike, fps: float) -> NDArray[np.intp]:
    """Rows of the frames nearest in time to 0, 1/fps, 2/fps ... up to the last of `times_s` [T].

    Times are in order and begin at 0; of two frames equally near the earlier one is taken.
    """
    times = np.asarray(times_s, dtype=np.float64)
    # A millionth of a frame makes up for times that were rounded.
    wanted = np.arange(int(times[-1] * fps + 1e-6) + 1) / fps
    after = np.searchsorted(times, wanted).clip(max=len(times) - 1)
    before = (after - 1).clip(min=0)
    return np.where(times[after] - wanted < wanted - times[before], after, before)


def _videos(folder: Path) -> list[Path]:
    found = sorted(file for file in folder.iterdir() if file.suffix.lower() in VIDEO_SUFFIXES)
    if not found:
        raise SourceError(f"{folder} holds no video file", "name the files")
    return found


def _clip(file: Path, detector: FaceDetector, fps: float) -> MovingClip | None:
    seen = [chip for chip in chips(file, detector, fps) if chip is not None]
    return MovingClip(file.name, np.stack(seen)) if len(seen) >= MIN_FACES else None
