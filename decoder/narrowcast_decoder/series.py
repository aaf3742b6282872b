"""A session's series as it grows: what is stored, then what comes, without gap or duplicate."""

import logging
from enum import Enum
from types import TracebackType
from typing import Self

from narrowcast_decoder.hub import FeedState, Hub, Subscription
from narrowcast_decoder.store.interface import SampleStore, SessionState
from narrowcast_shared.errors import UnknownSessionError
from narrowcast_shared.samples import Sample

_log = logging.getLogger(__name__)

REPLAY_SAMPLES = 256
"""Samples of one page of the store: some 60 kB as JSON, what a connection buffers anyway."""


class Phase(Enum):
    """Where a follower takes its next page from."""

    JOINING = "joining"  # about to subscribe to the hub
    STORED = "stored"  # reads the store, while the hub's samples queue up
    LIVE = "live"  # takes what the hub has queued
    OVER = "over"  # there is nothing more


class Follower:
    """Reads every sample with an id above `after_id` once, in order of id.

    It is over when all is given of a session that has ended, or when the hub closes.

    The hub is subscribed to before the store is read, so nothing falls in between, and what
    comes by both ways is known by its id. A follower that has fallen behind, or to which the
    hub does not give the next id, joins anew: the store has what it misses.
    """

    def __init__(
        self, store: SampleStore, hub: Hub, session: str, after_id: int = 0, *, wait: bool = False
    ) -> None:
        self.phase = Phase.JOINING
        self.session_ended = False  # once over: whether that was the end of the session
        self._store = store
        self._hub = hub
        self._session = session
        self._last_id = after_id
        self._wait = wait
        self._feed: Subscription | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    @property
    def is_over(self) -> bool:
        """Whether every page has been given."""
        return self.phase is Phase.OVER

    async def next_page(self, idle_s: float | None = None) -> list[Sample]:
        """The next samples. Empty where none came for `idle_s`, or none will (`is_over`).

        Raises UnknownSessionError where there is no such session, unless it is to wait for
        it, and StoreError where the store cannot be read.
        """
        while True:
            match self.phase:
                case Phase.JOINING:
                    await self._join()
                    continue
                case Phase.STORED:
                    page = await self._stored()
                case Phase.LIVE:
                    page = await self._live(idle_s)
                case Phase.OVER:
                    return []
            if page is not None:
                return page

    async def _join(self) -> None:
        self._leave()
        self._feed = self._hub.subscribe(self._session)
        await self._feed.joined()
        summary = await self._store.summary(self._session)
        if summary is None and not self._wait:
            raise UnknownSessionError(f"there is no session {self._session!r}")
        self.session_ended = summary is not None and summary.state is SessionState.ENDED
        self._enter(Phase.STORED)

    async def _stored(self) -> list[Sample] | None:
        """The next page of the store; None where it has no more."""
        if self._hub.closed:  # a long replay must not hold up the end of the service
            self.session_ended = False
            self._enter(Phase.OVER)
            return None
        page = await self._store.read(self._session, self._last_id, REPLAY_SAMPLES)
        if len(page) < REPLAY_SAMPLES:
            self._enter(Phase.OVER if self.session_ended else Phase.LIVE)
        return self._given(page)

    async def _live(self, idle_s: float | None) -> list[Sample] | None:
        """What the hub has queued, empty where nothing came; None where that is no new page."""
        assert self._feed is not None
        queued = await self._feed.take(idle_s)
        if queued:
            page = self._next_of(queued)
            if queued[-1].id > self._last_id + len(page):  # an id is missing: the store has it
                self._enter(Phase.JOINING)
            return self._given(page)
        match self._feed.state:
            case FeedState.OPEN:
                return []
            case FeedState.OVERFLOWED:
                self._enter(Phase.JOINING)
            case FeedState.SESSION_ENDED | FeedState.CLOSED as state:
                self.session_ended = state is FeedState.SESSION_ENDED
                self._enter(Phase.OVER)
        return None

    def _next_of(self, queued: list[Sample]) -> list[Sample]:
        """Those that continue the series; the others were given already, or come too early."""
        page: list[Sample] = []
        for sample in queued:
            if sample.id == self._last_id + len(page) + 1:
                page.append(sample)
        return page

    def _given(self, page: list[Sample]) -> list[Sample] | None:
        """The page, remembered as given; None where it is empty."""
        if not page:
            return None
        self._last_id = page[-1].id
        return page

    def _leave(self) -> None:
        if self._feed is not None:
            self._feed.finish(FeedState.CLOSED)

    def _enter(self, phase: Phase) -> None:
        _log.debug("follower of %s after %d: %s", self._session, self._last_id, phase.value)
        self.phase = phase
