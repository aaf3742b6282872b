"""The steady crop: perfectly still while the face stays inside a dead band.

One px of jitter costs as much as the video itself (+60 to +130 % bits), so a crop that does
not quite fit is better than one that moves.
"""

import math
from typing import NamedTuple

from narrowcast_encoder.crop.square import Square, Target, on_pixels


class SteadyConfig(NamedTuple):
    """The dead band and the filter before it.

    The band lies inside what the networks are trained to bear: shifts of .08 of the side, zoom
    of 12 % (narrowcast_models.training.motion).
    """

    shift_band: float = 0.06  # of the side, in x and in y
    side_band: float = 0.10  # relative
    smoothing: float = 0.25  # share of a new target that enters the filter; 1: no filter
    far_bands: float = 3.0  # beyond so many bands the face has jumped: no filter


class SteadyCrop:
    """Holds a square still until the filtered target leaves the dead band around it.

    Then it goes there in one step: one costly frame instead of many.
    """

    def __init__(self, config: SteadyConfig | None = None) -> None:
        self._config = config or SteadyConfig()
        self._filtered: Target | None = None
        self.square: Square | None = None

    def update(self, target: Target) -> Square:
        """The square of this frame, given where the face ought to be framed."""
        self._filtered = self._filter(target)
        held = self.square
        if held is None or _in_bands(self._filtered, held.target(), self._config) > 1:
            held = self.square = on_pixels(self._filtered)
        return held

    def interrupt(self) -> None:
        """The face is gone: whoever comes next is not filtered with the last one's place."""
        self._filtered = None

    def _filter(self, target: Target) -> Target:
        """Exponential smoothing, given up where the face is far from where it was."""
        before = self._filtered
        if before is None or _in_bands(target, before, self._config) > self._config.far_bands:
            return target
        a = self._config.smoothing
        return Target(*(old + a * (new - old) for old, new in zip(before, target, strict=True)))


def _in_bands(target: Target, held: Target, config: SteadyConfig) -> float:
    """How far the target is from what is held, in widths of the dead band."""
    shift = max(abs(target.x - held.x), abs(target.y - held.y)) / held.side
    zoom = abs(math.log(target.side / held.side))
    return max(shift / config.shift_band, zoom / math.log1p(config.side_band))
