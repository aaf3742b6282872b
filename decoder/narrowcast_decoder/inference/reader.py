"""A batch of frames of many sessions to samples: the one step that costs CPU."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
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

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser

    def read(self, work: Sequence[tuple[RungContexts, TakenFrame]]) -> list[Outcome]:
        """One outcome a frame, in order. Frames of one session must come in their order."""
        outcomes: list[Outcome] = []
        chips: list[CodedChip] = []
        rows: list[int] = []
        for contexts, frame in work:
            chip = contexts.decode(frame) if frame.fate is Fate.CODED else None
            if chip is None:
                outcomes.append(Outcome(frame, _STATUS.get(frame.fate, Status.LOST)))
                continue
            assert frame.rung is not None
            rows.append(len(outcomes))
            chips.append(CodedChip(chip, Coding(*frame.rung)))
            outcomes.append(Outcome(frame, Status.OK))
        for row, reading in zip(rows, self._readings(chips), strict=True):
            status = Status.LOST if reading is None else Status.OK
            outcomes[row] = outcomes[row]._replace(status=status, reading=reading)
        return outcomes

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
