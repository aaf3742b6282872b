"""What is kept, with luck taken out: more bits never read worse, what seems so is the sample's.

A finer quantiser, a larger picture and a higher frame rate can only tell the model more. Over some
hundred faces a coarser rung now and then scores better all the same, and a table of winners would
pick just those. The nearest values (least squares) that respect all three orders are found by
cyclic projection (Dykstra 1983), each a pooling of adjacent violators (Barlow et al. 1972).
"""

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from narrowcast_lab.rd.row import DIGITS, Row

ROUNDS = 100
_Key = Callable[[Row], tuple[float, ...]]
_CHAINS: tuple[_Key, ...] = (
    lambda row: (row.px, row.fps, -row.qp),
    lambda row: (row.qp, row.fps, row.px),
    lambda row: (row.px, row.qp, row.fps),
)
"""Rows that share all but the last value are a chain, along which what is kept does not fall."""


def smoothed(rows: Sequence[Row]) -> list[Row]:
    """The rows, in order, with `kept` replaced by its monotone fit."""
    if not rows:
        return []
    values = np.array([row.kept for row in rows])
    chains = [_chains(rows, key) for key in _CHAINS]
    corrections = [np.zeros_like(values) for _ in chains]
    for _ in range(ROUNDS):
        for direction, of_direction in enumerate(chains):
            wanted = values + corrections[direction]
            values = _projected(wanted, of_direction)
            corrections[direction] = wanted - values
    return [
        row.model_copy(update={"kept": round(value, DIGITS)})
        for row, value in zip(rows, values.tolist(), strict=True)
    ]


def rising(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest sequence that never falls: neighbours out of order become their mean."""
    means: list[float] = []
    counts: list[int] = []
    for value in values.tolist():
        means.append(value)
        counts.append(1)
        while len(means) > 1 and means[-2] > means[-1]:
            mean, count = means.pop(), counts.pop()
            means[-1] = (means[-1] * counts[-1] + mean * count) / (counts[-1] + count)
            counts[-1] += count
    return np.repeat(means, counts)


def _chains(rows: Sequence[Row], key: _Key) -> list[NDArray[np.intp]]:
    order = sorted(range(len(rows)), key=lambda index: key(rows[index]))
    grouped = groupby(order, key=lambda index: key(rows[index])[:-1])
    return [np.array(list(chain), dtype=np.intp) for _, chain in grouped]


def _projected(
    values: NDArray[np.float64], chains: Sequence[NDArray[np.intp]]
) -> NDArray[np.float64]:
    out = values.copy()
    for chain in chains:
        out[chain] = rising(values[chain])
    return out
