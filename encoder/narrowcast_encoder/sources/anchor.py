"""When frames were captured, and when they are due, out of the times that they carry. Pure.

A live stream stamps its frames by a clock of its own, which has any origin and runs nearly as fast
as ours. A frame that is captured at `p` on that clock arrives at `a` on ours, after some delay.
`a - p` is the offset between the clocks plus that delay, so its least value over time is the offset
as seen over the shortest delay: `CaptureClock` keeps that minimum and stamps a frame
`p + offset`. A burst that arrives late thus keeps the times at which it was captured.

    a - p   |  o                          o: a frame
            |   o          oooo
            |    o                        a backlog is read at first (falls), then live frames
      offset|     o o  o o     o o o      (flat), a late burst (above), live frames again
            +------------------------- a

Three things may move the offset up again. A slow drift of the clocks is always allowed for. A
stream that stays late for `renew_after_s` and does not catch up has a new delay: the offset is
renewed. Time stamps that jump, by more than the time that passed, begin a new epoch.

`Playback` gives the frames of a recording, which have no clock, a time at which they are due.
`Thinner` spreads the frames that a slow machine still looks at evenly over time.
"""

from enum import Enum, auto

JUMP_S = 5.0
"""A time stamp that is further from the last one than the time that passed, by more than this, was
set anew: streams pasted together, a recorder that was off."""

BACKWARD_S = 0.5
"""In decoding order time stamps never run backwards; by less than this it may be jitter."""

DRIFT = 500e-6
"""Faster than any two quartz clocks drift apart, and only 6 ms in a burst that is 12 s late."""

LATE_S = 0.25
"""A stream that is late by less than this at all times drifts; by more, its delay has changed."""

CATCHES_UP = 0.1
"""A burst is read at 1.1 times its own speed or faster; what is slower will stay late."""

SETTLE_S = 0.5
FALL_S = 0.05
"""A backlog is over once the offset has fallen by no more than `FALL_S` for `SETTLE_S`."""

SETTLE_LIMIT_S = 5.0
SEGMENT_SETTLE_LIMIT_S = 30.0
"""Nobody waits for longer than this for a backlog to be over."""

SILENCE_S = 1.0
"""Frames behind a silence of so long are late together: whether they catch up has to be seen."""

PAUSE_S = 0.5
"""Between two segments of a stream that comes in segments nothing arrives for so long, at least."""

MAX_PLAYOUT_S = 30.0
PLAYOUT_DECAY = 0.01
"""How fast the delay of playing segments shrinks after an exceptional one: frames 1 % faster."""


class Step(Enum):
    """What an arrival did to the offset, apart from the ordinary."""

    STEADY = auto()
    JUMPED = auto()
    """The time stamps were set anew: an epoch begins."""
    RENEWED = auto()
    """The stream has been late for so long that this is its delay now."""


class Epoch:
    """A stretch of time stamps without a jump. offset_s: local time minus the stream's."""

    def __init__(self, offset_s: float) -> None:
        self.offset_s = offset_s
        self.playout_s = offset_s
        """Local minus stream time at which frames are due that come in segments."""

    def captured_s(self, stream_s: float) -> float:
        """Local time at which a frame was captured, as far as is known now."""
        return stream_s + self.offset_s

    def due_s(self, stream_s: float) -> float:
        """Local time at which the latest of its segment's frames can be there as well."""
        return stream_s + self.playout_s


