"""Convolutions made ready to be read with: weights laid out once, what follows them merged in.

PyTorch lays a convolution's weights out for the CPU anew in every call: of the time of a lone chip
that is a third. oneDNN takes them as it wants them, once, and adds a shortcut and cuts below zero
while it writes a result (https://uxlfoundation.github.io/oneDNN/dev_guide_attributes_post_ops.html).
"""

from functools import cache
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional


class Convolution(Protocol):
    """Input [B, C, n, n] of the prepared type, channels last, to the same of the output."""

    def plain(self, x: Tensor) -> Tensor:
        """The convolution and its bias."""
        ...

    def relu(self, x: Tensor) -> Tensor:
        """The same, cut below zero."""
        ...

    def plus_relu(self, x: Tensor, other: Tensor) -> Tensor:
        """Its sum with `other`, cut below zero."""
        ...


def prepared(conv: nn.Conv2d, dtype: torch.dtype, device: torch.device) -> Convolution:
    """What reads like `conv` in `dtype`, by the quickest way there is. `conv` itself is changed."""
    conv = conv.to(device, dtype)
    if device.type == "cpu" and has_onednn():
        return _OneDnn(conv)
    return _Anywhere(conv)


@cache
def has_onednn() -> bool:
    """Whether this PyTorch has the calls below. Only its own compiler uses them, so it is tried."""
    try:
        _OneDnn(nn.Conv2d(1, 1, 1)).plain(torch.zeros(1, 1, 1, 1))
    except (AttributeError, RuntimeError, TypeError):
        return False
    return True


class _Anywhere:
    def __init__(self, conv: nn.Conv2d) -> None:
        self._conv = conv.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def plain(self, x: Tensor) -> Tensor:
        y: Tensor = self._conv(x)
        return y

    def relu(self, x: Tensor) -> Tensor:
        return functional.relu(self.plain(x), inplace=True)

    def plus_relu(self, x: Tensor, other: Tensor) -> Tensor:
        return functional.relu(self.plain(x).add_(other), inplace=True)


class _OneDnn:
    def __init__(self, conv: nn.Conv2d) -> None:
        assert conv.bias is not None
        lay_out: Any = torch._C._nn.mkldnn_reorder_conv2d_weight  # noqa: SLF001 - see has_onednn
        how = (conv.padding, conv.stride, conv.dilation, conv.groups)
        weight = lay_out(conv.weight.detach().contiguous().to_mkldnn(), *how)
        self._layer: tuple[Any, ...] = (weight, conv.bias.detach(), *how)
        self._call = torch.ops.mkldnn._convolution_pointwise  # noqa: SLF001 - likewise

    def plain(self, x: Tensor) -> Tensor:
        y: Tensor = self._call.default(x, *self._layer, "none", [], None)
        return y

    def relu(self, x: Tensor) -> Tensor:
        y: Tensor = self._call.default(x, *self._layer, "relu", [], None)
        return y

    def plus_relu(self, x: Tensor, other: Tensor) -> Tensor:
        y: Tensor = self._call.binary(x, other, *self._layer, "add", None, "relu", [], None)
        return y
