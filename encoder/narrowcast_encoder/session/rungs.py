"""One warm x264 context per rung, and the epochs that they write."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_shared.codec import AccessUnit, ChipEncoder
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.resample import resample
from narrowcast_shared.wire.messages import Frame, FrameKind

MAX_CONTEXTS = 12
"""Contexts kept warm (about 1 MB each); beyond, the one unused for longest is dropped."""


class CodedChip(NamedTuple):
    """An access unit and the epoch that it belongs to; `new_epoch` where it opens one."""

    unit: AccessUnit
    epoch: int
    rung: Rung
    new_epoch: bool

    def frame(self, ticks: int) -> Frame:
        """As a message tells it."""
        kind = FrameKind.KEYFRAME if self.unit.keyframe else FrameKind.DELTA
        return Frame(ticks, kind, self.unit.nals)


class WarmRungs:
    """Codes chips at whatever rung is asked for.

    Coming back to a warm rung opens an epoch without a keyframe: P frames on the old context
    cost 2 to 4 of its usual ones, a keyframe 10.
    """

    def __init__(self, max_contexts: int = MAX_CONTEXTS) -> None:
        self._max_contexts = max_contexts
        self._contexts: dict[Rung, ChipEncoder] = {}
        self._cold: set[Rung] = set()
        self._epoch = -1
        self._rung: Rung | None = None

    def encode(self, chip: NDArray[np.uint8], rung: Rung) -> CodedChip:
        """Code one chip uint8 [n, n] at `rung`."""
        encoder = self._contexts.pop(rung, None) or ChipEncoder(rung)
        self._contexts[rung] = encoder  # last in order is last in use
        if len(self._contexts) > self._max_contexts:
            self._contexts.pop(next(iter(self._contexts)))
        new_epoch = rung != self._rung
        if new_epoch:
            self._epoch += 1
            self._rung = rung
        unit = encoder.encode(resample(chip, rung.px), keyframe=rung in self._cold)
        self._cold.discard(rung)
        return CodedChip(unit, self._epoch, rung, new_epoch)

    @property
    def epoch(self) -> int:
        """The epoch under way, -1 before the first of a connection."""
        return self._epoch

    def want_keyframe(self) -> None:
        """The decoder lost its place in the current rung: its next access unit is a keyframe."""
        if self._rung is not None:
            self._cold.add(self._rung)

    def break_off(self) -> None:
        """Access units were lost on the way out: whatever comes opens an epoch, and a keyframe."""
        self._cold = set(self._contexts)
        self._rung = None

    def restart(self) -> None:
        """A new connection: the decoder's contexts are cold, and no epoch is known to it."""
        self.break_off()
        self._epoch = -1
