"""Sizes of batches that a network is given.

oneDNN keeps kernels and buffers for every size that it has ever seen: 78 MB more once all from 1 to
64 have come. So only a few sizes come, and a batch between two of them is filled up.
"""

from collections.abc import Sequence
from typing import TypeVar

SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 72, 80)

T = TypeVar("T")


def filled(batch: Sequence[T]) -> list[T]:
    """The batch, its last item repeated up to the next size; as it is above the largest."""
    size = next((size for size in SIZES if size >= len(batch)), len(batch))
    return [*batch, *[batch[-1]] * (size - len(batch))]
