"""When what an encoder tells of the two clocks is stored with its session. Time is an argument."""

from narrowcast_shared.wire.messages import Clock

STEP_US = 1_000
"""An estimate that differs by no more than this from what is stored is not stored."""

PAUSE_US = 1_000_000
"""Between two that are: an encoder may tell as often as it likes."""


class ClockNote:
    """What one session's encoder told last, and what of it is stored."""

    def __init__(self) -> None:
        self._told: Clock | None = None
        self._stored: Clock | None = None
        self._stored_us: int | None = None

    def told(self, clock: Clock) -> None:
        """The encoder has told of an estimate."""
        self._told = clock

    def due(self, now_us: int, *, last: bool = False) -> Clock | None:
        """What is to be stored at `now_us` (monotonic), if anything; `last` waits for no pause."""
        if self._told is None or not self._is_news(self._told):
            return None
        rests = self._stored_us is not None and now_us - self._stored_us < PAUSE_US
        return None if rests and not last else self._told

    def stored(self, clock: Clock, now_us: int) -> None:
        """That estimate is in the store."""
        self._stored, self._stored_us = clock, now_us

    def _is_news(self, told: Clock) -> bool:
        if self._stored is None:
            return True
        pairs = zip(told, self._stored, strict=True)
        return any(abs(new_us - old_us) > STEP_US for new_us, old_us in pairs)
