"""The simulated link: messages in, and out again when the line has carried them."""

from collections import deque
from typing import NamedTuple

from narrowcast_shared.link.capacity import NEVER_US, Capacity
from narrowcast_shared.link.pacing import Pacer
from narrowcast_shared.wire.cost import wire_bytes


class LinkSettings(NamedTuple):
    """What line to simulate. capacity: None for one without a cap. delay_us: propagation delay."""

    capacity: Capacity | None = None
    delay_us: int = 0

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
        """Bill what went past this line, a handshake, to the next message."""
        self._owed_bytes += size_bytes

    def offer(self, message: bytes, now_us: int) -> None:
        """Queue one message at `now_us`."""
        owed_bytes, self._owed_bytes = self._owed_bytes, 0
        at_us = now_us
        if self._pacer is not None:
            size = wire_bytes(len(message)) + owed_bytes
            at_us = self._start_us + self._pacer.book(size, now_us - self._start_us)
        self._waiting.append(_Waiting(Departure(at_us, message), owed_bytes))

    def release(self, now_us: int) -> list[Departure]:
        """Messages that have arrived at the other end by `now_us`, in order."""
        out = []
        while self._waiting and self._waiting[0].departure.at_us + self._delay_us <= now_us:
            out.append(self._waiting.popleft().departure)
        return out

    def clear(self) -> None:
        """Forget what is queued: the connection that it was meant for is gone.

        None of it was handed on; what is owed went past, and stays to be billed.
        """
        if self._pacer is not None:
            self._pacer.cancel(len(self._waiting))
        self._owed_bytes += sum(waiting.owed_bytes for waiting in self._waiting)
        self._waiting.clear()

    @property
    def next_release_us(self) -> int | None:
        """When the next message arrives; None where none waits, or the line stays down."""
        if not self._waiting or self._waiting[0].departure.at_us >= NEVER_US:
            return None
        return self._waiting[0].departure.at_us + self._delay_us

    def backlog_us(self, now_us: int) -> int:
        """How long a message offered now would wait before its first bit leaves.

        In an outage at least until its end; longer than any run where the line stays down.
        """
        if self._pacer is None:
            return 0
        line_us = now_us - self._start_us
        return self._pacer.free_us(line_us) - line_us
