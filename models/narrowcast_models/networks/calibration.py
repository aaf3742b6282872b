"""Readings and sigma made true at every coding, by what held-out faces say.

The fewer pixels, the nearer lies the expected valence to the mean: the best guess of a face that
cannot be seen is an average one. That costs CCC, which wants readings as spread as the labels;
so the reading is what is expected, spread out again, by a gain and an offset for each coding.
Sigma is that of the reading, likewise shifted.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from narrowcast_models.coding import Coding
from narrowcast_shared.operating_point import CHIP_PX, MAX_QP

SIZES_PX = (6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96)
QPS = (None, 24, 30, 36, 42, 48)
CODINGS = tuple(Coding(px, qp) for px in SIZES_PX for qp in QPS)
"""Where it is fitted. Between two sizes (in octaves) or two quantisers it is interpolated;
beyond the outermost, the outermost holds."""


class Correction(NamedTuple):
    """What is done to what is expected, [B] each: reading = exp(log_gain) expected + offset."""

    log_gain: Tensor
    offset: Tensor
    log_sigma_shift: Tensor


class Calibration(nn.Module):
    """Conditions [B, 3] to a `Correction`, which changes nothing until it is fitted."""

    table: Tensor
    octaves: Tensor
    qps: Tensor

    def __init__(self) -> None:
        super().__init__()
        shape = (len(SIZES_PX), len(QPS), len(Correction._fields))
        self.register_buffer("table", torch.zeros(shape))
        octaves = [math.log2(px / CHIP_PX) for px in SIZES_PX]
        self.register_buffer("octaves", torch.tensor(octaves), persistent=False)
        qps = [qp / MAX_QP for qp in QPS if qp is not None]
        self.register_buffer("qps", torch.tensor(qps), persistent=False)

    def fit(self, wanted: Correction) -> None:
        """Take over corrections of all `CODINGS`, in order: [72] each."""
        self.table.copy_(torch.stack(list(wanted), dim=-1).reshape(self.table.shape))

    def forward(self, conditions: Tensor) -> Correction:
        px, qp, coded = conditions.unbind(dim=-1)
        row, row_share = _between(self.octaves, px.clamp_min(1e-3).log2())
        column, column_share = _between(self.qps, qp)
        uncoded, by_qp = self.table[:, 0], self.table[:, 1:]
        low = torch.lerp(by_qp[row, column], by_qp[row, column + 1], column_share)
        high = torch.lerp(by_qp[row + 1, column], by_qp[row + 1, column + 1], column_share)
        through_codec = torch.lerp(low, high, row_share)
        without = torch.lerp(uncoded[row], uncoded[row + 1], row_share)
        return Correction(*torch.lerp(without, through_codec, coded[:, None]).unbind(dim=-1))


def _between(nodes: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Index [B] of the node below each value, and how far it is to the next, 0..1: [B, 1]."""
    below = (torch.searchsorted(nodes, values.contiguous(), right=True) - 1).clamp(
        0, len(nodes) - 2
    )
    share = (values - nodes[below]) / (nodes[below + 1] - nodes[below])
    return below, share.clamp(0, 1)[:, None]
