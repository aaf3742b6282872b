"""How many frames a second the source captures, from their times."""

US_PER_S = 1_000_000
MEMORY = 0.9
"""Weight of the past in the mean interval."""

DEFAULT_INTERVAL_US = 40_000.0


class SourceRate:
    """A running mean; pauses of a second and more are none of its intervals."""

    def __init__(self) -> None:
        self._interval_us = DEFAULT_INTERVAL_US
        self._last_us: int | None = None

    def seen(self, captured_us: int) -> float:
        """A frame was captured then; frames a second, this one included."""
        last_us, self._last_us = self._last_us, captured_us
        if last_us is not None and 0 < captured_us - last_us < US_PER_S:
            fresh = (1 - MEMORY) * (captured_us - last_us)
            self._interval_us = MEMORY * self._interval_us + fresh
        return self.fps

    @property
    def fps(self) -> float:
        return US_PER_S / self._interval_us