class CaptureClock:
    """Learns a live stream's clock from its arrivals. All times in s, local ones of one clock.

    segmented: frames come some seconds at a time, as in HLS: they are late by nature.
    """

    def __init__(self, *, segmented: bool = False, renew_after_s: float | None = None) -> None:
        self._segmented = segmented
        default_s = 60.0 if segmented else 2.0
        self._renew_after_s = default_s if renew_after_s is None else renew_after_s
        self.epoch: Epoch | None = None
        """That of the last arrival; None before the first."""
        self._first_s = self._last_s = 0.0
        self._last_order_s = 0.0
        self._fallen_s = 0.0  # the offset when it last fell by FALL_S ...
        self._fell_s = 0.0  # ... and when that was
        self._paused = False
        self._late_since_s: float | None = None
        self._late_first_s = self._late_least_s = 0.0

    def arrived(self, stream_s: float, arrived_s: float, order_s: float | None = None) -> Step:
        """A frame that is stamped `stream_s` has arrived.

        order_s: its time in decoding order, where that differs: only that never runs backwards.
        """
        order_s = stream_s if order_s is None else order_s
        epoch, delay_s = self.epoch, arrived_s - stream_s
        passed_s, moved_s = arrived_s - self._last_s, order_s - self._last_order_s
        self._last_s, self._last_order_s = arrived_s, order_s
        if epoch is None:
            self._first_s = arrived_s
            self._begin(delay_s)
            return Step.STEADY
        if moved_s < -BACKWARD_S or moved_s > passed_s + JUMP_S:
            self._begin(delay_s)
            return Step.JUMPED
        first_pause = passed_s >= PAUSE_S and not self._paused
        self._paused |= first_pause
        if passed_s >= SILENCE_S and not self._segmented:  # a gap may end in a burst
            self._late_since_s = None
        epoch.offset_s = min(delay_s, epoch.offset_s + DRIFT * passed_s)
        if epoch.offset_s < self._fallen_s - FALL_S:
            self._fallen_s, self._fell_s = epoch.offset_s, arrived_s
        step = self._renew(epoch, delay_s - epoch.offset_s, arrived_s)
        if first_pause:  # what came before was a backlog, and no measure of a segment's delay
            epoch.playout_s = delay_s
        epoch.playout_s = max(delay_s, epoch.playout_s - PLAYOUT_DECAY * passed_s)
        epoch.playout_s = min(epoch.playout_s, epoch.offset_s + MAX_PLAYOUT_S)
        return step

    def is_settled(self, now_s: float) -> bool:
        """Whether the backlog that a stream begins with is over, or has taken too long."""
        if self.epoch is None:
            return False
        if self._segmented:  # its delay shows in the second segment
            over = self._paused and now_s - self._fell_s >= SETTLE_S
            return over or now_s - self._first_s >= SEGMENT_SETTLE_LIMIT_S
        calm_s = self._last_s - self._fell_s
        return calm_s >= SETTLE_S or now_s - self._first_s >= SETTLE_LIMIT_S

    def _begin(self, delay_s: float) -> None:
        self.epoch = Epoch(delay_s)
        self._fallen_s, self._fell_s = delay_s, self._last_s
        self._late_since_s = None

    def _renew(self, epoch: Epoch, late_s: float, now_s: float) -> Step:
        """Whether every frame for long enough was late, and by no less than before."""
        if late_s <= LATE_S:
            self._late_since_s = None
            return Step.STEADY
        if self._late_since_s is None:
            self._watch(late_s, now_s)
            return Step.STEADY
        self._late_least_s = min(self._late_least_s, late_s)
        for_s = now_s - self._late_since_s
        if for_s < self._renew_after_s:
            return Step.STEADY
        caught_up_s, least_s = self._late_first_s - late_s, self._late_least_s
        self._watch(late_s, now_s)
        if caught_up_s > CATCHES_UP * for_s:
            return Step.STEADY
        epoch.offset_s += least_s
        self._fallen_s = epoch.offset_s
        self._late_since_s = None
        return Step.RENEWED

    def _watch(self, late_s: float, now_s: float) -> None:
        self._late_since_s = now_s
        self._late_first_s = self._late_least_s = late_s


MAX_LATE_S = 0.3
"""A frame that is looked at this long after it is due shows that the machine does not keep up."""

MAX_INTERVAL_S = 0.25
"""However slow the machine, four frames of every second are looked at."""

FIRST_INTERVAL_S = 0.02
SLOWER, FASTER, AT_ONCE = 1.5, 0.9, 0.7
SLOW_S = 3.0
"""Frames have to be left out for so long before that is worth a warning ..."""

RECOVERED_S = 2.0
"""... and all of them be looked at for so long before that is counted anew."""


