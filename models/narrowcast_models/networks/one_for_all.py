"""`oa`, the product's network: one for all sizes and quantisers.

A residual network on a 48-px canvas (48 px holds all that 96 px holds for valence), told how
the chip was coded. It learns how people vote on a face: eight shares, whose expectation over
the emotions' valences, calibrated, is the reading; the standard deviation of that reading's
error; and the face as it was before the link.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from narrowcast_models import canvas as canvas_
from narrowcast_models.coding import CONDITIONS
from narrowcast_models.emotions import EMOTIONS, VALENCES
from narrowcast_models.networks.blocks import ResidualBlock, SuperResolution
from narrowcast_models.networks.calibration import Calibration

LOG_SIGMA_RANGE = (-4.0, 0.5)
"""Bounds of log sigma: .018 to 1.65, far outside what faces give, so that exp stays finite."""


class OneForAllConfig(NamedTuple):
    """Sizes of the network.

    The first stage works at canvas_px / unshuffle, each later one at half the side of that
    before. `widths` and `blocks` are by stage. `features`: width of a layer that sees the whole
    last stage, pixel by pixel; 0 takes the mean over its pixels instead. `picture_stages`: how
    many stages the head for super-resolution shares with reading; 0 where there is none.
    """

    canvas_px: int = 48
    unshuffle: int = 2
    widths: tuple[int, ...] = (16, 32, 64, 128)
    blocks: tuple[int, ...] = (0, 1, 1, 1)
    condition_width: int = 32
    features: int = 96
    dropout: float = 0.1
    picture_stages: int = 2


class Outputs(NamedTuple):
    """What the network says of B chips.

    logits [B, 8]: of the shares. expected [B]: the valence that follows from them. valence [B]:
    the calibrated reading, -1..1. log_sigma [B]: of its error.
    """

    logits: Tensor
    expected: Tensor
    valence: Tensor
    log_sigma: Tensor


class OneForAll(nn.Module):
    """Canvas float [B, 1, 48, 48] in 0..1 and conditions [B, 3] to `Outputs`."""

    valences: Tensor

    def __init__(self, config: OneForAllConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or OneForAllConfig()
        width = config.widths[0]
        self.condition = nn.Sequential(
            nn.Linear(CONDITIONS, config.condition_width), nn.ReLU(inplace=True)
        )
        self.unshuffle: nn.Module = nn.PixelUnshuffle(config.unshuffle)
        self.stem = nn.Conv2d(config.unshuffle**2, width, 3, padding=1, bias=False)
        self.stem_norm: nn.Module = nn.BatchNorm2d(width)
        self.blocks = nn.ModuleList(_blocks(config))
        self._shared_blocks = sum(config.blocks[: config.picture_stages])
        features = config.widths[-1]
        self.last_px = config.canvas_px // config.unshuffle // 2 ** (len(config.widths) - 1)
        if config.features:
            self.features = nn.Linear(features * self.last_px**2, config.features)
            features = config.features
        self.dropout = nn.Dropout(config.dropout)
        self.shares = nn.Linear(features, len(EMOTIONS))
        self.log_sigma = nn.Sequential(
            nn.Linear(features + config.condition_width, 32),
            nn.ReLU(inplace=True),
            nn.Linear(32, 1),
        )
        self.calibration = Calibration()
        if config.picture_stages:
            self.super_resolution = SuperResolution(
                config.widths[config.picture_stages - 1],
                config.unshuffle * 2 ** (config.picture_stages - 1),
            )
        self.register_buffer("valences", torch.tensor(VALENCES), persistent=False)

    def forward(self, canvas: Tensor, conditions: Tensor) -> Outputs:
        condition = self.condition(conditions)  # [B, C]
        return self._read(self._early(canvas, condition), condition, conditions)

    def super_resolve(self, canvas: Tensor, conditions: Tensor) -> Tensor:
        """The face as it may have been before the link: float [B, 1, 48, 48] in 0..1."""
        early = self._early(canvas, self.condition(conditions))
        return self._picture(canvas, early).clamp(0, 1)

    def joint(self, canvas: Tensor, conditions: Tensor) -> tuple[Outputs, Tensor | None]:
        """Reading and picture of one pass, for training; the picture is not clamped."""
        condition = self.condition(conditions)
        early = self._early(canvas, condition)
        picture = self._picture(canvas, early) if self.config.picture_stages else None
        return self._read(early, condition, conditions), picture

    def _early(self, canvas: Tensor, condition: Tensor) -> Tensor:
        """Features [B, C, n, n] that reading and super-resolution share."""
        x: Tensor = self.stem(self.unshuffle(canvas_.normalise(canvas)))
        x = functional.relu(self.stem_norm(x), inplace=True)
        for block in self.blocks[: self._shared_blocks]:
            x = block(x, condition)
        return x

    def _read(self, early: Tensor, condition: Tensor, conditions: Tensor) -> Outputs:
        x = early
        for block in self.blocks[self._shared_blocks :]:
            x = block(x, condition)
        features = self.features_of(x)
        logits = self.shares(self.dropout(features))
        expected = (logits.softmax(dim=-1) * self.valences).sum(dim=-1)
        correction = self.calibration(conditions)
        valence = (expected * correction.log_gain.exp() + correction.offset).clamp(-1, 1)
        # sigma watches the reading without bending it: no gradient into the features.
        seen = torch.cat([features.detach(), condition.detach()], dim=-1)
        log_sigma = self.log_sigma(seen).squeeze(-1) + correction.log_sigma_shift
        return Outputs(logits, expected, valence, log_sigma.clamp(*LOG_SIGMA_RANGE))

    def features_of(self, last: Tensor) -> Tensor:
        """[B, features] of the last stage [B, widths[-1], n, n]."""
        if not self.config.features:
            return last.mean(dim=(-2, -1))
        # Where on the face something lies is half of what it means.
        features: Tensor = self.features(last.flatten(1))
        return functional.relu(features)

    def _picture(self, canvas: Tensor, early: Tensor) -> Tensor:
        picture: Tensor = canvas + self.super_resolution(early) * canvas_.contrast(canvas)
        return picture


def _blocks(config: OneForAllConfig) -> list[ResidualBlock]:
    blocks = []
    width_in = config.widths[0]
    for stage, (width, count) in enumerate(zip(config.widths, config.blocks, strict=True)):
        for index in range(count):
            stride = 2 if stage > 0 and index == 0 else 1
            blocks.append(ResidualBlock(width_in, width, stride, config.condition_width))
            width_in = width
    return blocks
