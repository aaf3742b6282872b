"""Which of the captured frames are coded.

`FrameThinner` takes frames evenly at a wanted rate. `ByteBudget` takes as many as their bytes
allow: the frame rate then follows from what the face costs, and nothing has to predict it.
"""

US_PER_S = 1_000_000

SOURCE_MEMORY = 0.9
"""Weight of the past in the mean interval of captured frames."""

DEFAULT_INTERVAL_US = 40_000.0

CUT = 2.5
"""A change this many times the usual one is another picture."""

CHANGE_MEMORY_S = 3.0
"""Over which the usual change is the mean."""

WARM_UP_S = 1.0
"""Of frames that tell what change is usual, before the first cut is believed."""


class SourceRate:
    """Frames a second that the source captures: a running mean. Pauses of a second and more do
    not count.
    """

    def __init__(self) -> None:
        self._interval_us = DEFAULT_INTERVAL_US
        self._last_us: int | None = None

    def seen(self, captured_us: int) -> float:
        """A frame was captured then; frames a second, this one included."""
        last_us, self._last_us = self._last_us, captured_us
        if last_us is not None and 0 < captured_us - last_us < US_PER_S:
            fresh = (1 - SOURCE_MEMORY) * (captured_us - last_us)
            self._interval_us = SOURCE_MEMORY * self._interval_us + fresh
        return self.fps

    @property
    def fps(self) -> float:
        return US_PER_S / self._interval_us


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


class ByteBudget:
    """A leaky bucket: coded frames fill it with their bits, the line's rate drains it."""

    def __init__(self) -> None:
        self._bits = 0.0
        self._at_us: int | None = None

    def drain(self, bps: float, now_us: int) -> None:
        """The line had `bps` to spend from the last call until now."""
        if self._at_us is not None:
            elapsed_us = max(now_us - self._at_us, 0)
            self._bits = max(0.0, self._bits - bps * elapsed_us / US_PER_S)
        self._at_us = now_us

    def spend(self, size_bytes: float) -> None:
        """A frame was coded; bytes with its share of the headers."""
        self._bits += 8 * size_bytes

    def filled_us(self, bps: float) -> float:
        """How long the line needs for what is in the bucket."""
        return self._bits * US_PER_S / bps


class CutDetector:
    """Tells another picture, such as a cut to another face, from motion."""

    def __init__(self) -> None:
        self._usual: float | None = None
        self._seen_s = 0.0
        self._last_us: int | None = None

    def is_cut(self, change: float | None) -> bool:
        """change: mean absolute difference to the chip that was coded last, 0..1; None: no such
        chip, which is no cut.
        """
        if change is None or not self._usual or self._seen_s < WARM_UP_S:
            return False
        return change >= CUT * self._usual

    def coded(self, change: float | None, captured_us: int) -> None:
        """A frame was coded that differed so much from the one before."""
        last_us, self._last_us = self._last_us, captured_us
        if change is None or last_us is None:
            self._usual, self._seen_s = None, 0.0
            return
        gap_s = min(max(captured_us - last_us, 0), US_PER_S) / US_PER_S
        if self._usual is None:
            self._usual = change
        limited = min(change, CUT * self._usual)
        self._seen_s += gap_s
        share = gap_s / max(min(self._seen_s, CHANGE_MEMORY_S), 1e-6)
        self._usual += min(share, 1.0) * (limited - self._usual)
