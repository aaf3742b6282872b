"""How a face on a steady crop moves: smoothly, within bounds, and now and then not at all.

A long random walk would leave the chip. Here it is a sum of sine waves whose amplitudes fall
with frequency as a random walk's do, between two bounds: without lower frequencies it keeps
coming back to its mean, without higher ones it is as smooth as a head.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from narrowcast_models.reels.config import ReelConfig

WAVES = 5


class Waves(NamedTuple):
    """N wanderings in C directions, sums of K sines: float32 [N, C, K] each."""

    amplitude: Tensor
    frequency_hz: Tensor
    phase: Tensor

    def at(self, index: Tensor, time_s: Tensor) -> Tensor:
        """Where the wanderings of `index` [M] are at their times [M]: float32 [M, C]."""
        turns = self.frequency_hz[index] * time_s[:, None, None]
        return (self.amplitude[index] * (turns * math.tau + self.phase[index]).sin()).sum(dim=2)


def wander(
    count: int, reach: Tensor, band_hz: tuple[float, float], generator: torch.Generator
) -> Waves:
    """`count` wanderings, never further than `reach` [C] from 0."""
    shape = (count, len(reach), WAVES)
    step = (torch.arange(WAVES) + torch.rand(shape, generator=generator)) / WAVES
    low_hz, high_hz = band_hz
    frequency_hz = low_hz * (high_hz / low_hz) ** step
    share = 1 / frequency_hz
    amplitude = reach[:, None] * share / share.sum(dim=2, keepdim=True)
    return Waves(amplitude, frequency_hz, math.tau * torch.rand(shape, generator=generator))


def time_moved_s(reels: int, frames: int, config: ReelConfig, generator: torch.Generator) -> Tensor:
    """Seconds that the faces of each reel have spent in motion, float32 [R, T]; rest adds none."""
    moving = _moving(reels, frames, config, generator)
    reach = round(config.easing_s * config.fps) // 2
    padded = functional.pad(moving[:, None], (reach, reach), mode="replicate")
    eased = functional.avg_pool1d(padded, 2 * reach + 1, stride=1)[:, 0]
    return eased.cumsum(dim=1) / config.fps


def _moving(reels: int, frames: int, config: ReelConfig, generator: torch.Generator) -> Tensor:
    """1 where the face moves and 0 where it rests, float32 [R, T], in turns of random length."""
    least_s = min(config.moving_s[0], config.resting_s[0])
    pairs = math.ceil(frames / config.fps / least_s / 2) + 1
    drawn = torch.rand(reels, pairs, 2, generator=generator)
    low, high = torch.tensor([config.moving_s, config.resting_s]).T
    ends_s = (low + (high - low) * drawn).flatten(1).cumsum(dim=1)
    # A reel opens anywhere in its first two turns, so every other one opens at rest or so.
    opening_s = ends_s[:, 1:2] * torch.rand(reels, 1, generator=generator)
    now_s = (torch.arange(frames) / config.fps + opening_s).contiguous()
    return 1 - (torch.searchsorted(ends_s, now_s, right=True) % 2).float()
