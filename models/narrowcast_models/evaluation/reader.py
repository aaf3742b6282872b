"""Whatever can be evaluated: chips in, readings out, with or without a sigma."""

from collections.abc import Sequence
from typing import Protocol

from narrowcast_models.recogniser import CodedChip


class AnyReading(Protocol):
    """Valence, and the standard deviation of its error where the model gives one."""

    @property
    def valence(self) -> float: ...

    @property
    def sigma(self) -> float | None: ...


class Reader(Protocol):
    """Reads chips, each by itself: one reading a chip, in order."""

    def read(self, chips: Sequence[CodedChip], /) -> Sequence[AnyReading]: ...
