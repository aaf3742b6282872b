"""Presentation times made into seconds since the first frame that never run backwards."""


class Timeline:
    """Stamps the frames of one recording, however often it is replayed.

    period_s: assumed between two frames where the recording does not say, and between its
    last frame and its first when it starts over.
    """

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._last_s = -period_s
        self._origin_s: float | None = None

    def stamp(self, presentation_s: float | None) -> float:
        """Seconds since the first frame, given the frame's own time (None: it has none).

        A time that jumps back, as in streams pasted together, continues from the last frame.
        """
        follows_s = self._last_s + self._period_s
        if presentation_s is None:
            self._last_s = follows_s
            return follows_s
        if self._origin_s is None or presentation_s - self._origin_s < self._last_s:
            self._origin_s = presentation_s - follows_s
        self._last_s = presentation_s - self._origin_s
        return self._last_s

    def start_over(self) -> None:
        """The next frame is the recording's first one again."""
        self._origin_s = None
