"""The pixels of a reel: stills warped, lit, mixed and made noisy, as 8-bit chips."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from narrowcast_models.reels import motion
from narrowcast_models.reels.config import ReelConfig
from narrowcast_models.reels.motion import Waves
from narrowcast_models.reels.script import Script
from narrowcast_models.training import motion as stills
from narrowcast_models.training.motion import MotionConfig

CHUNK = 64
"""Frames rendered at a time: what they take stays in a core's cache."""


class Scene(NamedTuple):
    """What N segments look like: stills float32 [N, 1, n, n] in 0..1, home [N, 4] and mirror [N]
    of the pose, sway about home, and the light on it.
    """

    still: Tensor
    home: Tensor
    mirror: Tensor
    sway: Waves
    light: Waves


class _Moment(NamedTuple):
    """M frames to be rendered: the segment seen [M], its weight in a dissolve, the time that it
    has been in motion, and the time.
    """

    segment: Tensor
    weight: Tensor
    moved_s: Tensor
    now_s: Tensor


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
    now_s = (torch.arange(frames) / config.fps).repeat(reels)
    moment = _Moment(script.segment.flatten(), script.weight.flatten(), moved_s.flatten(), now_s)
    out = torch.empty(reels * frames, side, side, dtype=torch.uint8)
    for start in range(0, len(out), CHUNK):
        rows = slice(start, start + CHUNK)
        picture = 255 * _mixed(shown, _Moment(*(column[rows] for column in moment)))
        grain = torch.empty_like(picture).normal_(generator=generator)
        picture.addcmul_(grain, level[rows, None, None])
        out[rows] = picture.round_().clamp_(0, 255)
    return out.reshape(reels, frames, side, side)


def _mixed(shown: Scene, moment: _Moment) -> Tensor:
    """M frames float32 [M, n, n], 1 being white, with what is left of the segment before."""
    picture = _picture(shown, moment)
    mixed = moment.weight < 1
    if mixed.any():
        before = _Moment(*(column[mixed] for column in moment))
        before = before._replace(segment=before.segment - 1)
        weight = before.weight[:, None, None]
        picture[mixed] = torch.lerp(_picture(shown, before), picture[mixed], weight)
    return picture


def _picture(shown: Scene, moment: _Moment) -> Tensor:
    """The same frames, each of its one segment."""
    segment = moment.segment
    side = shown.still.shape[-1]
    places = stills.places(side)
    sway = shown.sway.at(segment, moment.moved_s)  # shift x, shift y, zoom, turn; tilt x, tilt y
    theta = stills.affine(shown.home[segment] + sway[:, :4], shown.mirror[segment])
    moved = functional.grid_sample(
        shown.still[segment],
        _grid(theta, sway[:, 4:], side),
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )
    gain, slope_x, slope_y = shown.light.at(segment, moment.now_s)[:, :, None].unbind(dim=1)
    rows = (1 + gain + slope_y * places)[:, :, None]
    return moved[:, 0] * (rows + (slope_x * places)[:, None, :])


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
