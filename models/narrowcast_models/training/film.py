"""Real faces in motion, without labels: stills borrow their motion, and networks learn from them.

A still that is shifted and zoomed moves rigidly. Real faces talk and blink, and their P frames
leave other traces. So the dense optical flow of real clips (Kroeger et al. 2016, "Fast Optical Flow
using Dense Inverse Search"), from a reference frame to each of those that follow it, is applied to
stills. The clips serve as they are, too: what the network reads of a coded chip is to match what a
teacher reads of the clean one.

`narrowcast chips` writes the file: the chips of each clip as the live encoder makes them.
"""

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from narrowcast_models.data import archive
from narrowcast_shared.errors import DataError
from narrowcast_shared.operating_point import CHIP_PX

FLOW_PX = 24
"""Side of the kept flow: noise of single pixels is averaged out."""

REACH = 24
"""Frames from a reference frame to the last one that is followed: about a second."""

REFERENCE_EVERY = 6
"""Frames from one reference frame to the next."""

MAX_DISPLACEMENT = 0.2
"""In half sides. Where a hand covers the face there is no flow, and what is found is arbitrary."""

STEPS = (1, 1, 2, 3, 5)
"""Frames of a clip between two frames of a training clip: the encoder leaves frames out."""

_LAYOUT = "it needs chips uint8 [N, 96, 96] and starts int64 [clips], as `narrowcast chips` writes"


class FilmConfig(NamedTuple):
    """`moved`: share of stills in motion that move by a film's flow. `groups`: film's share of the
    groups of an epoch, where there is a teacher. Flow is scaled by a factor within `strength`.
    """

    moved: float = 0.6
    groups: float = 0.1
    strength: tuple[float, float] = (0.6, 1.8)


class Film:
    """Chips of some clips and the flow within them."""

    def __init__(self, clips: list[NDArray[np.uint8]]) -> None:
        """clips: chips uint8 [T, 96, 96] of each clip, at 25 frames a second.

        Raises DataError where no clip is as long as a reference frame's reach.
        """
        clips = [clip for clip in clips if len(clip) > REACH]
        if not clips:
            raise DataError(f"no clip has more than {REACH} chips", "name longer clips")
        self.chips = np.concatenate(clips)
        """uint8 [N, 96, 96]: of all clips, one after the other."""
        self._first, self._flow = _references(clips)

    def motion(
        self, count: int, frames: int, strength: tuple[float, float], generator: torch.Generator
    ) -> Tensor:
        """Displacements float32 [count, frames, 24, 24, 2], in half sides of the chip.

        That of the first frame is 0: a frame shows at x what the still shows at x plus these.
        """
        row = torch.randint(len(self._flow), (count,), generator=generator)
        at = self._times(count, frames, generator)
        flow = self._flow[row[:, None], at].float()  # [count, frames, 24, 24, 2]
        low, high = strength
        scale = low + (high - low) * torch.rand(count, 1, 1, 1, 1, generator=generator)
        mirrored = torch.rand(count, 1, 1, 1, 1, generator=generator) < 0.5
        flipped = flow.flip(3) * torch.tensor([-1.0, 1.0])
        return torch.where(mirrored, flipped, flow) * scale

    def windows(self, count: int, frames: int, generator: torch.Generator) -> Tensor:
        """Rows int64 [count, frames] of `chips`: frames of one clip that follow each other."""
        first = self._first[torch.randint(len(self._first), (count,), generator=generator)]
        return first[:, None] + self._times(count, frames, generator)

    def _times(self, count: int, frames: int, generator: torch.Generator) -> Tensor:
        """Frames since the reference int64 [count, frames], from 0 on, evenly apart."""
        steps = torch.tensor([step for step in STEPS if (frames - 1) * step <= REACH] or [1])
        step = steps[torch.randint(len(steps), (count, 1), generator=generator)]
        return (torch.arange(frames) * step).clamp_max(REACH)


def load(path: Path) -> Film:
    """Raises DataError where the file is missing, damaged or laid out otherwise."""
    return Film(clips(path))


def clips(path: Path) -> list[NDArray[np.uint8]]:
    """Chips uint8 [T, 96, 96] of each clip in the file. Raises DataError as `load` does."""
    table = archive.read(path, ("chips", "starts"), layout=_LAYOUT)
    chips, starts = table["chips"], table["starts"]
    if chips.dtype != np.uint8 or chips.shape[1:] != (CHIP_PX, CHIP_PX):
        raise DataError(f"{path}: chips are {chips.dtype} {list(chips.shape)}", _LAYOUT)
    if not _are_starts(starts, len(chips)):
        raise DataError(f"{path}: starts are no rows of {len(chips)} chips, from 0 on", _LAYOUT)
    return np.split(chips, starts[1:])


def _are_starts(starts: NDArray[Any], count: int) -> bool:
    """Whether they are whole numbers that begin with 0 and ascend, each the row of a chip."""
    if starts.ndim != 1 or not np.issubdtype(starts.dtype, np.integer) or not len(starts):
        return False
    ends = np.append(starts, count).astype(np.int64)
    return bool(ends[0] == 0 and (np.diff(ends) > 0).all())


def displaced(grid: Tensor, motion: Tensor) -> Tensor:
    """A sampling grid [B, F, n, n, 2] with displacements [B, F, m, m, 2] added to it."""
    batch, frames, side = grid.shape[:3]
    rows = motion.flatten(0, 1).permute(0, 3, 1, 2)
    enlarged = functional.interpolate(rows, (side, side), mode="bilinear", align_corners=False)
    return grid + enlarged.permute(0, 2, 3, 1).reshape(batch, frames, side, side, 2)


def _references(clips: list[NDArray[np.uint8]]) -> tuple[Tensor, Tensor]:
    """First frame int64 [R] of each reference in all chips, and its flow float16
    [R, REACH + 1, 24, 24, 2], in half sides.
    """
    flow_of = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    firsts, flows = [], []
    still = np.zeros((CHIP_PX, CHIP_PX, 2), np.float32)
    begin = 0
    for clip in clips:
        for first in range(0, len(clip) - REACH, REFERENCE_EVERY):
            firsts.append(begin + first)
            flows.append(
                [
                    shrunk(flow_of.calc(clip[first + step], clip[first], still))
                    for step in range(REACH + 1)
                ]
            )
        begin += len(clip)
    return torch.tensor(firsts), torch.from_numpy(np.asarray(flows, dtype=np.float16))


def shrunk(flow: NDArray[Any]) -> NDArray[np.float32]:
    """Flow [96, 96, 2] in px to [24, 24, 2] in half sides."""
    small = cv2.resize(flow, (FLOW_PX, FLOW_PX), interpolation=cv2.INTER_AREA) * (2 / CHIP_PX)
    return np.asarray(small.clip(-MAX_DISPLACEMENT, MAX_DISPLACEMENT), dtype=np.float32)
