"""Fan-out within the process: every sample to everybody who follows its session, at once.

Samples are stored first and published here afterwards, so whatever a subscriber has seen
survives a restart, and whatever it misses here it finds in the store.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Sequence
from enum import StrEnum
from types import TracebackType
from typing import Self

from narrowcast_decoder.store.interface import StoreBusyError
from narrowcast_shared.samples import Sample

_log = logging.getLogger(__name__)

QUEUE_SAMPLES = 1024
"""Samples that wait for one subscriber: 40 s of a stream at 25 fps."""

JOIN_S = 10.0
"""How long a subscription may take to begin; in the process alone it takes no time."""


class FeedState(StrEnum):
    """What a subscription is still good for."""

    OPEN = "open"  # samples keep coming
    OVERFLOWED = "overflowed"  # it fell behind: the store has what it misses
    SESSION_ENDED = "session_ended"  # what is queued is the end of the series
    CLOSED = "closed"  # what is queued is all that this process publishes


class Subscription:
    """One subscriber's queue. Belongs to the event loop; leave it as a context manager."""

    def __init__(self, hub: "Hub", session: str, capacity: int) -> None:
        self.session = session
        self.state = FeedState.OPEN
        self._hub = hub
        self._capacity = capacity
        self._queue: deque[Sample] = deque()
        self._stirred = asyncio.Event()  # there are samples, or the state has changed
        self._joined = asyncio.Event()

    @property
    def queued(self) -> int:
        """Samples that wait to be taken."""
        return len(self._queue)

    @property
    def has_joined(self) -> bool:
        """Whether nothing of the session passes it by."""
        return self._joined.is_set()

    def join(self) -> None:
        """From now on nothing of the session passes it by."""
        self._joined.set()

    async def joined(self) -> None:
        """Wait until nothing of the session passes it by, or it is over.

        Raises StoreBusyError where that takes longer than `JOIN_S`.
        """
        try:
            async with asyncio.timeout(JOIN_S):
                await self._joined.wait()
        except TimeoutError:
            raise StoreBusyError(
                f"session {self.session!r} cannot be followed now", "try again in a moment"
            ) from None

    async def take(self, idle_s: float | None = None) -> list[Sample]:
        """All that is queued, waiting up to `idle_s` for a first sample.

        Empty where none came in time or, with `state` no longer OPEN, where none will.
        """
        try:
            if idle_s is None:
                await self._stirred.wait()
            elif not self._stirred.is_set():
                async with asyncio.timeout(idle_s):
                    await self._stirred.wait()
        except TimeoutError:
            return []
        samples = list(self._queue)
        self._queue.clear()
        if self.state is FeedState.OPEN:
            self._stirred.clear()
        return samples

    def offer(self, samples: Sequence[Sample]) -> None:
        """Queue samples. Overflow policy: the queue is dropped and the subscription is over."""
        if len(self._queue) + len(samples) > self._capacity:
            self._queue.clear()
            self.finish(FeedState.OVERFLOWED)
            return
        self._queue.extend(samples)
        self._stirred.set()

    def finish(self, state: FeedState) -> None:
        """No more samples, because of `state`. What is queued can still be taken."""
        if self.state is not FeedState.OPEN:
            return
        _log.debug("subscription to %s: %s", self.session, state)
        self.state = state
        self._stirred.set()
        self._joined.set()
        self._hub.forget(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish(FeedState.CLOSED)


class Hub:
    """Who follows which session. Belongs to the event loop; no method waits."""

    def __init__(self, queue_samples: int = QUEUE_SAMPLES) -> None:
        self._queue_samples = queue_samples
        self._subscriptions: dict[str, set[Subscription]] = defaultdict(set)
        self.closed = False

    def __len__(self) -> int:
        """Number of subscriptions."""
        return sum(len(subscriptions) for subscriptions in self._subscriptions.values())

    @property
    def queued(self) -> int:
        """Samples that wait for subscribers."""
        return sum(subscription.queued for subscription in self._all())

    def subscribe(self, session: str) -> Subscription:
        """A queue of what is published of `session` from now on, or since it has `joined`."""
        subscription = Subscription(self, session, self._queue_samples)
        if self.closed:
            subscription.finish(FeedState.CLOSED)
        else:
            self._subscriptions[session].add(subscription)
            self._admit(subscription)
        return subscription

    def publish(self, samples: Sequence[Sample]) -> None:
        """Give stored samples, those of one session in order of id, to their subscribers."""
        by_session: dict[str, list[Sample]] = defaultdict(list)
        for sample in samples:
            by_session[sample.session].append(sample)
        for session, series in by_session.items():
            for subscription in list(self._subscriptions.get(session, ())):
                subscription.offer(series)

    def end(self, session: str) -> None:
        """The session is over, and stored as ended: its subscribers finish what is queued."""
        for subscription in list(self._subscriptions.get(session, ())):
            subscription.finish(FeedState.SESSION_ENDED)

    def close(self) -> None:
        """The service stops: every subscriber finishes what is queued."""
        self.closed = True
        for subscription in self._all():
            subscription.finish(FeedState.CLOSED)

    def forget(self, subscription: Subscription) -> None:
        """Take a finished subscription out of the fan-out."""
        subscriptions = self._subscriptions.get(subscription.session, set())
        subscriptions.discard(subscription)
        if not subscriptions:
            self._subscriptions.pop(subscription.session, None)

    def _admit(self, subscription: Subscription) -> None:
        """A subscription has come: here it misses nothing from the start."""
        subscription.join()

    def _all(self) -> list[Subscription]:
        return [each for subscriptions in self._subscriptions.values() for each in subscriptions]
