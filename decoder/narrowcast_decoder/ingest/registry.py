"""Which sessions are being published, and by whom. One publisher a session: the newest wins."""

import asyncio
import logging
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field

from narrowcast_decoder.hub import Hub
from narrowcast_decoder.ingest.gaps import Gap, Owed
from narrowcast_decoder.ingest.live import DELETED, REPLACED, US_PER_S, LiveSession
from narrowcast_decoder.preview.contexts import PreviewedContexts
from narrowcast_decoder.store.health import PATIENCE_S, RETRY_S
from narrowcast_decoder.store.interface import HoldLostError, SampleStore, StoreBusyError
from narrowcast_shared.clock import Clock
from narrowcast_shared.errors import StoreError
from narrowcast_shared.wire.messages import Capability, Hello

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Claim:
    """One publisher's hold on a session, until `replaced` is set or it is released."""

    session: LiveSession
    replaced: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it is released, and all that came by it is stored."""
    preview: PreviewedContexts | None = None
    """What its live frames are decoded by, where the publisher lets its face be seen."""


class Registry:
    """Sessions in memory by name. They leave it once nobody publishes and all is stored."""

    def __init__(
        self, store: SampleStore, hub: Hub, clock: Clock, *, previews: bool = True
    ) -> None:
        """previews: whether faces are kept of publishers that allow it."""
        self._store = store
        self._hub = hub
        self._clock = clock
        self._previews = previews
        self._claims: dict[str, Claim] = {}
        self._sessions: dict[str, LiveSession] = {}
        self._opening = asyncio.Lock()

    def live(self) -> Collection[str]:
        """Names of the sessions that somebody publishes now."""
        return tuple(self._claims)

    def claim_of(self, session: str) -> Claim | None:
        """The connection that publishes a session here now."""
        return self._claims.get(session)

    def is_leaving(self, session: str) -> bool:
        """Whether its publisher has left, and what it sent is still being stored."""
        known = self._sessions.get(session)
        return session not in self._claims and known is not None and not known.over.is_set()

    async def claim(self, hello: Hello) -> Claim:
        """Take the session over for a new connection; the one before is told.

        The lock keeps two connections from loading the same session twice. Nobody is replaced
        before the store has agreed. Raises StoreError where it does not. A session that another
        decoder held since is read from the store again.
        """
        name = hello.session
        async with self._opening:
            known = self._sessions.get(name)
            held = None if known is None or known.over.is_set() else known.hold
            hold = await self._store.note_started(name, self._now_s(), held)
            if known is not None and known.hold == hold:
                session = known
            else:
                session = await self._load(name, hold)
                if known is not None:
                    known.fail(REPLACED)
            before, claim = self._claims.get(name), Claim(session)
            if self._previews and Capability.PREVIEW in hello.capabilities:
                claim.preview = PreviewedContexts(session=name)
            if before is not None:
                logger.info(
                    "session %s: a new connection takes over", name, extra={"session": name}
                )
                before.replaced.set()
            session.taken_over()
            self._sessions[name], self._claims[name] = session, claim
        return claim

    async def evict(self, name: str) -> None:
        """Send a session's publisher away for good; return once all it sent is stored."""
        claim = self._claims.get(name)
        if claim is not None:
            claim.session.stop(DELETED)
            await claim.gone.wait()

    async def note_clock(self, session: LiveSession, *, last: bool = False) -> None:
        """Store what its encoder told of the clocks, where that is due; `last`: there is no more.

        Where the store cannot take it now, it is due again.
        """
        now_us, note = self._clock.monotonic_us(), session.clock_note
        told = note.due(now_us, last=last)
        if told is None or session.hold is None:
            return
        offset_ms, error_ms = told.offset_us / 1000, told.round_trip_us / 2000
        with suppress(StoreError):
            await self._store.note_clock(session.name, offset_ms, error_ms, session.hold)
            note.stored(told, now_us)

    def lost(self, session: str, hold: int, *, deleted: bool) -> None:
        """Another decoder took `hold` on a session, or deleted it while it was held by `hold`."""
        known = self._sessions.get(session)
        if known is None or known.hold is None:
            return
        if known.hold < hold or (deleted and known.hold == hold):
            known.fail(DELETED if deleted else REPLACED)

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
        await self.note_clock(claim.session, last=True)
        patience_us = self._clock.monotonic_us() + PATIENCE_S * US_PER_S
        while True:
            try:
                await self._forget(claim.session, finished=finished)
            except HoldLostError as error:
                claim.session.fail(DELETED if error.deleted else REPLACED)
                return
            except StoreBusyError:
                if self._clock.monotonic_us() >= patience_us:
                    raise
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _forget(self, session: LiveSession, *, finished: bool) -> None:
        """Let go of a session that nobody publishes; with `finished`, store that it has ended."""
        name = session.name
        async with self._opening:
            if name in self._claims:
                return  # somebody does by now
            self._sessions.pop(name, None)
            if finished:
                await self._store.note_ended(name, self._now_s(), "finished", session.hold)
                self._hub.end(name)
            elif session.hold is not None:
                with suppress(StoreError):  # other decoders hear of it a little later then
                    await self._store.note_left(name, session.hold)

    async def _load(self, name: str, hold: int) -> LiveSession:
        summary = await self._store.summary(name)
        if summary is None:
            raise HoldLostError(name, deleted=True)
        last_us = None if summary.last_t is None else _us(summary.last_t)
        owed = await self._owed(name, summary.next_seq - summary.last_id)
        next_seq, next_id = summary.next_seq, summary.last_id + 1
        return LiveSession(name, next_seq, next_id, next_seq, last_us, owed, hold)

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
