"""Chips in, readings out: a loaded network behind the one call that the decoder makes."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from narrowcast_models import canvas, checkpoint
from narrowcast_models import device as device_
from narrowcast_models.batches import filled
from narrowcast_models.coding import Coding
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.networks.reading import ReadingNetwork
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

    def __init__(
        self,
        network: OneForAll,
        precision: Precision = Precision.FLOAT32,
        device: torch.device | None = None,
        sha256: str | None = None,
    ) -> None:
        """device: the CPU, if none is named. sha256: of the file that the weights are from."""
        self.sha256 = sha256
        self._device = device or torch.device("cpu")
        self._network = ReadingNetwork(network, precision.dtype(self._device), self._device)
        self._config = network.config

    @classmethod
    def load(
        cls,
        model: str = checkpoint.DEFAULT_MODEL,
        precision: Precision = Precision.AUTO,
        device: str = device_.AUTO,
    ) -> "Recogniser":
        """A recogniser of a shipped model or a weight file, on an accelerator if there is one.

        Raises WeightsError, and SettingsError where there is no such device.
        """
        network, card = checkpoint.load(model)
        return cls(network, precision, device_.choose(device), card.sha256)

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        """One reading a chip, in order."""
        if not chips:
            return []
        batch = filled(chips)
        with torch.inference_mode():
            codings = [chip.coding for chip in batch]
            rows = self._network.read(self._canvas(batch), codings).tolist()
        return [Reading(valence, sigma) for valence, sigma in rows[: len(chips)]]

    def super_resolve(self, chips: Sequence[CodedChip]) -> list[NDArray[np.uint8]]:
        """Each face as it may have been before the link: uint8 [48, 48], in order.

        Raises WeightsError where the model has no head for it.
        """
        if not self._config.picture_stages:
            raise WeightsError("this model makes no pictures", "use `oa`")
        if not chips:
            return []
        with torch.inference_mode():
            codings = [chip.coding for chip in chips]
            pictures = self._network.super_resolve(self._canvas(chips), codings)
            return list((pictures.squeeze(1) * 255).round().to(torch.uint8).cpu().numpy())

    def _canvas(self, chips: Sequence[CodedChip]) -> Tensor:
        """Canvas [B, 1, 48, 48]: chips of one size are resampled together."""
        rows_by_px: dict[int, list[int]] = defaultdict(list)
        for row, chip in enumerate(chips):
            rows_by_px[chip.pixels.shape[0]].append(row)
        side = self._config.canvas_px
        if len(rows_by_px) == 1:  # nothing to put in order again
            return canvas.to_canvas(self._stacked(chips), side)
        out = torch.empty(len(chips), 1, side, side, device=self._device)
        for rows in rows_by_px.values():
            out[rows] = canvas.to_canvas(self._stacked([chips[row] for row in rows]), side)
        return out

    def _stacked(self, chips: Sequence[CodedChip]) -> Tensor:
        """Chips of one size as uint8 [B, px, px] on the device."""
        return torch.from_numpy(np.stack([chip.pixels for chip in chips])).to(self._device)
