"""What the read side of the decoder service is made of."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from narrowcast_decoder.hub import Hub
from narrowcast_decoder.store.health import StoreHealth
from narrowcast_decoder.store.interface import SampleStore, SessionState, SessionSummary
from narrowcast_shared.clock import Clock, SystemClock
from narrowcast_shared.errors import UnknownSessionError


class Patience(NamedTuple):
    """How long a subscriber's connection may be quiet, in s."""

    heartbeat_s: float = 15.0  # after this long without a sample an event stream says so
    send_s: float = 10.0  # a client that takes nothing for this long is cut off


@dataclass(frozen=True)
class Service:
    """Where the series are, how they spread, and who is publishing now."""

    store: SampleStore
    hub: Hub
    live_sessions: Callable[[], Collection[str]]
    model: str
    patience: Patience = field(default_factory=Patience)
    store_health: StoreHealth = field(default_factory=StoreHealth)
    clock: Clock = field(default_factory=SystemClock)
    evict: Callable[[str], Awaitable[None]] | None = None
    """Ends the publishing of a session, and returns once nothing more of it comes."""

    async def summary(self, session: str) -> SessionSummary:
        """The session at a glance. Raises UnknownSessionError where there is none."""
        summary = await self.store.summary(session)
        if summary is None:
            raise UnknownSessionError(
                f"there is no session {session!r}", "GET /v1/sessions lists those that exist"
            )
        return self._with_live(summary)

    async def summaries(self, limit: int) -> list[SessionSummary]:
        """The sessions with the newest activity, at a glance."""
        return [self._with_live(summary) for summary in await self.store.summaries(limit)]

    def _with_live(self, summary: SessionSummary) -> SessionSummary:
        """Only this process knows whose publisher is connected to it."""
        if summary.session not in self.live_sessions():
            return summary
        return summary.model_copy(update={"state": SessionState.LIVE})
