"""What a line has carried of late, while it carried anything: to fall back on when it stalls."""

FALL_US = 3_000_000
RISE_US = 10_000_000
"""Time constants: where a line has really become slower, that is believed in seconds."""

FLOOR = 0.35
"""Of what is usual: less than that is taken for a stall, after which the line goes on as before."""

AFTER_OUTAGE = 0.5
"""Of what is usual: where to begin when the line is back."""


class UsualRate:
    """A mean over time of the rates that were believed, quicker down than up. Holds no clock."""

    def __init__(self) -> None:
        self._bps: float | None = None
        self._seen_us = 0

    def seen(self, bps: float, elapsed_us: int) -> None:
        """So much was believed for so long; of the first seconds it is the plain mean."""
        if self._bps is None:
            self._bps = bps
        self._seen_us += elapsed_us
        memory_us = FALL_US if bps < self._bps else RISE_US
        share = elapsed_us / max(1, min(self._seen_us, memory_us))
        self._bps += min(share, 1.0) * (bps - self._bps)

    @property
    def floor_bps(self) -> float:
        """What a line that is up is believed to carry at least; 0 while nothing is known."""
        return FLOOR * (self._bps or 0.0)

    @property
    def after_outage_bps(self) -> float:
        """What is believed of a line that has come back, at least; 0 while nothing is known."""
        return AFTER_OUTAGE * (self._bps or 0.0)
