"""`oa`, the product's network: one for all sizes and quantisers.

A residual network on a 48-px canvas (48 px holds all that 96 px holds for valence), told how
the chip was coded. It learns how people vote on a face: eight shares, whose expectation over
the emotions' valences is the reading, and the standard deviation of that reading's error.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from narrowcast_models import canvas as canvas_
from narrowcast_models.coding import CONDITIONS
from narrowcast_models.emotions import EMOTIONS, VALENCES

LOG_SIGMA_RANGE = (-4.0, 0.5)
"""Bounds of log sigma: .018 to 1.65, far outside what faces give, so that exp stays finite."""


class OneForAllConfig(NamedTuple):
    """Sizes of the network. `widths` and `blocks` are by stage, each stage at half the side."""

    canvas_px: int = 48
    widths: tuple[int, ...] = (32, 64, 128)
    blocks: tuple[int, ...] = (2, 2, 2)
    condition_width: int = 32
    dropout: float = 0.2


class Outputs(NamedTuple):
    """What the network says of B chips: shares' logits [B, 8], valence [B], log sigma [B]."""

    logits: Tensor
    valence: Tensor
    log_sigma: Tensor


class _ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut, halving the side where stride is 2 (He et al. 2016)."""

    def __init__(self, width_in: int, width_out: int, stride: int, condition_width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width_out, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(width_out)
        self.conv2 = nn.Conv2d(width_out, width_out, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(width_out)
        self.shift = nn.Linear(condition_width, width_out)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or width_in != width_out:
            pool: nn.Module = nn.AvgPool2d(stride) if stride != 1 else nn.Identity()
            conv = nn.Conv2d(width_in, width_out, 1, bias=False)
            self.shortcut = nn.Sequential(pool, conv, nn.BatchNorm2d(width_out))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        y = self.norm1(self.conv1(x)) + self.shift(condition)[:, :, None, None]
        y = self.norm2(self.conv2(functional.relu(y)))
        return functional.relu(y + self.shortcut(x))


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
        self.stem = nn.Conv2d(4, width, 3, padding=1, bias=False)  # 4 = 2x2 pixel-unshuffle
        self.stem_norm = nn.BatchNorm2d(width)
        self.blocks = nn.ModuleList(_blocks(config))
        self.dropout = nn.Dropout(config.dropout)
        self.shares = nn.Linear(config.widths[-1], len(EMOTIONS))
        self.log_sigma = nn.Sequential(
            nn.Linear(config.widths[-1] + config.condition_width, 32),
            nn.ReLU(inplace=True),
            nn.Linear(32, 1),
        )
        self.register_buffer("valences", torch.tensor(VALENCES), persistent=False)

    def forward(self, canvas: Tensor, conditions: Tensor) -> Outputs:
        condition = self.condition(conditions)  # [B, C]
        x = functional.pixel_unshuffle(canvas_.normalise(canvas), 2)  # [B, 4, 24, 24]
        x = functional.relu(self.stem_norm(self.stem(x)))
        for block in self.blocks:
            x = block(x, condition)
        features = x.mean(dim=(-2, -1))  # [B, widths[-1]]
        logits = self.shares(self.dropout(features))
        valence = logits.softmax(dim=-1) @ self.valences
        # sigma watches the reading without bending it: no gradient into the features.
        seen = torch.cat([features.detach(), condition.detach()], dim=-1)
        log_sigma = self.log_sigma(seen).squeeze(-1).clamp(*LOG_SIGMA_RANGE)
        return Outputs(logits, valence, log_sigma)


def _blocks(config: OneForAllConfig) -> list[_ResidualBlock]:
    blocks = []
    width_in = config.widths[0]
    for stage, (width, count) in enumerate(zip(config.widths, config.blocks, strict=True)):
        for index in range(count):
            stride = 2 if stage > 0 and index == 0 else 1
            blocks.append(_ResidualBlock(width_in, width, stride, config.condition_width))
            width_in = width
    return blocks
