"""A larger network of ours, which reads faces before the link for a smaller one to learn from."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from narrowcast_models import canvas, checkpoint
from narrowcast_models.coding import Coding, conditions

_BATCH = 128
_CROPS_PX = (0, 2)
"""Pixels of the 48-px canvas that each view leaves out at every side."""


class Teacher:
    """A shipped model or a weight file. Raises WeightsError."""

    def __init__(self, model: str) -> None:
        network, self.card = checkpoint.load(model)
        self._canvas_px = network.config.canvas_px
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.no_grad()
    def shares(self, before: Tensor) -> Tensor:
        """How it expects people to vote [B, 8] on canvases [B, 1, 48, 48] that no link has seen."""
        told = torch.from_numpy(conditions([Coding(self._canvas_px, None)] * len(before)))
        shares: Tensor = self._network(before, told).logits.softmax(dim=-1)
        return shares

    def shares_of(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The same of stills uint8 [N, n, n]: the mean over two crops and their mirror images."""
        out = []
        starts = range(0, len(images), _BATCH)
        for start in tqdm(starts, "teacher", unit="batch", disable=None):
            seen = canvas.to_canvas(
                torch.from_numpy(images[start : start + _BATCH]), self._canvas_px
            )
            views = [self._cropped(seen, crop_px) for crop_px in _CROPS_PX]
            views += [view.flip(-1) for view in views]
            out.append(torch.stack([self.shares(view) for view in views]).mean(dim=0))
        return np.asarray(torch.cat(out).numpy(), dtype=np.float32)

    def _cropped(self, seen: Tensor, crop_px: int) -> Tensor:
        if not crop_px:
            return seen
        return canvas.resize(seen[..., crop_px:-crop_px, crop_px:-crop_px], self._canvas_px)
