"""What state over time could add at most to readings of single frames.

Averages of a stream's readings stand for memories. Those over a segment are told where faces
change, which no memory is: the causal one is what averaging would give a live memory that knew,
the one over the whole segment about the most that averaging gives at all. The filter is what a
decoder could really run.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from narrowcast_models.coding import Coding
from narrowcast_models.evaluation.moving import MovingClip, read_streams
from narrowcast_models.evaluation.moving_figures import FPS
from narrowcast_models.recogniser import Recogniser
from narrowcast_models.reels import Reel
from narrowcast_shared import metrics

CODINGS = tuple(
    Coding(px, qp)
    for px, qp in (
        (48, None), (24, 36), (16, None), (16, 36), (12, None), (8, None), (8, 30), (6, None),
    )
)  # fmt: skip
TIME_CONSTANTS_S = (0.1, 0.2, 0.4, 0.8, 1.6)
DIGITS = 4

Series = NDArray[np.float64]
Frames = NDArray[np.int64]


class Score(NamedTuple):
    """Of readings against labels, over the frames of all reels."""

    cc: float
    rmse: float


class MemoryBounds(NamedTuple):
    """One coding.

    frame: readings as they come. so_far: their mean since the segment began. segment: their mean
    over the whole segment. filtered: exponentially, cuts unknown, with the time constant that
    gives the greatest CC on these very reels.
    """

    px: int
    qp: int | None
    frame: Score
    so_far: Score
    segment: Score
    filtered: Score
    time_constant_s: float


def measure(
    recogniser: Recogniser, reels: Sequence[Reel], codings: Sequence[Coding] = CODINGS
) -> list[MemoryBounds]:
    """Bounds of each coding, in order. Every reel goes through a stream of its own."""
    clips = [MovingClip(str(row), reel.chips) for row, reel in enumerate(reels)]
    progress = tqdm(codings, "reading", unit="coding", disable=None)
    return [
        bounds(coding, [read.valence for read in read_streams(recogniser, clips, coding)], reels)
        for coding in progress
    ]


def bounds(coding: Coding, readings: Sequence[Series], reels: Sequence[Reel]) -> MemoryBounds:
    """Bounds of readings [T] of each reel's frames."""
    labels = np.concatenate([reel.valence for reel in reels])
    first = [first_frames(reel) for reel in reels]
    pairs = list(zip(readings, first, strict=True))
    filters = {
        seconds: _score([filtered(read, seconds) for read in readings], labels)
        for seconds in TIME_CONSTANTS_S
    }
    best_s = max(filters, key=lambda seconds: filters[seconds].cc)
    return MemoryBounds(
        px=coding.px,
        qp=coding.qp,
        frame=_score(readings, labels),
        so_far=_score([mean_so_far(read, start) for read, start in pairs], labels),
        segment=_score([segment_mean(read, start) for read, start in pairs], labels),
        filtered=filters[best_s],
        time_constant_s=best_s,
    )


def first_frames(reel: Reel) -> Frames:
    """Of every frame [T], the first frame of its segment."""
    segment = np.searchsorted(reel.starts, np.arange(len(reel.chips)), side="right") - 1
    return np.asarray(reel.starts[segment])


def mean_so_far(readings: Series, first: Frames) -> Series:
    """Mean [T] of the readings from a segment's first frame to the present one."""
    total = np.concatenate([[0.0], readings.cumsum()])
    after = np.arange(len(readings)) + 1
    return np.asarray((total[after] - total[first]) / (after - first))


def segment_mean(readings: Series, first: Frames) -> Series:
    """Mean [T] of all readings of a frame's segment, later ones too."""
    return np.asarray(
        np.bincount(first, readings)[first] / np.bincount(first)[first], dtype=np.float64
    )


def filtered(readings: Series, time_constant_s: float) -> Series:
    """Exponential filter [T], causal, at 25 fps; it opens at the first reading."""
    share = 1 - math.exp(-1 / (FPS * time_constant_s))
    out = readings.copy()
    for frame in range(1, len(out)):
        out[frame] = out[frame - 1] + share * (readings[frame] - out[frame - 1])
    return out


def _score(readings: Sequence[Series], labels: NDArray[np.float32]) -> Score:
    scores = metrics.score(np.concatenate(readings), labels)
    return Score(round(scores.cc, DIGITS), round(scores.rmse, DIGITS))
