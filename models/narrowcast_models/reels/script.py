"""Who is seen when: segments of random length, joined by hard cuts and dissolves."""

from typing import NamedTuple

import torch
from torch import Tensor

from narrowcast_models.reels.config import ReelConfig


class Script(NamedTuple):
    """R reels of T frames, windows on endless ones: the last segment may be cut short.

    Of all reels' segments, int64 [N]: face, the row of the one seen; start, its first frame;
    dissolve, how many frames from there on still show the segment before (0: a hard cut); reel,
    whose it is. By frame [R, T]: segment, int64, the newest; weight, float32, its share of the
    picture, below 1 inside a dissolve, where segment - 1 has the rest.
    """

    face: Tensor
    start: Tensor
    dissolve: Tensor
    reel: Tensor
    segment: Tensor
    weight: Tensor


def write(
    faces: int, reels: int, frames: int, config: ReelConfig, generator: torch.Generator
) -> Script:
    """Deal the faces out over segments: every one is seen once before any is seen twice."""
    start, dissolve = _cut(reels, frames, config, generator)
    used = start < frames  # [R, S]
    time = torch.arange(frames)
    number = torch.searchsorted(start, time.expand(reels, -1).contiguous(), right=True) - 1
    since = time - start.gather(1, number)  # [R, T] frames since the segment's start
    weight = (since + 1) / (dissolve.gather(1, number) + 1)
    before = used.sum(dim=1).cumsum(dim=0) - used.sum(dim=1)  # segments of the reels above
    return Script(
        face=_deal(faces, int(used.sum()), generator),
        start=start[used],
        dissolve=dissolve[used],
        reel=used.nonzero()[:, 0],
        segment=number + before[:, None],
        weight=weight.clamp_max(1).float(),
    )


def _cut(
    reels: int, frames: int, config: ReelConfig, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Starts and dissolves int64 [R, S], of as many segments as the shortest would need."""
    shortest, longest = (max(1, round(s * config.fps)) for s in config.segment_s)
    shape = (reels, -(-frames // shortest))
    length = torch.randint(shortest, longest + 1, shape, generator=generator)
    start = length.cumsum(dim=1) - length
    least, most = config.dissolve_frames
    dissolve = torch.randint(least, most + 1, shape, generator=generator)
    dissolve *= torch.rand(shape, generator=generator) < config.dissolve_share
    dissolve[:, 0] = 0
    # Over before the next joint begins: no frame shows three faces.
    return start, torch.minimum(dissolve, length)


def _deal(faces: int, count: int, generator: torch.Generator) -> Tensor:
    decks = [torch.randperm(faces, generator=generator) for _ in range(-(-count // faces))]
    return torch.cat(decks)[:count]
