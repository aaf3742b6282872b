"""A subscription that outlives its connections: it reconnects, and resumes after the last id.

CONNECTING --answer--> LIVE --close--> RETRYING --answer--> LIVE
CONNECTING --no answer--> RETRYING
any --unknown session--> WAITING --it begins--> LIVE
LIVE --session ends--> ENDED

The connection is read in a task of its own, from which a `Series` takes the samples. An async
generator alone is not enough: after a `break`, the event loop closes it and the generators that it
reads from in no particular order, which prints tracebacks. A task is cancelled when the iterator is
garbage-collected or `asyncio.run` ends, and closes its connection in order.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from enum import Enum
from functools import partial
from random import SystemRandom
from types import TracebackType
from typing import NamedTuple

from narrowcast_client.api import get_session, list_sessions
from narrowcast_client.stream import REAL_TIME, Replay, stream
from narrowcast_shared.clock import Clock, SystemClock
from narrowcast_shared.errors import LinkError
from narrowcast_shared.remote.address import Address, as_address
from narrowcast_shared.remote.backoff import Persistence
from narrowcast_shared.remote.refusals import NoSuchSessionError, UnreachableError
from narrowcast_shared.samples import Sample

logger = logging.getLogger(__name__)

AHEAD = 64
"""Samples that are read in advance. Beyond that the connection is not read, and the decoder's own
bounded queue holds further samples.
"""

POLL_S = 0.5
"""Interval at which a decoder that does not know the session yet is asked again."""


class State(Enum):
    """The state of a subscription."""

    CONNECTING = "connecting"
    WAITING = "waiting for a session"
    LIVE = "live"
    RETRYING = "trying again"
    ENDED = "ended"


class Notice(NamedTuple):
    """A change of state: the new one, the session (None while none is chosen), and the reason."""

    state: State
    session: str | None
    why: str = ""


OnNotice = Callable[[Notice], None]


def _ignore(_: Notice) -> None:
    """The default: changes of state are not reported."""


def subscribe(
    url: str | Address,
    session: str | None = None,
    *,
    after_id: int = 0,
    wait: bool = False,
    patience_s: float = 10.0,
    outage_s: float = 300.0,
    on_notice: OnNotice = _ignore,
) -> "Series":
    """The samples of a session with ids above `after_id`, in order, each once, as they come.

        async for sample in subscribe("http://127.0.0.1:8000", session="cam-1"):
            print(sample.t, sample.valence)

    Ends after the last sample of a session that has ended. A lost connection is made again, and
    the series resumes after the last id. To end early, leave the loop, or cancel the task;
    `contextlib.aclosing` also waits until the connection is closed.

    url: the decoder's base URL (http, https, ws or wss); or `decoder_at(URL, token=...)`, where
    it requires a token or has a certificate of its own.
    session: its name; None takes the newest live one, and waits while there is none.
    after_id: where to begin; below 0 it counts from the end, so that -100 begins with the last
    100 samples.
    wait: whether to wait for a named session that the decoder does not know yet.
    patience_s: how long to try before the first answer.
    outage_s: how long to try after a decoder that has answered stops answering.
    on_notice: called with each change of state.

    Raises SettingsError where `url` is not valid, LinkError where nothing answers for too long,
    what answers is not a narrowcast decoder, or the session is unknown.
    """

    async def samples() -> AsyncGenerator[Sample, None]:
        clock = SystemClock()
        persistence = Persistence(patience_s, outage_s, clock.monotonic_us(), SystemRandom())
        subscription = Subscription(as_address(url), clock, persistence, on_notice)
        async with aclosing(subscription.samples(session, after_id, wait=wait)) as found:
            async for sample in found:
                yield sample

    return Series(samples())


def replay(
    url: str | Address,
    session: str,
    pace: Replay = REAL_TIME,
    *,
    after_id: int = 0,
    patience_s: float = 10.0,
    on_notice: OnNotice = _ignore,
) -> "Series":
    """The stored samples of a session, each at its time; ends with the last of them.

    Otherwise like `subscribe`: an unknown session is a LinkError, and a lost connection is made
    again, for as long as `patience_s`.
    """

    async def samples() -> AsyncGenerator[Sample, None]:
        clock = SystemClock()
        persistence = Persistence(patience_s, patience_s, clock.monotonic_us(), SystemRandom())
        subscription = Subscription(as_address(url), clock, persistence, on_notice, pace)
        async with aclosing(subscription.samples(session, after_id, wait=False)) as found:
            async for sample in found:
                yield sample

    return Series(samples())


class Series(AsyncGenerator[Sample, None]):
    """The samples of a subscription, to be read with `async for`, which may be left at any time.

    The task that reads them starts with the first request, and is cancelled when this object is
    garbage-collected.
    """

    def __init__(self, samples: AsyncGenerator[Sample, None]) -> None:
        self._samples = samples
        self._queue: asyncio.Queue[Sample | None] = asyncio.Queue()  # None is the end
        self._room = asyncio.Semaphore(AHEAD)  # in the queue; without any, reading waits
        self._reading: asyncio.Task[None] | None = None
        self._over = False

    async def asend(self, _: None) -> Sample:
        """The next sample. Raises StopAsyncIteration at the end, or the error that ended it."""
        if self._over:
            raise StopAsyncIteration
        if self._reading is None:
            self._reading = asyncio.create_task(_read(self._samples, self._queue, self._room))
            self._reading.add_done_callback(partial(_end, self._queue))
        sample = await self._queue.get()
        if sample is not None:
            self._room.release()
            return sample
        await self.aclose()
        if not self._reading.cancelled():
            self._reading.result()
        raise StopAsyncIteration

    async def athrow(
        self,
        kind: type[BaseException] | BaseException,
        error: object = None,
        trace: TracebackType | None = None,
        /,
    ) -> Sample:
        """Close, and raise the given exception: nothing in here handles it."""
        await self.aclose()
        if isinstance(kind, BaseException):
            raise kind
        raise (error if isinstance(error, BaseException) else kind()).with_traceback(trace)

    async def aclose(self) -> None:
        """Close the connection, and wait until it is closed."""
        self._over = True
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    def __del__(self) -> None:
        if self._reading is None or self._reading.done():
            return
        with suppress(RuntimeError):  # the loop is closed, which has cancelled the task
            # Any thread may drop the last reference.
            self._reading.get_loop().call_soon_threadsafe(self._reading.cancel)


async def _read(
    samples: AsyncGenerator[Sample, None],
    queue: "asyncio.Queue[Sample | None]",
    room: asyncio.Semaphore,
) -> None:
    """Put samples into the queue. It holds no reference to the `Series`, which may be dropped."""
    async with aclosing(samples):
        async for sample in samples:
            await room.acquire()
            queue.put_nowait(sample)


def _end(queue: "asyncio.Queue[Sample | None]", reading: "asyncio.Task[None]") -> None:
    """Mark the end of the queue, and the error as retrieved: `asend` raises it if it is called."""
    if not reading.cancelled():
        reading.exception()
    queue.put_nowait(None)


class Subscription:
    """The state machine of a subscription, over one connection after the other."""

    def __init__(
        self,
        address: Address,
        clock: Clock,
        persistence: Persistence,
        on_notice: OnNotice,
        replay: Replay | None = None,
    ) -> None:
        self._address = address
        self._clock = clock
        self._persistence = persistence
        self._on_notice = on_notice
        self._replay = replay
        self._state = State.CONNECTING
        self._session: str | None = None

    async def samples(
        self, session: str | None, after_id: int, *, wait: bool
    ) -> AsyncGenerator[Sample, None]:
        """The samples, over as many connections as necessary. See `subscribe`."""
        self._session = session
        last_id = after_id  # below 0 until the end of the series is known
        while self._state is not State.ENDED:
            try:
                if last_id < 0:
                    last_id = max(0, await self._end_of_series() + last_id)
                async with aclosing(self._connected(last_id + 1)) as samples:
                    async for sample in samples:
                        if sample.id > last_id:
                            last_id = sample.id
                            yield sample
            except NoSuchSessionError as error:
                if not wait:
                    raise
                await self._await_session(error.problem)
            except UnreachableError as error:
                await self._pause(error)

    async def _connected(self, from_id: int) -> AsyncGenerator[Sample, None]:
        """The samples of one connection. Moves to ENDED where the session has ended."""
        session = await self._chosen()
        connected = stream(self._address, session, from_id, self._opened, self._replay)
        async with aclosing(connected) as samples:
            async for sample in samples:
                self._persistence.success()
                self._move(State.LIVE)
                yield sample
        self._move(State.ENDED)

    async def _chosen(self) -> str:
        """The session's name: the requested one, else the newest live one."""
        if self._session is None:
            self._session = await self._newest_live()
        return self._session

    async def _end_of_series(self) -> int:
        """Id of the newest sample that the decoder has; 0 where it has none."""
        session = await self._chosen()
        info = await get_session(self._address, session)
        self._answered()
        return info.last_id or 0

    async def _newest_live(self) -> str:
        while True:
            sessions = await list_sessions(self._address)
            self._answered()
            for info in sessions:  # the newest activity first
                if info.is_live:
                    return info.session
            await self._await_session(f"no session is live at {self._address.base}")

    async def _await_session(self, why: str) -> None:
        self._move(State.WAITING, why)
        await asyncio.sleep(POLL_S)

    def _opened(self) -> None:
        self._answered()
        if self._state is not State.WAITING:  # the decoder may open a connection only to refuse it
            self._move(State.LIVE)

    def _answered(self) -> None:
        self._persistence.contact(self._clock.monotonic_us())

    async def _pause(self, error: LinkError) -> None:
        """Wait before the next attempt, or raise the error after too long a time."""
        delay_s = self._persistence.next_delay_s(self._clock.monotonic_us())
        if delay_s is None:
            raise error
        self._move(State.RETRYING, error.problem)
        await asyncio.sleep(delay_s)

    def _move(self, state: State, why: str = "") -> None:
        if state is self._state:
            return
        logger.info("subscription to %s: %s %s", self._session or "any", state.value, why)
        self._state = state
        self._on_notice(Notice(state, self._session, why))
