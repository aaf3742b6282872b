"""Which frames of a clip are coded at a frame rate, and for how long each is the newest.

They are taken evenly. On an idle line the encoder codes another picture at once; on one that is
used up, as any line is by the controller, it has to wait for its turn.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.control.thinning import FrameThinner
from narrowcast_models.reels import ReelConfig
from narrowcast_shared.resample import resample

SOURCE_FPS = ReelConfig().fps
US_PER_S = 1_000_000


class Held(NamedTuple):
    """The C coded frames of a clip, and the captured frames that each one stands for.

    rows: int64 [C], of the captured frames that are coded. frames: int64 [C], for how many
    captured frames each is the newest. mean: float32 [C, n, n] of their chips, and `spread`, the
    sum of their squared distances from it over all pixels: with both, the squared error of a
    picture held for all of them takes one difference.
    """

    rows: NDArray[np.int64]
    frames: NDArray[np.int64]
    mean: NDArray[np.float32]
    spread: float


def shrink(chips: NDArray[np.uint8], px: int) -> NDArray[np.uint8]:
    """Chips uint8 [T, n, n] to [T, px, px], as the encoder does one by one."""
    return chips if chips.shape[1] == px else np.stack([resample(chip, px) for chip in chips])


def coded_at(frames: int, fps: float) -> NDArray[np.int64]:
    """Which of so many frames captured at 25 fps are coded at `fps`, the first too: [C]."""
    thinner = FrameThinner()
    due = [row for row in range(frames) if thinner.due(round(row * US_PER_S / SOURCE_FPS), fps)]
    return np.array(due, dtype=np.int64)


def hold(chips: NDArray[np.uint8], rows: NDArray[np.int64]) -> Held:
    """Where the frames `rows` are coded of chips uint8 [T, n, n]: for which each is held."""
    runs = [run.astype(np.float32) for run in np.split(chips, rows[1:])]
    # One by one, for `np.add.reduceat` over the first axis takes eight times as long.
    mean = np.stack([run.mean(axis=0) for run in runs])
    spread = sum(float(np.square(run - m).sum()) for run, m in zip(runs, mean, strict=True))
    return Held(rows, np.array([len(run) for run in runs]), mean, spread)
