"""A subscriber that keeps all that it is sent, and when, over any number of connections."""

import asyncio
import time
from contextlib import aclosing
from random import Random
from typing import NamedTuple

from narrowcast_client.stream import stream
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.remote.address import as_address
from narrowcast_shared.remote.backoff import Persistence
from narrowcast_shared.remote.refusals import NoSuchSessionError, UnreachableError
from narrowcast_shared.samples import Sample

PATIENCE_S = 30.0


class Arrival(NamedTuple):
    """A sample, and when it came, Unix time in s."""

    at_s: float
    sample: Sample


class Follower:
    """Follows one session as the client does, with its pauses between tries, from its beginning.

    But what comes twice is kept twice: the client passes over what it has.
    """

    def __init__(self, session: str, url: str) -> None:
        self.arrivals: list[Arrival] = []
        self._session = session
        self._url = url
        self._persistence = Persistence(
            PATIENCE_S,
            PATIENCE_S,
            SystemClock().monotonic_us(),
            Random(),  # noqa: S311 - jitter
        )
        self._connection: asyncio.Task[bool] | None = None

    @property
    def samples(self) -> list[Sample]:
        """What came, in the order in which it came."""
        return [arrival.sample for arrival in self.arrivals]

    def move(self, url: str) -> None:
        """Cut the connection, and go on at another decoder."""
        self._url = url
        if self._connection is not None:
            self._connection.cancel()

    async def run(self) -> None:
        """Follow until the session has ended. Raises LinkError where nobody answers for long."""
        over = False
        while not over:
            self._connection = asyncio.create_task(self._connected())
            try:
                await asyncio.wait({self._connection})
            finally:
                self._connection.cancel()
            over = not self._connection.cancelled() and self._connection.result()

    async def _connected(self) -> bool:
        """One connection, and the pause after it; whether the session has ended."""
        after_id = max((arrival.sample.id for arrival in self.arrivals), default=0)
        address = as_address(self._url)
        try:
            taken = stream(address, self._session, after_id + 1, self._answered)
            async with aclosing(taken) as samples:
                async for sample in samples:
                    self._persistence.success()
                    self.arrivals.append(Arrival(time.time(), sample))
        except (NoSuchSessionError, UnreachableError) as error:
            delay_s = self._persistence.next_delay_s(SystemClock().monotonic_us())
            if delay_s is None:
                raise
            if isinstance(error, NoSuchSessionError):
                self._persistence.success()  # it answers; the session is to come
            await asyncio.sleep(delay_s)
            return False
        return True

    def _answered(self) -> None:
        self._persistence.contact(SystemClock().monotonic_us())
