"""Stills made into short moving clips: shift, zoom, turn, mirror, light, sensor noise."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

SIDE_PX = 48


class MotionConfig(NamedTuple):
    """Ranges, as shares of the chip's side unless said otherwise.

    The start is how far the crop may sit from where the label's crop sat (the encoder's dead
    band included); the step is how far it moves between two frames.
    """

    start_shift: float = 0.08
    start_zoom: float = 0.12
    start_turn_deg: float = 12.0
    step_shift: float = 0.012
    step_zoom: float = 0.008
    step_turn_deg: float = 1.0
    max_gamma: float = 1.35
    max_noise: float = 4.0  # standard deviation in gray levels


def clips(images: Tensor, frames: int, config: MotionConfig, generator: torch.Generator) -> Tensor:
    """Moving clips float32 [B, frames, 48, 48] (0..255) of stills uint8 [B, 48, 48]."""
    count = len(images)
    pose = _poses(count, frames, config, generator)  # [B, F, 4]
    theta = _affine(pose.reshape(-1, 4), _mirrors(count, frames, generator))
    still = (images.float() / 255).unsqueeze(1)
    still = _light(still, config, generator)
    repeated = still.repeat_interleave(frames, dim=0)  # [B*F, 1, 48, 48]
    grid = functional.affine_grid(theta, list(repeated.shape), align_corners=False)
    moved = functional.grid_sample(
        repeated, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    level = torch.rand(count * frames, 1, 1, 1, generator=generator) * config.max_noise
    noise = torch.randn(moved.shape, generator=generator) * level
    return (moved * 255 + noise).clamp(0, 255).reshape(count, frames, SIDE_PX, SIDE_PX)


def _poses(count: int, frames: int, config: MotionConfig, generator: torch.Generator) -> Tensor:
    """(shift x, shift y, log zoom, turn in radians) by frame: a start, then a random walk."""
    turn, step_turn = math.radians(config.start_turn_deg), math.radians(config.step_turn_deg)
    start = torch.tensor([config.start_shift, config.start_shift, config.start_zoom, turn])
    step = torch.tensor([config.step_shift, config.step_shift, config.step_zoom, step_turn])
    first = (torch.rand(count, 1, 4, generator=generator) * 2 - 1) * start
    # Half of the faces rest: most frames of a real face on a steady crop barely move.
    moving = (torch.rand(count, 1, 1, generator=generator) < 0.5).float()
    walk = torch.randn(count, frames, 4, generator=generator) * step * moving
    return first + walk.cumsum(dim=1)


def _mirrors(count: int, frames: int, generator: torch.Generator) -> Tensor:
    sign = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    return sign.repeat_interleave(frames)


def _affine(pose: Tensor, mirror: Tensor) -> Tensor:
    """Matrices [N, 2, 3] for affine_grid, whose coordinates run from -1 to 1."""
    dx, dy, log_zoom, turn = pose.unbind(dim=1)
    scale = log_zoom.exp()
    cos, sin = scale * turn.cos(), scale * turn.sin()
    rows = [
        torch.stack([mirror * cos, -sin, 2 * dx], 1),
        torch.stack([mirror * sin, cos, 2 * dy], 1),
    ]
    return torch.stack(rows, dim=1)


def _light(still: Tensor, config: MotionConfig, generator: torch.Generator) -> Tensor:
    """Gamma, the part of light that contrast normalisation does not undo."""
    spread = math.log(config.max_gamma)
    gamma = torch.exp((torch.rand(len(still), 1, 1, 1, generator=generator) * 2 - 1) * spread)
    return still.clamp_min(1e-4) ** gamma
