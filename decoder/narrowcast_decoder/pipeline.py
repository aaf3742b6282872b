"""From taken frames to stored, published samples: one task on the loop.

    submit -> backlog -> workers: decode, read -> store -> hub

Batches fill by themselves: while one is read, and for the pause behind it, the backlog collects the
next. What cannot be read in time is shed (`shedding`). The order is store first, then hub, so
whatever a subscriber has seen survives a restart.
"""

import asyncio
import logging
from collections.abc import Collection, Sequence

from narrowcast_decoder.backlog import Backlog, Work
from narrowcast_decoder.hub import Hub
from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.inference.reader import Outcome
from narrowcast_decoder.inference.workers import Workers
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.ingest.live import DELETED, REPLACED, LiveSession, Verdict
from narrowcast_decoder.metrics import Metrics, StoreFailure
from narrowcast_decoder.shedding import Pace
from narrowcast_decoder.store.health import StoreHealth
from narrowcast_decoder.store.interface import HoldLostError, SampleStore, SeriesConflictError
from narrowcast_shared.clock import Clock
from narrowcast_shared.errors import StoreError
from narrowcast_shared.samples import Sample
from narrowcast_shared.wire.messages import EndCode

logger = logging.getLogger(__name__)

MAX_PENDING = 512
"""Frames of one session in here; beyond, its socket is not read, and its encoder skips."""

ROUND_S = 0.05
PAUSE_PER_FRAME_S = 0.005
"""From the beginning of a round to the next one: so much for each of its frames, `ROUND_S` at most.
A round costs a transaction, a hand-over to the store's thread and a call of the network, whoever is
in it. So frames of many streams gather, and those of a few are read as they come.
"""


