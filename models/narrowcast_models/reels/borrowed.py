"""What real faces do, for stills to do likewise: where they move, and how their light changes.

A still that sways is a rigid thing: it neither talks nor blinks nor smiles, and its P frames cost
half of what real ones do. Here each segment follows a window of a real clip. From the window's
first frame to each of the others there is a dense optical flow (Kroeger et al. 2016, "Fast Optical
Flow using Dense Inverse Search"), which warps the still, and the ratio of that frame's light to
what the flow makes of the first one, by which the still is multiplied (Liu et al. 2001,
"Expressive Expression Mapping with Ratio Images"): shadows and wrinkles, eyelids, teeth, the light
of the room. Chips are cropped to the face, so what happens at the mouth of one happens at the mouth
of the other. Speech, blinks, head motion, light and rests come together, as they are in the clip.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from narrowcast_models.reels.config import ReelConfig
from narrowcast_models.reels.script import Script
from narrowcast_models.training import film
from narrowcast_models.training.film import FLOW_PX
from narrowcast_shared.operating_point import CHIP_PX

MAX_LOG_RATIO = 1.0
DARK_LEVELS = 16.0
"""Added to both sides of the ratio: that of two dark pixels is noise."""

Chips = NDArray[np.uint8]


class Change(NamedTuple):
    """What happens in the frames of N segments, one segment's behind the other's.

    flow: float16 [F, 2, m, m], displacements in half sides; a frame shows at x what the still shows
    at x plus these. log_ratio: float16 [F, 1, m, m], of its light to the still's. offset: int64
    [N], what the number of a frame in its reel is less than its row here.
    """

    flow: Tensor
    log_ratio: Tensor
    offset: Tensor

    def at(self, segment: Tensor, frame: Tensor, side: int) -> tuple[Tensor, Tensor]:
        """Displacements float32 [M, side, side, 2] and ratios float32 [M, side, side] of M frames,
        each by its segment and its number in the reel.
        """
        row = self.offset[segment] + frame
        flow, log_ratio = (_enlarged(of[row], side) for of in (self.flow, self.log_ratio))
        return flow.permute(0, 2, 3, 1), log_ratio[:, 0].exp()


def borrow(
    clips: Sequence[Chips], script: Script, config: ReelConfig, generator: torch.Generator
) -> Change:
    """Change for the script's segments, from windows of the clips' chips uint8 [T, 96, 96] at the
    reels' frame rate.

    Every chip is as likely to be a window's first. A window that reaches a clip's end goes back,
    and so on; half of them are mirrored. Raises ValueError where no clip has two frames.
    """
    clips = [clip for clip in clips if len(clip) > 1]
    if not clips:
        raise ValueError("there is no motion to borrow: no clip has two frames")
    frames = _lasting(script)
    count = len(frames)
    lengths = torch.tensor([len(clip) for clip in clips])
    chosen = torch.multinomial(lengths.float(), count, replacement=True, generator=generator)
    begins = (torch.rand(count, generator=generator) * lengths[chosen]).long()
    mirrored = torch.rand(count, generator=generator) < 0.5
    low, high = config.film_strength
    strength = low + (high - low) * torch.rand(count, generator=generator)
    flows, ratios = [], []
    drawn = zip(chosen.tolist(), begins.tolist(), mirrored.tolist(), strength, frames, strict=True)
    for clip, begin, flip, scale, lasting in drawn:
        flow, ratio = _window(clips[clip], begin, int(lasting))
        if flip:
            flow, ratio = flow[:, :, :, ::-1] * _MIRROR, ratio[:, :, :, ::-1]
        flows.append(torch.from_numpy(np.ascontiguousarray(flow)).mul(float(scale)).half())
        ratios.append(torch.from_numpy(np.ascontiguousarray(ratio)).mul(float(scale)).half())
    first = frames.cumsum(dim=0) - frames
    return Change(torch.cat(flows), torch.cat(ratios), first - script.start)


def _lasting(script: Script) -> Tensor:
    """Frames int64 [N] for which each segment is seen, the dissolve behind it included."""
    end = torch.full_like(script.start, script.segment.shape[1])
    follows = script.reel[1:] == script.reel[:-1]
    seen = (script.start + script.dissolve)[1:][follows]
    end[:-1][follows] = torch.minimum(seen, end[:-1][follows])
    return end - script.start


_MIRROR = np.array([-1, 1], dtype=np.float32)[:, None, None]
_ROWS, _COLUMNS = np.mgrid[0:CHIP_PX, 0:CHIP_PX].astype(np.float32)


def _window(clip: Chips, begin: int, frames: int) -> tuple[NDArray[np.float32], ...]:
    """Flow [frames, 2, m, m] and log ratio [frames, 1, m, m] from frame `begin` on."""
    turn = 2 * (len(clip) - 1)
    there = (begin + np.arange(frames)) % turn
    rows = np.minimum(there, turn - there)
    distinct, place = np.unique(rows, return_inverse=True)
    flow_of = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = [_between(flow_of, clip[begin], clip[row]) for row in distinct]
    flow, ratio = (np.stack(part)[place] for part in zip(*found, strict=True))
    return flow, ratio


def _between(
    flow_of: cv2.DISOpticalFlow, first: Chips, other: Chips
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Flow [2, m, m] in half sides and log ratio [1, m, m] from one frame to another."""
    flow = flow_of.calc(other, first, np.zeros((CHIP_PX, CHIP_PX, 2), np.float32))
    warped = cv2.remap(
        first,
        _COLUMNS + flow[..., 0],
        _ROWS + flow[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    light, before = (_small(chip.astype(np.float32)) + DARK_LEVELS for chip in (other, warped))
    ratio = np.log(light / before).clip(-MAX_LOG_RATIO, MAX_LOG_RATIO)
    return film.shrunk(flow).transpose(2, 0, 1), ratio[None]


def _small(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    shrunk = cv2.resize(picture, (FLOW_PX, FLOW_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, dtype=np.float32)


def _enlarged(fields: Tensor, side: int) -> Tensor:
    """Fields float16 [M, C, m, m] to float32 [M, C, side, side]."""
    return functional.interpolate(
        fields.float(), (side, side), mode="bilinear", align_corners=False
    )
