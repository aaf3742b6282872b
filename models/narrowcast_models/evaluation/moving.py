"""What is left of valence on moving clips that go through x264 as one stream each.

Every clip is read uncoded at full size, and once more at every rung; the readings of a rung are
compared with the uncoded ones of the same model (CCC kept), and with the labels where a clip has
them. A stream is a keyframe and then P frames for ever. The video rate is that of the P frames:
the keyframe, sent once, is left out of it, though its picture is read like any other.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from narrowcast_models.coding import Coding
from narrowcast_models.evaluation.coded_stream import CodedStream
from narrowcast_models.evaluation.moving_figures import MovingFigures, Readings, figures
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared.operating_point import CHIP_PX, Rung

HR = Coding(CHIP_PX, None)
"""What a rung is held against: the chip at full size, never coded."""


class MovingClip(NamedTuple):
    """Chips uint8 [T, n, n] at 25 fps, T >= 1, and their valence float32 [T] where it is known."""

    name: str
    chips: NDArray[np.uint8]
    valence: NDArray[np.float32] | None = None


def measure(
    recogniser: Recogniser, clips: Sequence[MovingClip], rungs: Sequence[Rung]
) -> tuple[MovingFigures, list[MovingFigures]]:
    """Figures uncoded, and of each rung in order, over the frames of all clips together."""
    valences = [clip.valence for clip in clips if clip.valence is not None]
    labels = np.concatenate(valences) if len(valences) == len(clips) else None
    with tqdm(total=len(rungs) + 1, desc="reading", unit="rung", disable=None) as progress:
        uncoded = read_streams(recogniser, clips, HR)
        progress.update()
        coded = []
        for rung in rungs:
            readings = read_streams(recogniser, clips, Coding(*rung))
            coded.append(figures(Coding(*rung), readings, uncoded, labels))
            progress.update()
    return figures(HR, uncoded, uncoded, labels), coded


def read_streams(
    recogniser: Recogniser, clips: Sequence[MovingClip], coding: Coding
) -> list[Readings]:
    """Readings of every clip, each through a stream of its own.

    All streams advance together, a frame of each in one batch, as when a decoder serves them
    live: whatever is kept of a stream from frame to frame sees its frames in order.
    """
    streams = [CodedStream(coding) for _ in clips]
    rows: list[list[tuple[float, float]]] = [[] for _ in clips]
    for step in range(max(len(clip.chips) for clip in clips)):
        running = [index for index, clip in enumerate(clips) if step < len(clip.chips)]
        batch = [streams[index].next(clips[index].chips[step]) for index in running]
        for index, reading in zip(running, recogniser.read(batch), strict=True):
            rows[index].append((reading.valence, reading.sigma))
    return [
        _readings(np.array(read, dtype=np.float64), stream)
        for read, stream in zip(rows, streams, strict=True)
    ]


def _readings(rows: NDArray[np.float64], stream: CodedStream) -> Readings:
    return Readings(rows[:, 0], rows[:, 1], stream.p_frames, stream.p_frame_bytes)