class Pipeline:
    """Bounded by `MAX_PENDING` frames a session. `run` ends when it is cancelled."""

    def __init__(
        self,
        workers: Workers,
        store: SampleStore,
        hub: Hub,
        clock: Clock,
        metrics: Metrics | None = None,
    ) -> None:
        self._workers = workers
        self._store = store
        self._hub = hub
        self._clock = clock
        self._metrics = metrics or Metrics()
        self._is_running = False
        self.warm = asyncio.Event()
        """Set once frames are read as they come."""
        self.store_health = StoreHealth()
        self._backlog = Backlog()
        self._pace = Pace()
        self._filled = asyncio.Event()

    @property
    def is_running(self) -> bool:
        """Whether frames are being read."""
        return self._is_running

    @property
    def queued(self) -> int:
        """Frames that wait for the worker."""
        return len(self._backlog)

    @staticmethod
    async def room(session: LiveSession) -> None:
        """Wait until the session may hand over more: this is the back-pressure."""
        while session.pending >= MAX_PENDING:
            session.progress.clear()
            await session.progress.wait()

    def submit(
        self,
        session: LiveSession,
        contexts: RungContexts,
        frames: Sequence[TakenFrame],
        received_us: int | None = None,
    ) -> None:
        """Hand over a session's next frames, at least one. Of one that failed they are dropped.

        received_us: when their message came, by the monotonic clock; now, if not told.
        """
        if session.failed:
            return
        if received_us is None:
            received_us = self._clock.monotonic_us()
        self._metrics.taken(frames)
        session.taken(len(frames), frames[-1].seq + 1, frames[-1].captured_us)
        self._backlog.add(
            session, [Work(session, contexts, frame, received_us) for frame in frames]
        )
        self._filled.set()

    async def run(self) -> None:
        """Work until cancelled; what comes before the network is warm waits for that."""
        try:
            await self._workers.start()
            self._is_running = True
            self.warm.set()
            while True:
                await self._round()
        finally:
            self._is_running = False
            self._workers.close()

    async def _round(self) -> None:
        now_s = asyncio.get_running_loop().time
        if not (batch := await self._take()):
            return
        next_s = now_s() + min(ROUND_S, PAUSE_PER_FRAME_S * len(batch))
        began_us = self._clock.monotonic_us()
        pairs = [(work.contexts, work.frame) for work in batch]
        outcomes = await self._workers.read(pairs)
        self._learn(batch, outcomes, began_us)
        await self._deliver(batch, outcomes)
        await asyncio.sleep(next_s - now_s())

    def _learn(self, batch: list[Work], outcomes: list[Outcome], began_us: int) -> None:
        """The worker has been through a round since then."""
        fates = [work.frame.fate for work in batch]
        reused = sum(outcome.reused for outcome in outcomes)
        self._metrics.read(len(batch), shed=fates.count(Fate.SHED), reused=reused)
        self._pace.learn(fates.count(Fate.CODED), self._clock.monotonic_us() - began_us)

    async def _take(self) -> list[Work]:
        while not self._backlog:
            self._filled.clear()
            await self._filled.wait()
        return self._backlog.take(self._pace.room, self._clock.monotonic_us())

    async def _deliver(self, batch: list[Work], outcomes: list[Outcome]) -> None:
        outcomes = [
            outcome
            for work, outcome in zip(batch, outcomes, strict=True)
            if not work.session.failed  # it may have since
        ]
        batch = [work for work in batch if not work.session.failed]
        unix_us = self._clock.unix_us()
        samples = [
            work.session.sample(outcome, unix_us)
            for work, outcome in zip(batch, outcomes, strict=True)
        ]
        if failed := await self._append(samples, {work.session for work in batch}):
            batch = [work for work in batch if work.session not in failed]
            names = {session.name for session in failed}
            samples = [sample for sample in samples if sample.session not in names]
        self._hub.publish(samples)
        received_us = [work.received_us for work in batch]
        self._metrics.published(samples, received_us, self._clock.monotonic_us())
        counts: dict[LiveSession, int] = {}
        for work in batch:
            counts[work.session] = counts.get(work.session, 0) + 1
        last_seq: dict[LiveSession, int] = {}
        for work in batch:  # late frames come behind higher ones
            last_seq[work.session] = max(last_seq.get(work.session, 0), work.frame.seq)
        for session, count in counts.items():
            session.stored(count, last_seq[session] + 1)

    async def _append(
        self, samples: list[Sample], sessions: Collection[LiveSession]
    ) -> set[LiveSession]:
        """Store, for as long as there is hope: what is not stored is not published or acknowledged.

        Returns the sessions whose samples the store will not take; their publishers are told.
        """
        failed: set[LiveSession] = set()
        holds = {each.name: each.hold for each in sessions if each.hold is not None}
        while samples:
            began_us = self._clock.monotonic_us()
            try:
                await self._store.append(samples, holds)
            except StoreError as error:
                self._metrics.store_failures[StoreFailure.of(error)] += 1
                delay_s = self.store_health.failed(error, self._clock.monotonic_us())
                if delay_s is not None:
                    await asyncio.sleep(delay_s)
                    continue
                failed |= _refused(error, sessions)
                names = {each.name for each in failed}
                samples = [sample for sample in samples if sample.session not in names]
            else:
                self._metrics.stored(self._clock.monotonic_us() - began_us)
                self.store_health.worked()
                break
        return failed


def _refused(error: StoreError, sessions: Collection[LiveSession]) -> set[LiveSession]:
    """Those whose samples the store will not take because of this; their publishers are told."""
    one = error.session if isinstance(error, SeriesConflictError) else None
    refused = {each for each in sessions if one in (None, each.name)}
    for each in refused:
        is_elsewhere = isinstance(error, HoldLostError)  # nothing is wrong then
        logger.log(
            logging.INFO if is_elsewhere else logging.ERROR,
            "session %s: its samples cannot be stored: %s",
            each.name,
            error,
            extra={"session": each.name, "seq": each.stored_seq},
        )
        each.fail(_verdict(error))
    return refused


def _verdict(error: StoreError) -> Verdict:
    """What publishers are told of an error."""
    if isinstance(error, HoldLostError):
        return DELETED if error.deleted else REPLACED
    return Verdict(EndCode.FAULT, error.problem)
