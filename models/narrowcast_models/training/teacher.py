"""A larger network that reads the faces before the link, for a smaller one to learn from."""

import torch
from torch import Tensor

from narrowcast_models import checkpoint
from narrowcast_models.coding import Coding, conditions
from narrowcast_models.networks.folding import folded


class Teacher:
    """A shipped model or a weight file. Raises WeightsError."""

    def __init__(self, model: str) -> None:
        network, self.card = checkpoint.load(model)
        self._canvas_px = network.config.canvas_px
        self._network = folded(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.no_grad()
    def shares(self, before: Tensor) -> Tensor:
        """How it expects people to vote [B, 8] on canvases [B, 1, 48, 48] that no link has seen."""
        told = conditions([Coding(self._canvas_px, None)] * len(before))
        shares: Tensor = self._network(before, told).logits.softmax(dim=-1)
        return shares
