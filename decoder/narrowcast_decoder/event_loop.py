"""An event loop that under load looks for network events now and then, and takes many at once.

A busy service wakes up for every message of every stream, for some 50 us of work, and finds its
caches full of the network that reads chips. Network cards have met the same and moderate their
interrupts; so does this: once events are many, it waits `PAUSE_S` between two looks. What other
threads have ready (`call_soon_threadsafe`: a round that is read, a write that is done, a signal) is
never waited for, and a service with few streams never pauses.
"""

import asyncio
import select
import selectors
import sys
import time
from typing import Any

PAUSE_S = 0.01
"""At most so long a message lies in the kernel; rounds of several streams are eight times that."""

MANY_PER_S = 300
"""Events above which there is a pause: those of some thirty streams of 10 fps."""

COUNTED_S = 0.1


class ModeratedSelector(selectors.DefaultSelector):
    """What is registered first wakes it at once: asyncio's own end of the pipe between threads."""

    def __init__(self) -> None:
        super().__init__()
        self._urgent: select.poll | None = None
        self._looked_s = 0.0
        self._is_busy = False
        self._events = 0
        self._counting_since_s = 0.0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 - as the base class
        key = super().register(fileobj, events, data)
        if self._urgent is None:
            self._urgent = select.poll()
            self._urgent.register(key.fd, select.POLLIN)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self._is_busy:
            pause_s = self._looked_s + PAUSE_S - time.monotonic()
            if pause_s > 0:
                if timeout is not None and timeout <= 0:
                    return []  # there is work that waits for no event
                self._pause(pause_s if timeout is None else min(pause_s, timeout))
                timeout = None if timeout is None else max(0.0, timeout - pause_s)
        ready = super().select(timeout)
        self._looked_s = time.monotonic()
        self._count(len(ready))
        return ready

    def _pause(self, pause_s: float) -> None:
        assert self._urgent is not None
        self._urgent.poll(1000 * pause_s)

    def _count(self, events: int) -> None:
        self._events += events
        counted_s = self._looked_s - self._counting_since_s
        if counted_s >= COUNTED_S:
            self._is_busy = self._events > MANY_PER_S * counted_s
            self._events, self._counting_since_s = 0, self._looked_s


def make() -> asyncio.AbstractEventLoop:
    """A moderated loop; asyncio's own where a system has no `poll`."""
    if sys.platform == "win32" or not hasattr(select, "poll"):
        return asyncio.new_event_loop()
    return asyncio.SelectorEventLoop(ModeratedSelector())
