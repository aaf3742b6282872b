"""Stills made into short moving clips: shift, zoom, turn, mirror, light, focus, occlusion."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from narrowcast_models.training.film import displaced


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
    max_slope: float = 0.2  # light from one side: the edges' gain beside the middle's
    max_sharpening: float = 0.4  # of the detail that a 3x3 mean takes away; below zero, blur
    occluded: float = 0.1  # share of faces that have something else before a part of them
    max_occlusion: float = 0.4  # its sides, as shares of the face's
    cut: float = 0.1  # share of clips that open with another face


def clips(
    images: Tensor,
    frames: int,
    config: MotionConfig,
    generator: torch.Generator,
    borrowed: Tensor | None = None,
) -> Tensor:
    """Moving clips float32 [B, frames, n, n] (0..255) of stills uint8 [B, n, n].

    borrowed: displacements [B, frames, m, m, 2] of real faces, in half sides (see `film`).
    """
    pose = _poses(len(images), frames, config, generator)  # [B, F, 4]
    return _seen(images[:, None], pose, config, generator, borrowed)


def cut(clips: Tensor, config: MotionConfig, generator: torch.Generator) -> Tensor:
    """Some of the clips open with another face: P frames then bring a whole new picture."""
    chosen = torch.rand(len(clips), 1, 1, 1, generator=generator) < config.cut
    opened = torch.cat([clips[:, :1].roll(1, 0), clips[:, 1:]], dim=1)
    return torch.where(chosen, opened, clips)


def filmed(clips: Tensor, config: MotionConfig, generator: torch.Generator) -> Tensor:
    """Real clips uint8 [B, F, n, n] as another camera would see them: float32, 0..255.

    Their crop may sit elsewhere; the motion is their own.
    """
    count, frames = clips.shape[:2]
    pose = _poses(count, 1, config, generator).expand(-1, frames, -1)
    return _seen(clips, pose, config, generator, None)


def _seen(
    clips: Tensor,
    pose: Tensor,
    config: MotionConfig,
    generator: torch.Generator,
    borrowed: Tensor | None,
) -> Tensor:
    """Clips uint8 [B, F, n, n], F = 1 for stills, in poses [B, F, 4] and under one light each."""
    count, frames, side = len(clips), pose.shape[1], clips.shape[-1]
    theta = affine(pose.reshape(-1, 4), mirrors(count, frames, generator))
    sampled = grid(theta, side)
    if borrowed is not None:
        sampled = displaced(sampled.view(count, frames, side, side, 2), borrowed).flatten(0, 1)
    # What covers a face, the light and the focus are drawn for a face, and stay over its frames.
    still = clips.float() / 255
    still = _focus(light(_occlude(still, config, generator), config, generator), config, generator)
    moved = functional.grid_sample(
        still.expand(-1, frames, -1, -1).reshape(-1, 1, side, side),
        sampled,
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )
    return (moved * 255).reshape(count, frames, side, side)


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


def mirrors(count: int, frames: int, generator: torch.Generator) -> Tensor:
    """1, or -1 for the half that is mirrored, by face: float32 [count * frames]."""
    sign = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    return sign.repeat_interleave(frames)


def affine(pose: Tensor, mirror: Tensor) -> Tensor:
    """Matrices [N, 2, 3] of poses [N, 4] for `grid`, whose coordinates run from -1 to 1."""
    dx, dy, log_zoom, turn = pose.unbind(dim=1)
    scale = log_zoom.exp()
    cos, sin = scale * turn.cos(), scale * turn.sin()
    rows = [
        torch.stack([mirror * cos, -sin, 2 * dx], 1),
        torch.stack([mirror * sin, cos, 2 * dy], 1),
    ]
    return torch.stack(rows, dim=1)


def grid(theta: Tensor, side: int) -> Tensor:
    """`affine_grid` of matrices [N, 2, 3] as one sum of a row's and a column's share, which takes a
    twentieth of its time: [N, side, side, 2].
    """
    at = places(side)
    across = theta[:, :, 0, None] * at  # [N, 2, side]
    down = theta[:, :, 1, None] * at + theta[:, :, 2, None]
    return (across[:, :, None, :] + down[:, :, :, None]).permute(0, 2, 3, 1)


def places(side: int) -> Tensor:
    """Centres of `side` pixels, the picture's edges being -1 and 1: float32 [side]."""
    return (2 * torch.arange(side) + 1) / side - 1


def light(still: Tensor, config: MotionConfig, generator: torch.Generator) -> Tensor:
    """Gamma and a slope: the parts of light that contrast normalisation does not undo."""
    count, _, side, _ = still.shape
    gamma = torch.exp(_spread((count, 1, 1, 1), math.log(config.max_gamma), generator))
    slope = _spread((count, 1, 2), config.max_slope, generator)
    axis = torch.linspace(-1, 1, side)
    across, down = slope[..., :1] * axis, slope[..., 1:] * axis  # [B, 1, side] each
    gain = 1 + across[:, :, None, :] + down[:, :, :, None]
    return (still.clamp_min(1e-4) ** gamma * gain).clamp(0, 1)


def _focus(still: Tensor, config: MotionConfig, generator: torch.Generator) -> Tensor:
    """Cameras blur and sharpen."""
    amount = _spread((len(still), 1, 1, 1), config.max_sharpening, generator)
    mean = functional.avg_pool2d(still, 3, stride=1, padding=1, count_include_pad=False)
    return (still + amount * (still - mean)).clamp(0, 1)


def _occlude(still: Tensor, config: MotionConfig, generator: torch.Generator) -> Tensor:
    """A hand, hair, a cup: a piece of another face, from anywhere in it, stands for them."""
    count, _, side, _ = still.shape
    height, width = torch.rand(2, count, 1, generator=generator) * config.max_occlusion * side
    top, left = torch.rand(2, count, 1, generator=generator) * side
    axis = torch.arange(side)
    rows = (axis >= top - height / 2) & (axis < top + height / 2)
    columns = (axis >= left - width / 2) & (axis < left + width / 2)
    chosen = torch.rand(count, 1, 1, generator=generator) < config.occluded
    mask = (rows[:, :, None] & columns[:, None, :] & chosen)[:, None]
    return torch.where(mask, still.roll(1, 0).flip(-1), still)


def _spread(shape: tuple[int, ...], limit: float, generator: torch.Generator) -> Tensor:
    """Uniform between -limit and limit."""
    return (torch.rand(shape, generator=generator) * 2 - 1) * limit
