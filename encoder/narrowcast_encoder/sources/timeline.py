"""Presentation times made into seconds since the first frame, without the leaps of pasted streams.

Recordings are cut and joined, recorded in pieces, or written by devices that set their clock.
Where the time stamps run back, or ahead by more than a few seconds although the picture before was
not to stand for so long, time goes on at the period of the frames: nobody waits hours for nothing,
and the times of a score stay those that a viewer of the frames would count.
"""

JUMP_S = 5.0
"""A pause between two frames that is longer is none, unless the picture was to stand so long."""

BACKWARD_S = 0.5
"""What runs back by less, jitter, is no break that is worth a word."""


class Timeline:
    """Stamps the frames of one recording, however often it is replayed.

    period_s: assumed between two frames where the recording does not say, over a jump, and between
    its last frame and its first when it starts over.
    """

    def __init__(self, period_s: float) -> None:
        self.jump_s = 0.0
        """By how much the time of the last frame that was stamped jumped; 0 where it did not."""
        self._period_s = period_s
        self._last_s = -period_s
        self._origin_s: float | None = None
        self._stands_s = 0.0

    def stamp(self, presentation_s: float | None, duration_s: float | None = None) -> float:
        """Seconds since the first frame, given the frame's own time (None: it has none).

        duration_s: for how long it is to stand, where the recording says so.
        """
        self.jump_s = 0.0
        before_s, follows_s = self._last_s, self._last_s + self._period_s
        stands_s, self._stands_s = self._stands_s, duration_s or 0.0
        if presentation_s is None:
            self._last_s = follows_s
            return follows_s
        if self._origin_s is None:
            self._origin_s = presentation_s - follows_s
        moved_s = presentation_s - self._origin_s - before_s
        if moved_s < 0 or moved_s > max(JUMP_S, 2 * stands_s):
            self.jump_s = moved_s if moved_s > 0 or moved_s < -BACKWARD_S else 0.0
            self._origin_s = presentation_s - follows_s
        self._last_s = presentation_s - self._origin_s
        return self._last_s

    def start_over(self) -> None:
        """The next frame is the recording's first one again."""
        self._origin_s = None
        self._stands_s = 0.0
