"""Clips of one person each: what the first half of a take says of the second.

The same camera, light and minute, and nothing in between: what a baseline may remove at best.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from narrowcast_encoder.detection import FaceDetector
from narrowcast_lab import real_clips
from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation.reader import Reader
from narrowcast_models.evaluation.sizes import predict
from narrowcast_shared.errors import DataError

FPS = 25.0
MIN_FRAMES = 20
DIGITS = 4


class Row(NamedTuple):
    """At one size. spread: of the mean valence of second halves, a standard deviation between
    clips; spread_above: the same less the median of the first half. within: root mean square of
    the frames' standard deviations within second halves.
    """

    px: int
    clips: int
    spread: float
    spread_above: float
    within: float


def load(files: Sequence[Path], detector: FaceDetector) -> list[LabelledFaces]:
    """The faces of each file, in order, without labels.

    Raises SourceError where one cannot be read, DataError where too few show a face.
    """
    clips = []
    for file in tqdm(files, "cropping", disable=None):
        chips = [chip for chip in real_clips.chips(file, detector, FPS) if chip is not None]
        if len(chips) >= MIN_FRAMES:
            nothing = np.zeros(len(chips), dtype=np.float32)
            clips.append(LabelledFaces(file.name, np.stack(chips), nothing))
    if len(clips) < 2:
        raise DataError("a spread between people takes two clips or more that show a face")
    return clips


def measure(reader: Reader, clips: Sequence[LabelledFaces], sizes_px: Sequence[int]) -> list[Row]:
    """A row a size; faces uncoded."""
    return [_row(reader, clips, px) for px in tqdm(sizes_px, "reading", unit="size", disable=None)]


def _row(reader: Reader, clips: Sequence[LabelledFaces], px: int) -> Row:
    read = [predict(reader, clip, Coding(px, None)).valence for clip in clips]
    firsts = np.array([np.median(values[: len(values) // 2]) for values in read])
    seconds = [values[len(values) // 2 :] for values in read]
    means = np.array([values.mean() for values in seconds])
    figures = (
        np.std(means, ddof=1),
        np.std(means - firsts, ddof=1),
        np.sqrt(np.mean([values.var() for values in seconds])),
    )
    return Row(px, len(clips), *(round(float(figure), DIGITS) for figure in figures))
