"""A batch of frames of many sessions to samples: the one step that costs CPU."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from narrowcast_decoder.inference.contexts import Picture, RungContexts
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_models.recogniser import CodedChip, Reading, Recogniser
from narrowcast_shared.samples import Status

logger = logging.getLogger(__name__)

MAX_BATCH = 64
"""Chips read in one call of the network: from 8 on a chip costs the same, and memory grows."""

FAILING_CHIPS = 64
"""One after another that the network failed on: it is not the chips that are wrong."""

_STATUS = {
    Fate.SHED: Status.SKIPPED,
    Fate.NO_FACE: Status.NO_FACE,
    Fate.SKIPPED: Status.SKIPPED,
    Fate.LOST: Status.LOST,
}


class Outcome(NamedTuple):
    """What became of one frame; `reading` only where status is ok.

    reused: it shows the picture before it, whose reading it has.
    """

    frame: TakenFrame
    status: Status
    reading: Reading | None = None
    reused: bool = False


class FrameReader:
    """Decodes and reads. Not thread-safe: one worker owns it, and the contexts it is given."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._failed = 0  # chips since the last one that was read

    @property
    def is_failing(self) -> bool:
        """Whether the network reads nothing any more."""
        return self._failed >= FAILING_CHIPS

    def read(self, work: Sequence[tuple[RungContexts, TakenFrame]]) -> list[Outcome]:
        """One outcome a frame, in order. Frames of one session must come in their order."""
        pictures = [_picture(contexts, frame) for contexts, frame in work]
        unread = list(dict.fromkeys(p for p in pictures if p is not None and p.reading is None))
        readings = self._readings([picture.chip for picture in unread])
        for new_picture, reading in zip(unread, readings, strict=True):
            new_picture.reading = reading
        new: set[Picture | None] = set(unread)
        outcomes = []
        for (_, frame), picture in zip(work, pictures, strict=True):
            reading = None if picture is None else picture.reading
            outcomes.append(outcome_of(frame, reading, reused=picture not in new))
            new.discard(picture)  # later frames of this picture reuse the estimate
        return outcomes

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
        except RuntimeError:  # of any backend, out of memory included
            if len(chips) == 1:
                logger.exception("the network failed on a chip; it is lost")
                self._failed += 1
                return [None]
        else:
            self._failed = 0
            return [*readings]
        middle = len(chips) // 2
        return self._batch(chips[:middle]) + self._batch(chips[middle:])


def _picture(contexts: RungContexts, frame: TakenFrame) -> Picture | None:
    """The picture to read; None where there is none, or it cannot be decoded."""
    if frame.fate not in (Fate.CODED, Fate.SHED):
        return None
    picture = contexts.picture(frame)  # of one that is shed, too: the next builds on it
    return None if frame.fate is Fate.SHED else picture


def outcome_of(frame: TakenFrame, reading: Reading | None, *, reused: bool = False) -> Outcome:
    """What became of a frame that has this reading, or none."""
    if reading is not None:
        return Outcome(frame, Status.OK, reading, reused)
    return Outcome(frame, _STATUS.get(frame.fate, Status.LOST))
