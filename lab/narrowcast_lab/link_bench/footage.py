"""What is played: clips joined one behind the other, as one camera whose picture is cut."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_models.evaluation.moving_figures import FPS
from narrowcast_shared.operating_point import CHIP_PX
from narrowcast_shared.resample import resample

US_PER_FRAME = 1_000_000 // FPS

Chip = NDArray[np.uint8]


class Clip(NamedTuple):
    """One clip at 25 fps: by frame a square chip, or None where no face was found.

    valence: float32 [T] where it is known.
    """

    name: str
    chips: Sequence[Chip | None]
    valence: NDArray[np.float32] | None = None


class Footage(NamedTuple):
    """Frames captured every 40 ms: chips uint8 [96, 96], or None where there is no face.

    labels: float32 [T], None unless every clip has them. starts: the number of each clip's first
    frame, from 0 on.
    """

    chips: list[Chip | None]
    labels: NDArray[np.float32] | None
    starts: tuple[int, ...] = (0,)

    @property
    def duration_us(self) -> int:
        """From the first frame to the end of the last."""
        return len(self.chips) * US_PER_FRAME

    @property
    def has_face(self) -> NDArray[np.bool_]:
        """Mask [T] of the frames with a face."""
        return np.array([chip is not None for chip in self.chips])

    def faces(self) -> list[tuple[int, Chip]]:
        """The frames with a face: number and chip."""
        return [(index, chip) for index, chip in enumerate(self.chips) if chip is not None]


def join(clips: Sequence[Clip]) -> Footage:
    """The clips as one recording, every chip at 96 px."""
    chips = [chip for clip in clips for chip in clip.chips]
    valences = [clip.valence for clip in clips if clip.valence is not None]
    labels = np.concatenate(valences) if len(valences) == len(clips) else None
    starts = tuple(accumulate((len(clip.chips) for clip in clips[:-1]), initial=0))
    return Footage([_full_size(chip) for chip in chips], labels, starts)


def _full_size(chip: Chip | None) -> Chip | None:
    return chip if chip is None or chip.shape[0] == CHIP_PX else resample(chip, CHIP_PX)
