"""Fan-out of what comes by the bus: from other decoders, and from this one in the same way."""

from collections.abc import Callable, Collection, Sequence

from narrowcast_decoder.hub import QUEUE_SAMPLES, FeedState, Hub, Subscription
from narrowcast_shared.samples import Sample


def _nobody() -> None:
    return


class BusHub(Hub):
    """A `Hub` that is told by the bus, and by nobody in the process.

    A subscription has joined once the bus sends what comes of its session. Where the bus was
    away since, it is over, as one is that fell behind: the store has what it misses.
    """

    def __init__(self, queue_samples: int = QUEUE_SAMPLES) -> None:
        super().__init__(queue_samples)
        self._carried: set[str] = set()
        self.on_change: Callable[[], None] = _nobody
        """Called where `followed` has changed."""

    @property
    def followed(self) -> Collection[str]:
        """Sessions that somebody follows here."""
        return self._subscriptions.keys()

    def publish(self, samples: Sequence[Sample]) -> None:
        """Nothing is to be done: the store has told the bus."""

    def end(self, session: str) -> None:
        """Nothing is to be done: the store has told the bus."""

    def carried(self, session: str) -> None:
        """From now on the bus sends all that comes of a session."""
        self._carried.add(session)
        for subscription in self._subscriptions.get(session, ()):
            subscription.join()

    def dropped(self, session: str) -> None:
        """The bus sends nothing more of a session, which nobody follows."""
        self._carried.discard(session)

    def heard(self, samples: Sequence[Sample]) -> None:
        """The bus has sent samples of one session."""
        super().publish(samples)

    def heard_end(self, session: str) -> None:
        """The bus has told that a session has ended, or was deleted."""
        super().end(session)

    def interrupted(self) -> None:
        """The bus was away: what it has sent meanwhile is missed."""
        self._carried.clear()
        for subscription in self._all():
            if subscription.has_joined:  # the others go on waiting
                subscription.finish(FeedState.OVERFLOWED)

    def forget(self, subscription: Subscription) -> None:
        super().forget(subscription)
        self.on_change()

    def _admit(self, subscription: Subscription) -> None:
        if subscription.session in self._carried:
            subscription.join()
        else:
            self.on_change()
