"""A network's convolutions in a smaller type: its time is theirs, and so is the gain."""

import torch
from torch import Tensor, nn

from narrowcast_models.networks.blocks import ResidualBlock
from narrowcast_models.networks.one_for_all import OneForAll


def rounded(network: OneForAll, dtype: torch.dtype) -> OneForAll:
    """A folded network, changed in place: its convolutions in `dtype`, all else in float32."""
    if dtype is torch.float32:
        return network
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.to(dtype)
    _surround(network, "stem", dtype, dtype)
    for block in network.blocks:
        assert isinstance(block, ResidualBlock)
        _surround(block, "shift", torch.float32, dtype)
    after = "features" if network.config.features else "shares"
    _surround(network, after, torch.float32, torch.float32)
    return network


class _Between(nn.Module):
    """A layer that is given its input as `taken`, and whose output is given on as `given`."""

    def __init__(self, layer: nn.Module, taken: torch.dtype, given: torch.dtype) -> None:
        super().__init__()
        self._layer = layer
        self._taken = taken
        self._given = given

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self._layer(x.to(self._taken)).to(self._given)
        return y


def _surround(parent: nn.Module, name: str, taken: torch.dtype, given: torch.dtype) -> None:
    setattr(parent, name, _Between(getattr(parent, name), taken, given))
