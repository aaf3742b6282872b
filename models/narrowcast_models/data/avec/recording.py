"""One recording as a stream of chips with their times; what is left out is counted."""

from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_models.data.avec import boxes, chips, ratings, video
from narrowcast_models.data.avec.boxes import Box, Boxes
from narrowcast_models.data.avec.layout import RecordingFiles
from narrowcast_models.data.avec.ratings import Ratings
from narrowcast_models.data.avec.video import GrayFrame

MIN_FACE_PX = 100
"""Smaller faces are left out (Cheng et al. 2017), by the box's longer side."""


class LeftOut(Enum):
    """Why a frame is not used: the first of these that holds."""

    NO_TIME = "no time"
    NO_RATING = "no rating"
    NO_BOX = "no box"
    SMALL = "small face"


class TimedChip(NamedTuple):
    """A chip uint8 [96, 96] and its frame's time in s."""

    time_s: float
    pixels: NDArray[np.uint8]


class Recording:
    """One of the challenge's recordings: its gold standard, and its chips once through."""

    def __init__(self, files: RecordingFiles) -> None:
        """Reads the tables, not the video. Raises DataError."""
        self.name = files.name
        self.partition = files.partition
        self.gold: Ratings = ratings.read(files.ratings)
        self.left_out: Counter[LeftOut] = Counter()
        self._boxes: Boxes = boxes.read(files.boxes)
        self._video = files.video

    def chips(self) -> Iterator[TimedChip]:
        """The chips of the frames that can be used, in order, one frame in memory at a time.

        `left_out` is counted anew. Raises DataError where the video cannot be decoded.
        """
        self.left_out.clear()
        for frame in video.frames(self._video):
            used = self._used(frame)
            if isinstance(used, LeftOut):
                self.left_out[used] += 1
            else:
                time_s, box = used
                yield TimedChip(time_s, chips.cut(frame.pixels, box))

    def _used(self, frame: GrayFrame) -> tuple[float, Box] | LeftOut:
        time_s, box = self._boxes.at(frame.number, frame.time_s)
        if time_s is None:
            return LeftOut.NO_TIME
        if not self.gold.covers(time_s):
            return LeftOut.NO_RATING
        if box is None:
            return LeftOut.NO_BOX
        if box.long_side < MIN_FACE_PX:
            return LeftOut.SMALL
        return time_s, box
