"""How long series are kept, and how much of them: what is over the limits is deleted, bit by bit.

Age first, then size. Sessions that have ended go whole, the one written to longest ago first.
Of the others only the beginning goes, and never their newest samples, some of which their
publishers have not been told of yet. For any `SampleStore`.
"""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from typing import NamedTuple

from narrowcast_decoder.store.interface import SampleStore, SessionState, SessionSummary
from narrowcast_shared.clock import Clock
from narrowcast_shared.errors import StoreError

_log = logging.getLogger(__name__)

PERIOD_S = 30.0
"""Between two looks: limits are kept to within what comes in this time."""

KEPT_NEWEST = 2048
"""Samples that a session keeps as long as it has not ended: four times what may be under way."""

TURN_S = 4 * PERIOD_S
"""For so long one of the decoders that share a store looks after it, and the others do not."""

PAGE_SESSIONS = 1000
"""Sessions looked at together."""

PAGE_SAMPLES = 1000
"""Samples read together, to find those that are old."""

_US_PER_S = 1_000_000


class Limits(NamedTuple):
    """What is kept at most; None where there is no limit.

    age_s: time since a sample was captured, and since an ended session was written to.
    samples, bytes: of all series together. Bytes are those that samples fill in the store.
    """

    age_s: float | None = None
    samples: int | None = None
    bytes: int | None = None


class Retention:
    """Keeps a store within its limits. `run` ends when it is cancelled."""

    def __init__(
        self,
        store: SampleStore,
        limits: Limits,
        live_sessions: Callable[[], Collection[str]],
        clock: Clock,
        on_deleted: Callable[[str], None],
    ) -> None:
        """on_deleted: told of a session as soon as it is gone: who follows it waits for nothing."""
        self._store = store
        self._limits = limits
        self._live_sessions = live_sessions
        self._clock = clock
        self._on_deleted = on_deleted
        self._deleted_sessions = 0
        self._is_over = False  # and nothing can be done about it: said once

    async def run(self) -> None:
        """Look after the store until cancelled. A store that fails is asked again."""
        while any(limit is not None for limit in self._limits):
            try:
                if await self._store.take_turn("retention", TURN_S):
                    await self.enforce()
            except StoreError as error:
                _log.warning("nothing old could be deleted: %s", error)
            await asyncio.sleep(PERIOD_S)

    async def enforce(self) -> None:
        """Delete all that is over the limits now."""
        if self._limits.age_s is not None:
            await self._enforce_age(self._limits.age_s)
        if self._limits.samples is not None or self._limits.bytes is not None:
            await self._enforce_size()

    async def _enforce_age(self, age_s: float) -> None:
        written_before = self._clock.unix_us() / _US_PER_S - age_s
        async with aclosing(self._oldest()) as sessions:
            async for summary in sessions:
                if summary.written_t < written_before and not self._is_live(summary):
                    await self._delete(summary, written_before, "is older than the limit")
                elif summary.state is not SessionState.ENDED:
                    await self._trim_old(summary, age_s)

    async def _trim_old(self, summary: SessionSummary, age_s: float) -> None:
        """Delete the old beginning of a session that goes on.

        Old by its own newest sample: the encoder's clock may be far off.
        """
        if summary.first_t is None or summary.last_t is None:
            return
        from_t = summary.last_t - age_s
        if summary.first_t < from_t:
            await self._trim(summary, await self._first_since(summary, from_t))

    async def _first_since(self, summary: SessionSummary, from_t: float) -> int:
        """Id of the first sample that was captured at `from_t` or later, or that is kept anyway.

        What is old is read, for it goes now; what is kept may be a thousand times as much.
        """
        after_id, last_id = summary.first_id - 1, summary.last_id - KEPT_NEWEST
        while after_id < last_id:
            page = await self._store.read(summary.session, after_id, PAGE_SAMPLES)
            for sample in page:
                if sample.t >= from_t:
                    return sample.id
            if not page:
                break
            after_id = page[-1].id
        return after_id + 1

    async def _enforce_size(self) -> None:
        while (excess := await self._excess()) > 0 and await self._shrink(excess):
            pass
        self._note_excess(excess)

    async def _shrink(self, excess: int) -> int:
        """Delete so many samples, or more, where there are so many; how many these were."""
        deleted = 0
        async with aclosing(self._oldest()) as sessions:
            async for summary in sessions:
                if deleted >= excess:
                    break
                if summary.state is SessionState.ENDED and not self._is_live(summary):
                    deleted += await self._delete(summary, None, "is the oldest over the limit")
                else:
                    deleted += await self._trim(summary, summary.first_id + excess - deleted)
        return deleted

    async def _oldest(self) -> AsyncGenerator[SessionSummary, None]:
        """Every session, in the order of `SampleStore.oldest`; who is given one may delete it.

        Not the first ones alone: those may be within the limits, and what goes on stands behind.
        """
        kept = 0
        while page := await self._store.oldest(PAGE_SESSIONS, kept):
            deleted_before = self._deleted_sessions
            for summary in page:
                yield summary
            kept += len(page) - (self._deleted_sessions - deleted_before)

    async def _excess(self) -> int:
        """Samples that are too many."""
        used = await self._store.usage()
        samples, bytes_ = self._limits.samples, self._limits.bytes
        by_samples = 0 if samples is None else used.samples - samples
        if bytes_ is None or used.bytes <= bytes_:
            return by_samples
        return max(by_samples, math.ceil(used.samples * (1 - bytes_ / used.bytes)))

    async def _delete(self, summary: SessionSummary, written_before: float | None, why: str) -> int:
        """Delete an ended session; how many samples it had. Not where it has begun again."""
        before = summary.written_t + 1e-6 if written_before is None else written_before
        name = summary.session
        if not await self._store.delete(name, before, on_gone=lambda: self._on_deleted(name)):
            return 0
        self._deleted_sessions += 1
        _log.info(
            "session %s %s: %d samples deleted",
            name,
            why,
            summary.samples,
            extra={"session": name},
        )
        return summary.samples

    async def _trim(self, summary: SessionSummary, before_id: int) -> int:
        """Delete the beginning of a session that goes on; how many samples that were."""
        before_id = min(before_id, summary.last_id - KEPT_NEWEST + 1)
        if before_id <= summary.first_id:
            return 0
        deleted = await self._store.trim(summary.session, before_id)
        _log.info(
            "session %s: its %d oldest samples deleted",
            summary.session,
            deleted,
            extra={"session": summary.session},
        )
        return deleted

    def _is_live(self, summary: SessionSummary) -> bool:
        return summary.state is SessionState.LIVE or summary.session in self._live_sessions()

    def _note_excess(self, excess: int) -> None:
        """Say it where what must be kept is more than what may be."""
        if excess > 0 and not self._is_over:
            _log.warning("%d samples over the limit are of sessions that go on", excess)
        self._is_over = excess > 0
