"""Stored series as they are read from a decoder or from a file: sessions, time spans, archives.

The HTTP API answers with a `SessionInfo`; an `Archive` is read by the client and is implemented
twice: over that API, and by the decoder for a store's file that no decoder is using.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple, Protocol

from pydantic import BaseModel

from narrowcast_shared.marks import Mark
from narrowcast_shared.model_name import ModelName
from narrowcast_shared.samples import Sample, Status

PAGE_SAMPLES = 1000
"""Samples of one page, at most."""

MAX_SESSIONS = 10_000
"""Sessions of a listing, at most."""

LIVE = "live"


class SessionInfo(BaseModel):
    """One session at a glance. Times in s: Unix time, capture times on the encoder's clock."""

    session: str
    state: str
    started_t: float | None = None
    first_t: float | None = None
    last_t: float | None = None
    model: str | None = None
    model_sha256: str | None = None
    clock_offset_ms: float | None = None
    clock_error_ms: float | None = None
    samples: int | None = None
    last_id: int | None = None
    by_status: dict[Status, int] = {}

    @property
    def read_by(self) -> ModelName:
        """The model of the estimates and its weights, as far as known."""
        return ModelName(name=self.model, sha256=self.model_sha256)

    @property
    def is_live(self) -> bool:
        return self.state == LIVE


class TimeSpan(NamedTuple):
    """Samples captured at `from_t` or later and before `to_t`, s; None is no limit."""

    from_t: float | None = None
    to_t: float | None = None

    def holds(self, t: float) -> bool:
        """Whether a time is in it."""
        return (self.from_t is None or t >= self.from_t) and (self.to_t is None or t < self.to_t)


class Archive(Protocol):
    """A reader of stored series. Raises NarrowcastErrors that say what to do."""

    async def sessions(self) -> Sequence[SessionInfo]:
        """All sessions, the most recently active first."""
        ...

    async def session(self, name: str) -> SessionInfo:
        """One session; an error where there is none."""
        ...

    async def marks(self, session: str) -> Sequence[Mark]:
        """All event markers of a session, in order of id; an error where there is none."""
        ...

    def pages(self, session: SessionInfo, span: TimeSpan) -> AsyncGenerator[list[Sample], None]:
        """The session's samples of the span, up to its `last_id`, in order of id."""
        ...
