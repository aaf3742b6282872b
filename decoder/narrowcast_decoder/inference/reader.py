"""A batch of frames of many sessions to samples: the one step that costs CPU."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.stages import Stages
from narrowcast_models.batches import SIZES
from narrowcast_models.coding import Coding
from narrowcast_models.recogniser import CodedChip, Reading, Recogniser
from narrowcast_shared.samples import Status

logger = logging.getLogger(__name__)

MAX_BATCH = 80
"""Chips read in one call of the network: what a round begins with, and what comes meanwhile. oneDNN
keeps memory for every size of batch it has seen; twice as many chips take 2 to 4 MB a size."""

BLANK = CodedChip(np.zeros((32, 32), np.uint8), Coding(32, 30))
"""What the network is warmed up with."""

FAILING_CHIPS = 64
"""One after another that the network failed on: it is not the chips that are wrong."""

_STATUS = {
    Fate.SHED: Status.SKIPPED,
    Fate.NO_FACE: Status.NO_FACE,
    Fate.SKIPPED: Status.SKIPPED,
    Fate.LOST: Status.LOST,
}


class Outcome(NamedTuple):
    """What became of one frame; `reading` only where status is ok."""

    frame: TakenFrame
    status: Status
    reading: Reading | None = None


class FrameReader:
    """Decodes and reads. Not thread-safe: one worker owns it, and the contexts it is given."""

    def __init__(self, recogniser: Recogniser, stages: Stages | None = None) -> None:
        self._recogniser = recogniser
        self._stages = stages or Stages()
        self._failed = 0  # chips since the last one that was read

    @property
    def is_failing(self) -> bool:
        """Whether the network reads nothing any more."""
        return self._failed >= FAILING_CHIPS

    def warm_up(self) -> None:
        """Have the network meet every size of batch, the largest first: a tenth of a second.

        What it compiles and keeps for each comes now, and neither while a load begins nor at some
        time in the hours after.
        """
        for size in sorted((size for size in SIZES if size <= MAX_BATCH), reverse=True):
            with suppress(RuntimeError):  # nobody waits for it
                self._recogniser.read([BLANK] * size)

    def read(self, work: Sequence[tuple[RungContexts, TakenFrame]]) -> list[Outcome]:
        """One outcome a frame, in order. Frames of one session must come in their order."""
        with self._stages.decode:
            chips = [_chip(contexts, frame) for contexts, frame in work]
        with self._stages.model:
            coded = [chip for chip in chips if chip]
            readings = iter(self._readings(coded))
        return [
            _outcome(frame, next(readings) if chip else None)
            for (_, frame), chip in zip(work, chips, strict=True)
        ]

    def _readings(self, chips: list[CodedChip]) -> list[Reading | None]:
        """Readings in batches; None of what cannot be had."""
        readings: list[Reading | None] = []
        for start in range(0, len(chips), MAX_BATCH):
            readings += self._batch(chips[start : start + MAX_BATCH])
        return readings

    def _batch(self, chips: list[CodedChip]) -> list[Reading | None]:
        """One batch. Where the network fails, it is halved, so that only the chips are lost that
        it fails on: they are of many sessions.
        """
        try:
            readings = list(self._recogniser.read(chips))
        except RuntimeError:  # what torch raises, out of memory included
            if len(chips) == 1:
                logger.exception("the network failed on a chip; it is lost")
                self._failed += 1
                return [None]
        else:
            self._failed = 0
            return [*readings]
        middle = len(chips) // 2
        return self._batch(chips[:middle]) + self._batch(chips[middle:])


def _chip(contexts: RungContexts, frame: TakenFrame) -> CodedChip | None:
    """The chip to read; None where there is none, or it cannot be decoded."""
    if frame.fate not in (Fate.CODED, Fate.SHED):
        return None
    pixels = contexts.decode(frame)  # of one that is shed, too: the next builds on it
    if pixels is None or frame.fate is Fate.SHED:
        return None
    assert frame.rung is not None
    return CodedChip(pixels, Coding(*frame.rung))


def _outcome(frame: TakenFrame, reading: Reading | None) -> Outcome:
    if reading is not None:
        return Outcome(frame, Status.OK, reading)
    return Outcome(frame, _STATUS.get(frame.fate, Status.LOST))
