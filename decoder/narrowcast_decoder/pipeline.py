"""From taken frames to stored, published samples. One task on the loop, one worker thread.

    submit -> queue -> worker thread: decode, read -> store -> hub

Batches fill by themselves: while the worker reads one, the queue collects the next. A lone
stream never waits for company. The order is store first, then hub, so whatever a subscriber
has seen survives a restart.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

from narrowcast_decoder.hub import Hub
from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.inference.reader import FrameReader, Outcome
from narrowcast_decoder.ingest.frames import TakenFrame
from narrowcast_decoder.ingest.live import LiveSession
from narrowcast_decoder.store.interface import SampleStore
from narrowcast_shared.clock import Clock
from narrowcast_shared.errors import StoreError
from narrowcast_shared.samples import Sample

logger = logging.getLogger(__name__)

MAX_PENDING = 512
"""Frames of one session in here; beyond, its socket is not read, and its encoder skips."""

MAX_TAKEN = 1024
"""Frames taken in one round, coded or not: bounds the time until the store sees the first."""

STORE_RETRY_S = 0.5


class _Work(NamedTuple):
    session: LiveSession
    contexts: RungContexts
    frame: TakenFrame


class Pipeline:
    """Bounded by `MAX_PENDING` frames a session. `run` ends when it is cancelled."""

    def __init__(self, reader: FrameReader, store: SampleStore, hub: Hub, clock: Clock) -> None:
        self._reader = reader
        self._store = store
        self._hub = hub
        self._clock = clock
        self._queue: deque[_Work] = deque()
        self._filled = asyncio.Event()

    @staticmethod
    async def room(session: LiveSession) -> None:
        """Wait until the session may hand over more: this is the back-pressure."""
        while session.pending >= MAX_PENDING:
            session.progress.clear()
            await session.progress.wait()

    def submit(
        self, session: LiveSession, contexts: RungContexts, frames: Sequence[TakenFrame]
    ) -> None:
        """Hand over a session's next frames, at least one."""
        session.taken(len(frames), frames[-1].seq + 1, frames[-1].captured_us)
        self._queue.extend(_Work(session, contexts, frame) for frame in frames)
        self._filled.set()

    async def run(self) -> None:
        """Work until cancelled."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="inference") as worker:
            while True:
                batch = await self._take()
                pairs = [(work.contexts, work.frame) for work in batch]
                outcomes = await loop.run_in_executor(worker, self._reader.read, pairs)
                await self._deliver(batch, outcomes)

    async def _take(self) -> list[_Work]:
        while not self._queue:
            self._filled.clear()
            await self._filled.wait()
        batch = list(islice(self._queue, MAX_TAKEN))
        for _ in batch:
            self._queue.popleft()
        return batch

    async def _deliver(self, batch: list[_Work], outcomes: list[Outcome]) -> None:
        unix_us = self._clock.unix_us()
        samples = [
            work.session.sample(outcome, unix_us)
            for work, outcome in zip(batch, outcomes, strict=True)
        ]
        await self._append(samples)
        self._hub.publish(samples)
        counts: dict[LiveSession, int] = {}
        for work in batch:
            counts[work.session] = counts.get(work.session, 0) + 1
        last_seq = {work.session: work.frame.seq for work in batch}
        for session, count in counts.items():
            session.stored(count, last_seq[session] + 1)

    async def _append(self, samples: list[Sample]) -> None:
        """Store, however long it takes: what is not stored is not published or acknowledged."""
        while True:
            try:
                return await self._store.append(samples)
            except StoreError as error:
                logger.warning("%d samples wait for the store: %s", len(samples), error)
                await asyncio.sleep(STORE_RETRY_S)
