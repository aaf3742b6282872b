"""Frames per second: which of the captured frames are due to be coded."""

US_PER_S = 1_000_000


class FrameThinner:
    """Takes frames at no more than a wanted mean rate, evenly, however the source jitters.

    The due time moves on by whole intervals, so 30 captured frames a second thin to exactly
    25 coded ones; a frame nearer to the due time than the next one would be counts as due.
    """

    def __init__(self) -> None:
        self._due_us: float | None = None
        self._last_us = 0

    def due(self, captured_us: int, fps: float) -> bool:
        """Whether the frame captured at `captured_us` is to be coded at `fps`."""
        interval_us = US_PER_S / fps
        gap_us, self._last_us = captured_us - self._last_us, captured_us
        if self._due_us is None or gap_us < 0:  # the first frame, or a clock set back
            self._due_us = captured_us + interval_us
            return True
        if captured_us < self._due_us - min(gap_us, interval_us) / 2:
            return False
        self._due_us = max(self._due_us + interval_us, captured_us + interval_us / 2)
        return True
