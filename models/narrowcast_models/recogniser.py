"""Chips in, readings out: a loaded network behind the one call that the decoder makes."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from narrowcast_models import canvas, checkpoint, coding
from narrowcast_models.coding import Coding
from narrowcast_models.networks.folding import folded
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.networks.rounding import rounded
from narrowcast_models.precision import Precision
from narrowcast_shared.errors import WeightsError


class Reading(NamedTuple):
    """Valence, -1..1, and the standard deviation of its error."""

    valence: float
    sigma: float


class CodedChip(NamedTuple):
    """A decoded chip uint8 [px, px] and how it was coded."""

    pixels: NDArray[np.uint8]
    coding: Coding


class Recogniser:
    """Reads batches of chips of mixed sizes. Not thread-safe: one worker owns it."""

    def __init__(self, network: OneForAll, precision: Precision = Precision.FLOAT32) -> None:
        quick = rounded(folded(network), precision.dtype())
        self._network = quick.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._canvas_px = network.config.canvas_px

    @classmethod
    def load(
        cls, model: str = checkpoint.DEFAULT_MODEL, precision: Precision = Precision.AUTO
    ) -> "Recogniser":
        """A recogniser of a shipped model or a weight file. Raises WeightsError."""
        network, _ = checkpoint.load(model)
        return cls(network, precision)

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        """One reading a chip, in order."""
        if not chips:
            return []
        with torch.inference_mode():
            conditions = coding.conditions([chip.coding for chip in chips])
            outputs = self._network(self._canvas(chips), conditions)
            rows = torch.stack([outputs.valence, outputs.log_sigma.exp()], dim=1).tolist()
        return [Reading(valence, sigma) for valence, sigma in rows]

    def super_resolve(self, chips: Sequence[CodedChip]) -> list[NDArray[np.uint8]]:
        """Each face as it may have been before the link: uint8 [48, 48], in order.

        Raises WeightsError where the model has no head for it.
        """
        if not self._network.config.picture_stages:
            raise WeightsError("this model makes no pictures", "use `oa`")
        if not chips:
            return []
        with torch.inference_mode():
            told = coding.conditions([chip.coding for chip in chips])
            pictures = self._network.super_resolve(self._canvas(chips), told)
            return list((pictures.squeeze(1) * 255).round().to(torch.uint8).numpy())

    def _canvas(self, chips: Sequence[CodedChip]) -> Tensor:
        """Canvas [B, 1, 48, 48]: chips of one size are resampled together."""
        rows_by_px: dict[int, list[int]] = defaultdict(list)
        for row, chip in enumerate(chips):
            rows_by_px[chip.pixels.shape[0]].append(row)
        out = torch.empty(len(chips), 1, self._canvas_px, self._canvas_px)
        for rows in rows_by_px.values():
            stacked = torch.from_numpy(np.stack([chips[row].pixels for row in rows]))
            out[rows] = canvas.to_canvas(stacked, self._canvas_px)
        return out
