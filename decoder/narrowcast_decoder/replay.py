"""A stored series once more, at the pace at which it was captured."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import NamedTuple, Self

from narrowcast_decoder.hub import Hub
from narrowcast_decoder.store.interface import SampleStore
from narrowcast_shared.clock import Clock
from narrowcast_shared.errors import UnknownSessionError
from narrowcast_shared.samples import Sample

PAGE_SAMPLES = 256
"""Samples read at a time, and all that is kept in memory."""

NAP_S = 0.25
"""Longest sleep: so soon it is noticed that the service stops."""

_US_PER_S = 1_000_000


class Pace(NamedTuple):
    """How a series is played: `speed` times as fast, and no pause longer than `max_gap_s`."""

    speed: float = 1.0
    max_gap_s: float = 5.0

    def pause_us(self, before_t: float, t: float) -> float:
        """Time from the sample captured at `before_t` (s) to that captured at `t`, in us.

        A gap is cut before it is sped up. Where the clock was set back there is none.
        """
        gap_s = min(max(0.0, t - before_t), self.max_gap_s)
        return gap_s / self.speed * _US_PER_S  # not rounded: it is added up over a series


class Replay:
    """Gives what was stored when it began, each sample when it is due. Read like a `Follower`.

    It is over when all of that is given, and then as if the session had ended; or when the
    hub closes. Samples that are due late are given at once, and those after them on time.
    """

    def __init__(
        self,
        store: SampleStore,
        hub: Hub,
        session: str,
        after_id: int,
        pace: Pace,
        clock: Clock,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.is_over = False
        self.session_ended = False  # once over: whether that was the end of the series
        self._store = store
        self._hub = hub
        self._session = session
        self._after_id = after_id
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._last_id: int | None = None  # of the series as it was when this began
        self._page: deque[Sample] = deque()
        self._before_t: float | None = None
        self._due_us = 0.0  # when the first of the page is to be given

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._page.clear()

    async def next_page(self, idle_s: float | None = None) -> list[Sample]:
        """The samples that are due. Empty where none was for `idle_s`, or none will be.

        Raises UnknownSessionError where there is no such session, StoreError as the store.
        """
        until_us = None if idle_s is None else self._now_us() + round(idle_s * _US_PER_S)
        while not self.is_over:
            if self._hub.closed:
                self.is_over = True
            elif not self._page:
                await self._read_on()
            elif due := self._due():
                return due
            elif until_us is not None and self._now_us() >= until_us:
                break
            else:
                wait_s = (self._due_us - self._now_us()) / _US_PER_S
                await self._sleep(min(max(wait_s, 0.0), NAP_S))
        return []

    async def _read_on(self) -> None:
        """Fill the page, or be over."""
        if self._last_id is None:
            await self._begin()
        page = await self._store.read(self._session, self._after_id, PAGE_SAMPLES)
        self._page.extend(sample for sample in page if sample.id <= (self._last_id or 0))
        if not self._page:
            self.is_over = self.session_ended = True
            return
        self._after_id = self._page[-1].id
        self._set_due()

    async def _begin(self) -> None:
        summary = await self._store.summary(self._session)
        if summary is None:
            raise UnknownSessionError(f"there is no session {self._session!r}")
        self._last_id = summary.last_id
        self._due_us = self._now_us()

    def _due(self) -> list[Sample]:
        """Take from the page what is due by now."""
        due: list[Sample] = []
        while self._page and self._due_us <= self._now_us():
            sample = self._page.popleft()
            self._before_t = sample.t
            due.append(sample)
            self._set_due()
        return due

    def _set_due(self) -> None:
        """The first of the page is due a pause after the last that was given."""
        if self._page and self._before_t is not None:
            self._due_us += self._pace.pause_us(self._before_t, self._page[0].t)

    def _now_us(self) -> int:
        return self._clock.monotonic_us()
