"""One warm x264 context per rung, and the epochs that they write."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_shared.codec import AccessUnit, ChipEncoder
from narrowcast_shared.operating_point import CHIP_PX, Rung
from narrowcast_shared.resample import resample

MAX_CONTEXTS = 12
"""Contexts kept warm (about 1 MB each); beyond, the one unused for longest is dropped."""


class CodedChip(NamedTuple):
    """An access unit and the epoch that it belongs to; `new_epoch` where it opens one."""

    unit: AccessUnit
    epoch: int
    rung: Rung
    new_epoch: bool


class WarmRungs:
    """Codes full-size chips at whatever rung is asked for.

    Coming back to a warm rung opens an epoch without a keyframe: P frames on the old context
    cost 2 to 4 of its usual ones, a keyframe 10.
    """

    def __init__(self) -> None:
        self._contexts: dict[Rung, ChipEncoder] = {}
        self._cold: set[Rung] = set()
        self._epoch = -1
        self._rung: Rung | None = None

    def encode(self, chip: NDArray[np.uint8], rung: Rung) -> CodedChip:
        """Code one chip uint8 [96, 96] at `rung`."""
        assert chip.shape == (CHIP_PX, CHIP_PX)
        encoder = self._contexts.pop(rung, None) or ChipEncoder(rung)
        self._contexts[rung] = encoder  # last in order is last in use
        if len(self._contexts) > MAX_CONTEXTS:
            self._contexts.pop(next(iter(self._contexts)))
        new_epoch = rung != self._rung
        if new_epoch:
            self._epoch += 1
            self._rung = rung
        unit = encoder.encode(resample(chip, rung.px), keyframe=rung in self._cold)
        self._cold.discard(rung)
        return CodedChip(unit, self._epoch, rung, new_epoch)

    def want_keyframe(self) -> None:
        """The decoder lost its place in the current rung: its next access unit is a keyframe."""
        if self._rung is not None:
            self._cold.add(self._rung)

    def restart(self) -> None:
        """A new connection: the decoder's contexts are cold, and no epoch is known to it."""
        self._cold = set(self._contexts)
        self._epoch = -1
        self._rung = None
