"""A batch of frames of many sessions to samples: the one step that costs CPU."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.stages import Stages
from narrowcast_models.coding import Coding
from narrowcast_models.recogniser import CodedChip, Reading, Recogniser
from narrowcast_shared.samples import Status

logger = logging.getLogger(__name__)

MAX_BATCH = 64
"""Chips read in one call of the network."""

_STATUS = {Fate.NO_FACE: Status.NO_FACE, Fate.SKIPPED: Status.SKIPPED, Fate.LOST: Status.LOST}


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

    def read(self, work: Sequence[tuple[RungContexts, TakenFrame]]) -> list[Outcome]:
        """One outcome a frame, in order. Frames of one session must come in their order."""
        with self._stages.decode:
            chips = [_chip(contexts, frame) for contexts, frame in work]
        with self._stages.model:
            readings = iter(self._readings([chip for chip in chips if chip]))
        return [
            _outcome(frame, next(readings) if chip else None)
            for (_, frame), chip in zip(work, chips, strict=True)
        ]

    def _readings(self, chips: list[CodedChip]) -> list[Reading | None]:
        """Readings in batches; of a batch that the network fails on, none."""
        readings: list[Reading | None] = []
        for start in range(0, len(chips), MAX_BATCH):
            batch = chips[start : start + MAX_BATCH]
            try:
                readings += self._recogniser.read(batch)
            except RuntimeError:  # what torch raises, out of memory included
                logger.exception("the network failed on %d chips; they are lost", len(batch))
                readings += [None] * len(batch)
        return readings


def _chip(contexts: RungContexts, frame: TakenFrame) -> CodedChip | None:
    """The chip of a coded frame; None where there is none, or it cannot be decoded."""
    pixels = contexts.decode(frame) if frame.fate is Fate.CODED else None
    if pixels is None:
        return None
    assert frame.rung is not None
    return CodedChip(pixels, Coding(*frame.rung))


def _outcome(frame: TakenFrame, reading: Reading | None) -> Outcome:
    if reading is not None:
        return Outcome(frame, Status.OK, reading)
    return Outcome(frame, _STATUS.get(frame.fate, Status.LOST))
