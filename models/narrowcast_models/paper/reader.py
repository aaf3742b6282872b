"""The paper's recogniser behind the call that evaluation makes: decoded chips in, valence out."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from narrowcast_models import canvas, checkpoint
from narrowcast_models.model_card import Card
from narrowcast_models.networks.paper import Recognition
from narrowcast_models.paper import bicubic
from narrowcast_models.paper.config import network_of
from narrowcast_models.recogniser import CodedChip

ARCHITECTURE = "paper"


class PaperReading(NamedTuple):
    """Valence, unbounded as the network's output is linear; of its error it says nothing."""

    valence: float
    sigma: None = None


class PaperReader:
    """Reads batches of chips of mixed sizes; how they were coded makes no difference to it."""

    def __init__(self, network: Recognition) -> None:
        self._network = network.eval()

    @classmethod
    def of(cls, path: Path, card: Card) -> "PaperReader":
        """A reader with the weights at `path`. Raises WeightsError where they do not fit."""
        return cls(checkpoint.filled(path, lambda: Recognition(network_of(card.network))))

    def read(self, chips: Sequence[CodedChip]) -> list[PaperReading]:
        """One reading a chip, in order."""
        if not chips:
            return []
        side = self._network.config.canvas_px
        with torch.inference_mode():
            canvases = torch.cat([seen(chip.pixels[None], side) for chip in chips])
            return [PaperReading(valence) for valence in self._network(canvases).tolist()]


def seen(chips: NDArray[np.uint8], canvas_px: int) -> Tensor:
    """Chips uint8 [B, px, px] as the network sees them: enlarged, normalised, [B, 1, C, C]."""
    enlarged = bicubic.resize(torch.from_numpy(chips).float(), canvas_px)
    return canvas.normalise((enlarged / 255).clamp(0, 1).unsqueeze(1))
