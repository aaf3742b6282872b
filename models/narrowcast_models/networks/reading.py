"""`oa` as a service reads with it: the numbers of `OneForAll`, out of a third of the calls.

The time of a small batch goes by the number of calls. So convolutions are prepared, what follows
them is merged in, and all that follows from how a chip was coded is worked out once for a coding.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from narrowcast_models import canvas as canvas_
from narrowcast_models import coding as coding_
from narrowcast_models.coding import Coding
from narrowcast_models.networks.blocks import ResidualBlock
from narrowcast_models.networks.convolution import prepared
from narrowcast_models.networks.folding import folded
from narrowcast_models.networks.one_for_all import LOG_SIGMA_RANGE, OneForAll

MAX_CODINGS = 1024
"""Codings that are remembered, a kilobyte each; beyond, the one unused for longest is not."""


class ReadingNetwork:
    """Canvas float [B, 1, 48, 48] in 0..1 and B codings to readings. It copies the weights."""

    def __init__(self, network: OneForAll, dtype: torch.dtype, device: torch.device) -> None:
        """dtype: what convolutions are multiplied in; all else is float32."""
        self._network = folded(network).to(device)
        self._dtype = dtype
        of_convolutions = folded(network)
        self._stem = prepared(of_convolutions.stem, dtype, device)
        self._blocks = [_Block(block, dtype, device) for block in of_convolutions.blocks]
        self._head = _Head(self._network)
        self._sizes = [self._head.told, *(block.width for block in self._blocks)]
        self._told = lru_cache(MAX_CODINGS)(self._tell)

    def read(self, canvas: Tensor, codings: Sequence[Coding]) -> Tensor:
        """Float32 [B, 2]: valence, -1..1, and the standard deviation of its error."""
        told = torch.stack([self._told(coding) for coding in codings])
        of_head, *of_blocks = torch.split_with_sizes(told, self._sizes, dim=1)
        seen = canvas_.normalise(canvas).to(self._dtype)
        x = self._stem.relu(unshuffled(seen, self._network.config.unshuffle))
        for block, shift in zip(self._blocks, of_blocks, strict=True):
            x = block(x, shift.to(self._dtype))
        return self._head(x.float(), of_head)

    def super_resolve(self, canvas: Tensor, codings: Sequence[Coding]) -> Tensor:
        """The face as it may have been before the link: float [B, 1, 48, 48] in 0..1."""
        conditions = coding_.conditions(codings).to(canvas.device)
        return self._network.super_resolve(canvas, conditions)

    def _tell(self, coding: Coding) -> Tensor:
        """What a coding amounts to: float32, what the head is told, then each block's shift."""
        conditions = coding_.conditions([coding]).to(self._network.valences.device)
        condition = self._network.condition(conditions)  # [1, C]
        blocks = cast("list[ResidualBlock]", list(self._network.blocks))
        shifts = [block.shift(condition) for block in blocks]
        return torch.cat([self._head.tell(conditions, condition), *shifts], dim=1)[0]


def unshuffled(x: Tensor, factor: int) -> Tensor:
    """`pixel_unshuffle` of [B, 1, n, n], channels last.

    PyTorch's own takes a pixel at a time. Two neighbours that stay neighbours move as one number.
    """
    pair = {torch.bfloat16: torch.int32, torch.float32: torch.int64}.get(x.dtype)
    if factor != 2 or pair is None:
        return functional.pixel_unshuffle(x, factor).to(memory_format=torch.channels_last)
    batch, _, side, _ = x.shape
    pairs = x.view(pair).view(batch, side // 2, 2, side // 2).transpose(2, 3).contiguous()
    return pairs.view(x.dtype).view(batch, side // 2, side // 2, 4).permute(0, 3, 1, 2)


class _Block:
    """A folded `ResidualBlock`."""

    def __init__(self, block: nn.Module, dtype: torch.dtype, device: torch.device) -> None:
        assert isinstance(block, ResidualBlock)
        self.width = block.conv1.out_channels
        self._conv1 = prepared(block.conv1, dtype, device)
        self._conv2 = prepared(block.conv2, dtype, device)
        shortcut = block.shortcut
        self._shortcut = (
            prepared(shortcut, dtype, device) if isinstance(shortcut, nn.Conv2d) else None
        )

    def __call__(self, x: Tensor, shift: Tensor) -> Tensor:
        """[B, width_in, n, n] and a shift [B, width] to [B, width, n / stride, n / stride]."""
        y = self._conv1.plain(x).add_(shift[:, :, None, None])
        other = x if self._shortcut is None else self._shortcut.plain(x)
        return self._conv2.plus_relu(functional.relu(y, inplace=True), other)


class _Head:
    """From the last stage on: what sees features is one matrix, for the shares and for sigma."""

    def __init__(self, network: OneForAll) -> None:
        self._network = network
        self._emotions, features = network.shares.weight.shape
        hidden = cast(nn.Linear, network.log_sigma[0])
        self._hidden, self._out = hidden, cast(nn.Linear, network.log_sigma[2])
        weights = [network.shares.weight, hidden.weight[:, :features]]
        self._weight = torch.cat(weights).detach().T.contiguous()
        self._features = features
        self._of_last = _channels_last(network)
        self.told = hidden.out_features + self._emotions + 3
        """Numbers that `tell` gives."""

    def tell(self, conditions: Tensor, condition: Tensor) -> Tensor:
        """[1, told] of one coding: what is added to the matrix's result, and the correction."""
        of_hidden = functional.linear(
            condition, self._hidden.weight[:, self._features :], self._hidden.bias
        )
        gain, offset, shift = self._network.calibration(conditions)
        correction = torch.stack([gain.exp(), offset, shift], dim=1)
        return torch.cat([self._network.shares.bias[None], of_hidden, correction], dim=1)

    def __call__(self, last: Tensor, told: Tensor) -> Tensor:
        """Float32 [B, 2] of the last stage [B, C, n, n]."""
        seen = torch.addmm(told[:, :-3], self._features_of(last), self._weight)
        gain, offset, shift = told[:, -3:].unbind(dim=1)
        shares = seen[:, : self._emotions].softmax(dim=1)
        valence = (shares @ self._network.valences * gain + offset).clamp(-1, 1)
        hidden = functional.relu(seen[:, self._emotions :])
        log_sigma = self._out(hidden).squeeze(1) + shift
        return torch.stack([valence, log_sigma.clamp(*LOG_SIGMA_RANGE).exp()], dim=1)

    def _features_of(self, last: Tensor) -> Tensor:
        """`OneForAll.features_of`, of the last stage as it lies in memory."""
        if self._of_last is None:
            return self._network.features_of(last)
        pixels = last.permute(0, 2, 3, 1).flatten(1)
        return functional.relu(functional.linear(pixels, *self._of_last), inplace=True)


def _channels_last(network: OneForAll) -> tuple[Tensor, Tensor] | None:
    """Weight and bias of the layer that sees the last stage, for [B, n, n, C] flattened."""
    if not network.config.features:
        return None
    out, side = network.features.out_features, network.last_px
    weight = network.features.weight.detach().view(out, -1, side, side).permute(0, 2, 3, 1)
    return weight.reshape(out, -1).contiguous(), network.features.bias.detach()
