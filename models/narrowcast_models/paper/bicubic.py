"""Bicubic resampling down and up as the paper's MATLAB does it (`imresize`, section 4.1).

Keys' cubic with a = -0.5; where an image shrinks, the kernel is stretched by the factor, so
that what the small image cannot hold is filtered out. (The encoder shrinks by area instead.)
"""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

KEYS_A = -0.5
KEYS_SUPPORT = 2.0


@lru_cache(maxsize=64)
def weights(source_px: int, target_px: int) -> NDArray[np.float32]:
    """float32 [target_px, source_px], rows summing to 1; the image is mirrored at its border."""
    scale = target_px / source_px
    stretch = max(1.0, 1 / scale)
    centres = (np.arange(target_px) + 0.5) / scale - 0.5
    reach = int(np.ceil(KEYS_SUPPORT * stretch))
    matrix = np.zeros((target_px, source_px))
    for row, centre in enumerate(centres):
        taps = np.arange(int(np.floor(centre)) - reach, int(np.ceil(centre)) + reach + 1)
        np.add.at(matrix[row], _mirrored(taps, source_px), _keys((taps - centre) / stretch))
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True), dtype=np.float32)


def resize(images: Tensor, target_px: int) -> Tensor:
    """Float [..., n, n] to [..., target_px, target_px], on the images' own device."""
    if images.shape[-1] == target_px:
        return images
    w = _on(images.shape[-1], target_px, images.device)
    return w @ images @ w.mT


@lru_cache(maxsize=64)
def _on(source_px: int, target_px: int, device: torch.device) -> Tensor:
    return torch.tensor(weights(source_px, target_px), device=device)


def _mirrored(taps: NDArray[np.int_], source_px: int) -> NDArray[np.int_]:
    folded = taps % (2 * source_px)
    return np.where(folded < source_px, folded, 2 * source_px - 1 - folded)


def _keys(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x, a = np.abs(x), KEYS_A
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return np.where(x <= 1, near, np.where(x < KEYS_SUPPORT, far, 0.0))
