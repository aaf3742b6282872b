"""What a frame of this face, in this light, from this camera costs against the table's faces.

A P frame in which nothing changes costs 4 bytes at every rung. What lies above that is the face:
it differs from the table's by about the same factor at all rungs; the bytes as a whole do not.
"""

from narrowcast_shared.operating_point import Rung

EMPTY_BYTES = 4.0
"""Of a P access unit in which nothing has changed."""

LEAST_EXCESS_BYTES = 0.5

MEMORY = 0.96
"""Weight of the past in the mean, once it is one: about a second of frames."""

PRIOR_FRAMES = 4
"""On a new rung, what the rung before said counts as so many frames."""

KEYFRAME_WEIGHT = 0.5
"""Of the newest keyframe: there are few."""

CUT = 3.0
"""A frame counts as no more than this many usual ones."""

RANGE = (0.1, 10.0)
"""No face is believed to cost less, or more, than the table's by more than this."""


class CostCorrection:
    """Ratio of real to expected access-unit bytes above the empty ones, learned where one is.

    It is carried from rung to rung: noise and motion raise the cost of all.
    """

    def __init__(self) -> None:
        self.ratio = 1.0
        """How many times the table's bytes, above the empty ones, to expect."""
        self.keyframe_ratio = 1.0
        """How many times the table's bytes to expect of a keyframe."""
        self._rung: Rung | None = None
        self._frames = 0

    def learn(self, rung: Rung, size_bytes: int, table_bytes: float) -> None:
        """Take one P frame's access unit.

        A cut in the picture counts as an expensive frame, not in full: what it takes from the
        line is made up by skipping, and says nothing of the frames to come.
        """
        if rung != self._rung:
            self._rung, self._frames = rung, 0
        self._frames += 1
        weight = max(1 - MEMORY, 1 / (self._frames + PRIOR_FRAMES))
        ratio = (size_bytes - EMPTY_BYTES) / max(table_bytes - EMPTY_BYTES, LEAST_EXCESS_BYTES)
        ratio = min(ratio, CUT * max(self.ratio, 1.0))
        mixed = self.ratio + weight * (ratio - self.ratio)
        self.ratio = min(max(mixed, RANGE[0]), RANGE[1])

    def learn_keyframe(self, size_bytes: int, table_bytes: float) -> None:
        """Take one keyframe's access unit."""
        ratio = min(max(size_bytes / table_bytes, RANGE[0]), RANGE[1])
        self.keyframe_ratio += KEYFRAME_WEIGHT * (ratio - self.keyframe_ratio)


def expected_bytes(table_bytes: float, ratio: float) -> float:
    """Mean P access unit where a face costs `ratio` times the table's above the empty bytes."""
    return EMPTY_BYTES + ratio * max(table_bytes - EMPTY_BYTES, 0.0)
