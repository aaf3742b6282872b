"""The canvas: the one size that every chip is brought to before the network sees it."""

from functools import lru_cache

import torch
from torch import Tensor

from narrowcast_shared import resample

MIN_CONTRAST = 4.0 / 255
"""Floor of the contrast that a chip is divided by: a flat chip stays flat, not noise."""


@lru_cache(maxsize=256)
def _weights(source_px: int, target_px: int, device: torch.device) -> Tensor:
    return torch.tensor(resample.weights(source_px, target_px), device=device)


def resize(images: Tensor, target_px: int) -> Tensor:
    """Resample float [..., n, n] to [..., target_px, target_px]; area down, cubic up."""
    if images.shape[-1] == target_px:
        return images
    w = _weights(images.shape[-1], target_px, images.device)
    return w @ images @ w.mT


def to_canvas(chips: Tensor, canvas_px: int) -> Tensor:
    """Chips uint8 [B, px, px] to a canvas float32 [B, 1, canvas_px, canvas_px] in 0..1."""
    return (resize(chips.float(), canvas_px) / 255).clamp(0, 1).unsqueeze(1)


def normalise(canvas: Tensor) -> Tensor:
    """Mean subtraction and contrast normalisation, chip by chip (Cheng et al. 2017, 4.1)."""
    centred = canvas - canvas.mean(dim=(-2, -1), keepdim=True)
    return centred / _deviation(centred)


def contrast(canvas: Tensor) -> Tensor:
    """Standard deviation [..., 1, 1] of a canvas [..., n, n], floored at `MIN_CONTRAST`."""
    return _deviation(canvas - canvas.mean(dim=(-2, -1), keepdim=True))


def _deviation(centred: Tensor) -> Tensor:
    # torch.std makes two passes of its own and takes five times as long.
    return centred.square().mean(dim=(-2, -1), keepdim=True).sqrt().clamp_min(MIN_CONTRAST)
