"""What a reading costs: CPU time of one core a chip, several models in turns."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from narrowcast_models.coding import Coding
from narrowcast_models.evaluation.reader import Reader
from narrowcast_models.recogniser import CodedChip

QP = 30


class Cost(NamedTuple):
    """Milliseconds of one core a chip: medians, and the least, over all rounds."""

    model: str
    px: int
    batch: int
    ms_per_chip: float
    ms_per_chip_least: float


class _Case(NamedTuple):
    model: str
    reader: Reader
    chips: list[CodedChip]


def measure(
    models: Sequence[tuple[str, Reader]],
    sizes_px: Sequence[int],
    batches: Sequence[int],
    rounds: int,
) -> list[Cost]:
    """Every model at every size and batch, one after the other in each round.

    In turns, because a shared machine is not equally fast all the time. CPU time of the calling
    thread, so the backends are to use no other. What others do on the machine is not counted,
    though it slows.
    """
    cases = [
        _Case(name, reader, _chips(px, batch))
        for name, reader in models
        for px in sizes_px
        for batch in batches
    ]
    spent = np.array(
        [
            [_spent_ms(case) for case in cases]
            for _ in tqdm(range(rounds), "timing", unit="round", disable=None)
        ]
    )
    return [_cost(case, column) for case, column in zip(cases, spent.T, strict=True)]


def _chips(px: int, batch: int) -> list[CodedChip]:
    pixels = np.random.default_rng(0).integers(0, 256, (batch, px, px), dtype=np.uint8)
    return [CodedChip(chip, Coding(px, QP)) for chip in pixels]


def _spent_ms(case: _Case) -> float:
    start = time.thread_time()
    case.reader.read(case.chips)
    return 1000 * (time.thread_time() - start) / len(case.chips)


def _cost(case: _Case, spent_ms: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Cost:
    chip = case.chips[0]
    return Cost(
        case.model,
        chip.coding.px,
        len(case.chips),
        round(float(np.median(spent_ms)), 4),
        round(float(spent_ms.min()), 4),
    )
