"""The simulated link: messages in, and out again when the line has carried them."""

from collections import deque
from typing import NamedTuple

from narrowcast_shared.link.capacity import NEVER_US, Capacity
from narrowcast_shared.link.pacing import LINE_PERCENT, Pacer
from narrowcast_shared.link.schedule import Schedule
from narrowcast_shared.wire.cost import wire_bytes


class LinkSettings(NamedTuple):
    """What line to simulate. capacity: None for one without a cap. delay_us: propagation delay."""

    capacity: Capacity | None = None
    delay_us: int = 0

    @property
    def told_bps(self) -> float | None:
        """Least rate above 0 that a schedule promises, bit/s; None where none does."""
        if not isinstance(self.capacity, Schedule):
            return None
        return min(step.bps for step in self.capacity.steps if step.bps)

    @property
    def mean_bps(self) -> int | None:
        """Long-run rate of the capacity in bit/s, at least 1; None where there is no cap."""
        return None if self.capacity is None else max(1, round(self.capacity.mean_bps))


class Departure(NamedTuple):
    """A message and when it has left the line, us; it arrives the propagation delay later."""

    at_us: int
    message: bytes


class _Waiting(NamedTuple):
    departure: Departure
    owed_bytes: int


class Link:
    """A line with a first-in first-out queue, every byte billed with its headers.

    The queue holds what it is given, as a TCP connection loses nothing; whoever fills it asks
    `backlog_us` first. Without a capacity messages depart at once.
    """

    def __init__(self, capacity: Capacity | None = None, delay_us: int = 0) -> None:
        self._capacity = capacity
        self._pacer = None if capacity is None else Pacer(capacity)
        self._delay_us = delay_us
        self._waiting: deque[_Waiting] = deque()
        self._start_us = 0
        self._owed_bytes = 0

    def begin(self, now_us: int) -> None:
        """The capacity's time 0 is `now_us`, if not 0. To be told before the first message."""
        assert not self._waiting
        self._start_us = now_us

    def owe(self, size_bytes: int) -> None:
        """Bill what went past this line, a handshake, to the next message or `settle`."""
        self._owed_bytes += size_bytes

    def settle(self, now_us: int) -> int:
        """Let the line carry what is owed now, by itself. Returns the bytes that were.

        What went past is not held back by any window, nor does it hold back others but by the
        time that it takes.
        """
        owed_bytes, self._owed_bytes = self._owed_bytes, 0
        if owed_bytes and self._pacer is not None:
            line_us = now_us - self._start_us
            at_us = self._start_us + self._pacer.book(owed_bytes, line_us, windows=False)
            self._waiting.append(_Waiting(Departure(at_us, b""), owed_bytes))
        return owed_bytes

    def told_bps(self, now_us: int) -> float | None:
        """What the line serialises at, bit/s, where a schedule says so; None where it is to be
        found out. A schedule is a promise to keep, a trace is somebody else's network.
        """
        cap_bps = self.cap_bps(now_us)
        return None if cap_bps is None else cap_bps * LINE_PERCENT / 100

    def cap_bps(self, now_us: int) -> int | None:
        """What a schedule has as its rate at `now_us`, bit/s, 0 in an outage; None without one."""
        if not isinstance(self._capacity, Schedule):
            return None
        return self._capacity.rate_bps(now_us - self._start_us)

    @property
    def is_found_out(self) -> bool:
        """Whether there is a capacity that nobody tells."""
        return self._capacity is not None and not isinstance(self._capacity, Schedule)

    def offer(self, message: bytes, now_us: int) -> int:
        """Queue one message at `now_us`. Returns when it will have arrived, NEVER_US for never."""
        owed_bytes, self._owed_bytes = self._owed_bytes, 0
        at_us = now_us
        if self._pacer is not None:
            size = wire_bytes(len(message)) + owed_bytes
            at_us = self._start_us + self._pacer.book(size, now_us - self._start_us)
        self._waiting.append(_Waiting(Departure(at_us, message), owed_bytes))
        return at_us if at_us >= NEVER_US else at_us + self._delay_us

    def release(self, now_us: int) -> list[Departure]:
        """Messages that have arrived at the other end by `now_us`, in order."""
        out = []
        while self._waiting and self._waiting[0].departure.at_us + self._delay_us <= now_us:
            departure = self._waiting.popleft().departure
            if departure.message:
                out.append(departure)
        return out

    def clear(self) -> None:
        """Forget what is queued: the connection that it was meant for is gone.

        None of it was handed on; what is owed went past, and stays to be billed.
        """
        if self._pacer is not None:
            self._pacer.cancel(len(self._waiting))
        self._owed_bytes += sum(waiting.owed_bytes for waiting in self._waiting)
        self._waiting.clear()

    def withdraw(self, now_us: int) -> list[bytes]:
        """Take back the messages that have not left by `now_us`, in order, and their bookings.

        What is owed went past, and stays to be billed.
        """
        taken: list[_Waiting] = []
        while self._waiting and self._waiting[-1].departure.at_us > now_us:
            taken.append(self._waiting.pop())
        if self._pacer is not None:
            self._pacer.cancel(len(taken))
        self._owed_bytes += sum(waiting.owed_bytes for waiting in taken)
        return [
            waiting.departure.message for waiting in reversed(taken) if waiting.departure.message
        ]

    @property
    def next_release_us(self) -> int | None:
        """When the next message arrives; None where none waits, or the line stays down."""
        if not self._waiting or self._waiting[0].departure.at_us >= NEVER_US:
            return None
        return self._waiting[0].departure.at_us + self._delay_us

    def wait_us(self, payload_bytes: int, now_us: int) -> int:
        """How long a message of so many bytes, offered now, would be held up by others: what
        its departure is later than on an idle line. NEVER_US where the line stays down.
        """
        if self._pacer is None:
            return 0
        size, line_us = wire_bytes(payload_bytes), now_us - self._start_us
        at_us = self._pacer.book(size, line_us)
        self._pacer.cancel(1)
        if at_us >= NEVER_US:
            return NEVER_US
        idle_us = Pacer(self._pacer.capacity).book(size, line_us)
        return max(0, at_us - idle_us)

    def backlog_us(self, now_us: int) -> int:
        """How long a message offered now would wait before its first bit leaves.

        In an outage at least until its end; longer than any run where the line stays down.
        """
        if self._pacer is None:
            return 0
        line_us = now_us - self._start_us
        return self._pacer.free_us(line_us) - line_us
