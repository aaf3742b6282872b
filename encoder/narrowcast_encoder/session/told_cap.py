"""When the decoder is told anew what the wire rate is kept under. Time is an argument."""

CHANGED = 0.1
"""A cap that differs from what was told by no more than this share of it is not told."""

PAUSE_US = 1_000_000
"""Between two that are: an estimate goes up and down all the time, and each costs three bytes."""


class ToldCap:
    """What one connection's decoder knows of the cap."""

    def __init__(self, told_bps: int) -> None:
        """told_bps: as the HELLO has it, 0 for none."""
        self._told_bps = told_bps
        self._told_us: int | None = None

    def news(self, cap_bps: int, now_us: int) -> int | None:
        """What the message that goes now is to tell, None for nothing. cap_bps: 0 for none."""
        told_bps = self._told_bps
        if not cap_bps or abs(cap_bps - told_bps) <= CHANGED * told_bps:
            return None
        if self._told_us is not None and now_us - self._told_us < PAUSE_US:
            return None
        self._told_bps, self._told_us = cap_bps, now_us
        return cap_bps

    def withdrawn(self) -> None:
        """What was told last may not have gone out."""
        self._told_bps, self._told_us = 0, None
