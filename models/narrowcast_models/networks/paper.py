"""The networks of Cheng et al. 2017, "Robust Emotion Recognition from Low Quality and Low Bit
Rate Video", and narrower ones of the same shape for machines without an accelerator.

Numbers are from the paper's section 4.1 unless said otherwise; "the release" is the authors'
code (bowenc0221/Robust-LQ-Emotion-Recognition, Caffe), named where it differs.
"""

from enum import StrEnum
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from narrowcast_shared.operating_point import CHIP_PX

FILTERS = (64, 128, 256)
KERNEL_PX = 5  # without padding, in both networks
FULLY_CONNECTED = 300
DROPOUT = 0.5
TRANSFERRED = ("conv1", "conv2", "conv3")
"""Layers that SR pre-training hands over to recognition."""

SR_MARGIN_PX = 4 * (KERNEL_PX // 2)
"""What four convolutions without padding take off each side of a picture."""


class Pooling(StrEnum):
    """What follows the third convolution."""

    QUADRANT = "quadrant"
    """The greatest value of each quarter (the paper's text, after Khorrami et al. 2015)."""

    RELEASE = "release"
    """4x4 windows, the last ones cut short by the border (Caffe rounds their number up)."""


class PaperNetworkConfig(NamedTuple):
    """width multiplies filters and the fully connected layer; 1 and 96 px are the paper's."""

    canvas_px: int = CHIP_PX
    width: float = 1.0
    pooling: Pooling = Pooling.QUADRANT

    @property
    def filters(self) -> tuple[int, int, int]:
        first, second, third = (max(1, round(self.width * count)) for count in FILTERS)
        return first, second, third

    @property
    def fully_connected(self) -> int:
        return max(1, round(self.width * FULLY_CONNECTED))

    @property
    def last_map_px(self) -> int:
        """Side of the third convolution's output; below 1 the canvas is too small."""
        side = (self.canvas_px - KERNEL_PX + 1) // 2
        side = (side - KERNEL_PX + 1) // 2
        return side - KERNEL_PX + 1

    @property
    def pooled_px(self) -> int:
        """Side of what the pooling leaves."""
        return 2 if self.pooling is Pooling.QUADRANT else -(-max(self.last_map_px, 4) // 4)


class Recognition(nn.Module):
    """Normalised canvas float [B, 1, C, C] to valence [B]; no bound, as the output is linear."""

    def __init__(self, config: PaperNetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or PaperNetworkConfig()
        if config.last_map_px < 2:
            raise ValueError(f"a canvas of {config.canvas_px} px leaves nothing to pool")
        first, second, third = config.filters
        self.conv1 = nn.Conv2d(1, first, KERNEL_PX)
        self.conv2 = nn.Conv2d(first, second, KERNEL_PX)
        self.conv3 = nn.Conv2d(second, third, KERNEL_PX)
        self.fc4 = nn.Linear(third * config.pooled_px**2, config.fully_connected)
        self.fc5 = nn.Linear(config.fully_connected, 1)
        self.dropout = nn.Dropout(DROPOUT)
        initialise(self)

    def forward(self, canvas: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.conv1(canvas)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        x = self._pool(functional.relu(self.conv3(x))).flatten(1)
        x = self.dropout(functional.relu(self.fc4(x)))
        return torch.squeeze(self.fc5(x), -1)

    def transferred(self) -> list[nn.Module]:
        """The three convolutions that SR pre-training may initialise."""
        return [self.get_submodule(name) for name in TRANSFERRED]

    def head(self) -> list[nn.Module]:
        """The two layers that recognition alone learns."""
        return [self.fc4, self.fc5]

    def _pool(self, x: Tensor) -> Tensor:
        if self.config.pooling is Pooling.QUADRANT:
            return functional.adaptive_max_pool2d(x, 2)
        return functional.max_pool2d(x, min(4, x.shape[-1]), 4, ceil_mode=True)


class SuperResolution(nn.Module):
    """SR-FCN: normalised [B, 1, n, n], enlarged from low resolution, to [B, 1, n-16, n-16]."""

    def __init__(self, config: PaperNetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or PaperNetworkConfig()
        first, second, third = config.filters
        self.conv1 = nn.Conv2d(1, first, KERNEL_PX)
        self.conv2 = nn.Conv2d(first, second, KERNEL_PX)
        self.conv3 = nn.Conv2d(second, third, KERNEL_PX)
        self.conv4 = nn.Conv2d(third, 1, KERNEL_PX)
        initialise(self)

    def forward(self, enlarged: Tensor) -> Tensor:
        x = functional.relu(self.conv1(enlarged))
        x = functional.relu(self.conv2(x))
        x = functional.relu(self.conv3(x))
        out: Tensor = self.conv4(x)
        return out


def transfer(source: SuperResolution, target: Recognition) -> None:
    """Copy the first three layers of SR pre-training into the recognition network."""
    for name in TRANSFERRED:
        target.get_submodule(name).load_state_dict(source.get_submodule(name).state_dict())


def initialise(network: nn.Module) -> None:
    """Caffe's "xavier": uniform within sqrt(3 / fan-in), no bias (the release's recogniser)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            bound = (3 / module.weight[0].numel()) ** 0.5
            nn.init.uniform_(module.weight, -bound, bound)
            assert module.bias is not None
            nn.init.zeros_(module.bias)
