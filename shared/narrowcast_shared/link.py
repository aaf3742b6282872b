"""A simulated link: holds messages back as a line of the given rate would, headers billed.

Deterministic, no clock of its own: the same code paces the live encoder, offline scoring and
tests. A message departs when the line has serialised it, and never before every sliding
window's budget has room for it, so that a measured window cannot exceed the rate by the one
message that was under way when it began.
"""

from collections import deque
from typing import NamedTuple

from narrowcast_shared.wire.cost import wire_bytes

LINE_SHARE = 0.97
"""Share of the cap that the line runs at: what timers and bursts may take back."""

US_PER_S = 1_000_000


class Window(NamedTuple):
    """No `seconds` may hold more than `share` of what the cap allows in them."""

    seconds: float
    share: float


WINDOWS = (Window(2.0, 1.05), Window(5.0, 0.99))


class Departure(NamedTuple):
    """A message that has left the line, and when (us)."""

    at_us: int
    message: bytes


class CappedLink:
    """A line of `cap_bps` bit/s, all headers counted, with a first-in first-out queue.

    The queue holds what it is given; whoever fills it asks `backlog_us` first.
    """

    def __init__(self, cap_bps: int) -> None:
        self.cap_bps = cap_bps
        self._queue: deque[Departure] = deque()
        self._billed: deque[tuple[int, int]] = deque()  # (departure in us, wire bytes)
        self._free_at_us = 0
        self._owed_bytes = 0

    def owe(self, size_bytes: int) -> None:
        """Bill what went past this line, a handshake, to the next message."""
        self._owed_bytes += size_bytes

    def offer(self, message: bytes, now_us: int) -> None:
        """Queue one message at `now_us`."""
        size = wire_bytes(len(message)) + self._owed_bytes
        self._owed_bytes = 0
        start_us = max(now_us, self._free_at_us)
        at_us = start_us + round(8 * size * US_PER_S / (self.cap_bps * LINE_SHARE))
        for window in WINDOWS:
            at_us = max(at_us, self._earliest_us(window, size))
        self._free_at_us = at_us
        self._billed.append((at_us, size))
        self._queue.append(Departure(at_us, message))
        self._forget(now_us)

    def release(self, now_us: int) -> list[Departure]:
        """Messages that have departed by `now_us`, in order."""
        out = []
        while self._queue and self._queue[0].at_us <= now_us:
            out.append(self._queue.popleft())
        return out

    def clear(self) -> None:
        """Forget what is queued: the connection that it was meant for is gone."""
        unsent = min(len(self._queue), len(self._billed))
        self._queue.clear()
        for _ in range(unsent):
            self._billed.pop()
        self._free_at_us = self._billed[-1][0] if self._billed else 0

    @property
    def next_release_us(self) -> int | None:
        """When the next message departs; None where none waits."""
        return self._queue[0].at_us if self._queue else None

    def backlog_us(self, now_us: int) -> int:
        """How long a message offered now would wait before its first bit leaves."""
        return max(0, self._free_at_us - now_us)

    def _earliest_us(self, window: Window, size: int) -> int:
        """First departure at which the window that ends with it has room for `size` bytes."""
        room = self.cap_bps * window.seconds * window.share / 8 - size
        for at_us, billed in reversed(self._billed):
            room -= billed
            if room < 0:
                return at_us + round(window.seconds * US_PER_S)
        return 0

    def _forget(self, now_us: int) -> None:
        longest_us = max(window.seconds for window in WINDOWS) * US_PER_S
        while self._billed and self._billed[0][0] < now_us - longest_us:
            self._billed.popleft()


class OpenLink:
    """A line without a cap: what is offered departs at once."""

    def __init__(self) -> None:
        self._queue: deque[Departure] = deque()

    def owe(self, size_bytes: int) -> None:
        """Without a cap nothing is billed."""

    def offer(self, message: bytes, now_us: int) -> None:
        self._queue.append(Departure(now_us, message))

    def release(self, now_us: int) -> list[Departure]:
        out = [departure for departure in self._queue if departure.at_us <= now_us]
        self._queue.clear()
        return out

    def clear(self) -> None:
        self._queue.clear()

    @property
    def next_release_us(self) -> int | None:
        return self._queue[0].at_us if self._queue else None

    def backlog_us(self, now_us: int) -> int:  # noqa: ARG002 - the protocol's signature
        return 0


Link = CappedLink | OpenLink


def make_link(cap_bps: int | None) -> Link:
    """A line of `cap_bps`, or one without a cap where it is None."""
    return OpenLink() if cap_bps is None else CappedLink(cap_bps)
