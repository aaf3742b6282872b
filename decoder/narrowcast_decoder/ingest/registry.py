"""Which sessions are being published, and by whom. One publisher a session: the newest wins."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from narrowcast_decoder.hub import Hub
from narrowcast_decoder.ingest.gaps import Gap, Owed
from narrowcast_decoder.ingest.live import US_PER_S, LiveSession, Verdict
from narrowcast_decoder.store.health import PATIENCE_S, RETRY_S
from narrowcast_decoder.store.interface import SampleStore, StoreBusyError
from narrowcast_shared.clock import Clock
from narrowcast_shared.wire.messages import EndCode, Hello

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Claim:
    """One publisher's hold on a session, until `replaced` is set or it is released."""

    session: LiveSession
    replaced: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it is released, and all that came by it is stored."""


class Registry:
    """Sessions in memory by name. They leave it once nobody publishes and all is stored."""

    def __init__(self, store: SampleStore, hub: Hub, clock: Clock) -> None:
        self._store = store
        self._hub = hub
        self._clock = clock
        self._claims: dict[str, Claim] = {}
        self._sessions: dict[str, LiveSession] = {}
        self._opening = asyncio.Lock()

    def live(self) -> Collection[str]:
        """Names of the sessions that somebody publishes now."""
        return tuple(self._claims)

    async def claim(self, hello: Hello) -> Claim:
        """Take the session over for a new connection; the one before is told.

        The lock keeps two connections from loading the same session twice. Nobody is replaced
        before the store has agreed. Raises StoreError where it does not.
        """
        name = hello.session
        async with self._opening:
            await self._store.note_started(name, self._now_s())
            session = self._sessions.get(name)
            if session is None or session.over.is_set():
                session = await self._load(name)
            before, claim = self._claims.get(name), Claim(session)
            if before is not None:
                logger.info(
                    "session %s: a new connection takes over", name, extra={"session": name}
                )
                before.replaced.set()
            session.clock_offset_us = 0  # that of another encoder, for all that is known
            self._sessions[name], self._claims[name] = session, claim
        return claim

    async def evict(self, name: str) -> None:
        """Send a session's publisher away for good; return once all it sent is stored."""
        claim = self._claims.get(name)
        if claim is not None:
            claim.session.stop(Verdict(EndCode.REFUSED, "this session was deleted"))
            await claim.gone.wait()

    async def release(self, claim: Claim, *, finished: bool) -> None:
        """The connection is over; with `finished`, so is the session: it was told to the end.

        Releasing twice is fine. Raises StoreError where the end cannot be stored, which is tried
        for as long as it is with samples.
        """
        name = claim.session.name
        if self._claims.get(name) is not claim:
            claim.gone.set()
            return  # somebody else publishes it by now
        del self._claims[name]
        await claim.session.drained()
        claim.gone.set()
        patience_us = self._clock.monotonic_us() + PATIENCE_S * US_PER_S
        while True:
            try:
                await self._forget(name, finished=finished)
            except StoreBusyError:
                if self._clock.monotonic_us() >= patience_us:
                    raise
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _forget(self, name: str, *, finished: bool) -> None:
        """Let go of a session that nobody publishes; with `finished`, store that it has ended."""
        async with self._opening:
            if name in self._claims:
                return  # somebody does by now
            self._sessions.pop(name, None)
            if finished:
                await self._store.note_ended(name, self._now_s(), "finished")
                self._hub.end(name)

    async def _load(self, name: str) -> LiveSession:
        summary = await self._store.summary(name)
        assert summary is not None  # it was noted as started
        last_us = None if summary.last_t is None else _us(summary.last_t)
        owed = await self._owed(name, summary.next_seq - summary.last_id)
        next_seq, next_id = summary.next_seq, summary.last_id + 1
        return LiveSession(name, next_seq, next_id, next_seq, last_us, owed)

    async def _owed(self, name: str, missing: int) -> Owed:
        """What the session still lacks: a decoder that was killed leaves it to the store."""
        if missing <= 0:  # each frame has an id
            return Owed()
        gaps = await self._store.gaps(name, missing)
        return Owed(tuple(Gap(g.next_seq, g.end_seq, _us(g.start_t), _us(g.end_t)) for g in gaps))

    def _now_s(self) -> float:
        return self._clock.unix_us() / US_PER_S


def _us(t: float) -> int:
    return round(t * US_PER_S)
