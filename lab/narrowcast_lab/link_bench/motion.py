"""In which seconds the face moves, by its chips."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from narrowcast_lab.link_bench.footage import Chip, Footage
from narrowcast_models.evaluation.moving_figures import FPS
from narrowcast_shared.resample import resample

SHRUNK_PX = 12
"""At this side a camera's noise is averaged away, and what a face does is not."""

MOVING_LEVELS = 0.6
"""Gray levels that a pixel changes by from frame to frame. Reels at rest, noise and light and
all, stay below .55 and mostly below .3; in motion they are between .7 and 3."""


def moving_seconds(footage: Footage) -> NDArray[np.bool_]:
    """Mask [S] of the whole seconds in which the median frame differs from the one before.

    A cut alone, a single frame, does not make a second one of motion.
    """
    small = [None if chip is None else resample(chip, SHRUNK_PX) for chip in footage.chips]
    change = np.array([0.0, *(_change(before, after) for before, after in pairwise(small))])
    seconds = len(change) // FPS
    by_second = change[: seconds * FPS].reshape(seconds, FPS)
    return np.asarray(np.median(by_second, axis=1) >= MOVING_LEVELS)


def _change(before: Chip | None, after: Chip | None) -> float:
    if before is None or after is None:
        return 0.0
    return float(np.abs(before.astype(np.int16) - after).mean())
