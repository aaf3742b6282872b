"""The pixels of a reel: stills warped, lit, mixed and made noisy, as 8-bit chips."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from narrowcast_models.reels import motion
from narrowcast_models.reels.borrowed import Change
from narrowcast_models.reels.config import ReelConfig
from narrowcast_models.reels.motion import Waves
from narrowcast_models.reels.script import Script
from narrowcast_models.training import motion as stills
from narrowcast_models.training.motion import MotionConfig

CHUNK = 64
"""Frames rendered at a time: what they take stays in a core's cache."""


class Scene(NamedTuple):
    """What N segments look like: stills float32 [N, 1, n, n] in 0..1, home [N, 4] and mirror [N]
    of the pose, sway about home, the light on it, and what is borrowed of film, if anything.
    """

    still: Tensor
    home: Tensor
    mirror: Tensor
    sway: Waves
    light: Waves
    change: Change | None = None


class _Moment(NamedTuple):
    """M frames to be rendered: the segment seen [M], its weight in a dissolve, the time that it
    has been in motion, and the number of the frame in its reel.
    """

    segment: Tensor
    weight: Tensor
    moved_s: Tensor
    frame: Tensor


def scene(images: Tensor, config: ReelConfig, generator: torch.Generator) -> Scene:
    """Draw how the segments that show these faces uint8 [N, n, n] are to look."""
    count = len(images)
    still = (images.float() / 255).unsqueeze(1)
    home = _reach(config.home_shift, config.home_zoom, config.home_turn_deg)
    sway = _reach(config.sway_shift, config.sway_zoom, config.sway_turn_deg)
    tilt = torch.tensor([config.sway_tilt, config.sway_tilt])
    light = torch.tensor([config.light_gain, config.light_slope, config.light_slope])
    return Scene(
        still=stills.light(still, _gamma_alone(config), generator),
        home=(2 * torch.rand(count, 4, generator=generator) - 1) * home,
        mirror=stills.mirrors(count, 1, generator),
        sway=motion.wander(count, torch.cat([sway, tilt]), config.sway_hz, generator),
        light=motion.wander(count, light, config.light_hz, generator),
    )


def render(
    shown: Scene, script: Script, moved_s: Tensor, config: ReelConfig, generator: torch.Generator
) -> Tensor:
    """Chips uint8 [R, T, n, n] of the script's reels; `moved_s` [R, T] is the time in motion."""
    reels, frames = script.segment.shape
    side = shown.still.shape[-1]
    level = (torch.rand(reels, generator=generator) * config.max_noise).repeat_interleave(frames)
    number = torch.arange(frames).repeat(reels)
    moment = _Moment(script.segment.flatten(), script.weight.flatten(), moved_s.flatten(), number)
    out = torch.empty(reels * frames, side, side, dtype=torch.uint8)
    for start in range(0, len(out), CHUNK):
        rows = slice(start, start + CHUNK)
        picture = 255 * _mixed(shown, _Moment(*(column[rows] for column in moment)), config.fps)
        grain = torch.empty_like(picture).normal_(generator=generator)
        picture.addcmul_(grain, level[rows, None, None])
        out[rows] = picture.round_().clamp_(0, 255)
    return out.reshape(reels, frames, side, side)


def _mixed(shown: Scene, moment: _Moment, fps: int) -> Tensor:
    """M frames float32 [M, n, n], 1 being white, with what is left of the segment before."""
    picture = _picture(shown, moment, fps)
    mixed = moment.weight < 1
    if mixed.any():
        before = _Moment(*(column[mixed] for column in moment))
        before = before._replace(segment=before.segment - 1)
        weight = before.weight[:, None, None]
        picture[mixed] = torch.lerp(_picture(shown, before, fps), picture[mixed], weight)
    return picture


def _picture(shown: Scene, moment: _Moment, fps: int) -> Tensor:
    """The same frames, each of its one segment."""
    segment = moment.segment
    side = shown.still.shape[-1]
    places = stills.places(side)
    sway = shown.sway.at(segment, moment.moved_s)  # shift x, shift y, zoom, turn; tilt x, tilt y
    theta = stills.affine(shown.home[segment] + sway[:, :4], shown.mirror[segment])
    grid, ratio = _grid(theta, sway[:, 4:], side), None
    if shown.change is not None:
        displaced, ratio = shown.change.at(segment, moment.frame, side)
        grid = grid + displaced
    moved = functional.grid_sample(
        shown.still[segment],
        grid,
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )
    light = shown.light.at(segment, moment.frame / fps)
    gain, slope_x, slope_y = light[:, :, None].unbind(dim=1)
    rows = (1 + gain + slope_y * places)[:, :, None]
    lit = moved[:, 0] * (rows + (slope_x * places)[:, None, :])
    return lit if ratio is None else lit * ratio


def _grid(theta: Tensor, tilt: Tensor, side: int) -> Tensor:
    """Where each pixel comes from, [M, side, side, 2]: by the matrices [M, 2, 3] and, most of all
    in the middle, by the tilt [M, 2].
    """
    dome = 1 - stills.places(side) ** 2
    bulge = 2 * tilt[:, :, None, None] * (dome * dome[:, None])
    return stills.grid(theta, side) + bulge.permute(0, 2, 3, 1)


def _gamma_alone(config: ReelConfig) -> MotionConfig:
    return MotionConfig(max_gamma=config.max_gamma, max_slope=0)


def _reach(shift: float, zoom: float, turn_deg: float) -> Tensor:
    return torch.tensor([shift, shift, zoom, math.radians(turn_deg)])
