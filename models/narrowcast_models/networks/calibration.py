"""Readings and sigma made true at every coding, by what held-out faces say.

The fewer pixels, the nearer lies the expected valence to the mean: the best guess of a face that
cannot be seen is an average one. That costs CCC, which wants readings as spread as the labels;
so the reading is what is expected, spread out again, by a gain and an offset for each coding.
Sigma is that of the reading, likewise shifted. All three are smooth in size and quantiser, so
that codings between those they were fitted at are served too.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

TERMS = 7


class Correction(NamedTuple):
    """What is done to what is expected, [B] each: reading = exp(log_gain) expected + offset."""

    log_gain: Tensor
    offset: Tensor
    log_sigma_shift: Tensor


class Calibration(nn.Module):
    """Conditions [B, 3] to a `Correction`, which changes nothing until it is fitted."""

    coefficients: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("coefficients", torch.zeros(TERMS, len(Correction._fields)))

    def forward(self, conditions: Tensor) -> Correction:
        return Correction(*(terms(conditions) @ self.coefficients).unbind(dim=-1))

    def fit(self, conditions: Tensor, wanted: Correction) -> None:
        """Least squares over N codings: their conditions [N, 3] and wanted corrections [N].

        Raises ValueError where there are too few to fix the polynomials.
        """
        if len(conditions) < TERMS:
            raise ValueError(f"{len(conditions)} codings do not fix {TERMS} coefficients")
        columns = torch.stack(list(wanted), dim=-1).double()
        # The smallest solution of those that fit: codings may not span all terms.
        solved = torch.linalg.lstsq(terms(conditions).double(), columns, driver="gelsd")
        self.coefficients.copy_(solved.solution)


def terms(conditions: Tensor) -> Tensor:
    """Polynomial of the second order [B, 7] in log size and quantiser."""
    px, qp, coded = conditions.unbind(dim=-1)
    octaves = px.clamp_min(1e-3).log() / math.log(2)
    one = torch.ones_like(octaves)
    return torch.stack([one, octaves, octaves**2, coded, qp, qp**2, qp * octaves], dim=-1)
