"""What the read side of the decoder service is made of."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from narrowcast_decoder.hub import Hub
from narrowcast_decoder.metrics import Metrics
from narrowcast_decoder.metrics_page import MetricsPage, Now
from narrowcast_decoder.preview.previews import Previews
from narrowcast_decoder.readiness import Readiness
from narrowcast_decoder.store.health import StoreHealth
from narrowcast_decoder.store.interface import SampleStore, SessionSummary
from narrowcast_shared.clock import Clock, SystemClock
from narrowcast_shared.errors import UnknownSessionError


def _yes() -> bool:
    return True


def _no() -> bool:
    return False


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
    """Those whose publishers are connected to this decoder."""
    model: str
    patience: Patience = field(default_factory=Patience)
    store_health: StoreHealth = field(default_factory=StoreHealth)
    clock: Clock = field(default_factory=SystemClock)
    evict: Callable[[str], Awaitable[None]] | None = None
    """Ends the publishing of a session, and returns once nothing more of it comes."""
    metrics: Metrics = field(default_factory=Metrics)
    queued_frames: Callable[[], int] = int
    """Frames that wait to be read; none by default."""
    is_reading: Callable[[], bool] = _yes
    is_draining: Callable[[], bool] = _no
    model_sha256: str | None = None
    """Checksum of the model's weights, hexadecimal."""
    previews: Previews | None = None
    """Faces that may be seen; None where this decoder shows none."""

    def shows_face(self, session: str) -> bool:
        """Whether `previews` has, or soon will have, its face."""
        return self.previews is not None and self.previews.allows(session)

    @cached_property
    def readiness(self) -> Readiness:
        """Whether new streams should come here."""
        return Readiness(
            self.store,
            self.store_health,
            self.clock,
            is_reading=self.is_reading,
            is_draining=self.is_draining,
        )

    @cached_property
    def metrics_page(self) -> MetricsPage:
        """All of this for Prometheus."""
        return MetricsPage(self.metrics, self._now, self.model)

    def _now(self) -> Now:
        return Now(
            streams=len(self.live_sessions()),
            subscribers=len(self.hub),
            queued_frames=self.queued_frames(),
            queued_samples=self.hub.queued,
            store=self.store_health.condition,
        )

    async def summary(self, session: str) -> SessionSummary:
        """The session at a glance. Raises UnknownSessionError where there is none."""
        summary = await self.store.summary(session)
        if summary is None:
            raise UnknownSessionError(
                f"there is no session {session!r}", "GET /v1/sessions lists those that exist"
            )
        return summary

    async def summaries(self, limit: int) -> list[SessionSummary]:
        """The sessions with the newest activity, at a glance."""
        return await self.store.summaries(limit)