class Thinner:
    """Which frames are looked at: all, or one in `interval_s` where there is no time for all.

    The interval grows while frames come too late and shrinks while they do not, so that frames are
    left out evenly rather than seconds at a time.
    """

    def __init__(self, least_interval_s: float = 0.0) -> None:
        """least_interval_s: frames closer than this are not all looked at, however much time."""
        self.interval_s = 0.0
        self.next_s = float("-inf")
        """Frames that were captured before this are left out."""
        self._least_interval_s = least_interval_s
        self._thin_since_s: float | None = None
        self._thin_last_s = 0.0

    def looks_at(self, captured_s: float, late_s: float) -> bool:
        """Whether to look at a frame; late_s: how long ago it was due."""
        if captured_s < self.next_s:
            return False
        if late_s > MAX_LATE_S:
            self.interval_s = min(MAX_INTERVAL_S, max(SLOWER * self.interval_s, FIRST_INTERVAL_S))
        elif late_s < MAX_LATE_S / 2:
            self.interval_s *= FASTER if late_s > MAX_LATE_S / 4 else AT_ONCE
        self._note(captured_s)
        self.next_s = captured_s + max(self.interval_s, self._least_interval_s)
        return True

    def reset(self) -> None:
        """Frames are on time again, or nothing is gained by leaving some out."""
        self.interval_s = 0.0
        self._thin_since_s = None
        self.next_s = float("-inf")

    @property
    def is_slow(self) -> bool:
        """Whether frames have been left out, again and again, for `SLOW_S`."""
        since_s = self._thin_since_s
        return since_s is not None and self._thin_last_s - since_s >= SLOW_S

    def _note(self, captured_s: float) -> None:
        """Since when frames are left out, with no long time in between when none were."""
        if self.interval_s >= FIRST_INTERVAL_S / 2:
            self._thin_last_s = captured_s
            self._thin_since_s = captured_s if self._thin_since_s is None else self._thin_since_s
            return
        self.interval_s = 0.0
        if captured_s - self._thin_last_s >= RECOVERED_S:
            self._thin_since_s = None


STALL_S = 1.0
"""A recording whose next frame comes later than the one before by this has stalled: a pipe."""

MAX_BEHIND_S = 2.0
BEHIND_FOR_S = 2.0
"""A recording that is behind by so much, or for so long, is put off: it plays on from there."""

SLOW_AGAIN_S = 20.0
"""Put off twice in this time, without a stall, it is too much for the machine ..."""

SLOW_BEHIND_S = 0.5
"""... and it is put off by less, more often: so that every second of the session has frames."""


class Playback:
    """When the frames of a recording are due: at its own speed, from its first frame on.

    It does not run after time that is lost. After a stall, a sleep of the machine, or where the
    machine cannot even decode at that speed, it goes on from where it is.
    """

    def __init__(self, now_s: float) -> None:
        self.is_slow = False
        """Whether the machine cannot read this recording at its own speed."""
        self.has_stalled = False
        """Whether it was put off last because nothing came for a while."""
        self._origin_s = now_s
        self._late_s = 0.0
        self._behind_since_s: float | None = None
        self._least_late_s = 0.0
        self._slow_s: float | None = None

    def due_s(self, t_s: float) -> float:
        """Local time at which the frame at `t_s` of the recording is due."""
        return self._origin_s + t_s

    def read(self, t_s: float, now_s: float) -> float:
        """The frame at `t_s` was read. Returns for how long the playing was put off by it."""
        late_s = now_s - self.due_s(t_s)
        before_s, self._late_s = self._late_s, max(0.0, late_s)
        self.has_stalled = late_s - before_s >= STALL_S
        if self.has_stalled:
            return self._put_off(late_s)
        if late_s <= MAX_LATE_S:
            self._behind_since_s = None
            return 0.0
        if self._behind_since_s is None:
            self._behind_since_s, self._least_late_s = now_s, late_s
        self._least_late_s = min(self._least_late_s, late_s)
        again = self._slow_s is not None and now_s - self._slow_s < SLOW_AGAIN_S
        most_s = SLOW_BEHIND_S if again else MAX_BEHIND_S
        if late_s < most_s and now_s - self._behind_since_s < BEHIND_FOR_S:
            return 0.0
        self.is_slow |= again
        self._slow_s = now_s
        return self._put_off(late_s if late_s >= most_s else self._least_late_s)

    def _put_off(self, by_s: float) -> float:
        self._origin_s += by_s
        self._late_s -= by_s
        self._behind_since_s = None
        return by_s
