"""Whether frames that follow one another may be told as evenly spaced. Pure."""

import math
from collections.abc import Sequence

TIME_ERROR_TICKS = 200
"""No frame of a run is further from its time than this: 20 ms, less than there is between two."""

GRID_ERROR_TICKS = 100
"""Nor further moved than this so that the frames of a message are whole ticks apart: 10 ms."""

MAX_RUN_FRAMES = 200
"""Of evenly spaced frames no more than so many: then each is within that of whole ticks."""


class EvenSpacing:
    """A swinging door: the spacings from the first frame on that all frames so far allow."""

    def __init__(self, first_ticks: int) -> None:
        self._first_ticks = first_ticks
        self._frames = 1
        self._least = -math.inf
        self._most = math.inf

    def takes(self, ticks: int) -> bool:
        """Take one more frame, at `ticks`, if then all of them can be told well enough."""
        since_ticks = ticks - self._first_ticks
        if not self._least <= since_ticks / self._frames <= self._most:
            return False
        self._least = max(self._least, (since_ticks - TIME_ERROR_TICKS) / self._frames)
        self._most = min(self._most, (since_ticks + TIME_ERROR_TICKS) / self._frames)
        self._frames += 1
        return True


def on_grid(ticks: Sequence[int]) -> list[int] | None:
    """Capture times that are whole ticks apart, the first one kept; None where one is too far off.

    Such times cost a message nothing; others a byte or two for each frame.
    """
    steps = max(1, len(ticks) - 1)
    interval = round((ticks[-1] - ticks[0]) / steps)
    grid = [ticks[0] + interval * step for step in range(len(ticks))]
    if any(abs(told - true) > GRID_ERROR_TICKS for told, true in zip(grid, ticks, strict=True)):
        return None
    return grid
