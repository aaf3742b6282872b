"""Frames per second: which of the captured frames are due to be coded."""

US_PER_S = 1_000_000


class FrameThinner:
    """Takes frames at no more than a wanted mean rate, evenly, however the source jitters.

    The due time moves on by whole intervals, so 30 captured frames a second thin to exactly
    25 coded ones; a frame up to half an interval early still counts as the one that is due.
    """

    def __init__(self) -> None:
        self._due_us: float | None = None

    def due(self, captured_us: int, fps: float) -> bool:
        """Whether the frame captured at `captured_us` is to be coded at `fps`."""
        interval_us = US_PER_S / fps
        if self._due_us is None:
            self._due_us = float(captured_us)
        if captured_us < self._due_us - interval_us / 2:
            return self._jumped_back(captured_us, interval_us)
        self._due_us = max(self._due_us + interval_us, captured_us + interval_us / 2)
        return True

    def _jumped_back(self, captured_us: int, interval_us: float) -> bool:
        """A source whose time was set back starts its rhythm anew."""
        assert self._due_us is not None
        if captured_us > self._due_us - 2 * interval_us:
            return False
        self._due_us = captured_us + interval_us
        return True
