"""From the encoder's clock to LSL's. Pure: readings of clocks in, time stamps out.

    t (encoder's Unix time)  --+ offset-->  decoder's Unix time
    Unix time of this machine  --- ahead-->  LSL's local_clock() of this machine

Between the two stands an assumption: that the decoder's clock and this machine's agree, being one
clock or both kept by NTP. What they differ by is an error of every time stamp.

`local_clock()` never steps, and Unix clocks do. Where the clock of a machine that both decodes and
watches is set, `ahead` changes at once and `offset` some seconds later, by the same: time stamps
should not move at all. So a change of more than `STEP_S` is taken over only when it has been read
`STEP_READINGS` times in a row; a smaller one, which is drift or noise, is followed slowly.
"""

STEP_S = 0.1
STEP_READINGS = 5
_FOLLOWED = 1 / 8  # of what a reading differs by


class TimeBase:
    """Brings capture times to LSL's clock."""

    def __init__(self) -> None:
        self._shift_s: float | None = None
        self._offset_known = False
        self._steps: list[float] = []

    def observe(self, offset_s: float | None, ahead_s: float) -> bool:
        """Take a reading of the clocks; whether time stamps have stepped by it.

        offset_s: how much the decoder's clock is ahead of the encoder's, s; None while that is
        not known, when it counts as 0. ahead_s: how much this machine's Unix time is ahead of
        `local_clock()`, s.
        """
        shift_s = (offset_s or 0.0) - ahead_s
        first_known = offset_s is not None and not self._offset_known
        self._offset_known = self._offset_known or offset_s is not None
        if self._shift_s is None or first_known:
            return self._step_to(shift_s)
        if abs(shift_s - self._shift_s) <= STEP_S:
            self._steps.clear()
            self._shift_s += _FOLLOWED * (shift_s - self._shift_s)
            return False
        if self._steps and abs(shift_s - self._steps[0]) > STEP_S:
            self._steps.clear()  # another step than the one before
        self._steps.append(shift_s)
        return len(self._steps) >= STEP_READINGS and self._step_to(shift_s)

    def stamp(self, t: float) -> float:
        """The time stamp of what was captured at `t`, s; clocks must have been read before."""
        assert self._shift_s is not None
        return t + self._shift_s

    def _step_to(self, shift_s: float) -> bool:
        stepped = self._shift_s is not None and abs(shift_s - self._shift_s) > STEP_S
        self._shift_s = shift_s
        self._steps.clear()
        return stepped
