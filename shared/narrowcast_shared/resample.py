"""Chip resampling as two small matrix products: the same weights at both ends and in training.

A separable resampling of a square image X to size m is W @ X @ W.T with W of shape [m, n].
Area weights shrink (each output pixel is the mean of the input area it covers, as OpenCV's
INTER_AREA); Keys' cubic with a = -0.75 enlarges (as OpenCV's INTER_CUBIC, replicated border).
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

CUBIC_A = -0.75  # OpenCV's choice of Keys' free parameter (Keys 1981)


@lru_cache(maxsize=256)
def weights(source_px: int, target_px: int) -> NDArray[np.float32]:
    """Resampling weights, float32 [target_px, source_px], rows summing to 1.

    Raises ValueError where a side is below 1.
    """
    if source_px < 1 or target_px < 1:
        raise ValueError(f"sides must be at least 1 px, got {source_px} and {target_px}")
    build = _area if target_px <= source_px else _cubic
    matrix = build(source_px, target_px)
    matrix.setflags(write=False)
    return matrix


def resample(image: NDArray[np.uint8], target_px: int) -> NDArray[np.uint8]:
    """Resample a square gray image uint8 [n, n] to uint8 [target_px, target_px]."""
    w = weights(image.shape[0], target_px)
    out = w @ image.astype(np.float32) @ w.T
    return np.asarray(np.clip(np.rint(out), 0, 255), dtype=np.uint8)


def _area(source_px: int, target_px: int) -> NDArray[np.float32]:
    edges = np.arange(target_px + 1) * (source_px / target_px)
    left, right = edges[:-1, None], edges[1:, None]
    pixel = np.arange(source_px)[None, :]
    covered = np.minimum(right, pixel + 1) - np.maximum(left, pixel)
    covered = np.clip(covered, 0, None)
    return np.asarray(covered / covered.sum(axis=1, keepdims=True), dtype=np.float32)


def _cubic(source_px: int, target_px: int) -> NDArray[np.float32]:
    matrix = np.zeros((target_px, source_px))
    centre = (np.arange(target_px) + 0.5) * (source_px / target_px) - 0.5
    base = np.floor(centre).astype(int)
    rows = np.arange(target_px)
    for tap in range(-1, 3):
        column = np.clip(base + tap, 0, source_px - 1)
        np.add.at(matrix, (rows, column), _keys(np.abs(centre - (base + tap))))
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True), dtype=np.float32)


def _keys(x: NDArray[np.float64]) -> NDArray[np.float64]:
    a = CUBIC_A
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))
