"""Layers folded for inference: the same numbers from fewer passes over memory."""

import copy

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from narrowcast_models.networks.blocks import ResidualBlock
from narrowcast_models.networks.one_for_all import OneForAll


def folded(network: OneForAll) -> OneForAll:
    """A copy in evaluation mode, normalisation and pooling folded into the convolutions.

    It cannot be trained or saved.
    """
    out = copy.deepcopy(network).eval()
    out.stem, out.stem_norm = _fold(out.stem, out.stem_norm)
    for block in out.blocks:
        assert isinstance(block, ResidualBlock)
        block.conv1, block.norm1 = _fold(block.conv1, block.norm1)
        block.conv2, block.norm2 = _fold(block.conv2, block.norm2)
        if isinstance(block.shortcut, nn.Sequential):
            block.shortcut = _shortcut(*block.shortcut)
    return out


def _fold(conv: nn.Conv2d, norm: nn.Module) -> tuple[nn.Conv2d, nn.Module]:
    assert isinstance(norm, nn.BatchNorm2d)
    return fuse_conv_bn_eval(conv, norm), nn.Identity()


def _shortcut(pool: nn.Module, conv: nn.Module, norm: nn.Module) -> nn.Conv2d:
    """The mean over n x n pixels and a 1x1 convolution are one n x n convolution."""
    assert isinstance(conv, nn.Conv2d)
    fused, _ = _fold(conv, norm)
    if isinstance(pool, nn.Identity):
        return fused
    assert isinstance(pool, nn.AvgPool2d)
    side = int(pool.kernel_size)  # type: ignore[arg-type]
    out = nn.Conv2d(conv.in_channels, conv.out_channels, side, side)
    out.weight = nn.Parameter(fused.weight.expand(-1, -1, side, side) / side**2)
    out.bias = fused.bias
    return out
