"""What the line can carry and how long it is booked, judged from acknowledgements alone.

The estimate sees when messages were handed to the line, how large they were with all headers, and
when the decoder had them. It does not ask what lies between: a simulated line, a socket's
buffer, a modem. The model: one line that serialises messages in order, and a delay that no
message escapes.

A message that had to wait measures the capacity. One that did not says how much the line
carries at least; that is believed by and by, and only while the estimate is being used up, for a
line may let bursts pass. One that is overdue says at once how little is left.
"""

from collections import deque
from typing import NamedTuple

US_PER_S = 1_000_000

START_BPS = 24_000.0
"""Belief in a line of which nothing is known yet."""

LEAST_BPS = 500.0

GROWTH_PER_S = (0.3, 1.2)
"""How fast the estimate may grow where nothing waits: at first after a fall, and at most, which is
also after an outage. It doubles in every second without waiting."""

FALL_WEIGHT = 0.4
BROKEN = 0.3
"""Of a measurement below the estimate; one below this share of it is taken as it is."""

USED_SHARE = 0.6
"""The estimate grows while at least this share of it is offered."""

WAITED_US = 30_000
BUSY_WAITED_US = 8_000
"""A message waited when it took so much longer than the fastest of late; less will do where
the line was busy all the time, for then nothing but its capacity explains it."""

AGEING = 0.001
"""What the fastest delay grows by in a second: routes change."""

SLACK_US = 150_000
"""Beyond the expected time and the reports' interval, before a message counts as overdue."""

DOWN_US = 1_500_000
"""The line is down when a message is overdue by this, and by as long as it should have taken."""

USE_WINDOW_US = 2_000_000
LEAST_WINDOW_US = 300_000


SMOOTHED_FALL_US = 3_000_000
SMOOTHED_RISE_US = 10_000_000
"""Time constants: where a line has really become slower, that is believed in seconds."""

FLOOR = 0.35
"""Of what is usual: less than that is taken for a stall, after which the line goes on as before."""

AFTER_OUTAGE = 0.5
"""Of what is usual: where to begin when the line is back."""


class SmoothedRate:
    """A mean over time of the rates that were believed, quicker down than up. Holds no clock."""

    def __init__(self) -> None:
        self._bps: float | None = None
        self._seen_us = 0

    def seen(self, bps: float, elapsed_us: int) -> None:
        """So much was believed for so long; of the first seconds it is the plain mean."""
        if self._bps is None:
            self._bps = bps
        self._seen_us += elapsed_us
        memory_us = SMOOTHED_FALL_US if bps < self._bps else SMOOTHED_RISE_US
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


class LineView(NamedTuple):
    """What is believed at one time. queue_us: how long a message offered now waits for its turn.

    told: whether the capacity is a promise; one that was found out may vary.
    """

    capacity_bps: float = START_BPS
    queue_us: int = 0
    down: bool = False
    told: bool = False


class _Offered(NamedTuple):
    """What was handed to the line; a message is acknowledged, what else it carries is not."""

    at_us: int
    bits: int
    expected_us: float
    message: bool
    paced_us: int


