"""Frames per second, spent where the face changes: more when it moves, fewer when it rests."""

US_PER_S = 1_000_000

WEIGHT_RANGE = (0.4, 2.5)
"""How much less, or more, than its share of time a frame counts for its change."""

CUT = 2.5
"""A change this many times the usual one is another picture: due at once, on credit."""

MEMORY_S = 3.0
"""Of what change is usual."""

WARM_UP_S = 1.0
"""Before, nobody knows what is usual."""

FULL_SHARE = 0.95
"""From this share of the captured frames on, all of them are taken."""

MAX_CREDIT = 1.5
MAX_DEBT = 1.5


class ChangeThinner:
    """Takes frames at a wanted mean rate, each by how much it differs from the last one taken.

    Every frame adds to a credit what its time is worth at that rate, weighted by its change
    against what is usual; a frame taken costs 1. Where all changes are alike, in rest as in even
    motion, frames are taken evenly.
    """

    def __init__(self) -> None:
        self._credit = 1.0
        self._last_us: int | None = None
        self._usual: float | None = None
        self._usual_weight = 1.0
        self._seen_s = 0.0
        self._missed = False
        self.cut = False
        """Whether the frame that was asked about last shows another picture."""

    def due(self, captured_us: int, fps: float, change: float | None, source_fps: float) -> bool:
        """Whether the frame is to be coded. change: mean absolute difference to the last one
        that was, 0..1; None where none was.
        """
        last_us = captured_us if self._last_us is None else self._last_us
        self._last_us = captured_us
        gap_us = min(max(captured_us - last_us, 0), US_PER_S)  # a clock may be set back
        weight = self._weight(change, gap_us / US_PER_S)
        gained = fps * gap_us / US_PER_S * weight
        self._credit = min(self._credit + gained, MAX_CREDIT)
        enough = self._credit >= 1 - gained / 2 or (self.cut and self._credit >= 1 - MAX_DEBT)
        if enough or fps >= FULL_SHARE * source_fps:
            self._credit = max(self._credit - 1, -MAX_DEBT)
            self._missed = False
            return True
        return False

    def missed(self) -> None:
        """The frame that was due could not be coded: the next one is due instead."""
        self._credit = min(self._credit + 1, 1.0)
        self._missed = True

    def _weight(self, change: float | None, gap_s: float) -> float:
        self.cut = False
        if change is None or not self._usual:
            self._usual, self._seen_s = change, 0.0
            return 1.0
        relative = change / self._usual
        self.cut = relative >= CUT and self._seen_s >= WARM_UP_S
        low, high = WEIGHT_RANGE
        weight = min(max(relative, low), high)
        if self._missed:  # the change has added up, and says nothing of what is usual
            return weight / self._usual_weight
        self._seen_s += gap_s
        # Frames of one time, or behind a clock that was set back, teach nothing.
        share = gap_s / (min(self._seen_s, MEMORY_S) + gap_s) if gap_s else 0.0
        self._usual += share * (min(relative, CUT) - 1) * self._usual
        self._usual_weight += share * (weight - self._usual_weight)
        return weight / self._usual_weight
