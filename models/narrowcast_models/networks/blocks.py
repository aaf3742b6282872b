"""What the one-for-all network is built of."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al. 2016), told how the chip was coded.

    [B, width_in, n, n] to [B, width_out, n / stride, n / stride]; the condition
    [B, condition_width] shifts every channel between the two.
    """

    def __init__(self, width_in: int, width_out: int, stride: int, condition_width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width_out, 3, stride, 1, bias=False)
        self.norm1: nn.Module = nn.BatchNorm2d(width_out)
        self.conv2 = nn.Conv2d(width_out, width_out, 3, 1, 1, bias=False)
        self.norm2: nn.Module = nn.BatchNorm2d(width_out)
        self.shift = nn.Linear(condition_width, width_out)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or width_in != width_out:
            pool: nn.Module = nn.AvgPool2d(stride) if stride != 1 else nn.Identity()
            conv = nn.Conv2d(width_in, width_out, 1, bias=False)
            self.shortcut = nn.Sequential(pool, conv, nn.BatchNorm2d(width_out))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        y = self.norm1(self.conv1(x)) + self.shift(condition)[:, :, None, None]
        y = self.norm2(self.conv2(functional.relu(y, inplace=True)))
        return functional.relu(y + self.shortcut(x), inplace=True)


class SuperResolution(nn.Module):
    """Features [B, width, n, n] to what the canvas [B, 1, upscale n, upscale n] lacks.

    Sub-pixel convolution (Shi et al. 2016): at upscale 4, sixteen channels of a quarter of the
    side are the 4x4 pixels of the whole one.
    """

    def __init__(self, width: int, upscale: int) -> None:
        super().__init__()
        self.upscale = upscale
        self.hidden = nn.Conv2d(width, width, 3, padding=1)
        self.pixels = nn.Conv2d(width, upscale**2, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        y = self.pixels(functional.relu(self.hidden(features)))
        return torch.pixel_shuffle(y, self.upscale)
