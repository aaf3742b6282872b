"""The valence that a subscriber knows at each captured frame, out of readings of some of them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from narrowcast_shared.samples import Sample, Status


class ReadSamples(NamedTuple):
    """Samples with a reading: those that came in the order of capture, and those back-filled."""

    live: list[Sample]
    backfilled: list[Sample]


def split(samples: Iterable[Sample]) -> ReadSamples:
    """Samples in the series' order; one that comes after a later captured one is back-filled."""
    live: list[Sample] = []
    backfilled: list[Sample] = []
    newest_seq = -1
    for sample in samples:
        if sample.status is Status.OK:
            (live if sample.seq > newest_seq else backfilled).append(sample)
        newest_seq = max(newest_seq, sample.seq)
    return ReadSamples(live, backfilled)


def hold(frames: Sequence[int], values: ArrayLike, count: int) -> NDArray[np.float64]:
    """Series [count]: at each frame the newest value read at or before it, at first 0.

    `frames` are the numbers of the frames that `values` were read of, rising, below `count`.
    """
    newest = np.zeros(count, dtype=np.intp)
    newest[np.asarray(frames, dtype=np.intp)] = np.arange(1, len(frames) + 1)
    known = np.concatenate([[0.0], np.asarray(values, dtype=np.float64)])
    return known[np.maximum.accumulate(newest)]