class BandwidthEstimator:
    """Fed by whoever hands messages to the line; holds no clock. Bounded by what is on its way."""

    def __init__(self, report_interval_us: int = 200_000) -> None:
        """`report_interval_us`: how often acknowledgements come, where there is news."""
        self._told_bps: float | None = None
        self._capacity_bps = START_BPS
        self._usual = SmoothedRate()
        self._back_us = 0
        self._growth = GROWTH_PER_S[1]
        self._patience_us = report_interval_us + SLACK_US
        self._flight: deque[_Offered] = deque()
        self._used: deque[_Offered] = deque()
        self._free_us = 0.0
        self._delivered_us = 0
        self._fastest_us: float | None = None

    def told(self, bps: float | None, now_us: int) -> None:
        """The line carries no more than `bps` from now on, 0 in an outage; None: nobody knows.

        A rate that is told is believed until acknowledgements speak against it.
        """
        if bps == self._told_bps:
            return
        self._told_bps = bps
        if bps is not None:
            before_bps, self._capacity_bps = self._capacity_bps, max(bps, LEAST_BPS)
            self._stretch(now_us, before_bps / self._capacity_bps)

    def occupied(self, size_bytes: int, now_us: int) -> None:
        """The line carries what is no message: a handshake, an acknowledgement."""
        if size_bytes:
            self._carry(8 * size_bytes, now_us, message=False, paced_us=0)

    def offered(self, size_bytes: int, now_us: int, paced_us: int = 0) -> None:
        """A message of so many bytes, all headers counted, was handed to the line.

        paced_us: before when it is not let go, where the line is paced by whoever tells of it.
        """
        self._carry(8 * size_bytes, now_us, message=True, paced_us=paced_us)

    def acked(self, count: int, at_us: int) -> None:
        """The oldest `count` messages had arrived by the time of which the decoder spoke."""
        gone = self._taken(count)
        if not gone:
            return
        waited_us = BUSY_WAITED_US if self._was_busy(gone) else WAITED_US
        late_us = max(0.0, at_us - gone[-1].expected_us)
        self._learn(self._measured_bps(gone, at_us), late_us, waited_us, at_us)
        self._delivered_us = at_us
        self._expect_anew(at_us)

    def withdrawn(self, count: int, now_us: int) -> None:
        """The newest `count` messages were taken back, and what came after the first of them."""
        while count:
            offered = self._flight.pop()
            if offered in self._used:  # which forgets after two seconds
                self._used.remove(offered)
            count -= offered.message
        last_us = self._flight[-1].expected_us if self._flight else 0.0
        self._free_us = max(float(now_us), last_us)

    def clear(self) -> None:
        """The connection is gone, and what was on its way with it."""
        self._flight.clear()
        self._free_us = 0.0

    def view(self, now_us: int) -> LineView:
        """The belief at `now_us`; an overdue message overrules what was measured before."""
        queue_us = max(0, round(self._free_us - now_us))
        told = self._told_bps is not None
        expected = LineView(self._capacity_bps, queue_us, self._told_bps == 0, told)
        oldest = next((offered for offered in self._flight if offered.message), None)
        if oldest is None:
            return expected
        late_us = now_us - oldest.expected_us - (self._fastest_us or 0) - self._patience_us
        if late_us <= 0:
            return expected
        begun_us = max(oldest.at_us, self._delivered_us)
        at_most_bps = oldest.bits * US_PER_S / (now_us - begun_us)
        left_bps = max(LEAST_BPS, min(self._capacity_bps, at_most_bps))
        waiting_bits = sum(message.bits for message in self._flight)
        return LineView(
            max(left_bps, min(self._capacity_bps, self._floor_bps)),
            round(waiting_bits * US_PER_S / left_bps),
            self._told_bps == 0 or late_us > max(DOWN_US, oldest.expected_us - oldest.at_us),
            told,
        )

    @property
    def _floor_bps(self) -> float:
        """A rate that is told makes room for no hope."""
        return LEAST_BPS if self._told_bps is not None else self._usual.floor_bps

    def _carry(self, bits: int, now_us: int, *, message: bool, paced_us: int) -> None:
        self._free_us = max(self._free_us, now_us) + self._time_us(bits)
        expected_us = max(self._free_us, paced_us)
        offered = _Offered(now_us, bits, expected_us, message, paced_us)
        self._flight.append(offered)
        self._used.append(offered)
        while self._used[0].at_us <= now_us - USE_WINDOW_US:
            self._used.popleft()

    def _taken(self, count: int) -> list[_Offered]:
        """The oldest `count` messages, with what the line carried before each."""
        gone: list[_Offered] = []
        count = min(count, sum(offered.message for offered in self._flight))
        while count:
            gone.append(self._flight.popleft())
            count -= gone[-1].message
        return gone

    def _measured_bps(self, gone: list[_Offered], at_us: int) -> float:
        """What the line carries at least: of all together, had it never been idle, or of the last
        alone, had those before it come as expected.
        """
        begun_us = max(gone[0].at_us, self._delivered_us)
        of_all = sum(message.bits for message in gone) / max(1, at_us - begun_us)
        before_us = gone[-2].expected_us if len(gone) > 1 else self._delivered_us
        of_last = gone[-1].bits / max(1, at_us - max(gone[-1].at_us, before_us))
        return US_PER_S * max(of_all, of_last)

    def _was_busy(self, gone: list[_Offered]) -> bool:
        """Whether each message was there before the line was done with the one before."""
        free_us = [float(self._delivered_us), *(message.expected_us for message in gone)]
        return all(message.at_us <= free for message, free in zip(gone, free_us, strict=False))

    def _learn(self, measured_bps: float, late_us: float, waited_us: int, at_us: int) -> None:
        elapsed_us = at_us - self._delivered_us
        fastest_us = late_us if self._fastest_us is None else self._fastest_us
        self._fastest_us = min(late_us, fastest_us + AGEING * elapsed_us)
        if late_us > fastest_us + waited_us:
            self._fall(measured_bps, late_us, at_us)
        else:
            self._grow(min(elapsed_us, US_PER_S), at_us)
            self._usual.seen(self._capacity_bps, min(elapsed_us, US_PER_S))
        if self._told_bps is not None:
            self._capacity_bps = min(self._capacity_bps, max(self._told_bps, LEAST_BPS))

    def _fall(self, measured_bps: float, late_us: float, at_us: int) -> None:
        """Part of the way to what was measured, which after an outage says nothing of the line."""
        before_bps = self._capacity_bps
        weight = 1.0 if measured_bps < BROKEN * before_bps else FALL_WEIGHT
        fallen_bps = before_bps + weight * (measured_bps - before_bps)
        if late_us > DOWN_US:
            self._back_us, self._growth = at_us, GROWTH_PER_S[1]
            least_bps = max(AFTER_OUTAGE * before_bps, self._usual.after_outage_bps)
        else:
            self._growth = GROWTH_PER_S[0]
            least_bps = min(self._floor_bps, before_bps)
            self._usual.seen(fallen_bps, min(at_us - self._delivered_us, US_PER_S))
        self._capacity_bps = max(LEAST_BPS, least_bps, fallen_bps)

    def _grow(self, elapsed_us: int, at_us: int) -> None:
        if self._used_bps(at_us) < USED_SHARE * self._capacity_bps:
            return
        elapsed_s = elapsed_us / US_PER_S
        self._capacity_bps *= 1 + self._growth * elapsed_s
        self._growth = min(GROWTH_PER_S[1], self._growth * 2**elapsed_s)

    def _used_bps(self, now_us: int) -> float:
        """Since the line is back, if that is not long ago."""
        window_us = min(USE_WINDOW_US, max(LEAST_WINDOW_US, now_us - self._back_us))
        bits = sum(message.bits for message in self._used if message.at_us > now_us - window_us)
        return bits * US_PER_S / window_us

    def _expect_anew(self, from_us: int) -> None:
        """When what is on its way will be there, counted from a delivery."""
        self._free_us = float(from_us)
        flight, self._flight = self._flight, deque()
        for message in flight:
            self._free_us = max(self._free_us, message.at_us) + self._time_us(message.bits)
            expected_us = max(self._free_us, message.paced_us)
            self._flight.append(message._replace(expected_us=expected_us))

    def _stretch(self, now_us: int, factor: float) -> None:
        """What is still to come takes `factor` times as long."""

        def later_us(at_us: float) -> float:
            return at_us if at_us <= now_us else now_us + factor * (at_us - now_us)

        self._free_us = later_us(self._free_us)
        self._flight = deque(
            message._replace(expected_us=later_us(message.expected_us)) for message in self._flight
        )

    def _time_us(self, bits: int) -> float:
        return bits * US_PER_S / self._capacity_bps
