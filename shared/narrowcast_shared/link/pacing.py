"""When a message has left a line: serialised, and with room in every window.

A message departs when the line has carried it, behind all those before it. Its bytes then count
at one instant, though they took their time: a window that someone measures could so hold one
message more than the line carried in it. Therefore no window that begins or ends with a
departure may hold more than its share of what the capacity allowed in it, unless it holds one
message alone. Under a constant cap this goes for every window there is; where the capacity
varies, for every window in which it only rises or only falls.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from narrowcast_shared.link.capacity import NEVER_US, UBIT_PER_BYTE, Capacity

LINE_PERCENT = 97
"""Share of the capacity that the line runs at: what timers and bursts may take back."""

STEP_US = 5_000
"""A window's room is looked for in steps of this, so that nearly equal rates cannot stall it."""


class Window(NamedTuple):
    """No `us` may hold more than `percent` of what the capacity allows in them."""

    us: int
    percent: int


WINDOWS = (Window(2_000_000, 98), Window(5_000_000, 99))
LONGEST_US = max(window.us for window in WINDOWS)


class Booking(NamedTuple):
    """A message's place on the line: its departure, its size, and the capacity's running total
    up to which the line is then taken.
    """

    at_us: int
    ubit: int
    taken: int


class Pacer:
    """Books messages on a line, first come first served. Times are the capacity's."""

    def __init__(self, capacity: Capacity) -> None:
        self.capacity = capacity
        self._bookings: deque[Booking] = deque()  # those that a window may still hold

    def book(self, size_bytes: int, now_us: int, *, windows: bool = True) -> int:
        """Departure of a message that is there at `now_us`; NEVER_US where the line stays down.

        Without `windows` it takes its time and counts in none of them.
        """
        self._forget(now_us)
        ubit = size_bytes * UBIT_PER_BYTE
        taken = self._taken(now_us) - (-100 * ubit // LINE_PERCENT)
        carried_us = self.capacity.when(taken)
        if not windows:
            self._bookings.append(Booking(carried_us, 0, taken))
            return carried_us
        at_us = self._with_room(carried_us, ubit)
        if at_us > carried_us:
            taken = max(taken, self.capacity.total(at_us))
        self._bookings.append(Booking(at_us, ubit, taken))
        return at_us

    def cancel(self, count: int) -> None:
        """Take the last `count` bookings back: those messages never left."""
        for _ in range(min(count, len(self._bookings))):
            self._bookings.pop()

    def free_us(self, now_us: int) -> int:
        """When the line would begin to carry a message that is there at `now_us`."""
        return max(now_us, self.capacity.when(self._taken(now_us) + 1) - 1)

    def _taken(self, now_us: int) -> int:
        """Running total up to which the line is taken, or has passed unused."""
        last = self._bookings[-1].taken if self._bookings else 0
        return max(last, self.capacity.total(now_us))

    def _with_room(self, at_us: int, ubit: int) -> int:
        """First time from `at_us` on at which the line is up and every window has room."""
        while at_us < NEVER_US:
            later_us = self._running(at_us)
            for window in WINDOWS:
                later_us = max(later_us, self._room_in_windows_begun(window, at_us, ubit))
                later_us = max(later_us, self._room_in_window_ending(window, at_us, ubit))
            if later_us == at_us:
                break
            at_us = later_us
        return at_us

    def _running(self, at_us: int) -> int:
        """`at_us` where the line then carries something, else when it does so again."""
        total = self.capacity.total(at_us)
        running = total > self.capacity.total(at_us - 1)
        return at_us if running else self.capacity.when(total + 1)

    def _room_in_windows_begun(self, window: Window, at_us: int, ubit: int) -> int:
        """First time from `at_us` on with room in every window that a departure has begun."""
        inside = ubit
        for booking in self._latest(at_us - window.us):
            inside += booking.ubit
            end_us = booking.at_us + window.us
            if 100 * inside > window.percent * self._allowed(booking.at_us, end_us):
                return end_us
        return at_us

    def _room_in_window_ending(self, window: Window, at_us: int, ubit: int) -> int:
        """First time from `at_us` on with room in the window that then ends, to STEP_US."""
        while inside := list(self._latest(at_us - window.us)):
            start_us = at_us - window.us
            billed = ubit + sum(booking.ubit for booking in inside)
            needed = -(-100 * billed // window.percent)
            if self._allowed(start_us, at_us) >= needed:
                break
            enough_us = self.capacity.when(self.capacity.total(start_us) + needed)
            at_us = min(max(enough_us, at_us + STEP_US), inside[-1].at_us + window.us)
        return at_us

    def _allowed(self, start_us: int, end_us: int) -> int:
        return self.capacity.total(end_us) - self.capacity.total(start_us)

    def _latest(self, after_us: int) -> Iterator[Booking]:
        """Bookings that depart after `after_us`, the latest first."""
        for booking in reversed(self._bookings):
            if booking.at_us <= after_us:
                break
            yield booking

    def _forget(self, now_us: int) -> None:
        while self._bookings and self._bookings[0].at_us <= now_us - LONGEST_US:
            self._bookings.popleft()
