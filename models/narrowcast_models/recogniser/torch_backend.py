"""The recogniser on PyTorch: the network's own forward, on a GPU or wherever it was trained."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from narrowcast_models import canvas, checkpoint
from narrowcast_models.coding import conditions
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.recogniser.interface import AUTO, CPU, CodedChip, Reading, Recogniser
from narrowcast_shared.errors import SettingsError


def choose_device(name: str = AUTO) -> torch.device:
    """The device of that name; `auto` takes CUDA where there is any. Raises SettingsError."""
    if name == AUTO:
        name = "cuda" if torch.cuda.is_available() else CPU
    try:
        torch.empty(0, device=name)
        return torch.device(name)
    except (RuntimeError, AssertionError) as error:
        raise SettingsError(f"there is no device {name!r}", "try --device cpu") from error


class TorchRecogniser(Recogniser):
    """Reads in float32 with a network, which it puts into evaluation mode."""

    def __init__(
        self,
        network: OneForAll,
        device: torch.device | None = None,
        sha256: str | None = None,
    ) -> None:
        """device: the CPU, if none is named. sha256: of the file that the weights are from."""
        self.sha256 = sha256
        self._device = device or torch.device(CPU)
        self._network = network.to(self._device).eval()
        self._config = network.config

    @classmethod
    def of(cls, model: str, device: str = CPU) -> "TorchRecogniser":
        """By a shipped model or a weight file. Raises WeightsError, SettingsError."""
        network, card = checkpoint.load(model)
        return cls(network, choose_device(device), card.sha256)

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        if not chips:
            return []
        with torch.inference_mode():
            outputs = self._network(*self._inputs(chips))
            rows = torch.stack([outputs.valence, outputs.log_sigma.exp()], dim=1).tolist()
        return [Reading(valence, sigma) for valence, sigma in rows]

    def super_resolve(self, chips: Sequence[CodedChip]) -> list[NDArray[np.uint8]]:
        if not self._config.picture_stages:
            return super().super_resolve(chips)
        if not chips:
            return []
        with torch.inference_mode():
            pictures = self._network.super_resolve(*self._inputs(chips))
            return list((pictures.squeeze(1) * 255).round().to(torch.uint8).cpu().numpy())

    def _inputs(self, chips: Sequence[CodedChip]) -> tuple[Tensor, Tensor]:
        """Canvas [B, 1, 48, 48] and conditions [B, 3]: chips of one size are resampled together."""
        rows_by_px: dict[int, list[int]] = defaultdict(list)
        for row, chip in enumerate(chips):
            rows_by_px[chip.pixels.shape[0]].append(row)
        side = self._config.canvas_px
        out = torch.empty(len(chips), 1, side, side, device=self._device)
        for rows in rows_by_px.values():
            pixels = torch.from_numpy(np.stack([chips[row].pixels for row in rows]))
            out[rows] = canvas.to_canvas(pixels.to(self._device), side)
        told = torch.from_numpy(conditions([chip.coding for chip in chips]))
        return out, told.to(self._device)
